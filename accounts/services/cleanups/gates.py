"""What a person may do to a clean-up, and which rules have to agree first. Refusals are raised as Refused.

Each gate locks the clean-up's row, so that of two people or two tabs at once the second finds what the first has done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.domain.cleanups import AT_WORK, ENDS, State
from accounts.domain.plans import Plan, another_account
from accounts.domain.protection import (
    Refusal,
    Rule,
    account_refusals,
    broker_refusals,
    frozen_until,
    unreadable_regions,
)
from accounts.domain.texts import one_line
from accounts.models import Account, Cleanup, CleanupQuerySet
from accounts.services import audit
from accounts.services.cleanups import claims
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.so_far import done_so_far
from accounts.services.cleanups.tending import ring_soon

# The states in which nothing has been asked of AWS yet, and a person may still be the next to act.
_BEFORE: Final = (State.DRAFTED, State.AWAITING_APPROVAL, State.APPROVED)
# What only a look can tell: these stand as they were when the plan was drawn.
_SEEN_AT_DRAWING: Final = frozenset({Rule.NOTHING_TO_DELETE, Rule.ROLE_UNKNOWN, Rule.NOT_AWS_ROLE, Rule.UNKNOWN_BROKER})


def refusals_now(cleanup: Cleanup, account: Account | None = None) -> list[Refusal]:
    """Every rule that says no to this plan by the settings, the account and the clock of now.

    The account is read afresh, unless a page gives the one that it has just read: a gate never does.
    """
    if (plan := cleanup.plan) is None:
        return []
    drawn = (Refusal(Rule(refusal["rule"]), refusal["detail"]) for refusal in cleanup.refusals)
    seen = [refusal for refusal in drawn if refusal.rule in _SEEN_AT_DRAWING]
    now = account or Account.objects.get(pk=cleanup.account_id)
    return [*seen, *rules_in_force(plan, now, cleanup.accepted_regions)]


def stored(refusals: Iterable[Refusal]) -> list[dict[str, str]]:
    """Refusals as a clean-up keeps them."""
    return [{"rule": refusal.rule.value, "detail": refusal.detail} for refusal in refusals]


def rules_in_force(plan: Plan, account: Account, accepted_regions: Collection[str]) -> Iterator[Refusal]:
    """The rules that may say something else tomorrow: protection, the account, the freeze."""
    rules, now = settings.CLEANUP_PROTECTION, timezone.now()
    if moved := another_account(plan, account.partition):
        yield Refusal(Rule.ANOTHER_ACCOUNT, moved)
    if account.rests:  # it is not polled either: no page would ever show what became of the role
        state = account.organization_state.lower().replace("_", " ")
        detail = (
            f"{account.name} is {state} in its organization. Onboarding, AWS Organizations says what is known of it."
        )
        yield Refusal(Rule.RESTING_ACCOUNT, detail)
    if not account.cleaner_role_arn:
        detail = f"{account.name} has no cleaner role. Import the account again with its cleaner_role_arn."
        yield Refusal(Rule.NO_CLEANER_ROLE, detail)
    yield from account_refusals(account.account_id, account.name, account.protected, rules)
    yield from broker_refusals(plan.deletes, rules)
    yield from unreadable_regions(plan, accepted_regions)
    if ends := frozen_until(now, rules.freezes):
        yield Refusal(
            Rule.FREEZE, f"Nothing is deleted until {ends:%Y-%m-%d %H:%M} UTC. The setting is CLEANUP_FREEZE."
        )


def confirm(cleanup: Cleanup, person: str, phrase: str, sha256: str) -> Cleanup:
    """Take a person's word that exactly this plan shall be carried out. Without a need for approval it begins.

    Raises Refused for a wrong phrase, another plan than the one seen, and whatever the rules forbid.
    """
    void_when_expired(cleanup)
    with transaction.atomic():
        return confirm_within(cleanup, person, phrase, sha256)


def confirm_within(cleanup: Cleanup, person: str, phrase: str, sha256: str) -> Cleanup:
    """The same in the caller's transaction, beside others. Raises Refused."""
    row = _locked(cleanup)
    plan = _may_go_on(row, sha256)
    if row.confirmed_at is not None or row.state not in (State.DRAFTED, State.APPROVED):
        raise Refused(f"{row} is confirmed already, by {row.confirmed_by}.")
    if person == row.approved_by:
        raise Refused(f"You have approved {row}: somebody else has to confirm it.")
    if person in accepters(row):
        raise Refused(f"You have accepted regions of {row} as unseen: somebody else has to confirm it.")
    if phrase.split() != plan.phrase.split():
        raise Refused(f"This is not the plan's phrase. Type exactly: {plan.phrase}")
    return _confirmed(row, person)


def accepters(cleanup: Cleanup) -> set[str]:
    """Who took the risk of a region that could not be read: the second person beside whoever confirms."""
    return {str(taken.get("by", "")) for taken in cleanup.accepted_regions.values()}


def approval_needed(plan: Plan) -> bool:
    """Whether the setting wants a second person for such a plan."""
    asked = {"always": True, "brokers": bool(plan.deletes), "never": False}
    return asked[settings.CLEANUP_APPROVAL]


def _confirmed(row: Cleanup, person: str) -> Cleanup:
    now = timezone.now()
    needed = row.approval_needed or approval_needed(plan_of(row))  # a setting made stricter holds for drawn plans, too
    fields: dict[str, object] = {"confirmed_by": person, "confirmed_at": now, "approval_needed": needed}
    too_old = row.approved_at is not None and row.approved_at < now - _approval_lasts()
    if too_old:
        fields |= {"approved_by": "", "approved_at": None}
    approved = not needed or (row.approved_at is not None and not too_old)
    _move(row, State.APPROVED if approved else State.AWAITING_APPROVAL, **fields)
    audit.note(
        person, "confirm clean-up", str(row), f"{row.account}: {', '.join(plan_of(row).arns)}", about=row.account
    )
    return row


def approve(cleanup: Cleanup, person: str, sha256: str) -> Cleanup:
    """Take the second person's word. A confirmed plan begins with it.

    Raises Refused for whoever asked for or confirmed the plan, and for another plan than the one seen.
    """
    void_when_expired(cleanup)
    with transaction.atomic():
        return approve_within(cleanup, person, sha256)


def approve_within(cleanup: Cleanup, person: str, sha256: str) -> Cleanup:
    """The same in the caller's transaction, beside others. Raises Refused."""
    row = _locked(cleanup)
    _may_go_on(row, sha256)
    if row.state == State.APPROVED and row.approved_by:
        raise Refused(f"{row} is approved already, by {row.approved_by}.")
    if not row.approval_needed:
        raise Refused(f"{row} needs no second person: whoever confirms it begins it.")
    if person in (row.requested_by, row.confirmed_by):
        did = "asked for" if person == row.requested_by else "confirmed"
        raise Refused(f"You have {did} {row}: somebody else has to approve it.")
    _move(row, State.APPROVED, approved_by=person, approved_at=timezone.now())
    audit.note(
        person, "approve clean-up", str(row), f"{row.account}: {', '.join(plan_of(row).arns)}", about=row.account
    )
    return row


def accept_regions(cleanup: Cleanup, person: str, regions: Collection[str], why: str) -> Cleanup:
    """Let a second person take the risk of regions that could not be read. Raises Refused."""
    with transaction.atomic():
        row = _locked(cleanup)
        if row.state != State.DRAFTED or row.plan is None:
            raise Refused(f"{row} is {_words(row.state)}: regions are accepted before a plan is confirmed.")
        if person == row.requested_by:
            raise Refused(f"You have asked for {row}: somebody else has to accept what could not be seen.")
        if foreign := sorted(set(regions) - set(row.plan.unknown)):
            raise Refused(f"{', '.join(foreign)}: not among the regions of {row} that could not be read.")
        why = one_line(why)
        if not regions or not why:
            raise Refused("Name the regions, and say why nothing in them can be at risk.")
        taken = {"by": person, "at": timezone.now().isoformat(timespec="seconds"), "why": why}
        _update(row, accepted_regions={**row.accepted_regions, **dict.fromkeys(sorted(regions), taken)})
        _update(row, refusals=stored(refusals_now(row)))
        audit.note(person, "accept unread regions", str(row), f"{', '.join(sorted(regions))}: {why}", about=row.account)
        return row


def pause(cleanup: Cleanup, person: str) -> Cleanup:
    """Have nothing more asked of AWS until `resume`; what AWS has begun goes on. Raises Refused when nothing runs."""
    return _set_paused(cleanup, person, True)


def resume(cleanup: Cleanup, person: str) -> Cleanup:
    """Go on with a paused clean-up. Raises Refused when nothing runs."""
    return _set_paused(cleanup, person, False)


def _set_paused(cleanup: Cleanup, person: str, paused: bool) -> Cleanup:
    with transaction.atomic():
        row = _locked(cleanup)
        if row.state not in AT_WORK or row.confirmed_at is None:
            raise Refused(f"{row} is {_words(row.state)}: there is nothing to {'pause' if paused else 'resume'}.")
        if row.paused != paused:
            _update(row, paused=paused)
            audit.note(
                person, "pause clean-up" if paused else "resume clean-up", str(row), str(row.account), about=row.account
            )
            _ring(row)
        return row


def cancel(cleanup: Cleanup, person: str) -> str:
    """Stop a clean-up; says what has been done and what cannot be undone. Raises Refused when it is over.

    One that has begun stops at its next step: its worker is told, and ends it.
    """
    with transaction.atomic():
        row = _locked(cleanup)
        if row.state in ENDS:
            raise Refused(f"{row} is {_words(row.state)}: there is nothing to cancel.")
        # The first step is a conditional move out of `approved`, so that here it has not been taken and never will be.
        if row.started_at is None and row.state in _BEFORE:
            _move(row, State.CANCELLED, reason=f"Cancelled by {person}.", cancel_wanted_by=person)
        elif not row.cancel_wanted_by:
            _update(row, cancel_wanted_by=person)
            _ring(row)
        audit.note(person, "cancel clean-up", str(row), str(row.account), about=row.account)
        return done_so_far(row)


def expired(cleanup: Cleanup) -> str:
    """That a plan's time was over before it began, in a sentence; empty when it was not."""
    before = cleanup.state in _BEFORE and not cleanup.started_at
    if before and cleanup.expires_at and cleanup.expires_at <= timezone.now():
        return f"The plan expired on {cleanup.expires_at:%Y-%m-%d %H:%M} UTC."
    return ""


def void_when_expired(cleanup: Cleanup) -> None:
    """Void a plan whose time is over before it began.

    Called before a gate's own transaction, so that the refusal that follows does not take it back.
    """
    with transaction.atomic():
        row = _locked(cleanup)
        if why := expired(row):
            _move(row, State.VOID, reason=why)
            audit.note(audit.ROLECALL, "clean-up void", str(row), f"{row.account}: {row.reason}", about=row.account)


def void_expired(cleanups: CleanupQuerySet | None = None) -> int:
    """Void every plan, or those of some clean-ups, whose time is over before it began.

    So that none blocks its account or its campaign. Says how many there were. Harmless at any time.
    """
    some = Cleanup.objects.all() if cleanups is None else cleanups
    late = list(some.filter(state__in=_BEFORE, started_at__isnull=True, expires_at__lte=timezone.now()).order_by("pk"))
    for cleanup in late:
        void_when_expired(cleanup)
    return len(late)


def _may_go_on(row: Cleanup, sha256: str) -> Plan:
    """The plan, if it waits for people, is the one that was seen, and no rule speaks against it."""
    if row.state not in _BEFORE or row.started_at:
        raise Refused(f"{row} is {_words(row.state)}. {row.reason}".strip() + " Draw a new plan if one is needed.")
    if why := expired(row):
        raise Refused(f"{row}: {why} Draw a new plan if one is needed.")
    plan = plan_of(row)
    if row.plan_sha256 != sha256:
        raise Refused(f"{row} is not the plan that you saw. Look at it again.")
    if refusals := refusals_now(row):
        raise Refused(refusals=tuple(refusals))
    return plan


def _approval_lasts() -> timedelta:
    return timedelta(hours=settings.CLEANUP_APPROVAL_HOURS)


def plan_of(cleanup: Cleanup) -> Plan:
    """The plan. Raises Refused while there is none, and for one that an older Rolecall drew."""
    try:
        plan = cleanup.plan
    except ValueError as error:
        raise Refused(f"{cleanup}: {error}.") from error
    if plan is None:
        raise Refused(cleanup.problem or f"{cleanup} is still being looked at. Wait for the plan.")
    return plan


def _locked(cleanup: Cleanup) -> Cleanup:
    return Cleanup.objects.select_for_update(of=("self",)).select_related("account").get(pk=cleanup.pk)


def _move(row: Cleanup, state: State, **fields: Any) -> None:
    """Move a row that this transaction has locked; one that is confirmed and approved is carried out.

    In a campaign when its turn has come: then the campaign rings for it.
    """
    now = timezone.now()
    fields |= {"since": now, "next_try_at": now, **({"finished_at": now} if state in ENDS else {})}
    if state == row.state:
        _update(row, **fields)  # approved first, confirmed now
    else:
        claims.move(row, state, **fields)
    if row.state == State.APPROVED and row.confirmed_at and row.campaign_id is None:
        _ring(row)


def _ring(row: Cleanup) -> None:
    transaction.on_commit(partial(ring_soon, row.pk))


def _update(row: Cleanup, **fields: Any) -> None:
    Cleanup.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()


def _words(state: str) -> str:
    return str(state).replace("_", " ")

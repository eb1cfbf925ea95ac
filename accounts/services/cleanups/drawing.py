"""Drawing a plan: asked for by a person, filled in by whoever looks, stored whether or not the rules refuse it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.domain.identifiers import parse_arn
from accounts.domain.plans import Plan, PlannedBroker
from accounts.domain.protection import Refusal, Rule
from accounts.domain.readings import AccountReading, Failed, Known
from accounts.domain.role import ROLE_PATH
from accounts.domain.texts import one_line
from accounts.domain.warnings import warnings_of
from accounts.models import Account, AuditEntry, Campaign, Cleanup, Target
from accounts.services import audit, queue
from accounts.services.cleanups.campaigns import note_drawn
from accounts.services.cleanups.errors import CannotLook, Refused
from accounts.services.cleanups.gates import approval_needed, rules_in_force, stored
from accounts.services.cleanups.looking import circumstances, look
from accounts.services.cleanups.tending import DRAW_TASK

logger = logging.getLogger(__name__)


def request_plan(
    account: Account,
    person: str,
    include_arns: Sequence[str] = (),
    campaign: Campaign | None = None,
    *,
    send: bool = True,
    why: str = "",
) -> Cleanup:
    """Begin a clean-up: a row that waits for a look. It takes the place of a plan that nobody has acted on.

    Without `send` no worker is rung: the caller draws the plan itself. Raises Refused while the account has a clean-up
    that somebody has confirmed or approved, and for an ARN that is no broker's of this account.
    """
    for arn in include_arns:
        _check_arn(arn, account)
    with transaction.atomic():
        held = list(Account.objects.select_for_update().filter(pk=account.pk))  # two people ask one by one
        if not held:
            raise Refused(f"{account} is not watched any more.")
        begun, refused = request_plans(held, person, campaign, include_arns, why)
        if refused:
            raise Refused(refused[account.pk])
        if send:
            ring_for_plans(begun)
    return begun[0]


def request_plans(
    accounts: Collection[Account],
    person: str,
    campaign: Campaign | None = None,
    include_arns: Sequence[str] = (),
    why: str = "",
) -> tuple[list[Cleanup], dict[int, str]]:
    """Begin a clean-up in each of these accounts, which the caller has locked; and by key, why some have none.

    In a handful of queries for all.
    """
    formers, refused = _formers(accounts)
    Cleanup.objects.filter(pk__in=[one.pk for one in formers.values()]).update(
        state=State.VOID, finished_at=timezone.now()
    )
    asked = {"requested_by": person, "campaign": campaign, "include_arns": list(dict.fromkeys(include_arns))}
    begun = Cleanup.objects.bulk_create(
        Cleanup(account=account, sent_at=timezone.now(), **asked) for account in accounts if account.pk not in refused
    )
    for cleanup in begun:
        if former := formers.get(cleanup.account_id):
            former.reason = f"Replaced by clean-up {cleanup.pk}"
    Cleanup.objects.bulk_update(formers.values(), ["reason"])
    AuditEntry.objects.bulk_create(
        audit.entry(person, "plan clean-up", str(one), f"{one.account}{': ' + why if why else ''}", about=one.account)
        for one in begun
    )
    return begun, refused


def ring_for_plans(cleanups: Iterable[Cleanup]) -> None:
    """Have workers look, once the rows are there for them to find."""
    pks = [cleanup.pk for cleanup in cleanups]
    transaction.on_commit(partial(queue.ring, DRAW_TASK, pks, queue.URGENT_QUEUE))


def _formers(accounts: Collection[Account]) -> tuple[dict[int, Cleanup], dict[int, str]]:
    """By account, the plan that a new one may replace, locked; and by account, why there can be no new one.

    What somebody else is changing is not waited for: whoever ends a clean-up holds it and then asks for the account,
    which is ours. None can be added before the accounts are let go.
    """
    opened = Cleanup.objects.open().filter(account__in=accounts).only("account", "state").select_related("account")
    held = opened.select_for_update(of=("self",), skip_locked=True, no_key=True)
    ours = {one.account_id: one for one in held}
    refused = {
        one.account_id: f"{one.account} has a clean-up that is not over: {one}. Wait for its end or cancel it."
        for one in ours.values()
        if one.state != State.DRAFTED
    }
    refused |= {
        one.account_id: f"{one.account} has a clean-up that is being changed at this moment: {one}. "
        "Try again in a minute."
        for one in opened
        if one.account_id not in ours
    }
    return {pk: one for pk, one in ours.items() if pk not in refused}, refused


def _check_arn(arn: str, account: Account) -> None:
    try:
        parts = parse_arn(arn)
    except ValueError as error:
        raise Refused(f"{error}. Give a broker's whole ARN.") from error
    if (
        not arn.isprintable()
        or (parts.service, parts.account_id) != ("mq", account.account_id)
        or not parts.resource.startswith("broker:")
    ):
        raise Refused(f"{one_line(arn)} is not a broker of {account}.")


def redraw(cleanup: Cleanup, person: str) -> Cleanup:
    """Draw the same plan anew from the world of now: another clean-up, which replaces this one if it is open."""
    return request_plan(cleanup.account, person, cleanup.include_arns, _its_campaign(cleanup))


def _its_campaign(cleanup: Cleanup) -> Campaign | None:
    """The campaign that a plan is confirmed with; in one that is decided, or over, nobody would ever confirm it."""
    if cleanup.state != State.DRAFTED or cleanup.campaign_id is None:
        return None
    undecided = Campaign.objects.filter(state__in=(Campaign.State.DRAWING, Campaign.State.DRAFTED))
    return undecided.filter(pk=cleanup.campaign_id).first()


def draw(cleanup_pk: int) -> None:
    """Look, and fill the plan in. Done twice or at once by two, the first one's plan stands."""
    cleanup = Cleanup.objects.select_related("account").get(pk=cleanup_pk)
    if cleanup.state != State.DRAFTED or cleanup.plan_json is not None:
        return
    try:
        _store(cleanup, *look(cleanup.account, cleanup.include_arns))
    except CannotLook as error:
        _note_problem(cleanup, str(error))
    except Exception as error:
        # The page and the next drawing must go on; the log has what happened.
        logger.exception("The look for %s broke", cleanup)
        _note_problem(cleanup, f"Rolecall itself failed: {type(error).__name__}. Its log has the whole story.")


def _note_problem(cleanup: Cleanup, problem: str) -> None:
    refusals = stored([Refusal(Rule.ROLE_UNKNOWN, problem)])
    _unfilled(cleanup).update(problem=problem, refusals=refusals, looked_at=timezone.now())
    note_drawn(cleanup)


def _unfilled(cleanup: Cleanup) -> QuerySet[Cleanup]:
    return Cleanup.objects.filter(pk=cleanup.pk, state=State.DRAFTED, plan_json__isnull=True)


def _store(cleanup: Cleanup, plan: Plan, reading: AccountReading) -> None:
    account, now = cleanup.account, timezone.now()
    refusals = [*_seen(plan, reading, cleanup.include_arns), *rules_in_force(plan, account, ())]
    around = circumstances(account, reading)
    with transaction.atomic():
        filled = _unfilled(cleanup).update(
            plan_json=plan.as_json(),
            plan_sha256=plan.sha256,
            looked_at=reading.started_at,
            expires_at=reading.started_at + timedelta(hours=settings.CLEANUP_PLAN_HOURS),
            problem="",
            warnings=warnings_of(plan, around, settings.CLEANUP_PROTECTION, now),
            refusals=stored(refusals),
            approval_needed=approval_needed(plan),
        )
        if filled:
            Target.objects.bulk_create(_target(cleanup, broker) for broker in plan.deletes)
    note_drawn(cleanup)


def _target(cleanup: Cleanup, broker: PlannedBroker) -> Target:
    return Target(
        cleanup=cleanup,
        arn=broker.arn,
        broker_id=broker.broker_id,
        name=broker.name,
        region_code=broker.region,
        engine=broker.engine,
        instance_type=broker.instance_type,
        seen_state=broker.state,
    )


def _seen(plan: Plan, reading: AccountReading, include_arns: Sequence[str]) -> Iterator[Refusal]:
    """The refusals that only this look can tell."""
    role = reading.role.role
    if isinstance(role, Failed):
        yield Refusal(Rule.ROLE_UNKNOWN, f"Nobody knows whether the role is there: {role.problem.detail}")
    elif isinstance(role, Known) and role.value is None:
        yield Refusal(Rule.NOTHING_TO_DELETE, f"{plan.account_name} has no role AWSServiceRoleForAmazonMQ.")
    elif role.value is not None and role.value.path != ROLE_PATH:
        yield Refusal(
            Rule.NOT_AWS_ROLE,
            f"The role of that name has the path {role.value.path}: it is not AWS's own, whose path is {ROLE_PATH}.",
        )
    listed = {broker.arn for broker in (*plan.deletes, *plan.keeps)}
    for arn in include_arns:
        if arn not in listed:
            yield Refusal(Rule.UNKNOWN_BROKER, f"AWS lists no broker {arn}. Draw the plan without it.")

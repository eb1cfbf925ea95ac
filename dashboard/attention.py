"""What needs a person: sentences that apply, worst first, each a link to the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.access import Door
from accounts.domain.cleanups import State
from accounts.domain.outcomes import Outcome, PolicyGrade, TrustGrade, Verdict
from accounts.domain.publications import Publication
from accounts.models import AccountQuerySet, Campaign, Cleanup, Region
from accounts.services.named_regions import named_regions
from accounts.services.publications import differing, publications
from accounts.services.tally import Census
from dashboard.conditions import with_doors, with_flags, with_later_plan, with_old_answers, with_outcomes
from dashboard.filters import AGED, AWS_CHANGED, DIFFERS, FLAG_CHOICES, LATEST
from dashboard.matrix import FAILING_VALUES
from dashboard.publications import published_words
from dashboard.region_filter import MOST
from dashboard.tables.campaigns import campaigns_of
from dashboard.words import noun, span, stale_before

REFUSALS = [Outcome.ASSUME_DENIED.value, Outcome.DENIED.value]
FAULTS = [value for value in FAILING_VALUES if value not in REFUSALS]
FLAGGED = [value for value, _ in FLAG_CHOICES]
NOT_READY = [door.value for door in Door if door is not Door.READY]
MISMATCH = TrustGrade.TRUST_MISMATCH.value


# The tones in their order, and what stands above the sentences of each.
TONES = {"bad": "To put right", "warn": "To look into", "unused": "To clean up"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """So many of something that a person should look at, and where they are listed."""

    count: int
    said: str
    url: str
    tone: str

    @property
    def heading(self) -> str:
        """What its like have in common."""
        return TONES[self.tone]


@dataclass(frozen=True, slots=True)
class Concern:
    """A condition on accounts, what to say of one that fulfils it, or of several, and where they are listed."""

    tone: str
    accounts: Q
    of_one: str
    of_several: str
    url: str


def matrix_url(**query: str | list[str]) -> str:
    """The matrix, narrowed."""
    return f"{reverse('matrix')}?{urlencode(query, doseq=True)}"


def accounts_url(**query: str | list[str]) -> str:
    """The list of accounts, narrowed."""
    return f"{reverse('accounts')}?{urlencode(query, doseq=True)}"


def attention(accounts: AccountQuerySet, regions: Sequence[Region], counted: Census, now: datetime) -> list[Sentence]:
    """The sentences that apply, the worst tone first. Each leads to exactly the rows that it counts."""
    published = publications(accounts)
    concerns = [*_access(), *_role(published), *(_age(now) if counted.old else ())]
    said = [
        *_unknown_regions(accounts),
        *_campaigns(accounts),
        *_cleanups(accounts),
        *_published(published),
        *_sentences(accounts, concerns),
        *_failing_regions(regions),
    ]
    return sorted(said, key=lambda sentence: list(TONES).index(sentence.tone))


def _campaigns(accounts: AccountQuerySet) -> Iterator[Sentence]:
    """Campaigns that a surprise has stopped, each by itself: nothing of one goes on before a person has read why."""
    for campaign in campaigns_of(accounts).filter(state=Campaign.State.STOPPED):
        said = f"campaign has stopped, and waits for a decision: {campaign.name}"
        yield Sentence(1, said, campaign.get_absolute_url(), "bad")


def _cleanups(accounts: AccountQuerySet) -> Iterator[Sentence]:
    """Clean-ups that need a second person, that ended badly with nobody having drawn a new plan, or that wait."""
    mine = Cleanup.objects.filter(account__in=accounts.order_by().values("pk"))
    kinds = (
        (State.FAILED, "bad", f"&which={LATEST}", "failed, and no new plan has been drawn"),
        (State.AWAITING_APPROVAL, "warn", "", "for a second person’s approval"),
        (State.WAITING, "warn", "", "before the next try"),
    )
    left = mine.filter(state__in=[state for state, *_ in kinds]).exclude(with_later_plan(), state=State.FAILED)
    rows = list(left.values_list("state", "pk"))
    for state, tone, more, said in kinds:
        if found := [pk for was, pk in rows if was == state]:
            verb = "" if state is State.FAILED else "waits " if len(found) == 1 else "wait "
            every = f"{reverse('cleanups')}?state={state.value}{more}"
            url = reverse("cleanup", args=found) if len(found) == 1 else every
            yield Sentence(len(found), f"{noun(len(found), 'clean-up')} {verb}{said}", url, tone)


def _unknown_regions(accounts: AccountQuerySet) -> Iterator[Sentence]:
    """Regions that AWS named when it refused a deletion, and that no poll asks about."""
    if named := named_regions(accounts):
        lacks = (
            f"{noun(len(named), 'region')} that AWS names and the table lacks: {_first([one.code for one in named])}"
        )
        yield Sentence(len(named), lacks, f"{reverse('regions')}#named", "bad")


def _published(published: Mapping[str, Publication]) -> Iterator[Sentence]:
    for partition, one in sorted(published.items()):
        url = matrix_url(policy=AWS_CHANGED, partition=partition)
        yield Sentence(one.accounts, published_words(partition, one), url, "warn")


def _access() -> Iterator[Concern]:
    refused, faulty = with_outcomes(REFUSALS), with_outcomes(FAULTS)
    shut = ("does not let Rolecall in, or refuses it a call", "do not let Rolecall in, or refuse it a call")
    yield Concern("bad", refused, *shut, matrix_url(outcome=REFUSALS))
    said = "a role that did not pass its access check"
    yield Concern("bad", with_doors(NOT_READY), f"has {said}", f"have {said}", accounts_url(access=NOT_READY))
    said = "regions that failed, or a role that could not be looked at"
    yield Concern("warn", faulty, f"has {said}", f"have {said}", matrix_url(outcome=FAULTS))


def _role(published: Mapping[str, Publication]) -> Iterator[Concern]:
    mismatched = Q(role_status__trust_grade=MISMATCH)
    said = "a role that somebody else may assume"
    yield Concern("bad", mismatched, f"has {said}", f"have {said}", matrix_url(trust=MISMATCH))
    said = "a policy that differs from the documented one"
    drifted = differing(published)
    yield Concern("bad", drifted, f"has {said}", f"have {said}", matrix_url(policy=DIFFERS))
    said = "a role with something that AWS does not document"
    flagged = with_flags(FLAGGED)
    yield Concern("bad", flagged, f"has {said}", f"have {said}", matrix_url(flag=FLAGGED))
    said = "a policy that could not be read"
    unread = Q(role_status__policy_grade=PolicyGrade.UNREADABLE)
    yield Concern("warn", unread, f"has {said}", f"have {said}", matrix_url(policy="unreadable"))
    said = "a trust policy that could not be read"
    unread = Q(role_status__trust_grade=TrustGrade.UNREADABLE)
    yield Concern("warn", unread, f"has {said}", f"have {said}", matrix_url(trust="unreadable"))
    said = "a role that nothing uses"
    unused = Q(role_status__verdict=Verdict.UNUSED)
    yield Concern("unused", unused, f"has {said}", f"have {said}", matrix_url(verdict="unused"))


def _age(now: datetime) -> Iterator[Concern]:
    said = f"cells that last answered more than {span((now - stale_before(now)).total_seconds())} ago"
    old = with_old_answers(now)
    yield Concern("warn", old, f"has {said}", f"have {said}", accounts_url(age=AGED))


def _sentences(accounts: AccountQuerySet, concerns: Sequence[Concern]) -> Iterator[Sentence]:
    """What applies, counted in one query."""
    conditions = {f"n{place}": Count("pk", filter=concern.accounts) for place, concern in enumerate(concerns)}
    for concern, count in zip(concerns, accounts.order_by().aggregate(**conditions).values(), strict=True):
        if count:
            said = concern.of_one if count == 1 else concern.of_several
            yield Sentence(count, f"{noun(count, 'account')} {said}", concern.url, concern.tone)


def _failing_regions(regions: Sequence[Region]) -> Iterator[Sentence]:
    """Regions where most accounts that let Rolecall in gave no answer: rather the region than the accounts."""
    rows = [row for row in regions if row.silent > row.answering]  # type: ignore[attr-defined]
    if not rows:
        return
    verb = "fails" if len(rows) == 1 else "fail"
    said = f"{noun(len(rows), 'region')} {verb} in most accounts: {_first([row.code for row in rows])}"
    yield Sentence(len(rows), said, f"{reverse('regions')}?failing={MOST}", "bad")


def _first(codes: Sequence[str]) -> str:
    """Three of them by name, the rest as a number."""
    return ", ".join(codes[:3]) + (f" and {len(codes) - 3} more" if len(codes) > 3 else "")

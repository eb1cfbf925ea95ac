"""What needs a person: sentences that apply, worst first, each a link to the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.cleanups import State
from accounts.domain.outcomes import Outcome, PolicyGrade, TrustGrade, Verdict
from accounts.domain.publications import Publication
from accounts.models import AccountQuerySet, Cleanup, Region
from accounts.services.named_regions import named_regions
from accounts.services.publications import differing, publications
from dashboard.filters import AWS_CHANGED, DIFFERS, FLAG_CHOICES, having_flags, having_outcomes
from dashboard.matrix import FAILING_VALUES
from dashboard.publications import published_sentence
from dashboard.words import plural, span, stale_before

REFUSALS = [Outcome.ASSUME_DENIED.value, Outcome.DENIED.value]
FAULTS = [value for value in FAILING_VALUES if value not in REFUSALS]
FLAGGED = [value for value, _ in FLAG_CHOICES]
MISMATCH = TrustGrade.TRUST_MISMATCH.value


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something that a person should look at, and where. `tone` is the colour's meaning: bad, warn or unused."""

    text: str
    meaning: str
    url: str
    tone: str


@dataclass(frozen=True, slots=True)
class Concern:
    """A set of accounts and what to say of one of them, or of several."""

    meaning: str
    tone: str
    accounts: AccountQuerySet
    of_one: str
    of_several: str
    url: str


def matrix_url(**query: str | list[str]) -> str:
    """The matrix, narrowed."""
    return f"{reverse('matrix')}?{urlencode(query, doseq=True)}"


def attention(accounts: AccountQuerySet, regions: Sequence[Region], now: datetime) -> list[Sentence]:
    """The sentences that apply, worst first."""
    published = publications(accounts)
    concerns = (*_access(accounts), *_role(accounts, published), *_age(accounts, now))
    found = [*_cleanups(accounts), *_published(published), *_sentences(concerns), *_failing_regions(regions)]
    return [*_unknown_regions(accounts), *found]


def _cleanups(accounts: AccountQuerySet) -> Iterator[Sentence]:
    """Clean-ups that need a second person, that ended badly with nobody having drawn a new plan, or that wait."""
    mine = Cleanup.objects.filter(account__in=accounts.order_by().values("pk"))
    later = Cleanup.objects.filter(account=OuterRef("account"), pk__gt=OuterRef("pk"))
    kinds = (
        (State.FAILED, "bad", mine.exclude(Exists(later)), "failed, and no new plan has been drawn"),
        (State.AWAITING_APPROVAL, "warn", mine, "for a second person’s approval"),
        (State.WAITING, "warn", mine, "before the next try"),
    )
    for state, tone, rows, said in kinds:
        found = list(rows.filter(state=state).values_list("pk", flat=True))
        if found:
            verb = "" if state is State.FAILED else "waits " if len(found) == 1 else "wait "
            url = reverse("cleanup", args=found) if len(found) == 1 else f"{reverse('cleanups')}?state={state.value}"
            yield Sentence(f"{plural(len(found), 'clean-up')} {verb}{said}", "Clean-up", url, tone)


def _unknown_regions(accounts: AccountQuerySet) -> Iterator[Sentence]:
    """Regions that AWS named when it refused a deletion, and that no poll asks about."""
    if named := named_regions(accounts):
        codes = ", ".join(one.code for one in named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
        lacks = f"AWS names {plural(len(named), 'region')} that the table lacks: {codes}"
        yield Sentence(lacks, "Regions", f"{reverse('regions')}#named", "bad")


def _published(published: Mapping[str, Publication]) -> Iterator[Sentence]:
    for partition, one in sorted(published.items()):
        yield Sentence(published_sentence(partition, one), "Policy", matrix_url(policy=AWS_CHANGED), "warn")


def _access(accounts: AccountQuerySet) -> Iterator[Concern]:
    refused, faulty = having_outcomes(accounts, REFUSALS), having_outcomes(accounts, FAULTS)
    yield Concern(
        "Access", "bad", refused, "refuses Rolecall a look", "refuse Rolecall a look", matrix_url(outcome=REFUSALS)
    )
    wrong = "gave no proper answer somewhere"
    yield Concern("Answers", "warn", faulty, wrong, wrong, matrix_url(outcome=FAULTS))


def _role(accounts: AccountQuerySet, published: Mapping[str, Publication]) -> Iterator[Concern]:
    mismatched = accounts.filter(role_status__trust_grade=MISMATCH)
    said = "a role that somebody else may assume"
    yield Concern("Trust", "bad", mismatched, f"has {said}", f"have {said}", matrix_url(trust=MISMATCH))
    drifted = accounts.filter(differing(published))
    said = "a policy that differs from the documented one"
    yield Concern("Policy", "bad", drifted, f"has {said}", f"have {said}", matrix_url(policy=DIFFERS))
    flagged = having_flags(accounts, FLAGGED)
    said = "a role with something that AWS does not document"
    yield Concern("Role", "bad", flagged, f"has {said}", f"have {said}", matrix_url(flag=FLAGGED))
    unread = accounts.filter(role_status__policy_grade=PolicyGrade.UNREADABLE)
    said = "a policy that could not be read"
    yield Concern("Policy", "warn", unread, f"has {said}", f"have {said}", matrix_url(policy="unreadable"))
    unread = accounts.filter(role_status__trust_grade=TrustGrade.UNREADABLE)
    said = "a trust policy that could not be read"
    yield Concern("Trust", "warn", unread, f"has {said}", f"have {said}", matrix_url(trust="unreadable"))
    unused = accounts.filter(role_status__verdict=Verdict.UNUSED)
    said = "a role that nothing uses"
    yield Concern("Unused", "unused", unused, f"has {said}", f"have {said}", matrix_url(verdict="unused"))


def _age(accounts: AccountQuerySet, now: datetime) -> Iterator[Concern]:
    limit = stale_before(now)
    said = f"last polled more than {span((now - limit).total_seconds())} ago"
    old = accounts.filter(Q(role_status__checked_at__lt=limit))
    yield Concern("Age", "warn", old, f"was {said}", f"were {said}", f"{reverse('accounts')}?sort=checked_at")


def _sentences(concerns: Sequence[Concern]) -> Iterator[Sentence]:
    for concern in concerns:
        count = concern.accounts.order_by().values("pk").distinct().count()
        if count:
            said = concern.of_one if count == 1 else concern.of_several
            yield Sentence(f"{plural(count, 'account')} {said}", concern.meaning, concern.url, concern.tone)


def _failing_regions(regions: Sequence[Region]) -> Iterator[Sentence]:
    """Regions where most accounts that let Rolecall in gave no answer: rather the region than the accounts."""
    rows = [row for row in regions if row.silent > row.answering]  # type: ignore[attr-defined]
    if not rows:
        return
    codes = ", ".join(row.code for row in rows[:3]) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
    verb = "fails" if len(rows) == 1 else "fail"
    text = f"{plural(len(rows), 'region')} {verb} in most accounts: {codes}"
    yield Sentence(text, "Regions", f"{reverse('regions')}?sort=-failing", "bad")

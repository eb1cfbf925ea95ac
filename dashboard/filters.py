"""The filters of the pages. They live in the URL; a value that cannot be understood shows nothing and says why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from accounts.domain.outcomes import FAILING, Flag, Outcome, PolicyGrade, TrustGrade, Verdict
from accounts.domain.regions import display_order
from accounts.models import Account, AccountQuerySet, Broker, Cell, Cleanup, Region
from accounts.services.publications import differing, having, publications
from dashboard.access import Person, visible_accounts
from dashboard.cleanup_words import STATE_WORDS
from dashboard.tables.cleanups import cleanups_of
from dashboard.words import OUTCOME_CHOICES, VERDICT_WORDS

NO_ENVIRONMENT = "-"
NO_POLICY, AWS_CHANGED, DIFFERS = "none", "aws_changed", "differs"
POLICY_CHOICES = [
    *((grade.value, grade.value.replace("_", " ")) for grade in PolicyGrade),
    (NO_POLICY, "none"),
    (AWS_CHANGED, "new, published by AWS"),
    (DIFFERS, "not the documented one, nor AWS's new one"),
]
TRUST_CHOICES = [(grade.value, grade.value.replace("_", " ")) for grade in TrustGrade]
FLAG_CHOICES = [(flag.value, flag.value.replace("_", " ")) for flag in Flag if flag is not Flag.ROLE_ABSENT]
VERDICT_CHOICES = [(verdict.value, word.lower()) for verdict, word in VERDICT_WORDS.items()]


# An address without a query opens the person's default view; this one says that none is wanted.
CLEAR = "view=none"


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: what it says, and the query string without it."""

    label: str
    words: str
    without: str
    rows: int | None  # that this filter alone leaves; None when it cannot be understood


class ChipFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """A filter set that shows nothing when a value is wrong, and lists what is on as removable chips."""

    @property
    def qs(self) -> QuerySet[Any]:
        """The filtered rows; none at all when a filter could not be understood."""
        if not self.is_bound or self.form.is_valid():
            return super().qs  # type: ignore[no-any-return]
        return self.queryset.none()  # type: ignore[no-any-return]

    def problems(self) -> list[str]:
        """One sentence per filter that could not be understood."""
        if not self.is_bound:
            return []
        errors = self.form.errors.items()
        return [f"{self.filters[name].label}: {' '.join(texts)} Remove it to see rows." for name, texts in errors]

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters that are on, wrong ones included: those too must be removable."""
        return list(self._chips())

    @property
    def narrows(self) -> bool:
        """True when any filter is on."""
        return any(value.strip() for name in self.filters for value in self.data.getlist(name))

    def cleared(self) -> str:
        """The query string without any filter."""
        return query_without(self.data, *self.filters) or CLEAR

    def _chips(self) -> Iterator[Chip]:
        for name, field in self.form.fields.items():
            values = [value for value in self.data.getlist(name) if value.strip()]
            if values:
                words = dict(getattr(field, "choices", ()))
                said = ", ".join(str(words.get(value, value)) for value in values)
                without = query_without(self.data, name) or CLEAR
                yield Chip(str(field.label), said, without, self._rows_of(name, values))

    def _rows_of(self, name: str, values: list[str]) -> int | None:
        alone = QueryDict(mutable=True)
        alone.setlist(name, values)
        narrowed = type(self)(alone, queryset=self.queryset)
        return narrowed.qs.count() if narrowed.form.is_valid() else None


def query_without(data: QueryDict, *names: str) -> str:
    """The query string without some names, and without the page, which would no longer fit."""
    left = data.copy()
    for name in (*names, "page", "_export", "_columns"):
        left.pop(name, None)
    return left.urlencode(safe=",")


def query_with(data: QueryDict, **values: str) -> str:
    """The query string with some values exchanged, empty ones taken out, and without the page."""
    left = QueryDict(query_without(data, *values), mutable=True)
    for name, value in values.items():
        if value:
            left[name] = value
    return left.urlencode(safe=",") or CLEAR


def search_accounts(queryset: QuerySet[Any], text: str, prefix: str = "") -> QuerySet[Any]:
    """Accounts whose name has the text, or whose id has its digits however they are grouped."""
    found = Q(**{f"{prefix}name__icontains": text})
    digits = re.sub(r"[\s-]", "", text)
    if digits.isdigit():
        found |= Q(**{f"{prefix}account_id__contains": digits})
    return queryset.filter(found)


def having_tag(queryset: AccountQuerySet, text: str) -> AccountQuerySet:
    """Accounts with a tag of this key, or with exactly this key=value."""
    key, equals, value = (part.strip() for part in text.partition("="))
    return queryset.filter(tags__contains={key: value}) if equals else queryset.filter(tags__has_key=key)


def having_outcomes(queryset: AccountQuerySet, values: list[str]) -> AccountQuerySet:
    """Accounts where at least one cell, or the probe of the role, came to one of these outcomes."""
    found = Q()
    for value in values:
        found |= _with_outcome(Outcome(value))
    return queryset.filter(found) if values else queryset


def _with_outcome(outcome: Outcome) -> Q:
    here = Region.objects.filter(partition=OuterRef("partition"))
    if outcome is Outcome.UNSUPPORTED:
        return Q(Exists(here.filter(polled=False)))
    if outcome is Outcome.NEVER:
        seen = Cell.objects.filter(account=OuterRef(OuterRef("pk")), region=OuterRef("pk"))
        unseen = here.filter(polled=True).exclude(Exists(seen))
        return Q(Exists(unseen)) | Q(role_status__isnull=True) | Q(role_status__outcome=outcome)
    cells = Cell.objects.filter(account=OuterRef("pk"), region__polled=True, outcome=outcome)
    role = Q(role_status__outcome=outcome)
    if outcome in FAILING:
        role |= Q(role_status__policy_outcome=outcome)
    return Q(Exists(cells)) | role


def _several(label: str, choices: Any, method: Callable[..., Any] | str) -> filters.MultipleChoiceFilter:
    return filters.MultipleChoiceFilter(
        label=label, choices=choices, method=method, widget=forms.CheckboxSelectMultiple
    )


def _verdicts(queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
    found = Q(role_status__verdict__in=values)
    if Verdict.UNKNOWN in values:
        found |= Q(role_status__isnull=True)
    return queryset.filter(found) if values else queryset


def _trusts(queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
    return queryset.filter(role_status__trust_grade__in=values) if values else queryset


def having_flags(queryset: AccountQuerySet, values: list[str]) -> AccountQuerySet:
    """Accounts whose role has at least one of these flags."""
    found = Q()
    for value in values:
        found |= Q(role_status__flags__contains=[value])
    return queryset.filter(found) if values else queryset


def in_unit(queryset: AccountQuerySet, path: str) -> AccountQuerySet:
    """Accounts of an organizational unit and of the units below it; an account without one is in that of its tag."""
    unit = path.strip().strip("/")
    told = Q(unit__iexact=unit) | Q(unit__istartswith=f"{unit}/")
    return queryset.filter(told | Q(unit="", tags__unit__iexact=unit))


def region_choices() -> list[tuple[str, str]]:
    """Every region of the table, in the order of the matrix."""
    codes = Region.objects.values_list("code", flat=True)
    return [(code, code) for code in sorted(codes, key=display_order)]


class AccountFilter(ChipFilterSet):
    """What the matrix and the list of accounts can be narrowed to."""

    q = filters.CharFilter(label="Name or id", method="by_text")
    tag = filters.CharFilter(label="Tag", method="by_tag")
    environment = _several("Environment", (), "by_environment")
    unit = filters.CharFilter(label="Unit", method="by_unit")
    owner = filters.CharFilter(label="Owner", field_name="owner", lookup_expr="icontains")
    verdict = _several("Verdict", VERDICT_CHOICES, _verdicts)
    policy = _several("Policy", POLICY_CHOICES, "by_policy")
    trust = _several("Trust", TRUST_CHOICES, _trusts)
    flag = _several("Flag", FLAG_CHOICES, lambda queryset, name, values: having_flags(queryset, values))
    outcome = _several("Outcome", OUTCOME_CHOICES, lambda queryset, name, values: having_outcomes(queryset, values))
    region = filters.ChoiceFilter(
        label="Brokers in", choices=region_choices, method="by_region", empty_label="any region"
    )

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["environment"].extra["choices"] = self._environments

    def _environments(self) -> list[tuple[str, str]]:
        """The environments that occur; accounts whose tags name none can be found, too."""
        words = self.queryset.order_by("environment").values_list("environment", flat=True).distinct()
        return [(word or NO_ENVIRONMENT, word or "not said") for word in words]

    @property
    def accounts(self) -> AccountQuerySet:
        """The filtered accounts."""
        return cast(AccountQuerySet, self.qs)

    def by_text(self, queryset: AccountQuerySet, name: str, value: str) -> QuerySet[Account]:
        """By name or id."""
        return search_accounts(queryset, value)

    def by_tag(self, queryset: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        """By `key` or `key=value`."""
        return having_tag(queryset, value)

    def by_environment(self, queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
        """By what the tags say that the account is for."""
        words = ["" if value == NO_ENVIRONMENT else value for value in values]
        return queryset.filter(environment__in=words) if values else queryset

    def by_unit(self, queryset: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        """By unit, those below it included."""
        return in_unit(queryset, value)

    def by_policy(self, queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
        """By grade, or by whose doing it is: that is judged over all accounts that a person may see."""
        if not values:
            return queryset
        found = Q(role_status__policy_grade__in=values)
        if NO_POLICY in values:
            found |= Q(role_status__policy_grade="") | Q(role_status__isnull=True)
        if AWS_CHANGED in values or DIFFERS in values:
            published = publications(self.queryset)
            found |= having(published) if AWS_CHANGED in values else Q()
            found |= differing(published) if DIFFERS in values else Q()
        return queryset.filter(found)

    def by_region(self, queryset: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        """Accounts with brokers there, last known ones included."""
        return queryset.filter(Exists(Cell.objects.filter(account=OuterRef("pk"), region=value, brokers__gt=0)))


class BrokerFilter(ChipFilterSet):
    """What the list of brokers can be narrowed to. Engines and states are AWS's words, those that occur."""

    q = filters.CharFilter(label="Broker, account or id", method="by_text")
    engine = filters.MultipleChoiceFilter(label="Engine", field_name="engine", widget=forms.CheckboxSelectMultiple)
    state = filters.MultipleChoiceFilter(label="State", field_name="state", widget=forms.CheckboxSelectMultiple)
    region = filters.ChoiceFilter(label="Region", field_name="region", choices=region_choices, empty_label="any region")

    class Meta:
        model = Broker
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("engine", "state"):
            words = self.queryset.order_by(name).values_list(name, flat=True).distinct()
            self.filters[name].extra["choices"] = [(word, word) for word in words]

    def by_text(self, queryset: QuerySet[Broker], name: str, value: str) -> QuerySet[Broker]:
        """By the broker's name, or its account's name or id."""
        of_accounts = search_accounts(queryset, value, "account__")
        return queryset.filter(Q(name__icontains=value) | Q(pk__in=of_accounts.order_by().values("pk")))


class CleanupFilter(ChipFilterSet):
    """What the list of clean-ups can be narrowed to."""

    q = filters.CharFilter(label="Account or id", method="by_account")
    person = filters.CharFilter(label="Person", method="by_person")
    state = filters.MultipleChoiceFilter(
        label="State",
        choices=[(state.value, word) for state, word in STATE_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Cleanup
        fields: tuple[str, ...] = ()

    def by_account(self, queryset: QuerySet[Cleanup], name: str, value: str) -> QuerySet[Cleanup]:
        """By the account's name or id."""
        of_accounts = search_accounts(queryset, value, "account__")
        return queryset.filter(pk__in=of_accounts.order_by().values("pk"))

    def by_person(self, queryset: QuerySet[Cleanup], name: str, value: str) -> QuerySet[Cleanup]:
        """By the whole name of somebody who asked, confirmed or approved."""
        name = value.strip()
        return queryset.filter(
            Q(requested_by__iexact=name) | Q(confirmed_by__iexact=name) | Q(approved_by__iexact=name)
        )


def account_filter(data: QueryDict, person: Person) -> AccountFilter:
    """The accounts that a person may see, narrowed to what the URL says."""
    return AccountFilter(data, queryset=visible_accounts(person))


def broker_filter(data: QueryDict, person: Person) -> BrokerFilter:
    """The brokers that a person may see, narrowed to what the URL says."""
    mine = visible_accounts(person).order_by().values("pk")
    return BrokerFilter(data, queryset=Broker.objects.filter(account__in=mine).select_related("account"))


def cleanup_filter(data: QueryDict, person: Person) -> CleanupFilter:
    """The clean-ups of the accounts that a person may see, narrowed to what the URL says."""
    return CleanupFilter(data, queryset=cleanups_of(visible_accounts(person)))

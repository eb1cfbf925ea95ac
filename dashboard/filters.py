"""The filters of the pages. They live in the URL; a value that cannot be understood shows nothing and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from types import MappingProxyType
from typing import Any, cast

import django_filters as filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.lookups import IExact, IStartsWith
from django.http import QueryDict
from django.utils import timezone

from accounts.domain.identifiers import PARTITIONS, ungroup_digits
from accounts.domain.outcomes import Flag, PolicyGrade, Presence, TrustGrade, Verdict
from accounts.domain.regions import display_order
from accounts.models import Account, AccountQuerySet, Broker, Cell, Region
from accounts.services.publications import differing, having, publications
from dashboard.access import Person, visible_accounts
from dashboard.access_panel import DOOR_WORDS
from dashboard.chips import ChipFilterSet, uncopied
from dashboard.conditions import with_doors, with_flags, with_old_answers, with_outcomes
from dashboard.polled_filter import PolledFilter
from dashboard.tables.brokers import CURRENT, OLD, with_knowledge
from dashboard.units import unit_in_sql
from dashboard.words import OUTCOME_CHOICES, VERDICT_WORDS

NO_ENVIRONMENT = "-"
NO_POLICY, AWS_CHANGED, DIFFERS = "none", "aws_changed", "differs"
LATEST, AGED, REMEMBERED = "latest", "old", "verdict"
POLICY_CHOICES = [
    *((grade.value, grade.value.replace("_", " ")) for grade in PolicyGrade),
    (NO_POLICY, "none"),
    (AWS_CHANGED, "new, published by AWS"),
    (DIFFERS, "not the documented one, nor AWS's new one"),
]
TRUST_CHOICES = [(grade.value, grade.value.replace("_", " ")) for grade in TrustGrade]
FLAG_CHOICES = [(flag.value, flag.value.replace("_", " ")) for flag in Flag if flag is not Flag.ROLE_ABSENT]
VERDICT_CHOICES = [(verdict.value, word.lower()) for verdict, word in VERDICT_WORDS.items()]
PRESENCE_CHOICES = [(presence.value, presence.value) for presence in Presence]
AGE_CHOICES = [(AGED, "old answers"), (REMEMBERED, "verdict only last known")]
DOOR_CHOICES = [(door.value, word) for door, word in DOOR_WORDS.items()]
KNOWLEDGE_CHOICES = [(CURRENT, "current"), (OLD, "old: no answer since")]
BROKER_AGES = [
    ("within-7", "within 7 days"),
    ("within-30", "within 30 days"),
    ("within-90", "within 90 days"),
    ("before-90", "more than 90 days ago"),
    ("before-365", "more than a year ago"),
]


def search_accounts(queryset: QuerySet[Any], text: str, prefix: str = "") -> QuerySet[Any]:
    """Accounts whose name has the text, or whose id has its digits however they are grouped."""
    found = Q(**{f"{prefix}name__icontains": text})
    digits = ungroup_digits(text)
    if digits.isdigit():
        found |= Q(**{f"{prefix}account_id__contains": digits})
    return queryset.filter(found)


def named_brokers(queryset: QuerySet[Broker], text: str) -> QuerySet[Broker]:
    """Brokers whose own name has the text, whatever their account is called."""
    return queryset.filter(name__icontains=text)


def having_tag(queryset: AccountQuerySet, text: str) -> AccountQuerySet:
    """Accounts with a tag of this key, or with exactly this key=value."""
    key, equals, value = (part.strip() for part in text.partition("="))
    return queryset.filter(tags__contains={key: value}) if equals else queryset.filter(tags__has_key=key)


def having_outcomes(queryset: AccountQuerySet, values: list[str]) -> AccountQuerySet:
    """Accounts where at least one cell, or the probe of the role, came to one of these outcomes."""
    return queryset.filter(with_outcomes(values)) if values else queryset


def _several(label: str, choices: Any, method: Callable[..., Any] | str) -> filters.MultipleChoiceFilter:
    return filters.MultipleChoiceFilter(
        label=label, choices=uncopied(choices), method=method, widget=forms.CheckboxSelectMultiple
    )


def _verdicts(queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
    found = Q(role_status__verdict__in=values)
    if Verdict.UNKNOWN in values:
        found |= Q(role_status__isnull=True)
    return queryset.filter(found) if values else queryset


def _trusts(queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
    return queryset.filter(role_status__trust_grade__in=values) if values else queryset


def _presences(queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
    found = Q(role_status__presence__in=values)
    if Presence.UNKNOWN in values:
        found |= Q(role_status__isnull=True)
    return queryset.filter(found) if values else queryset


def having_flags(queryset: AccountQuerySet, values: list[str]) -> AccountQuerySet:
    """Accounts whose role has at least one of these flags."""
    return queryset.filter(with_flags(values)) if values else queryset


def in_unit(queryset: AccountQuerySet, path: str) -> AccountQuerySet:
    """Accounts of an organizational unit and of the units below it."""
    unit, said = path.strip().strip("/"), unit_in_sql()
    return queryset.filter(Q(IExact(said, unit)) | Q(IStartsWith(said, f"{unit}/")))


def region_choices() -> list[tuple[str, str]]:
    """Every region of the table, in the order of the matrix."""
    codes = Region.objects.values_list("code", flat=True)
    return [(code, code) for code in sorted(codes, key=display_order)]


def _words(occurring: Iterable[str]) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [(word, word) for word in occurring if word]


class AccountFilter(ChipFilterSet):
    """What the matrix and the list of accounts can be narrowed to."""

    common: tuple[str, ...] = ("q", "verdict", "policy", "outcome", "tag", "unit")
    suggests = MappingProxyType({"unit": unit_in_sql(), "owner": F("owner")})
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
    role = _several("Role", PRESENCE_CHOICES, _presences)
    access = _several("Access check", DOOR_CHOICES, "by_access")
    age = filters.ChoiceFilter(label="Age", choices=uncopied(AGE_CHOICES), method="by_age", empty_label="any age")
    partition = filters.MultipleChoiceFilter(
        label="Partition",
        choices=uncopied([(name, name) for name in PARTITIONS]),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = self.queryset.order_by("environment").values_list("environment", flat=True).distinct()
        # Accounts whose tags name no environment can be found, too.
        self.filters["environment"].extra["choices"] = lambda: [(w or NO_ENVIRONMENT, w or "not said") for w in words]

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

    def by_access(self, queryset: AccountQuerySet, name: str, values: list[str]) -> AccountQuerySet:
        """By what the last check of their roles found."""
        return queryset.filter(with_doors(values)) if values else queryset

    def by_age(self, queryset: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        """Accounts with answers that are shown as old, or with a verdict that the last look could not see again."""
        remembered = Q(role_status__verdict_last_known_at__isnull=False)
        return queryset.filter(remembered if value == REMEMBERED else with_old_answers(timezone.now()))

    def by_region(self, queryset: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        """Accounts with brokers there, last known ones included."""
        return queryset.filter(Exists(Cell.objects.filter(account=OuterRef("pk"), region=value, brokers__gt=0)))


class BrokerFilter(ChipFilterSet):
    """What the list of brokers can be narrowed to. Engines and states are AWS's words, those that occur."""

    common = ("q", "engine", "state", "region", "environment", "unit")
    suggests = MappingProxyType({"unit": unit_in_sql("account__")})
    q = filters.CharFilter(label="Broker, account or id", method="by_text")
    engine = filters.MultipleChoiceFilter(label="Engine", field_name="engine", widget=forms.CheckboxSelectMultiple)
    state = filters.MultipleChoiceFilter(label="State", field_name="state", widget=forms.CheckboxSelectMultiple)
    region = filters.ChoiceFilter(label="Region", field_name="region", choices=region_choices, empty_label="any region")
    environment = filters.MultipleChoiceFilter(
        label="Environment", field_name="account__environment", widget=forms.CheckboxSelectMultiple
    )
    created = filters.ChoiceFilter(
        label="Created", choices=uncopied(BROKER_AGES), method="by_creation", empty_label="at any time"
    )
    knowledge = filters.ChoiceFilter(
        label="Knowledge", field_name="knowledge", choices=uncopied(KNOWLEDGE_CHOICES), empty_label="current or old"
    )
    account = filters.CharFilter(label="Account id", method="by_account")
    name = filters.CharFilter(label="Broker’s name", method="by_name")
    unit = filters.CharFilter(label="Unit", method="by_unit")
    polled = PolledFilter("region__polled")

    class Meta:
        model = Broker
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("engine", "state", "environment"):
            field = self.filters[name].field_name
            words = self.queryset.order_by(field).values_list(field, flat=True).distinct()
            self.filters[name].extra["choices"] = _words(words)

    def by_text(self, queryset: QuerySet[Broker], name: str, value: str) -> QuerySet[Broker]:
        """By the broker's name, or its account's name or id."""
        of_accounts = search_accounts(queryset, value, "account__")
        return queryset.filter(Q(name__icontains=value) | Q(pk__in=of_accounts.order_by().values("pk")))

    def by_name(self, queryset: QuerySet[Broker], name: str, value: str) -> QuerySet[Broker]:
        """By the broker's name alone, as the search box finds it."""
        return named_brokers(queryset, value)

    def by_account(self, queryset: QuerySet[Broker], name: str, value: str) -> QuerySet[Broker]:
        """Of exactly one account; dashes and spaces in the id are understood."""
        return queryset.filter(account__account_id=ungroup_digits(value))

    def by_unit(self, queryset: QuerySet[Broker], name: str, value: str) -> QuerySet[Broker]:
        """In an organizational unit, or in one below it."""
        return queryset.filter(account__in=in_unit(Account.objects.all(), value).order_by().values("pk"))

    def by_creation(self, queryset: QuerySet[Broker], name: str, value: str) -> QuerySet[Broker]:
        """Younger or older than so many days. One whose creation AWS does not tell is neither."""
        way, days = value.split("-")
        since = timezone.now() - timedelta(days=int(days))
        return queryset.filter(**{f"created_at__{'gte' if way == 'within' else 'lt'}": since})


def account_filter(data: QueryDict, person: Person) -> AccountFilter:
    """The accounts that a person may see, narrowed to what the URL says."""
    return AccountFilter(data, queryset=visible_accounts(person))


def broker_filter(data: QueryDict, person: Person) -> BrokerFilter:
    """The brokers that a person may see, narrowed to what the URL says."""
    mine = visible_accounts(person).order_by().values("pk")
    brokers = Broker.objects.filter(account__in=mine).select_related("account")
    return BrokerFilter(data, queryset=with_knowledge(brokers))

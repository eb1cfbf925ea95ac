"""What a new installation still lacks, from its own identity to the first answer."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.access import Door
from accounts.models import AccessCheck, Account, Cell, HubIdentity


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it is done, what is to be done, and how."""

    title: str
    done: bool
    how: SafeString


def first_steps() -> list[Step]:
    """The steps in their order. Each asks the database one short question."""
    account = Account.objects.first()
    return [
        Step("Give Rolecall an identity in AWS", HubIdentity.objects.exclude(principal_arn="").exists(), _identity()),
        Step("Add an account", account is not None, _adding()),
        Step("Make its reader role", AccessCheck.objects.filter(reader__in=_LETS_IN).exists(), _role(account)),
        Step("See the first answer", Cell.objects.filter(last_ok_at__isnull=False).exists(), _poll()),
    ]


_LETS_IN = (Door.READY, Door.INCOMPLETE)


def _identity() -> SafeString:
    say = '<a href="{}">Who Rolecall is</a> asks AWS, and says what is missing when it finds no credentials.'
    return format_html(say, reverse("onboarding-hub"))


def _adding() -> SafeString:
    say = (
        '<a href="{}">Add one by its form</a>, many <a href="{}">by a CSV</a>, or whole parts'
        ' <a href="{}">of an organization</a>.'
    )
    names = ("onboarding-add", "onboarding-import", "onboarding-organizations")
    return format_html(say, *map(reverse, names))


def _role(account: Account | None) -> SafeString:
    if account is None:
        return format_html("{}", "Rolecall writes it ready to copy, for exactly that account, and then checks it.")
    say = '<a href="{}">The role of {}</a> is ready to copy; make it there, then press “Check access”.'
    return format_html(say, reverse("onboarding-roles", args=[account.account_id]), account.name)


def _poll() -> SafeString:
    say = 'The schedule begins by itself; <a href="{}">the matrix</a> has a button for those who do not want to wait.'
    return format_html(say, reverse("matrix"))

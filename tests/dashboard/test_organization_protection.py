"""A name that protects goes by nobody's hand who has not just proved who they are: also where AWS has another one."""

from __future__ import annotations

from django.test import Client

from accounts.models import Account
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.factories import make_account
from tests.dashboard.test_managing_pages import not_fresh
from tests.dashboard.test_organization_pages import RULES, SHOP, connected, take


def test_a_taking_that_ends_a_names_protection_waits_for_the_password(operating: Client, local_aws: LocalAws) -> None:
    local_aws.put_account(SHOP, name="shop", unit="Workloads/Prod", tags={"env": "prod"})
    make_account(1, "shop-prod").__class__.objects.update(account_id=SHOP, unit="Workloads/Prod", tags={"env": "prod"})
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", {**RULES, "patterns": "shop"})
    not_fresh(operating)

    asked = take(operating, one, "renamed")
    assert "password" in asked
    assert Account.objects.get().name == "shop-prod"

    operating.post("/sign-in/again/", {"password": "correct horse"})
    take(operating, one, "renamed")
    assert Account.objects.get().name == "shop"


def test_undoing_a_taking_that_ends_a_names_protection_waits_for_the_password(
    operating: Client, local_aws: LocalAws
) -> None:
    local_aws.put_account(SHOP, name="shop-prod", unit="Workloads/Prod", tags={"env": "prod"})
    make_account(1, "shop").__class__.objects.update(account_id=SHOP, unit="Workloads/Prod", tags={"env": "prod"})
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", {**RULES, "patterns": "shop-prod"})
    take(operating, one, "renamed")
    not_fresh(operating)

    undo = f"{one.get_absolute_url()}undo/{one.takes.get().pk}/"
    asked = operating.post(undo)
    assert asked["Location"].startswith("/sign-in/again/")
    assert Account.objects.get().name == "shop-prod"

    operating.post("/sign-in/again/", {"password": "correct horse"})
    operating.post(undo)
    assert Account.objects.get().name == "shop"

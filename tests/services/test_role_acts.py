"""The way back: the role made anew, its description edited, and what is said when AWS refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.domain.role import role_arn
from accounts.models import Account, AuditEntry, Cleanup, Sweep
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.role_acts import describe_role, recreate_role
from dashboard.demo.local_aws.access import CLEANER
from dashboard.demo.local_aws.client import LocalAws

Watched = Callable[..., Account]


@pytest.fixture
def returning(watched: Watched) -> Watched:
    """Make an account whose cleaner role may also do the two optional calls."""

    def make(**description: object) -> Account:
        account = watched(**{"access": [optional_cleaner()], **description})
        account.cleaner_role_arn = f"arn:aws:iam::{account.account_id}:role/{CLEANER}"
        account.save()
        return account

    return make


def optional_cleaner(*actions: str) -> dict[str, object]:
    allowed = actions or ("iam:CreateServiceLinkedRole", "iam:UpdateRole", "iam:UpdateRoleDescription")
    statement = {"Effect": "Allow", "Action": list(allowed), "Resource": role_arn("aws", "*")}
    permissions = {"Version": "2012-10-17", "Statement": [statement]}
    return {"name": CLEANER, "session_name_like": "mqslr-clean-*", "permissions": permissions}


def details() -> str:
    return "\n".join(AuditEntry.objects.order_by("pk").values_list("detail", flat=True))


def test_the_role_is_made_anew_and_the_account_is_polled(returning: Watched, local_aws: LocalAws) -> None:
    account = returning(role=None)

    done = recreate_role(account, "ana")

    assert local_aws.account(account.account_id)["role_present"]
    assert "is there again" in done.said
    assert [poll.account for poll in done.sweep.polls.all()] == [account]


def test_intent_and_answer_are_on_record_with_the_request_id(returning: Watched) -> None:
    done = recreate_role(returning(role=None), "ana")

    request = done.said.rpartition("request ")[2].rstrip(").")
    noted = AuditEntry.objects.filter(action__startswith="re-create role").order_by("pk")
    assert [entry.action for entry in noted] == ["re-create role", "re-create role: done"]
    assert len(request) > 20 and request in noted[1].detail


def test_a_role_that_is_there_already_is_no_failure(returning: Watched, local_aws: LocalAws) -> None:
    account = returning(role={"role_id": "AROAFIRST"})

    done = recreate_role(account, "ana")

    assert "has the role already" in done.said
    assert local_aws.account(account.account_id)["role_id"] == "AROAFIRST"


@pytest.mark.parametrize(
    ("act", "permission"),
    [
        (lambda account: recreate_role(account, "ana"), "iam:CreateServiceLinkedRole"),
        (lambda account: describe_role(account, "ana", "ours"), "iam:UpdateRole"),
    ],
    ids=["create", "describe"],
)
def test_a_missing_permission_is_named(returning: Watched, act: Callable[[Account], object], permission: str) -> None:
    account = returning(access=[optional_cleaner("iam:GetRole")])

    with pytest.raises(Refused) as refused:
        act(account)

    assert f"The cleaner role may not call {permission}" in str(refused.value)
    assert "Nothing was changed." in str(refused.value)
    assert "AccessDenied" in details() and "request " in details()


def test_a_cleaner_role_that_cannot_be_assumed_is_explained(returning: Watched, local_aws: LocalAws) -> None:
    account = returning()
    local_aws.add_fault(account=account.account_id, service="sts", action="AssumeRole", status=403, code="AccessDenied")

    with pytest.raises(Refused, match=r"assume the cleaner role.*Nothing was changed"):
        recreate_role(account, "ana")


def test_without_a_cleaner_role_aws_is_not_asked(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    local_aws.clear_log()

    with pytest.raises(Refused, match="no cleaner role"):
        recreate_role(account, "ana")
    assert local_aws.log() == []


def test_a_lost_answer_is_not_taken_for_a_no(returning: Watched, local_aws: LocalAws) -> None:
    account = returning(role=None)
    local_aws.add_fault(account=account.account_id, service="iam", action="CreateServiceLinkedRole", reset=True)

    with pytest.raises(Refused, match="may have done it all the same"):
        recreate_role(account, "ana")
    assert Sweep.objects.count() == 1


def test_a_throttled_call_is_to_be_asked_again(returning: Watched, local_aws: LocalAws) -> None:
    account = returning()
    local_aws.add_fault(account=account.account_id, service="iam", action="UpdateRole", status=400, code="Throttling")

    with pytest.raises(Refused, match=r"limits the rate.*when you ask again"):
        describe_role(account, "ana", "ours")


def test_the_description_is_changed_and_may_be_emptied(returning: Watched, local_aws: LocalAws) -> None:
    account = returning(role={"description": "theirs"})

    describe_role(account, "ana", "Café, kept for the 2027 audit\r\nAsk ana")
    first = local_aws.account(account.account_id)["role_description"]
    describe_role(account, "ana", "")

    assert first == "Café, kept for the 2027 audit\nAsk ana"
    assert not local_aws.account(account.account_id)["role_description"]


def test_the_description_of_a_role_that_is_not_there_cannot_be_edited(returning: Watched) -> None:
    with pytest.raises(Refused, match="There is no such role"):
        describe_role(returning(role=None), "ana", "ours")


@pytest.mark.parametrize(("text", "said"), [("x" * 1001, "1,001 characters"), ("schön – oder?", "U\\+2013")])
def test_text_that_iam_refuses_never_reaches_it(returning: Watched, local_aws: LocalAws, text: str, said: str) -> None:
    account = returning()
    local_aws.clear_log()

    with pytest.raises(ValueError, match=said):
        describe_role(account, "ana", text)
    assert local_aws.log() == []


def test_the_session_may_do_nothing_but_the_one_call(returning: Watched, local_aws: LocalAws) -> None:
    account = returning(access=[optional_cleaner("iam:*")])

    recreate_role(account, "ana")

    made = [call["action"] for call in local_aws.log() if call["account"] == account.account_id]
    assert made == ["AssumeRole", "CreateServiceLinkedRole"]


def test_a_role_that_a_clean_up_is_deleting_is_not_made_anew(returning: Watched) -> None:
    account = returning()
    Cleanup.objects.create(account=account, state="approved", confirmed_at=account.created_at, confirmed_by="ana")

    with pytest.raises(Refused, match="about to delete this role"):
        recreate_role(account, "ana")

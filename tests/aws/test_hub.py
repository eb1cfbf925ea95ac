"""The hub assumes the role it was granted, in the account that was asked, and says kindly why it could not."""

from __future__ import annotations

import traceback
from dataclasses import replace

import pytest

from accounts.aws.errors import AwsError, ErrorKind, problem_of
from accounts.aws.hub import Hub, RoleGrant
from accounts.domain.outcomes import Outcome
from tests.aws.conftest import ACCOUNT, QUICK
from tests.aws.scripted_aws import Reply, ScriptedAws, caller_reply, xml_error, xml_reply

GRANT = RoleGrant(ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:role/rolecall/reader", "", "reader", "mqslr-scan-7")


def assumed(account: str = ACCOUNT, secret: str = "s3cret") -> Reply:
    user = f"<AssumedRoleId>A:x</AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/reader/mqslr-scan-7</Arn>"
    keys = f"<AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
    until = "<SessionToken>tok</SessionToken><Expiration>2026-11-23T21:00:00Z</Expiration>"
    inner = f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{keys}{until}</Credentials>"
    return xml_reply("AssumeRole", inner)


@pytest.fixture
def hub(own_aws: ScriptedAws) -> Hub:
    own_aws.on("sts:AssumeRole", assumed())
    return Hub(QUICK)


def failure(hub: Hub, grant: RoleGrant = GRANT) -> AwsError:
    with pytest.raises(AwsError) as caught:
        hub.assume(grant)
    return caught.value


def test_it_assumes_a_role_for_an_hour_in_the_default_region(own_aws: ScriptedAws, hub: Hub) -> None:
    session = hub.assume(GRANT)

    (asked,) = own_aws.asked
    assert (session.access_key_id, session.secret_access_key, session.session_token) == ("ASIAX", "s3cret", "tok")
    assert session.expires_at.isoformat() == "2026-11-23T21:00:00+00:00"
    assert (asked.region, asked.key) == ("us-east-1", "AKIAHUBHUBHUBHUB")
    assert asked.parameters["DurationSeconds"] == "3600"
    assert not {"ExternalId", "Policy"} & set(asked.parameters)


def test_external_id_and_session_policy_are_sent_when_given(own_aws: ScriptedAws, hub: Hub) -> None:
    hub.assume(replace(GRANT, external_id="ext-1"), session_policy="{}")

    assert own_aws.asked[0].parameters["ExternalId"] == "ext-1"
    assert own_aws.asked[0].parameters["Policy"] == "{}"


def test_govcloud_is_asked_in_govcloud(own_aws: ScriptedAws) -> None:
    own_aws.on("sts:AssumeRole", assumed())
    arn = GRANT.role_arn.replace("arn:aws:", "arn:aws-us-gov:")

    Hub(QUICK, "aws-us-gov").assume(replace(GRANT, partition="aws-us-gov", role_arn=arn))

    assert own_aws.asked[0].region == "us-gov-west-1"


def test_a_session_of_another_account_is_thrown_away(own_aws: ScriptedAws, hub: Hub) -> None:
    own_aws.on("sts:AssumeRole", assumed("999988887777"))

    assert failure(hub).kind is ErrorKind.WRONG_ACCOUNT


def test_a_refusal_is_assume_denied(own_aws: ScriptedAws, hub: Hub) -> None:
    own_aws.on("sts:AssumeRole", xml_error(403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole"))

    problem = problem_of(failure(hub))

    assert (problem.outcome, problem.permission) == (Outcome.ASSUME_DENIED, "sts:AssumeRole")


@pytest.mark.parametrize(
    "changed",
    [
        {"role_arn": "arn:aws:iam::999988887777:role/reader"},
        {"role_arn": f"arn:aws:iam::{ACCOUNT}:user/reader"},
        {"partition": "aws-cn"},
        {"external_id": "a b!"},
        {"session_name": "mqslr-clean-7"},
        {"session_name": "mqslr-scan-a b/"},
        {"session_name": "mqslr-scan-" + "x" * 60},
        {"session_name": "mqslr-scan-ß"},
        {"purpose": "writer"},
    ],
    ids=str,
)
def test_a_grant_that_cannot_be_right_is_not_sent(own_aws: ScriptedAws, hub: Hub, changed: dict[str, str]) -> None:
    assert failure(hub, replace(GRANT, **changed)).kind is ErrorKind.VALIDATION
    assert own_aws.asked == []


def test_a_cut_answer_shows_its_secret_nowhere(own_aws: ScriptedAws, hub: Hub) -> None:
    own_aws.on("sts:AssumeRole", Reply(200, assumed().body[:-60]))

    error = failure(hub)

    assert error.kind is ErrorKind.BROKEN
    assert "s3cret" not in "".join(traceback.format_exception(error))


def test_an_answer_without_a_secret_is_broken(own_aws: ScriptedAws, hub: Hub) -> None:
    own_aws.on("sts:AssumeRole", assumed(secret=""))

    assert failure(hub).kind is ErrorKind.BROKEN


def test_it_knows_who_it_is(own_aws: ScriptedAws, hub: Hub) -> None:
    own_aws.on("sts:GetCallerIdentity", caller_reply("555566667777"))

    assert hub.identity().account_id == "555566667777"


def test_a_missing_profile_is_a_fault_of_the_setup(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")

    assert failure(hub).kind is ErrorKind.NO_CREDENTIALS


def test_no_credentials_at_all_is_a_fault_of_the_setup(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    problem = problem_of(failure(hub))

    assert (problem.outcome, problem.code) == (Outcome.FAILED, "NoCredentialsError")
    assert "credentials of its own" in problem.detail

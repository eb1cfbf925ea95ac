"""Trust policies name the hub's role or user, never a session."""

from __future__ import annotations

import pytest

from accounts.domain.hub_identity import principal_of

SESSION = "arn:aws:sts::999900001111:assumed-role/rolecall-hub/i-0abc"
ROLE = "arn:aws:iam::999900001111:role/rolecall-hub"
SSO = "arn:aws:sts::999900001111:assumed-role/AWSReservedSSO_Admin_0123/ana"


def test_a_session_is_turned_into_its_role() -> None:
    assert principal_of(SESSION, "aws") == ROLE


def test_a_user_is_taken_as_it_is_path_included() -> None:
    user = "arn:aws-us-gov:iam::999900001111:user/robots/rolecall"

    assert principal_of(user, "aws-us-gov") == user


def test_the_path_that_a_session_leaves_out_comes_from_the_setting() -> None:
    whole = "arn:aws:iam::999900001111:role/platform/rolecall-hub"

    assert principal_of(SESSION, "aws", whole) == whole


@pytest.mark.parametrize(
    ("caller", "partition", "role", "said"),
    [
        (SESSION, "aws-us-gov", "", "HUB_PROFILE_AWS_US_GOV"),
        (SESSION, "aws", "arn:aws:iam::999900001111:role/other", "Correct the setting"),
        (SESSION, "aws", "arn:aws:iam::111122223333:role/rolecall-hub", "HUB_ROLE_ARN_AWS is"),
        (SSO, "aws", "", "HUB_ROLE_ARN_AWS"),
        ("arn:aws:iam::999900001111:root", "aws", "", "use an IAM role"),
        ("arn:aws:sts::999900001111:federated-user/ana", "aws", "", "use an IAM role"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_what_to_do(caller: str, partition: str, role: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        principal_of(caller, partition, role)

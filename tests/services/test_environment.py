"""An account's environment: what one of its tags says."""

from __future__ import annotations

import pytest

from tests.dashboard.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tags", "environment"),
    [
        ({"environment": "prod"}, "prod"),
        ({"Env": "dev"}, "dev"),
        ({"stage": "test", "env": "prod"}, "prod"),
        ({"team": "mq"}, ""),
        ({}, ""),
    ],
)
def test_the_environment_is_what_a_tag_says(tags: dict[str, str], environment: str) -> None:
    account = make_account(tags=tags)

    account.refresh_from_db()

    assert account.environment == environment


def test_the_environment_follows_the_tags() -> None:
    account = make_account(tags={"env": "dev"})

    account.tags = {"env": "prod"}
    account.save()
    account.refresh_from_db()

    assert account.environment == "prod"

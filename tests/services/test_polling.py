"""A poll through real boto3 and real HTTP, from AssumeRole to the tables."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, Broker, Cell, Poll, RoleStatus, SealedCredential, Sweep
from accounts.services.polling import run_poll
from accounts.services.sealing import open_sealed
from accounts.services.sweeps import request_sweep
from dashboard.demo.local_aws.client import LocalAws
from tests.written import everything_stored

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]


def poll(account: Account) -> Poll:
    """Poll one account in this process."""
    sweep = request_sweep(Account.objects.filter(pk=account.pk), Sweep.Reason.COMMAND, "test", send=False)
    run_poll(sweep.polls.get().pk)
    return sweep.polls.get()


def calls(aws: LocalAws) -> Counter[str]:
    return Counter(call["action"] for call in aws.log())


def test_an_account_is_read_from_the_role_to_its_brokers(watched: Watched) -> None:
    brokers = [{"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}]
    account = watched(brokers=brokers)

    assert poll(account).state == "done"

    status = RoleStatus.objects.get(account=account)
    assert (status.presence, status.policy_grade, status.trust_grade) == ("present", "exact", "exact")
    assert (status.verdict, status.brokers, status.regions_failing) == ("in_use", 1, 0)
    assert Broker.objects.get().name == "orders"
    assert Cell.objects.filter(outcome="region_disabled").exists()


def test_a_wrong_external_id_is_assume_denied_everywhere(watched: Watched) -> None:
    account = watched(external_id="somebody-else")

    result = poll(account)

    assert (result.state, RoleStatus.objects.get().outcome) == ("failed", "assume_denied")
    assert set(Cell.objects.values_list("outcome", flat=True)) == {"assume_denied"}
    assert "external id" in result.problem


def test_one_session_serves_poll_after_poll(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()

    poll(account)
    poll(account)

    assert calls(local_aws)["AssumeRole"] == 1


def test_a_changed_external_id_ends_the_stored_session(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    poll(account)

    Account.objects.update(external_id="ext-changed")
    account.refresh_from_db()

    assert poll(account).state == "failed"


def test_a_session_that_expires_in_mid_sweep_is_renewed_once(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    poll(account)
    local_aws.add_fault(
        account=account.account_id, service="mq", times=1, status=403, code="ExpiredTokenException", message="expired"
    )
    local_aws.clear_log()

    assert poll(account).state == "done"

    assert calls(local_aws)["AssumeRole"] == 1
    assert not Cell.objects.exclude(outcome__in=["ok", "region_disabled"]).exists()


def test_a_session_that_no_key_opens_is_replaced(watched: Watched, settings: Settings) -> None:
    account = watched()
    poll(account)
    settings.CREDENTIAL_KEYS = ["aM4ZcQm1gkqYx9n6F0J2fVb7t3Xr8sLwPpEoUiHhGgB="]

    assert poll(account).state == "done"


def test_a_mistake_of_our_own_ends_the_poll_and_says_so(watched: Watched, settings: Settings) -> None:
    account = watched()
    settings.POLL_THREADS = 0  # no such pool

    result = poll(account)

    assert result.state == "failed"
    assert "Rolecall itself failed" in result.problem


def test_a_look_that_was_not_stored_is_not_called_done(watched: Watched) -> None:
    account = watched()
    ahead = timezone.now() + timedelta(hours=1)  # stored by a worker whose clock is fast
    RoleStatus.objects.create(account=account, checked_at=ahead)

    result = poll(account)

    assert result.state == "failed"
    assert "compare the clocks" in result.problem


def test_secrets_are_nowhere_in_the_clear(
    watched: Watched, local_aws: LocalAws, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 6, by looking everywhere that was written to, a failing poll included."""
    caplog.set_level(logging.DEBUG)  # LOG_LEVEL=DEBUG; what the settings keep quiet stays quiet
    good, bad = watched(), watched()
    local_aws.add_fault(account=bad.account_id, service="mq", truncate=True)

    poll(good)
    poll(bad)

    written = "\n".join([caplog.text, *capsys.readouterr(), *everything_stored()])
    secrets = [secret for row in SealedCredential.objects.all() for secret in _secrets_of(row)]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if secret in written]


def _secrets_of(row: SealedCredential) -> Iterable[str]:
    opened = open_sealed(bytes(row.sealed), f"{row.account.account_id}/{row.purpose}")
    return (opened["secret_access_key"], opened["session_token"])


def test_the_poll_command_polls_here_and_tells_failures(watched: Watched) -> None:
    watched()
    out, err = StringIO(), StringIO()
    call_command("poll", "--inline", stdout=out, stderr=err)
    assert "1 account answered, 0 failed" in out.getvalue()
    assert re.search(
        r"cells: \d+ ok, \d+ region_disabled; requests to AWS: \d+, of them 0 retries, 0 throttled", out.getvalue()
    )

    refused = watched(external_id="somebody-else")
    with pytest.raises(SystemExit) as end:
        call_command("poll", "--inline", "--account", refused.account_id, stdout=out, stderr=err)
    assert end.value.code == 1
    assert refused.account_id in err.getvalue()


def held_elsewhere(account: Account, lasting: timedelta) -> None:
    """Another sweep's worker has the account, and for so long."""
    sweep = request_sweep(Account.objects.filter(pk=account.pk), Sweep.Reason.PAGE, "ana", send=False)
    sweep.polls.update(state=Poll.State.RUNNING, lease_token="other", lease_until=timezone.now() + lasting)


def test_the_poll_command_tries_again_what_another_sweep_was_polling(watched: Watched) -> None:
    account = watched()
    held_elsewhere(account, timedelta(seconds=0.3))
    out = StringIO()

    call_command("poll", "--inline", stdout=out)

    assert "done: 1 account answered, 0 failed" in out.getvalue()
    assert RoleStatus.objects.get(account=account).outcome == "ok"


def test_the_poll_command_fails_when_an_account_was_never_polled(watched: Watched, settings: Settings) -> None:
    settings.POLL_LEASE_SECONDS = 0  # how long it tries
    account = watched()
    held_elsewhere(account, timedelta(hours=1))
    out, err = StringIO(), StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("poll", "--inline", stdout=out, stderr=err)

    assert end.value.code == 1
    assert f"{account}: not polled" in err.getvalue()
    assert "running: 0 accounts answered" in out.getvalue()

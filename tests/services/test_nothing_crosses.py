"""Many accounts at once through one worker with several greenlets: every answer lands in the account that was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import Account, Broker, Cell, Region, RoleStatus, SealedCredential, Sweep
from accounts.services.credentials import StoredSession
from accounts.services.sweeps import progress_of, request_sweep
from dashboard.demo.local_aws.client import LocalAws
from dashboard.demo.local_aws.sessions import account_of_key
from tests.local_aws import hub_environment
from tests.processes import wait_until, worker

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]

ACCOUNTS, AT_ONCE = 40, 8
REGIONS = ("us-east-1", "eu-west-1", "eu-west-2", "ap-south-1")


@pytest.fixture
def crowd(local_aws: LocalAws) -> Iterator[list[Account]]:
    """Accounts that differ in everything, each thing bearing its account's id."""
    Region.objects.exclude(code__in=REGIONS).update(polled=False)
    accounts = [_watched(local_aws, number, f"{600000000000 + number}") for number in range(ACCOUNTS)]
    local_aws.set(latency_seconds=0.02)  # long enough for the polls to overlap in every call
    yield accounts
    local_aws.set(latency_seconds=0)


def _watched(aws: LocalAws, number: int, account_id: str) -> Account:
    aws.put_account(
        account_id,
        external_id=f"ext-{account_id}",
        role={"description": f"of {account_id}"} if number % 4 else None,
        policy={"version": f"v{number + 2}", "document": {"Version": "2012-10-17", "Statement": [], "Id": account_id}},
        brokers=[
            {"region": region, "name": f"{account_id}-{region}-{one}", "engine": "RabbitMQ"}
            for place, region in enumerate(REGIONS)
            for one in range((number + place) % 5)
        ],
    )
    return Account.objects.create(
        account_id=account_id,
        name=account_id,
        partition="aws",
        reader_role_arn=f"arn:aws:iam::{account_id}:role/MqSlrReader",
        external_id=f"ext-{account_id}",
    )


def test_nothing_crosses_between_accounts_that_are_polled_at_once(
    crowd: list[Account], local_aws: LocalAws, tmp_path: Path
) -> None:
    with worker(tmp_path / "worker.log", f"--concurrency={AT_ONCE}", **hub_environment(local_aws)):
        # Two sweeps at once: the second finds sessions that the first has stored a moment ago.
        sweeps = [request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test") for _ in range(2)]
        wait_until(lambda: all(over(sweep) for sweep in sweeps), 60, "both sweeps end")

    assert {progress_of(sweep).done for sweep in sweeps} == {ACCOUNTS}
    assert accounts_at_once(sweeps) > 2
    for number, account in enumerate(crowd):
        everything_is_its_own(account, number)


def over(sweep: Sweep) -> bool:
    return progress_of(Sweep.objects.get(pk=sweep.pk)).finished


def accounts_at_once(sweeps: list[Sweep]) -> int:
    """The most polls that ran at the same moment."""
    polls = [poll for sweep in sweeps for poll in sweep.polls.all()]
    times = [(poll.started_at, poll.finished_at) for poll in polls if poll.started_at and poll.finished_at]
    return max(sum(1 for began, ended in times if began <= moment < ended) for moment, _ in times)


def everything_is_its_own(account: Account, number: int) -> None:
    known, there = account.account_id, bool(number % 4)
    cells = {cell.region_id: (cell.outcome, cell.brokers) for cell in Cell.objects.filter(account=account)}
    assert cells == {region: ("ok", (number + place) % 5) for place, region in enumerate(REGIONS)}
    brokers = Broker.objects.filter(account=account)
    assert all(broker.name.startswith(f"{known}-{broker.region_id}-") and known in broker.arn for broker in brokers)
    assert Counter(broker.region_id for broker in brokers) == Counter({code: n for code, (_, n) in cells.items() if n})
    status = RoleStatus.objects.select_related("policy_document").get(account=account)
    assert (status.presence, status.description) == (("present", f"of {known}") if there else ("absent", ""))
    assert status.policy_version == (f"v{number + 2}" if there else "")
    assert status.policy_document is None or status.policy_document.document["Id"] == known
    assert whose_session(account) == known


def whose_session(account: Account) -> str:
    """The account that the stored session belongs to, as its token says."""
    session = StoredSession(account, SealedCredential.Purpose.READER)
    session.load()
    credentials = session.current()
    return account_of_key(credentials.access_key_id, credentials.session_token)

"""Law 1: what could not be read stays as it was, says since when and why; history has only what changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from accounts.domain.outcomes import Outcome, Verdict
from accounts.domain.readings import (
    AccountReading,
    Answer,
    BrokerFacts,
    Failed,
    Known,
    PolicyVersionFacts,
    Problem,
    RoleFacts,
    RoleReading,
)
from accounts.domain.role import POLICY_DOCUMENT, ROLE_NAME, ROLE_PATH, TRUST_DOCUMENT, policy_arn, role_arn
from accounts.models import Account, Broker, Cell, Change, PolicyDocument, Region, RoleStatus
from accounts.services.recording import record
from tests.processes import wait_until

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
THROTTLED = Problem(Outcome.THROTTLED, "ThrottlingException", "AWS throttled mq:ListBrokers four times.")
REFUSED = Problem(Outcome.ASSUME_DENIED, "AccessDenied", "The reader role could not be assumed.")
NO_GETROLE = Problem(Outcome.DENIED, "AccessDenied", "iam:GetRole is missing.", "iam:GetRole")
Poll = Callable[..., RoleStatus]


def broker(
    account: Account, name: str, region: str = "eu-west-1", engine: str = "RabbitMQ", state: str = "RUNNING"
) -> BrokerFacts:
    arn = f"arn:aws:mq:{region}:{account.account_id}:broker:{name}:b-{name}"
    return BrokerFacts(arn, f"b-{name}", name, region, engine, state, "SINGLE_INSTANCE", "mq.t3.micro", NOON)


def role_of(account: Account, role_id: str = "AROA1", path: str = ROLE_PATH) -> RoleFacts:
    arn = role_arn("aws", account.account_id)
    return RoleFacts(arn, role_id, path, ROLE_NAME, "", NOON, None, "", TRUST_DOCUMENT, "")


def whole_role(account: Account, document: object = POLICY_DOCUMENT, **facts: str) -> RoleReading:
    policy = Known(PolicyVersionFacts(policy_arn("aws"), "v1", document))
    return RoleReading(Known(role_of(account, **facts)), Known((policy_arn("aws"),)), policy, Known(()))


@pytest.fixture
def account(make_account: Callable[..., Account]) -> Account:
    """An account whose partition polls two regions."""
    Region.objects.exclude(code__in=["eu-west-1", "us-east-1"]).delete()
    return make_account()


@pytest.fixture
def poll(account: Account) -> Poll:
    """Record a reading, each a minute after the one before; regions that are not named answered "no broker"."""
    minutes = iter(range(100))

    def record_one(role: RoleReading | None = None, **regions: Answer[tuple[BrokerFacts, ...]]) -> RoleStatus:
        now = NOON + timedelta(minutes=next(minutes))
        brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = {"eu-west-1": Known(()), "us-east-1": Known(())}
        brokers.update({code.replace("_", "-"): answer for code, answer in regions.items()})
        reading = AccountReading(account.account_id, now, now, role or whole_role(account), brokers)
        assert record(account, reading)
        return RoleStatus.objects.get(account=account)

    return record_one


def refusal(problem: Problem) -> RoleReading:
    return RoleReading(Failed(problem))


def test_a_first_look_fills_cells_role_and_totals(account: Account, poll: Poll) -> None:
    mine, other = broker(account, "orders"), broker(account, "legacy", engine="ACTIVEMQ")

    status = poll(eu_west_1=Known((mine, other)))

    cell = Cell.objects.get(region="eu-west-1")
    assert (cell.outcome, cell.brokers, cell.rabbitmq, cell.activemq) == ("ok", 2, 1, 1)
    assert (status.presence, status.policy_grade, status.trust_grade) == ("present", "exact", "exact")
    assert (status.verdict, status.brokers, status.regions_ok) == ("in_use", 2, 2)
    assert Broker.objects.count() == 2


def test_a_failed_probe_keeps_the_last_good_count_and_its_age(account: Account, poll: Poll) -> None:
    poll(eu_west_1=Known((broker(account, "orders"),)))

    status = poll(eu_west_1=Failed(THROTTLED))

    cell = Cell.objects.get(region="eu-west-1")
    assert (cell.outcome, cell.brokers, cell.code) == ("throttled", 1, "ThrottlingException")
    assert (cell.last_ok_at, cell.checked_at) == (NOON, NOON + timedelta(minutes=1))
    assert Broker.objects.count() == 1
    assert (status.brokers, status.regions_failing, status.verdict) == (1, 1, "in_use")


def test_brokers_are_counted_by_engine_and_state_until_a_good_look_says_otherwise(account: Account, poll: Poll) -> None:
    seen = (broker(account, "a"), broker(account, "b", state="HIBERNATING"), broker(account, "c", engine="Artemis"))
    counts = {"rabbitmq": {"RUNNING": 1, "HIBERNATING": 1}, "artemis": {"RUNNING": 1}}

    for answer in (Known(seen), Failed(THROTTLED)):
        poll(eu_west_1=answer)
        assert Cell.objects.get(region="eu-west-1").counts == counts

    poll(eu_west_1=Known(()))
    assert Cell.objects.get(region="eu-west-1").counts == {}


def test_a_region_that_never_answered_has_no_count(poll: Poll) -> None:
    status = poll(eu_west_1=Failed(THROTTLED))

    cell = Cell.objects.get(region="eu-west-1")
    assert (cell.brokers, cell.last_ok_at) == (None, None)
    assert status.verdict == Verdict.UNKNOWN


def test_a_failed_region_does_not_touch_the_others(account: Account, poll: Poll) -> None:
    poll(us_east_1=Known((broker(account, "a", "us-east-1"),)), eu_west_1=Failed(THROTTLED))

    assert Cell.objects.get(region="us-east-1").outcome == "ok"


def test_unused_needs_every_region_to_answer(poll: Poll) -> None:
    assert poll().verdict == Verdict.UNUSED
    assert poll(eu_west_1=Failed(THROTTLED)).verdict == Verdict.UNKNOWN
    assert poll().verdict == Verdict.UNUSED


def test_activemq_brokers_do_not_use_the_role(account: Account, poll: Poll) -> None:
    assert poll(eu_west_1=Known((broker(account, "x", engine="ActiveMQ"),))).verdict == Verdict.UNUSED


def test_a_region_that_is_not_polled_is_not_empty(poll: Poll) -> None:
    Region.objects.filter(code="us-east-1").update(polled=False)

    assert poll().verdict == Verdict.UNKNOWN


def test_lost_access_ends_a_verdict_but_not_what_was_known(account: Account, poll: Poll) -> None:
    poll()

    status = poll(refusal(REFUSED), eu_west_1=Failed(REFUSED), us_east_1=Failed(REFUSED))

    assert (status.presence, status.policy_grade, status.outcome) == ("present", "exact", "assume_denied")
    assert (status.verdict, status.last_ok_at, status.brokers) == ("unknown", NOON, 0)


def test_a_role_that_was_never_read_is_unknown(poll: Poll) -> None:
    status = poll(refusal(NO_GETROLE))

    assert (status.presence, status.policy_grade, status.permission) == ("unknown", "", "iam:GetRole")
    assert status.verdict == Verdict.UNKNOWN


def test_an_absent_role_has_no_policy(poll: Poll) -> None:
    poll()

    status = poll(RoleReading(Known(None)))

    assert (status.presence, status.policy_grade, status.trust_grade) == ("absent", "", "")
    assert (status.verdict, status.flags, status.policy_document) == ("absent", ["role_absent"], None)


def test_inline_policies_that_cannot_be_listed_leave_the_grade(account: Account, poll: Poll) -> None:
    status = poll(replace(whole_role(account), inline_policy_names=Failed(NO_GETROLE)))

    assert (status.policy_grade, status.policy_outcome) == ("exact", "ok")
    assert "Inline policies could not be read" in status.policy_detail


def test_a_policy_that_cannot_be_read_keeps_its_last_grade(account: Account, poll: Poll) -> None:
    poll()

    status = poll(replace(whole_role(account), policy=Failed(THROTTLED)))

    assert (status.policy_grade, status.policy_outcome) == ("exact", "throttled")
    assert status.policy_last_ok_at == NOON


def test_a_policy_that_was_never_read_is_unreadable(account: Account, poll: Poll) -> None:
    assert poll(replace(whole_role(account), policy=Failed(THROTTLED))).policy_grade == "unreadable"


def test_a_re_created_role_inherits_nothing(account: Account, poll: Poll) -> None:
    poll()

    status = poll(replace(whole_role(account, role_id="AROA2"), policy=Failed(THROTTLED)))

    assert status.policy_grade == "unreadable"
    assert Change.objects.filter(kind="role", new="AROA2").exists()


def test_a_role_without_the_documented_policy_is_not_attached(account: Account, poll: Poll) -> None:
    status = poll(replace(whole_role(account), attached_policy_arns=Known(("arn:aws:iam::aws:policy/X",)), policy=None))

    assert status.policy_grade == "not_attached"
    assert status.flags == ["extra_attached_policy"]


def test_a_role_outside_its_path_is_not_the_role(account: Account, poll: Poll) -> None:
    status = poll(whole_role(account, path="/"))

    assert (status.verdict, status.flags) == ("unknown", ["path_mismatch"])


def test_a_broker_is_gone_once_its_region_answers_without_it(account: Account, poll: Poll) -> None:
    poll(eu_west_1=Known((broker(account, "a"), broker(account, "b"))))

    poll(eu_west_1=Known((broker(account, "b"),)))

    assert list(Broker.objects.values_list("name", flat=True)) == ["b"]


def test_documents_are_kept_once(account: Account, poll: Poll) -> None:
    poll()
    poll(whole_role(account, {"Version": "2012-10-17", "Statement": POLICY_DOCUMENT["Statement"]}))

    assert PolicyDocument.objects.count() == 2  # the permissions and the trust


def test_the_first_look_is_one_line_of_history_and_no_change_is_none(account: Account, poll: Poll) -> None:
    poll(eu_west_1=Known((broker(account, "a"),)))
    poll(eu_west_1=Known((broker(account, "a"),)))

    (first,) = Change.objects.all()
    assert (first.new, first.detail) == ("in_use", "First look")


def test_history_tells_what_changed_where(account: Account, poll: Poll) -> None:
    poll()
    poll(eu_west_1=Known((broker(account, "a"),)), us_east_1=Failed(THROTTLED))

    told = {(change.kind, change.region_code, change.old, change.new) for change in Change.objects.all()}
    assert ("brokers", "eu-west-1", "0 RabbitMQ, 0 ActiveMQ", "1 RabbitMQ, 0 ActiveMQ") in told
    assert ("outcome", "us-east-1", "ok", "throttled") in told
    assert ("verdict", "", "unused", "in_use") in told


def test_an_older_reading_does_not_overwrite_a_newer_one(account: Account, poll: Poll) -> None:
    poll()
    old = NOON - timedelta(hours=1)

    stored = record(account, AccountReading(account.account_id, old, old, RoleReading(Known(None)), {}))

    assert not stored
    assert RoleStatus.objects.get(account=account).presence == "present"


def test_a_reading_of_the_partition_that_an_account_has_left_is_not_stored(account: Account, poll: Poll) -> None:
    Account.objects.update(partition="aws-us-gov")

    stored = record(account, AccountReading(account.account_id, NOON, NOON, whole_role(account), {}))

    assert not stored
    assert not RoleStatus.objects.exists()


def test_a_region_switched_on_again_settles_nothing_by_its_old_answer(account: Account, poll: Poll) -> None:
    poll()
    Region.objects.filter(code="us-east-1").update(polled=False)
    looked = a_look(account, NOON + timedelta(hours=1), {"eu-west-1": Known(())})
    Region.objects.filter(code="us-east-1").update(polled=True)  # while the poll was under way

    record(account, looked)

    status = RoleStatus.objects.get()
    assert (status.verdict, status.regions_ok) == ("unknown", 1)


def test_a_region_that_the_last_look_left_out_is_never_and_keeps_its_count(account: Account, poll: Poll) -> None:
    poll(us_east_1=Known((broker(account, "orders", "us-east-1"),)))

    status = record_without(account, "us-east-1")

    cell = Cell.objects.get(region="us-east-1")
    assert (cell.outcome, cell.rabbitmq, cell.last_ok_at) == ("never", 1, NOON)
    assert (status.verdict, status.brokers, status.regions_ok) == ("in_use", 1, 1)
    assert status.verdict_last_known_at == NOON


def test_a_region_that_was_left_out_says_nothing_of_why_it_failed_before(account: Account, poll: Poll) -> None:
    poll(us_east_1=Failed(NO_GETROLE))

    record_without(account, "us-east-1")

    cell = Cell.objects.get(region="us-east-1")
    assert (cell.outcome, cell.code, cell.permission, cell.detail) == ("never", "", "", "")


def record_without(account: Account, region: str) -> RoleStatus:
    """A good look while a region was not polled, stored when it is again."""
    brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = {"eu-west-1": Known(()), "us-east-1": Known(())}
    del brokers[region]
    assert record(account, a_look(account, NOON + timedelta(hours=1), brokers))
    return RoleStatus.objects.get()


def test_in_use_of_a_role_that_cannot_be_read_any_more_rests_on_the_look_that_did(account: Account, poll: Poll) -> None:
    assert poll(eu_west_1=Known((broker(account, "orders"),))).verdict_last_known_at is None

    for _ in range(2):
        status = poll(refusal(REFUSED), eu_west_1=Failed(REFUSED), us_east_1=Failed(REFUSED))

    assert (status.verdict, status.verdict_last_known_at) == ("in_use", NOON)
    assert status.checked_at == NOON + timedelta(minutes=2)
    assert poll(eu_west_1=Known((broker(account, "orders"),))).verdict_last_known_at is None


def test_in_use_rests_on_the_youngest_broker_that_was_seen(account: Account, poll: Poll) -> None:
    here, there = broker(account, "orders"), broker(account, "legacy", "us-east-1")
    poll(eu_west_1=Known((here,)), us_east_1=Known((there,)))

    one = poll(eu_west_1=Failed(THROTTLED), us_east_1=Known((there,)))
    none = poll(eu_west_1=Failed(THROTTLED), us_east_1=Failed(THROTTLED))

    assert (one.verdict, one.verdict_last_known_at) == ("in_use", None)
    assert (none.verdict, none.verdict_last_known_at) == ("in_use", NOON + timedelta(minutes=1))


def test_a_verdict_that_good_news_does_not_outlive_is_one_of_the_last_look(account: Account, poll: Poll) -> None:
    poll()

    status = poll(refusal(REFUSED))

    assert (status.verdict, status.verdict_last_known_at) == ("unknown", None)


def a_look(account: Account, now: datetime, brokers: dict[str, Answer[tuple[BrokerFacts, ...]]]) -> AccountReading:
    return AccountReading(account.account_id, now, now, whole_role(account), brokers)


@pytest.mark.django_db(transaction=True)
def test_what_was_stored_while_a_reading_waited_for_its_turn_counts(account: Account, poll: Poll) -> None:
    """Joined to the locked row, the status would be the one from before the wait, and be written over the newer one."""
    poll()
    late = AccountReading(
        account.account_id, NOON + timedelta(hours=1), NOON + timedelta(hours=1), refusal(REFUSED), {}
    )

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=account.pk)
            stored = pool.submit(recorded_apart, account, late)
            wait_until(somebody_waits, 10, "the reading waits for the account")
            RoleStatus.objects.update(checked_at=NOON + timedelta(hours=2))

        assert stored.result() is False
    assert RoleStatus.objects.get().outcome == "ok"


def recorded_apart(account: Account, reading: AccountReading) -> bool:
    """Record in a thread, which has a connection of its own."""
    try:
        return record(account, reading)
    finally:
        connection.close()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])

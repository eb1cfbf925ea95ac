"""What the pages say: complete or not, empty or not, and never markup from a name."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.domain.role import POLICY_DOCUMENT
from accounts.models import Account, AuditEntry, Poll, Region, SealedCredential, Sweep
from dashboard.matrix import census
from tests.dashboard.factories import (
    absent,
    keep,
    make_account,
    make_broker,
    make_cell,
    make_status,
    seed,
    seed_sweep,
    unreadable,
)

LISTS = ("/", "/matrix/", "/accounts/", "/brokers/", "/cells/", "/regions/", "/sweeps/", "/cleanups/", "/audit/")
EVIL = "<script>alert(1)</script>"


def text_of(client: Client, url: str) -> str:
    """The page as a reader sees it: no tags, single spaces."""
    html = client.get(url).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("url", LISTS)
def test_an_empty_installation_opens_everywhere(operating: Client, url: str) -> None:
    assert operating.get(url).status_code == 200


@pytest.mark.parametrize("url", ["/", "/matrix/"])
def test_an_empty_installation_says_what_to_do_first(watching: Client, url: str) -> None:
    assert "import_accounts" in text_of(watching, url)


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("count", [3, 60])
def test_queries_do_not_grow_with_rows(
    operating: Client, url: str, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    seed(count)

    with django_assert_max_num_queries(31):
        operating.get(url, {"per_page": 100})


def test_the_account_page_asks_a_bounded_number_of_questions(
    operating: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    account = seed(14)[13]

    with django_assert_max_num_queries(25):
        operating.get(account.get_absolute_url())


def test_the_matrix_of_fifty_accounts_weighs_less_than_300_kb(watching: Client, db: None) -> None:
    seed(50)

    assert len(watching.get("/matrix/?per_page=50").content) < 300_000


@pytest.mark.parametrize("url", LISTS)
def test_markup_in_names_is_escaped(operating: Client, url: str) -> None:
    account = make_account(name=EVIL, tags={"unit": EVIL, "env": EVIL})
    make_status(account, description=EVIL, policy_detail=EVIL)
    make_broker(account, "us-east-1", EVIL, EVIL, state=EVIL)
    make_cell(account, "us-east-1", None, outcome="failed", detail=EVIL)
    sweep = Sweep.objects.create(reason="page", requested_by=EVIL)
    Poll.objects.create(sweep=sweep, account=account, problem=EVIL)
    AuditEntry.objects.create(actor=EVIL, action=EVIL)

    for page in (url, account.get_absolute_url(), sweep.get_absolute_url(), f"{url}?q={EVIL}&sort={EVIL}"):
        assert EVIL not in operating.get(page).content.decode()


def test_the_header_counts_every_cell_once(db: None) -> None:
    first, _ = make_account(1), make_account(2)
    now = timezone.now()
    make_cell(first, "us-east-1", 2)
    make_cell(first, "us-east-2", 1, last_ok_at=now - timedelta(hours=2))
    make_cell(first, "us-west-1", 4, outcome="throttled")
    make_cell(first, "us-west-2", None, outcome="region_disabled")
    Region.objects.filter(code="sa-east-1").update(polled=False)

    counted = census(Account.objects.all(), now)

    assert counted.cells == 2 * Region.objects.filter(partition="aws", polled=True).count()
    assert (counted.fresh, counted.old, counted.failing, counted.disabled) == (1, 1, 1, 1)
    assert counted.never == counted.cells - 4
    assert (counted.brokers, counted.counted, counted.complete) == (7, 3, False)


def test_only_regions_of_the_accounts_partitions_are_columns(watching: Client, db: None) -> None:
    make_account(partition="aws-cn")

    table = watching.get("/matrix/").context["table"]

    assert [region.code for region in table.regions] == ["cn-north-1", "cn-northwest-1"]


def test_the_overview_says_what_needs_a_person(watching: Client, db: None) -> None:
    make_status(make_account(1), policy_grade="missing_actions")
    make_status(make_account(2), trust_grade="trust_mismatch")
    make_status(make_account(3), verdict="unused")
    unreadable(make_account(4))

    text = text_of(watching, "/")

    assert "1 account has a policy that differs from the documented one" in text
    assert "1 account has a role that somebody else may assume" in text
    assert "1 account has a role that nothing uses" in text
    assert "1 account does not let Rolecall in" in text


def test_the_overviews_broker_total_says_at_least_while_cells_are_missing(watching: Client, db: None) -> None:
    make_cell(make_account(), "us-east-1", 5)

    assert "Brokers ≥ 5" in text_of(watching, "/")


def test_an_account_in_use_lists_the_brokers_that_block_and_those_that_do_not(watching: Client, db: None) -> None:
    account = make_account()
    make_status(account)
    make_cell(account, "us-east-1", 2)
    make_broker(account, "us-east-1", "orders")
    make_broker(account, "us-east-1", "legacy", "ACTIVEMQ")

    text = text_of(watching, account.get_absolute_url())

    assert "In use: 1 RabbitMQ broker in 1 region." in text
    assert "us-east-1 : 1 RabbitMQ broker: orders" in text
    assert "1 further broker of other engines" in text


def test_the_account_page_tells_the_brokers_that_are_not_running(watching: Client, db: None) -> None:
    account = make_account()
    make_status(account)
    make_cell(account, "us-east-1", 2, counts={"rabbitmq": {"RUNNING": 1, "DELETION_IN_PROGRESS": 1}})

    assert "1 RabbitMQ DELETION_IN_PROGRESS" in text_of(watching, account.get_absolute_url())


def test_a_verdict_that_rests_on_an_old_look_is_marked_as_old(watching: Client, db: None) -> None:
    make_status(make_account(), verdict="unused", checked_at=timezone.now() - timedelta(hours=5))

    html = watching.get("/matrix/").content.decode()

    assert 'class="chip unused old" title="as of 5 h ago"' in html


def test_an_unread_region_is_named_as_in_the_way(watching: Client, db: None) -> None:
    account = make_account()
    make_status(account, verdict="unknown")
    make_cell(account, "eu-west-1", None, outcome="denied")

    assert "regions without an answer, which may hold brokers" in text_of(watching, account.get_absolute_url())


def test_an_absent_role_leaves_nothing_to_delete(watching: Client, db: None) -> None:
    account = make_account()
    absent(account)

    assert "There is nothing to delete." in text_of(watching, account.get_absolute_url())


def test_an_account_that_was_never_polled_says_so(watching: Client, db: None) -> None:
    account = make_account()

    assert "Not polled yet: nothing is known of this account." in text_of(watching, account.get_absolute_url())


def test_credentials_are_shown_by_their_state_and_never_by_their_content(watching: Client, db: None) -> None:
    account = make_account(external_id="ext-very-secret")
    later = timezone.now() + timedelta(minutes=30)
    SealedCredential.objects.create(
        account=account, purpose="reader", sealed=b"gAAAsealed", role_arn="x", expires_at=later, created_at=later
    )

    text = text_of(watching, account.get_absolute_url())

    assert "Reader session valid" in text
    assert "gAAA" not in text
    assert "very-secret" not in text


def test_a_long_history_of_polls_is_cut(watching: Client, db: None) -> None:
    account = make_account()
    for _ in range(15):
        seed_sweep([account], timezone.now())

    assert text_of(watching, account.get_absolute_url()).count("Sweep ") == 10


def test_the_published_conditions_are_no_reservation(watching: Client, db: None) -> None:
    more = {"Effect": "Allow", "Action": "logs:DeleteLogGroup", "Resource": "*"}
    live = {**POLICY_DOCUMENT, "Statement": [*POLICY_DOCUMENT["Statement"], more]}  # type: ignore[misc]
    account = make_account()
    make_status(account, policy_grade="superset", policy_document=keep(live))

    text = text_of(watching, account.get_absolute_url())

    assert "12 ✓ granted" in text
    assert "± other conditions" not in text
    assert "+ extra logs:DeleteLogGroup on *" in text


def test_regions_with_nothing_of_their_own_to_say_are_folded(watching: Client, db: None) -> None:
    account = make_account()
    make_cell(account, "us-east-1", 3)
    make_cell(account, "us-east-2", 0, last_ok_at=timezone.now() - timedelta(hours=5))
    make_cell(account, "us-west-1", 0)
    make_cell(account, "us-west-2", None, outcome="denied", detail="AccessDenied")
    make_cell(account, "ap-east-1", None, outcome="region_disabled")

    page = watching.get(account.get_absolute_url()).context

    assert [standing.region.code for standing in page["standings"]] == ["us-east-1", "us-east-2", "us-west-2"]
    assert [(group.words, len(group.standings)) for group in page["alike"][:2]] == [
        ("answered: no brokers", 1),
        ("not enabled in this account", 1),
    ]


def test_the_brokers_page_says_how_many_cells_it_does_not_know(watching: Client, db: None) -> None:
    account = make_account()
    make_broker(account, "us-east-1", "orders")
    make_cell(account, "us-east-1", 1)
    unknown = Region.objects.filter(partition="aws", polled=True).count() - 1

    assert f"≥ 1 broker as last listed by AWS. {unknown} cells are not polled yet" in text_of(watching, "/brokers/")


def test_the_matrix_says_which_account_is_paused(watching: Client, db: None) -> None:
    make_account(1, paused=True)
    make_account(2)

    assert text_of(watching, "/matrix/").count("· paused") == 1


def test_a_poll_that_nobody_ran_has_no_number_of_failing_regions(watching: Client, db: None) -> None:
    sweep = Sweep.objects.create(reason="page")
    Poll.objects.create(sweep=sweep, account=make_account(1), state="cancelled")
    Poll.objects.create(sweep=sweep, account=make_account(2), state="done")

    page = watching.get(f"{sweep.get_absolute_url()}?sort=-failing_regions").context["table"]

    shown = [row.get_cell("failing_regions") for row in page.paginated_rows]

    assert [re.sub(r"<[^>]+>", "", cell) for cell in shown] == ["0", "–"]


def test_a_drifted_policy_shows_first_what_differs(watching: Client, db: None) -> None:
    more = {"Effect": "Allow", "Action": "logs:DeleteLogGroup", "Resource": "*"}
    live = {**POLICY_DOCUMENT, "Statement": [*POLICY_DOCUMENT["Statement"], more]}  # type: ignore[misc]
    account = make_account()
    make_status(account, policy_grade="superset", policy_document=keep(live))

    page = watching.get(account.get_absolute_url()).context

    difference = page["policy_difference"]
    same = sum(row for row in difference.short if isinstance(row, int))
    assert len(difference.short) < 20
    assert same + sum(not isinstance(row, int) for row in difference.short) == len(difference.lines)


def test_a_repeated_statement_is_a_difference_of_writing_only(watching: Client, db: None) -> None:
    statements: list[object] = POLICY_DOCUMENT["Statement"]  # type: ignore[assignment]
    live = {**POLICY_DOCUMENT, "Statement": [*statements, statements[0]]}
    account = make_account()
    make_status(account, policy_document=keep(live))

    text = text_of(watching, account.get_absolute_url())

    assert "Written differently, the same in effect" in text
    assert "What differs" not in text


def test_an_empty_history_says_how_far_back_it_goes(watching: Client, settings: Settings) -> None:
    settings.CHANGE_KEEP_DAYS = 30
    account = make_account()

    fresh = watching.get(account.get_absolute_url()).content.decode()
    make_status(account)
    forgotten = watching.get(account.get_absolute_url()).content.decode()

    assert "Nobody has looked yet." in fresh
    assert "Nothing has changed within 30 days, as far back as history is kept." in forgotten

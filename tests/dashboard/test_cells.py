"""A cell never lies: what each kind of cell shows and says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.domain.outcomes import FAILING, Outcome
from accounts.models import Account, Region
from dashboard.matrix import CellView, broker_total, cell_view, row_of, with_cells
from dashboard.tables.cells import cell_html, describe
from tests.dashboard.factories import make_account, make_cell

NOW = timezone.now()
ANSWERED = CellView(Outcome.OK, 0, 0, 0, NOW, NOW)
POLLED, OFF = Region(code="us-east-1", polled=True), Region(code="us-east-1", polled=False)


def shown(view: CellView | None) -> str:
    return cell_html(view, NOW)


def test_a_region_without_a_row_was_never_polled() -> None:
    assert cell_view(POLLED, None).outcome is Outcome.NEVER


def test_a_region_that_is_switched_off_is_unsupported() -> None:
    assert cell_view(OFF, None).outcome is Outcome.UNSUPPORTED


def test_a_region_that_is_switched_off_keeps_its_last_count(db: None) -> None:
    cell = make_cell(make_account(), "us-east-1", 3)

    view = cell_view(OFF, cell)

    assert (view.outcome, view.brokers) == (Outcome.UNSUPPORTED, 3)


def test_an_answered_zero_is_a_dot_and_says_no_brokers() -> None:
    assert shown(ANSWERED) == '<td class="c heat0" title="no brokers, just now"></td>'


@pytest.mark.parametrize(("brokers", "step"), [(1, 1), (2, 2), (3, 2), (4, 3), (9, 3), (10, 4), (137, 4)])
def test_brokers_are_a_number_in_a_step_of_blue(brokers: int, step: int) -> None:
    html = shown(CellView(Outcome.OK, brokers, brokers, 0, NOW, NOW))

    assert f'class="c heat{step}"' in html
    assert html.endswith(f">{brokers}</td>")


@pytest.mark.parametrize("outcome", sorted(FAILING))
def test_a_failing_cell_never_shows_a_number_it_does_not_know(outcome: Outcome) -> None:
    html = shown(CellView(outcome, checked_at=NOW))

    assert f'class="c {outcome.value}"' in html
    assert html.endswith("></td>")


@pytest.mark.parametrize("outcome", sorted(FAILING))
def test_a_failing_cell_with_a_past_shows_the_old_number_as_last_known(outcome: Outcome) -> None:
    html = shown(CellView(outcome, 3, 3, 0, NOW, NOW - timedelta(hours=3)))

    assert f'class="c {outcome.value} last"' in html
    assert "Last known: 3 brokers, 3 h ago" in html
    assert html.endswith(">3</td>")


def test_a_failing_cell_whose_past_was_empty_still_shows_that_zero_as_last_known() -> None:
    assert shown(CellView(Outcome.THROTTLED, 0, 0, 0, NOW, NOW)).endswith(">0</td>")


def test_brokers_in_a_region_that_was_switched_off_in_the_account_stay_in_sight() -> None:
    html = shown(CellView(Outcome.REGION_DISABLED, 2, 2, 0, NOW, NOW))

    assert 'class="c region_disabled last"' in html


def test_an_old_answer_looks_and_reads_old() -> None:
    html = shown(CellView(Outcome.OK, 5, 5, 0, NOW, NOW - timedelta(hours=7)))

    assert 'class="c heat3 old"' in html
    assert "7 h ago, old" in html


def test_a_denied_cell_names_the_missing_permission() -> None:
    view = CellView(Outcome.DENIED, checked_at=NOW, permission="mq:ListBrokers")

    assert describe(view, NOW) == "denied: mq:ListBrokers, just now"


def test_a_region_of_another_partition_is_blank() -> None:
    assert shown(None) == '<td class="c"></td>'


def test_brokers_in_another_state_than_running_are_told_in_the_tooltip() -> None:
    counts = {"rabbitmq": {"RUNNING": 1, "REBOOT_IN_PROGRESS": 1}, "activemq": {"CREATION_FAILED": 1}}
    view = CellView(Outcome.OK, 3, 2, 1, NOW, NOW, counts=counts)

    said = describe(view, NOW)

    assert said == "3 brokers (2 RabbitMQ, 1 ActiveMQ, 2 not RUNNING), just now"


def test_brokers_that_are_all_running_need_no_words() -> None:
    view = CellView(Outcome.OK, 2, 2, 0, NOW, NOW, counts={"rabbitmq": {"RUNNING": 2}})

    assert describe(view, NOW) == "2 brokers (2 RabbitMQ), just now"


def test_a_failing_cell_is_short_the_panel_has_what_aws_said() -> None:
    counts = {"rabbitmq": {"CRITICAL_ACTION_REQUIRED": 1}}
    said = "AccessDenied: " + 90 * "x"
    view = CellView(Outcome.THROTTLED, 1, 1, 0, NOW, NOW - timedelta(hours=3), detail=said, counts=counts)

    assert describe(view, NOW) == "throttled, just now. Last known: 1 broker, 3 h ago"


def test_markup_in_a_missing_permission_is_escaped() -> None:
    assert "<b>" not in shown(CellView(Outcome.DENIED, checked_at=NOW, permission="<b>broken</b>"))


def test_a_total_over_answers_is_a_number() -> None:
    assert str(broker_total([ANSWERED, CellView(Outcome.REGION_DISABLED)])) == "0"


@pytest.mark.parametrize("outcome", [*sorted(FAILING), Outcome.NEVER, Outcome.UNSUPPORTED])
def test_a_total_that_rests_on_a_cell_without_answer_says_at_least(outcome: Outcome) -> None:
    assert str(broker_total([CellView(Outcome.OK, 4, 4, 0, NOW, NOW), CellView(outcome)])) == "≥ 4"


def test_a_total_of_nothing_known_is_a_question() -> None:
    assert str(broker_total([CellView(Outcome.DENIED), CellView(Outcome.NEVER)])) == "?"


def test_a_row_has_the_regions_of_its_own_partition_only(db: None) -> None:
    make_account(partition="aws-us-gov")
    account = with_cells(Account.objects.all()).get()

    assert set(row_of(account, Region.objects.all())) == {"us-gov-west-1", "us-gov-east-1"}

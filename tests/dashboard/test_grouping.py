"""Groups of the matrix: their names, their totals with what those rest on, their folding, their pages."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Region
from dashboard.grouping import MOST_NAMED, Folding, mark_of
from dashboard.models import SavedView
from dashboard.tables.totals import rests_on, sum_in_words, summary, tally_html
from dashboard.tallies import Members, Tally
from tests.dashboard.factories import make_account, make_cell, make_status, seed

UNITS = ("Workloads/Prod", "Workloads/Prod/Europe", "Workloads/Test", "Sandbox", "")


@pytest.fixture
def estate(db: None) -> list[Account]:
    """Two accounts to a unit, 2 brokers in eu-west-1 of each; the second one of Sandbox was never polled."""
    accounts = [
        make_account(
            number, f"a{number}", unit=UNITS[number // 2], tags={"team": "x" if number < 3 else "", "1": "one"}
        )
        for number in range(10)
    ]
    for account in accounts:
        if account.name != "a7":
            make_status(account, brokers=2)
            make_cell(account, "eu-west-1", 2)
    return accounts


def shown(client: Client, query: str) -> list[str]:
    """The page line by line: `[group 2]` and names of accounts."""
    rows = client.get(f"/matrix/?{query}").content.decode().partition('<tbody id="rows"')[2].partition("</tbody>")[0]
    lines = re.findall(
        r'<tr class="group".*?</span>(.*?)</a><small>(.*?)</small>|<tr data-account.*?title="(\w+)"', rows
    )
    return [name or re.sub(r"<.*?>", "", f"[{group}: {count}]") for group, count, name in lines]


def heading(client: Client, query: str, name: str) -> str:
    """One heading's row: its words, and what its figures say on hover."""
    html = client.get(f"/matrix/?{query}").content.decode()
    row = next(part for part in html.split("<tr") if name in part)
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r'<td[^>]*title="(.*?)">', r"\1 ", row)).split())


def exported(client: Client, query: str) -> list[str]:
    content = b"".join(client.get(f"/matrix/?{query}&_export=csv").streaming_content)  # type: ignore[attr-defined]
    return list(dict.fromkeys(row["account_name"] for row in csv.DictReader(io.StringIO(content.decode()))))


def test_units_stand_below_their_parents_and_accounts_without_one_last(estate: list[Account], watching: Client) -> None:
    assert shown(watching, "group=unit") == [
        *("[Sandbox: 2 accounts]", "a6", "a7"),
        *("[Prod: 2 accounts · Workloads]", "a0", "a1"),
        *("[Europe: 2 accounts · Workloads / Prod]", "a2", "a3"),
        *("[Test: 2 accounts · Workloads]", "a4", "a5"),
        *("[No unit: 2 accounts]", "a8", "a9"),
    ]


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("top-unit", ["[Sandbox: 2 accounts]", "[Workloads: 6 accounts]", "[No unit: 2 accounts]"]),
        ("tag:team", ["[x: 3 accounts]", "[No tag “team”: 7 accounts]"]),
        ("tag:1", ["[one: 10 accounts]"]),
        ("tag:nothing", ["[No tag “nothing”: 10 accounts]"]),
        ("partition", ["[aws: 10 accounts]"]),
        ("environment", ["[No environment: 10 accounts]"]),
    ],
)
def test_accounts_are_grouped(estate: list[Account], watching: Client, group: str, found: list[str]) -> None:
    assert [line for line in shown(watching, f"group={group}") if line.startswith("[")] == found


def test_the_order_holds_within_each_group(estate: list[Account], watching: Client) -> None:
    assert shown(watching, "group=top-unit&sort=-account")[:3] == ["[Sandbox: 2 accounts]", "a7", "a6"]


@pytest.mark.parametrize("group", ["colour", "tag:", "tag:%00", "unit%00"])
def test_a_group_that_means_nothing_is_left_out_and_said(estate: list[Account], watching: Client, group: str) -> None:
    page = watching.get(f"/matrix/?group={group}").content.decode()

    assert "It grouped by" in page
    assert '<tr class="group"' not in page


def test_a_heading_says_its_totals_and_on_what_they_rest(estate: list[Account], watching: Client) -> None:
    said = heading(watching, "group=unit&columns=brokers,eu-west-1", "Sandbox")

    assert "≥ 2" in said
    assert "at least 2 brokers; 1 of 2 accounts answered ≥2" in said


def test_a_heading_speaks_for_accounts_on_other_pages_and_for_collapsed_ones(db: None, watching: Client) -> None:
    for number in range(40):
        make_cell(make_account(number, unit="Big"), "eu-west-1", 1)

    first = heading(watching, "group=unit&columns=eu-west-1", "Big")
    second = heading(watching, "group=unit&columns=eu-west-1&page=2", "Big")
    folded = heading(watching, "group=unit&columns=eu-west-1&collapsed=all", "Big")

    assert all("40 brokers; 40 of 40 accounts answered" in said for said in (first, second, folded))
    assert "40 accounts, continued" in second


def test_a_filter_narrows_the_groups_too(estate: list[Account], watching: Client) -> None:
    assert shown(watching, "group=top-unit&q=a8") == ["[No unit: 1 account]", "a8"]


def test_the_last_row_sums_up_all_that_match_on_whichever_page(db: None, watching: Client) -> None:
    for number in range(30):
        make_cell(make_account(number), "eu-west-1", 3)
    make_account(99)

    foot = heading(watching, "columns=brokers,eu-west-1", "All that match")

    assert "31 accounts, every page" in foot
    assert "at least 90 brokers; 30 of 31 accounts answered ≥90" in foot


def test_a_collapsed_group_has_its_heading_alone(estate: list[Account], watching: Client) -> None:
    lines = shown(watching, f"group=top-unit&collapsed={mark_of('Workloads')}")

    assert lines == [
        "[Sandbox: 2 accounts]",
        "a6",
        "a7",
        "[Workloads: 6 accounts]",
        "[No unit: 2 accounts]",
        "a8",
        "a9",
    ]


def test_of_collapsed_groups_one_can_be_open(estate: list[Account], watching: Client) -> None:
    lines = shown(watching, f"group=top-unit&collapsed=all&open={mark_of('')}")

    assert lines == ["[Sandbox: 2 accounts]", "[Workloads: 6 accounts]", "[No unit: 2 accounts]", "a8", "a9"]


def test_a_headings_link_collapses_it_and_the_next_one_opens_it_again(estate: list[Account], watching: Client) -> None:
    def turn(query: str) -> str:
        html = watching.get(f"/matrix/?{query}").content.decode()
        found = re.search(rf'id="g{mark_of("Sandbox")}".*?href="\?(.*?)#', html, re.DOTALL)
        assert found
        return found[1].replace("&amp;", "&")

    once = turn("group=top-unit&sort=-account")
    twice = turn(once)

    assert once == f"group=top-unit&sort=-account&collapsed={mark_of('Sandbox')}"
    assert twice == "group=top-unit&sort=-account"


def test_an_export_has_the_accounts_of_collapsed_groups_in_the_order_of_the_groups(
    estate: list[Account], watching: Client
) -> None:
    names = exported(watching, "group=top-unit&collapsed=all")

    assert names == ["a6", "a7", "a0", "a1", "a2", "a3", "a4", "a5", "a8", "a9"]
    assert "Export 10 accounts" in watching.get("/matrix/?group=top-unit&collapsed=all").content.decode()


def test_pages_of_groups_show_each_account_once(db: None, watching: Client) -> None:
    for number in range(78):
        make_account(number, f"a{number:02d}", unit=f"U{number % 5}")

    pages = [shown(watching, f"group=unit&collapsed={mark_of('U3')}&page={number}") for number in (1, 2, 3, 4)]

    names = [line for page in pages[:3] for line in page if not line.startswith("[")]
    assert sorted(names) == sorted(f"a{number:02d}" for number in range(78) if number % 5 != 3)
    assert max(len(page) for page in pages) <= 26  # a page's lines, and the heading that is said again
    assert pages[3] == pages[2]  # there is no fourth one


def test_many_groups_make_many_pages_of_headings(db: None, watching: Client) -> None:
    for number in range(60):
        make_account(number, unit=f"U{number:02d}")

    page = watching.get("/matrix/?group=unit&collapsed=all&page=2")

    assert len(shown(watching, "group=unit&collapsed=all&page=2")) == 25
    assert page.context["table"].page.words == "0 of 60 accounts, 25 of 60 groups on this page"


def test_no_number_of_collapsed_groups_makes_a_long_address() -> None:
    marks = [mark_of(str(number)) for number in range(1000)]
    folding = Folding(False, ())

    for mark in marks[:700]:
        folding = folding.turned(mark, marks)

    assert len(folding.named) <= MOST_NAMED
    assert folding.has(marks[699])


def test_the_shorter_way_is_taken_to_say_which_groups_are_collapsed() -> None:
    marks = [mark_of(str(number)) for number in range(60)]
    folding = Folding(False, ())

    for mark in marks[:59]:
        folding = folding.turned(mark, marks)

    assert folding == Folding(True, (marks[59],))
    assert [folding.has(mark) for mark in marks] == [True] * 59 + [False]


def test_a_group_by_is_kept_in_a_saved_view(estate: list[Account], watching: Client) -> None:
    form = {"page": "matrix", "name": "By unit", "query": "group=unit&collapsed=all"}

    watching.post("/views/save/", form)
    page = watching.get(f"/views/{SavedView.objects.get().pk}/", follow=True).content.decode()

    assert "View: <b>By unit</b>" in page
    assert page.count('<tr class="group"') == 5
    assert "no longer here" not in page


@pytest.mark.parametrize("query", ["group=unit", "group=unit&collapsed=all", "group=tag:unit&per_page=50", "page=2"])
def test_queries_grow_neither_with_rows_nor_with_groups(
    operating: Client, db: None, query: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for account in seed(60):
        Account.objects.filter(pk=account.pk).update(unit=f"Top/{account.name}")

    with django_assert_max_num_queries(26):
        operating.get(f"/matrix/?{query}")


def test_fifty_lines_weigh_less_than_300_kb_when_most_are_headings(watching: Client, db: None) -> None:
    for number, account in enumerate(seed(50)):
        Account.objects.filter(pk=account.pk).update(unit=f"Workloads/Production/Team number {number // 2}")

    weight = len(watching.get("/matrix/?group=unit&per_page=50").content)

    assert weight < 300_000


def test_fifty_headings_with_fifty_named_groups_weigh_less_than_300_kb(watching: Client, db: None) -> None:
    for account in seed(120, sweep=False):
        Account.objects.filter(pk=account.pk).update(unit=f"Workloads/Production/Team of {account.name}")
    names = Account.objects.values_list("unit", flat=True)
    opened = ",".join(mark_of(name) for name in list(names)[:50])

    weight = len(watching.get(f"/matrix/?group=unit&per_page=50&collapsed=all&open={opened}&page=2").content)

    assert weight < 300_000


def test_a_name_of_a_group_cannot_speak_html(db: None, watching: Client) -> None:
    make_account(1, unit="<script>/<b>x", tags={"<i>": "<script>alert(1)</script>"})

    for group in ("unit", "tag:<i>"):
        html = watching.get("/matrix/", {"group": group}).content.decode()
        assert "<script>alert" not in html and "<b>x" not in html and "“<i>”" not in html


@pytest.mark.parametrize(
    ("tally", "words", "html"),
    [
        (Tally(3, 5, answered=3), "5 brokers", ">5<"),
        (Tally(3, 5, answered=2), "at least 5 brokers", ">≥5<"),
        (Tally(3, 0, answered=3), "no brokers", ' heat0"'),
        (Tally(3, 0, answered=2), "at least 0 brokers", "></td>"),
        (Tally(3, 0, answered=2), "at least 0 brokers", ' zero"'),
        (Tally(9, 1_480, answered=9), "1,480 brokers", ">1.4k<"),
        (Tally(9, 1_040, answered=8), "at least 1,040 brokers", ">≥1k<"),
        (Tally(3, None), "brokers not known", ' never"'),
        (Tally(3, None, disabled=3), "not enabled anywhere", ' region_disabled"'),
        (Tally(3, 7, polled=False), "at least 7 brokers", ">≥7<"),
        (Tally(3, None, polled=False), "brokers not known", ' unsupported"'),
        (Tally(9, 12_345, answered=9), "12,345 brokers", ">12k<"),
    ],
)
def test_a_total_is_never_more_certain_than_its_cells(tally: Tally, words: str, html: str) -> None:
    assert sum_in_words(tally) == words
    assert html in tally_html(tally, most=20_000)


@pytest.mark.parametrize(
    ("brokers", "most", "step"),
    [(1, 1, 1), (12, 12, 4), (143, 143, 4), (72, 143, 4), (40, 143, 3), (15, 143, 2), (14, 143, 1), (3, 5_000, 1)],
)
def test_a_sum_is_as_blue_as_its_share_of_the_largest_and_never_bluer_than_a_cell(
    brokers: int, most: int, step: int
) -> None:
    assert f'class="c t heat{step}"' in tally_html(Tally(3, brokers, answered=3), most)


@pytest.mark.parametrize(
    ("verdicts", "first", "second"),
    [
        ({"in_use": 3, "unused": 3, "unknown": 1, "absent": 1}, "3 in use", "1 unknown +4"),
        ({"unused": 2, "absent": 5}, "2 unused", "5 absent"),
        ({"in_use": 4, "unused": 1}, "4 in use", "1 unused"),
        ({"unknown": 2}, "2 unknown", ""),
        ({}, "", ""),
    ],
)
def test_a_heading_leaves_no_account_out_unsaid(verdicts: dict[str, int], first: str, second: str) -> None:
    members = Members({"aws": sum(verdicts.values())}, verdicts, {})

    role = summary(members, [], {}).role

    assert (role.line, role.more) == (first, second)
    assert all(f"{count} {word.replace('_', ' ')}" in role.title for word, count in verdicts.items())


def test_a_total_says_how_many_answered_and_how_many_of_them_long_ago() -> None:
    tally = Tally(5, 7, answered=3, fresh=2, failing=1, disabled=1)

    assert rests_on(tally) == "3 of 5 accounts answered, 1 of them old, 1 failing, 1 not enabled"


def test_accounts_of_another_partition_are_not_expected_to_answer(db: None, watching: Client) -> None:
    make_cell(make_account(1), "us-east-1", 1)
    make_cell(make_account(2, partition="aws-us-gov"), "us-gov-west-1", 1)

    assert "1 broker; 1 of 1 account answered 1" in heading(watching, "columns=us-east-1", "All that match")


def test_what_a_switched_off_region_once_had_is_no_answer_of_today(db: None, watching: Client) -> None:
    make_cell(make_account(1), "us-east-1", 3)
    Region.objects.filter(code="us-east-1").update(polled=False)

    foot = heading(watching, "columns=brokers,us-east-1", "All that match")

    assert "at least 3 brokers; not polled: switched off in the region table ≥3" in foot


def test_an_old_answer_is_counted_as_old(db: None, watching: Client) -> None:
    make_cell(make_account(1), "us-east-1", 1, last_ok_at=timezone.now() - timedelta(hours=5))

    assert "1 of them old" in heading(watching, "columns=us-east-1", "All that match")


def test_the_total_of_a_group_has_the_rule_of_a_rows_total(db: None, watching: Client) -> None:
    account = make_account(1, unit="U")
    for region in Region.objects.filter(partition="aws", polled=True):
        make_cell(account, region.code, 1)

    rows = watching.get("/matrix/?group=unit").context["table"].page_rows()

    heading_row, row = list(rows)
    assert str(heading_row.summary.total) == {p.name: cell for p, cell in row.cells}["brokers"]


def test_one_query_gives_the_totals_of_all_groups(
    estate: list[Account], watching: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    table = watching.get("/matrix/?group=unit").context["table"]

    with django_assert_num_queries(1):  # the accounts were fetched for the page
        list(table.page_rows())

"""Order, columns, regions and density: all in the address, and what fits nothing is said."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import Account, AuditEntry, Region
from dashboard.arrange import MOST_KEYS
from dashboard.layout import FURTHER
from dashboard.models import SavedView
from tests.dashboard.factories import make_account, make_cell, make_status, seed


@pytest.fixture
def estate(db: None) -> None:
    for number, (name, verdict, brokers) in enumerate(
        [("delta", "unused", 0), ("alpha", "in_use", 5), ("charlie", "unused", 0), ("bravo", "in_use", 7)]
    ):
        account = make_account(number, name)
        make_status(account, verdict=verdict, brokers=brokers)
        make_cell(account, "eu-west-1", brokers)
        make_cell(account, "us-east-1", 0)


def exported(client: Client, url: str) -> list[dict[str, str]]:
    content = b"".join(client.get(url).streaming_content)  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content.decode())))


def listed(client: Client, url: str) -> list[str]:
    """The names that a page lists, in its order."""
    return [row.record.name for row in client.get(url).context["table"].paginated_rows]


def html(client: Client, url: str) -> str:
    return client.get(url).content.decode()


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("sort=verdict,name", "alpha bravo charlie delta"),
        ("sort=verdict,-name", "bravo alpha delta charlie"),
        ("sort=-verdict,-brokers,-name", "delta charlie bravo alpha"),
        ("sort=nonsense,-name", "delta charlie bravo alpha"),
        ("sort=-name,name", "delta charlie bravo alpha"),
    ],
)
def test_rows_are_sorted_by_several_columns(estate: None, watching: Client, query: str, order: str) -> None:
    assert listed(watching, f"/accounts/?{query.replace('&sort=', ',')}") == order.split()


def test_an_export_is_sorted_as_its_page(estate: None, watching: Client) -> None:
    for query in ("sort=verdict,-name", "sort=verdict&sort=-name"):
        found = [row["name"] for row in exported(watching, f"/accounts/?{query}&_export=csv")]
        assert found == ["bravo", "alpha", "delta", "charlie"]


def test_an_order_has_an_end(estate: None, watching: Client) -> None:
    """Each region of the matrix is a question to every account: all of them would keep the database busy."""
    regions = Region.objects.filter(partition="aws").values_list("code", flat=True)

    page = watching.get(f"/matrix/?sort={','.join(regions)}")

    assert len(page.context["table"].order_by) == MOST_KEYS
    assert page.context["table"].tools.further() == []


def test_the_order_is_said_to_screen_readers(estate: None, watching: Client) -> None:
    page = html(watching, "/accounts/?sort=-brokers,name")

    assert page.count("aria-sort=") == 1
    assert 'aria-sort="descending"' in page
    assert ", sort key 2, ascending" in page


def test_the_order_is_turned_round_and_gone_on_with_by_links(estate: None, watching: Client) -> None:
    page = html(watching, "/accounts/?sort=-brokers,name&verdict=unused")

    assert "?verdict=unused&amp;sort=brokers,name" in page
    assert "?verdict=unused&amp;sort=name" in page
    assert "?verdict=unused&amp;sort=-brokers,name,trust" in page


def test_only_the_chosen_columns_are_shown_in_their_order(estate: None, watching: Client) -> None:
    table = watching.get("/accounts/?columns=brokers,name,regions_settled").context["table"]

    assert table.columns.names()[:3] == ["brokers", "name", "regions_settled"]
    assert [column.name for column in table.columns] == ["brokers", "name", "regions_settled"]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("columns=brokers&columns=name", ["brokers", "name"]),
        ("columns=brokers,name&_columns=env", ["env"]),
        ("columns=name&_columns=all", None),
    ],
)
def test_an_export_has_the_chosen_columns_or_all(
    estate: None, watching: Client, query: str, columns: list[str] | None
) -> None:
    every = list(watching.get("/accounts/").context["table"].base_columns)

    assert list(exported(watching, f"/accounts/?{query}&_export=csv")[0]) == (columns or every)


def test_a_column_that_no_export_has_is_refused_with_those_it_has(estate: None, watching: Client) -> None:
    response = watching.get("/accounts/?_export=csv&_columns=colour")

    assert response.status_code == 400
    assert "There is no column “colour” to export: use name, account_id" in response.content.decode()


@pytest.mark.parametrize("query", ["boss=x", "columns=colour,name", "sort=colour"])
def test_what_an_address_names_in_vain_is_said(estate: None, watching: Client, query: str) -> None:
    page = html(watching, f"/accounts/?{query}")

    assert "This address names what is no longer here." in page
    assert ("colour" if "colour" in query else "boss: x") in page
    assert "alpha" in page


def test_an_address_that_is_understood_says_nothing_of_the_kind(estate: None, watching: Client) -> None:
    assert "no longer here" not in html(watching, "/matrix/?q=a&sort=account&columns=role&pin=us-east-1&hide=empty")


def test_empty_regions_are_hidden_but_pinned_ones_stand_first(estate: None, watching: Client) -> None:
    table = watching.get("/matrix/?hide=empty&pin=us-east-1").context["table"]

    assert [region.code for region in table.regions] == ["us-east-1", "eu-west-1"]
    assert [name for name, _ in table.geographies] == ["Pinned", "Europe"]


def test_a_total_counts_regions_that_are_not_shown(estate: None, watching: Client) -> None:
    page = watching.get("/matrix/?columns=us-east-1&q=bravo")

    row = next(iter(page.context["table"].page_rows()))
    assert [cell for painter, cell in row.cells if painter.name == "brokers"] == ["≥ 7"]
    assert "Totals count them." in page.content.decode()


def test_a_region_that_is_hidden_for_being_empty_is_not_said_to_be_empty(estate: None, watching: Client) -> None:
    assert "which is not to say none" in html(watching, "/matrix/?hide=empty")


def test_the_matrix_shows_only_the_chosen_columns(estate: None, watching: Client) -> None:
    page = html(watching, "/matrix/?columns=policy,eu-west-1")

    assert 'class="matrix no-role no-brokers"' in page
    assert 'class="k-role"' not in page
    cells = 4 + 1  # of the accounts, and their total
    assert page.count('class="c ') == cells + page.split('class="legend"')[1].count('class="c ')


def test_the_matrix_shows_further_columns_of_the_account_on_wish(estate: None, watching: Client) -> None:
    Account.objects.update(unit="Platform/Prod", owner="olga")

    page = html(watching, "/matrix/?columns=role,unit,owner,checked_at&sort=owner,account&group=environment")

    table = page.split('class="matrix')[1]
    assert table.count('<td class="k-unit">Platform/Prod</td>') == 4
    assert table.count('<td class="k-owner">olga</td>') == 4
    assert table.count('class="k-checked_at"') == 4 + 2  # a blank under the group's heading, and in the totals
    assert 'class="k-trust"' not in table
    assert 'class="k-policy"' not in table


def test_further_columns_are_offered_and_not_shown_by_themselves(estate: None, watching: Client) -> None:
    page = html(watching, "/matrix/")

    assert 'name="columns" value="unit"' in page
    assert 'class="k-unit"' not in page


@pytest.mark.parametrize("name", FURTHER)
@pytest.mark.parametrize("way", ["", "-"])
def test_the_matrix_is_sorted_by_further_columns(estate: None, watching: Client, name: str, way: str) -> None:
    assert watching.get(f"/matrix/?columns={name}&sort={way}{name}").status_code == 200


def test_an_export_of_the_matrix_has_the_regions_that_are_shown(estate: None, watching: Client) -> None:
    some = exported(watching, "/matrix/?hide=empty&_export=csv")
    every = exported(watching, "/matrix/?hide=empty&_export=csv&_columns=all")

    assert {row["region"] for row in some} == {"eu-west-1"}
    assert len({row["region"] for row in every}) > 30


@pytest.mark.parametrize(("form", "kind"), [("csv", "csv"), ("json", "jsonl"), ("xlsx", "xlsx")])
@pytest.mark.parametrize("url", ["/matrix/", "/accounts/", "/brokers/", "/regions/", "/sweeps/", "/audit/"])
def test_every_list_leaves_in_every_format(operating: Client, db: None, url: str, form: str, kind: str) -> None:
    seed(3), AuditEntry.objects.create(actor="olga", action="poll")

    response = operating.get(f"{url}?_export={form}")

    assert response["Content-Disposition"].endswith(f'Z.{kind}"')
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/accounts/?utm_source=mail", "It filtered by “utm_source: mail”, which is no filter here."),
        ("/accounts/?columns=name,nope", "It showed the column “nope”, which is not here."),
        ("/accounts/?sort=colour", "It sorted by “colour”, a column that is not here."),
        ("/matrix/?hide=all", "It hid “all”: only hide=empty is understood."),
        ("/matrix/?group=colour&pin=mars-1", "It grouped by “colour”"),
        ("/sweeps/?state=done", "It filtered by “state: done”, which is no filter here."),
        ("/regions/us-east-1/?show=nobody", "It filtered by “show: nobody”, which is no filter here."),
        ("/regions/us-east-1/?verdict=unused", "It filtered by “verdict: unused”, which is no filter here."),
        ("/regions/us-east-1/?_as=shown", "It filtered by “_as: shown”, which is no filter here."),
        ("/onboarding/?foo=1", "It filtered by “foo: 1”, which is no filter here."),
    ],
)
def test_a_file_that_would_show_more_than_was_asked_for_is_refused_with_the_reason(
    estate: None, operating: Client, url: str, why: str
) -> None:
    """A page says beside its rows what it left out; a file cannot, and would pass for all there is."""
    refused = operating.get(f"{url}&_export=csv")

    assert refused.status_code == 400
    assert why in refused.content.decode()
    assert operating.get(url).status_code == 200


def test_what_a_page_reads_from_its_address_itself_is_no_stranger_to_its_export(estate: None, watching: Client) -> None:
    own = watching.get("/regions/us-east-1/?show=all&_export=csv")
    account = watching.get(f"{Account.objects.all()[0].get_absolute_url()}?kind=role&history=2&_export=csv")

    assert (own.status_code, account.status_code) == (200, 200)


def test_regions_of_a_partition_without_accounts_are_not_taken_for_all_regions(estate: None, watching: Client) -> None:
    """A view of China's regions, filtered so that no account in China is left, shows none of the others instead."""
    assert watching.get("/matrix/?columns=cn-north-1").context["table"].regions == []
    assert exported(watching, "/matrix/?columns=cn-north-1&_export=csv") == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/accounts/?", "accounts"),
        ("/accounts/?verdict=unused", "accounts-filtered-unused"),
        ("/accounts/?q=%D7%A9%D7%99%D7%A8&region=us-east-1", "accounts-filtered-us-east-1"),
        (f"/accounts/?q={'x' * 50}&verdict=unused", "accounts-filtered"),
        ("/matrix/?hide=empty", "matrix-filtered"),
        ("/matrix/?columns=us-east-1&_as=shown", "matrix-as-shown-filtered"),
        ("/matrix/?hide=empty&_columns=all", "matrix"),
        ("/matrix/?hide=empty&_columns=all&_as=shown", "matrix-as-shown-filtered"),
        ("/onboarding/?tag=env%3Dprod", "onboarding-filtered-envprod"),
        ("/regions/us-east-1/?show=all", "region-us-east-1-all"),
    ],
)
def test_the_name_of_a_file_says_what_is_in_it_and_when(estate: None, operating: Client, url: str, name: str) -> None:
    said = operating.get(f"{url}&_export=csv")["Content-Disposition"]

    assert re.match(rf'attachment; filename="rolecall-{name}-\d{{8}}T\d{{4}}Z\.csv"', said), said


def test_a_file_bears_the_name_of_the_view_that_is_open_and_not_of_one_that_was_changed(
    estate: None, watching: Client, viewer: User
) -> None:
    view = SavedView.objects.create(owner=viewer, name="Idle, ours", page="accounts", query="verdict=unused")

    def name(query: str) -> str:
        said = watching.get(f"/accounts/?{query}&view={view.pk}&_export=csv")["Content-Disposition"]
        return said.split('filename="rolecall-')[1].rpartition("-")[0]

    assert name("verdict=unused") == "accounts-idle-ours-filtered"
    assert name("verdict=unused&q=a") == "accounts-filtered-a-unused"


def test_a_name_in_other_letters_is_told_to_who_can_read_it(estate: None, watching: Client, viewer: User) -> None:
    view = SavedView.objects.create(owner=viewer, name="\u202eשירותי", page="accounts", query="")

    said = watching.get(f"/accounts/?view={view.pk}&_export=csv")["Content-Disposition"]

    plain, known = said.split("; filename*=UTF-8''")
    assert plain.startswith('attachment; filename="rolecall-accounts-20')
    assert unquote(known).startswith("rolecall-accounts-שירותי-20")


def test_a_form_carries_the_rest_of_the_address_along(estate: None, watching: Client) -> None:
    page = html(watching, "/matrix/?q=a&sort=-brokers&density=compact&pin=us-east-1")

    form = page.split('class="filters"')[1].split("</form>")[0]
    assert all(f'type="hidden" name="{name}"' in form for name in ("sort", "density", "pin"))
    assert 'type="hidden" name="q"' not in form


def test_a_hundred_rows_of_the_matrix_are_fifty(estate: None, watching: Client) -> None:
    assert watching.get("/matrix/?per_page=100").context["table"].size == 50

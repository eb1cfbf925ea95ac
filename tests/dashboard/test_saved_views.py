"""Saved views: own and shared, opened as they were saved, one of them by itself, and taken back after a slip."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.services.retention import forget_old
from dashboard.models import DefaultView, SavedView
from dashboard.saved import rename_view
from tests.dashboard.factories import make_account, make_status

UNUSED = "verdict=unused&sort=-brokers,name&columns=name,brokers"


def save(client: Client, name: str = "Unused", query: str = UNUSED, **more: str) -> str:
    """Save a view as the menu does; gives the page's text."""
    form = {"page": "accounts", "name": name, "query": query, **more}
    return client.post("/views/save/", form, follow=True).content.decode()


def view_of(owner: User, name: str = "Unused", **fields: object) -> SavedView:
    return SavedView.objects.create(**{"owner": owner, "name": name, "page": "accounts", "query": UNUSED, **fields})


def test_a_view_opens_as_it_was_saved(watching: Client) -> None:
    make_status(make_account(1, "idle"), verdict="unused"), make_status(make_account(2, "busy"))

    save(watching)
    page = watching.get(SavedView.objects.get().get_absolute_url(), follow=True)

    assert page.redirect_chain[0][0] == f"/accounts/?{UNUSED}&view={SavedView.objects.get().pk}"
    assert [column.name for column in page.context["table"].columns] == ["name", "brokers"]
    assert "View: <b>Unused</b> ▾" in page.content.decode()
    assert [row.record.name for row in page.context["table"].paginated_rows] == ["idle"]


def test_what_is_no_part_of_a_view_is_not_kept(watching: Client) -> None:
    save(watching, query="q=a&page=7&_export=csv&_columns=all&view=3")

    assert SavedView.objects.get().query == "q=a"


def test_a_view_that_was_changed_says_so_and_is_updated(watching: Client, viewer: User) -> None:
    view = view_of(viewer)

    page = watching.get(f"/accounts/?q=x&view={view.pk}").content.decode()
    watching.post(f"/views/{view.pk}/update/", {"query": "q=x&page=2"})

    assert "<b>Unused</b>, changed" in page
    assert "Update “Unused”" in page
    view.refresh_from_db()
    assert view.query == "q=x"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_view_needs_a_name(watching: Client, name: str) -> None:
    assert "A view needs a name of at most 80 characters." in save(watching, name)
    assert not SavedView.objects.exists()


def test_a_name_is_taken_once_per_page_and_person(watching: Client, operator: User) -> None:
    view_of(operator, "unused")
    save(watching)

    assert "You have a view “UNUSED” of this page already" in save(watching, "UNUSED")
    assert SavedView.objects.filter(owner__username="viewer").count() == 1


@pytest.mark.parametrize("page", ["", "nothing", "audit"])
def test_a_page_that_one_may_not_see_has_no_views(watching: Client, page: str) -> None:
    assert "There is no such page" in save(watching, page=page)


def test_an_address_that_is_too_long_is_refused(watching: Client) -> None:
    assert "too long to be kept" in save(watching, query="q=" + "x" * 5000)


def test_an_operator_shares_a_view_with_everybody(operating: Client, watching: Client) -> None:
    save(operating, shared="yes")

    assert "shared by operator" in watching.get("/accounts/?view=none").content.decode()
    assert AuditEntry.objects.get().action == "share view"


def test_a_viewer_cannot_share(watching: Client) -> None:
    assert "Only an operator can share a view" in save(watching, shared="yes")
    assert not SavedView.objects.exists()


def test_the_views_of_others_are_not_here(watching: Client, operator: User) -> None:
    view = view_of(operator)

    assert watching.get(view.get_absolute_url()).status_code == 404
    assert watching.post(f"/views/{view.pk}/update/", {"query": ""}).status_code == 404
    assert "Unused" not in watching.get("/views/").content.decode()


@pytest.mark.parametrize(("act", "form"), [("update", {"query": ""}), ("rename", {"name": "Mine"}), ("delete", {})])
def test_only_its_owner_changes_a_shared_view(watching: Client, operator: User, act: str, form: dict[str, str]) -> None:
    view = view_of(operator, shared=True)

    page = watching.post(f"/views/{view.pk}/{act}/", form, follow=True).content.decode()

    view.refresh_from_db()
    assert "Only its owner can" in page
    assert (view.name, view.query, view.deleted_at) == ("Unused", UNUSED, None)


def test_who_is_no_operator_any_more_can_only_stop_sharing(watching: Client, viewer: User) -> None:
    view = view_of(viewer, shared=True)

    watching.post(f"/views/{view.pk}/update/", {"query": "q=evil"})
    watching.post(f"/views/{view.pk}/rename/", {"name": "Unused"})

    view.refresh_from_db()
    assert (view.query, view.shared) == (UNUSED, False)


def test_a_view_is_renamed(watching: Client, viewer: User) -> None:
    view = view_of(viewer)

    watching.post(f"/views/{view.pk}/rename/", {"name": " Idle   roles "})

    view.refresh_from_db()
    assert view.name == "Idle roles"


def test_a_deleted_view_is_taken_back_with_the_default_that_it_was(watching: Client, viewer: User) -> None:
    view = view_of(viewer)
    DefaultView.objects.create(person=viewer, page="accounts", view=view)

    page = watching.post(f"/views/{view.pk}/delete/", follow=True).content.decode()
    assert watching.get("/accounts/").status_code == 200
    watching.post(f"/views/{view.pk}/restore/")

    assert "Undo: take “<bdi>Unused</bdi>” back" in page
    assert watching.get("/accounts/").status_code == 302


def test_a_view_that_was_deleted_more_than_a_day_ago_cannot_be_taken_back(watching: Client, viewer: User) -> None:
    old = view_of(viewer, "Old", deleted_at=timezone.now() - timedelta(hours=25))

    assert watching.post(f"/views/{old.pk}/restore/").status_code == 404
    assert "Old" not in watching.get("/views/").content.decode()


def test_a_deleted_view_is_forgotten_after_a_day(viewer: User) -> None:
    view_of(viewer, "Old", deleted_at=timezone.now() - timedelta(hours=25))
    view_of(viewer, "Young", deleted_at=timezone.now() - timedelta(hours=23))
    view_of(viewer)

    forget_old()

    assert [view.name for view in SavedView.objects.all()] == ["Unused", "Young"]


def test_a_change_of_a_view_leaves_alone_what_it_is_not_about(viewer: User) -> None:
    read_before = view_of(viewer)
    SavedView.objects.update(query="verdict=absent")

    rename_view(read_before, viewer, "Renamed", shared=False)

    assert (SavedView.objects.get().name, SavedView.objects.get().query) == ("Renamed", "verdict=absent")


def test_a_view_whose_name_was_taken_meanwhile_is_not_taken_back(watching: Client, viewer: User) -> None:
    gone = view_of(viewer, deleted_at=timezone.now())
    view_of(viewer)

    page = watching.post(f"/views/{gone.pk}/restore/", follow=True).content.decode()

    assert "You have a view “Unused” of this page already" in page


def test_who_is_no_operator_any_more_takes_a_shared_view_back_for_oneself(watching: Client, viewer: User) -> None:
    view = view_of(viewer, shared=True, deleted_at=timezone.now())

    watching.post(f"/views/{view.pk}/restore/")

    view.refresh_from_db()
    assert (view.deleted_at, view.shared) == (None, False)


def test_a_shared_view_of_a_page_that_one_may_not_see_is_not_here(watching: Client, operator: User) -> None:
    view = view_of(operator, "Who did what", page="audit", shared=True)

    assert "Who did what" not in watching.get("/views/").content.decode()
    assert watching.get(view.get_absolute_url()).status_code == 404
    assert watching.post("/reports/", {"view": str(view.pk), "name": "x"}).status_code == 404


def test_a_page_opens_with_the_default_view_and_can_be_left(watching: Client, viewer: User) -> None:
    view = view_of(viewer)
    watching.post(f"/views/{view.pk}/default/", {"default": "yes"})

    opened = watching.get("/accounts/")
    bare = watching.get("/accounts/?view=none")

    assert opened["Location"] == f"/accounts/?{UNUSED}&view={view.pk}"
    assert bare.status_code == 200
    watching.post(f"/views/{view.pk}/default/", {"default": "no"})
    assert watching.get("/accounts/").status_code == 200


def test_the_last_chip_does_not_lead_back_into_the_default_view(watching: Client, viewer: User) -> None:
    watching.post(f"/views/{view_of(viewer).pk}/default/", {"default": "yes"})

    page = watching.get("/accounts/?q=x").content.decode()

    assert 'href="?view=none" aria-label="Remove the filter Name or id: x' in page


def test_a_view_that_is_no_longer_shared_is_nobodys_default(operating: Client, operator: User, viewer: User) -> None:
    view = view_of(operator, shared=True)
    DefaultView.objects.create(person=viewer, page="accounts", view=view)
    DefaultView.objects.create(person=operator, page="accounts", view=view)

    operating.post(f"/views/{view.pk}/rename/", {"name": "Unused"})

    assert [default.person for default in DefaultView.objects.all()] == [operator]


def test_a_stale_view_opens_and_says_what_was_dropped(watching: Client, viewer: User) -> None:
    make_account(1, "orders")
    view = view_of(viewer, query="boss=payments&columns=name,colour&sort=-shade,name")

    page = watching.get(view.get_absolute_url(), follow=True).content.decode()

    assert "It filtered by “boss: payments”, which is no filter here." in page
    assert "It showed the column “colour”, which is not here." in page
    assert "It sorted by “shade”, a column that is not here." in page
    assert "orders" in page


def test_a_view_that_is_gone_is_said(watching: Client, db: None) -> None:
    assert "The view of this address is no longer there" in watching.get("/accounts/?view=12").content.decode()


def test_markup_in_a_name_is_escaped(watching: Client, viewer: User) -> None:
    view_of(viewer, "<script>alert(1)</script>")

    for url in ("/views/", "/accounts/?view=none"):
        assert "<script>alert" not in watching.get(url).content.decode()


def test_a_view_keeps_a_clean_address(watching: Client, viewer: User) -> None:
    save(watching, query="q=&verdict=unused&tag=+&columns=name&columns=brokers&sort=-brokers&sort=name")

    assert SavedView.objects.get().query == "verdict=unused&columns=name,brokers&sort=-brokers,name"


def test_a_view_that_was_kept_with_a_column_at_a_time_is_open_and_not_changed(watching: Client, viewer: User) -> None:
    view = view_of(viewer, query="q=&columns=name&columns=brokers")

    page = watching.get(view.get_absolute_url(), follow=True)

    assert page.redirect_chain[-1][0] == f"/accounts/?columns=name,brokers&view={view.pk}"
    assert "View: <b>Unused</b> ▾" in page.content.decode()


def test_columns_in_another_order_are_a_change_of_the_view(watching: Client, viewer: User) -> None:
    view = view_of(viewer, query="columns=name&columns=brokers")

    assert "<b>Unused</b>, changed" in watching.get(f"/accounts/?columns=brokers,name&view={view.pk}").content.decode()

"""Saved views: who may do what with them, and what each act leaves behind."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.services import audit
from dashboard.access import Role, ViewerRequest, may
from dashboard.addresses import CLEAR, NOT_CARRIED, tidied
from dashboard.listings import LISTINGS
from dashboard.models import DefaultView, SavedView, SavedViewQuerySet

QUERY_LENGTH = 4000  # browsers and proxies carry addresses of 8,000 characters at least
NOT_KEPT = ("view", *NOT_CARRIED)


class Refused(Exception):
    """The act is not done; the text says why and what to do."""


def views_of(person: User) -> SavedViewQuerySet:
    """The views that a person may open: own and shared ones, of the pages that the person may see today."""
    pages = [name for name, listing in LISTINGS.items() if may(person, listing.role)]
    return SavedView.objects.open_to(person).filter(page__in=pages)


def may_share(person: User) -> bool:
    """Say whether a person may put a view before everybody."""
    return may(person, Role.OPERATOR)


def may_change(view: SavedView, person: User) -> bool:
    """Say whether a person may change a view: the owner, who for a shared one must still be an operator."""
    return view.owner_id == person.pk and (not view.shared or may_share(person))


def kept_query(query: str) -> str:
    """A query string as a view keeps it: without the page and without what is no part of the view. Raises Refused."""
    data = tidied(QueryDict(query.lstrip("?")))
    for name in NOT_KEPT:
        data.pop(name, None)
    if len(kept := data.urlencode(safe=",")) > QUERY_LENGTH:
        raise Refused("The address is too long to be kept: choose fewer filters or columns.")
    return kept


def save_view(person: User, page: str, name: str, query: str, shared: bool) -> SavedView:
    """Keep a page as it is under a name. Raises Refused."""
    if page not in LISTINGS or not may(person, LISTINGS[page].role):
        raise Refused("There is no such page to keep a view of.")
    if shared and not may_share(person):
        raise Refused("Only an operator can share a view: save it for yourself, or ask one.")
    view = SavedView(owner=person, page=page, name=_named(name), query=kept_query(query), shared=shared)
    _store(view)
    return view


def update_view(view: SavedView, person: User, query: str) -> None:
    """Let a view be what the page shows now. Raises Refused."""
    _must_change(view, person)
    view.query = kept_query(query)
    _store(view, "query")


def rename_view(view: SavedView, person: User, name: str, shared: bool) -> None:
    """Give a view another name, share it or keep it to oneself. Raises Refused."""
    if view.owner_id != person.pk or ((shared or view.name != name.strip()) and not may_change(view, person)):
        raise Refused("Only its owner can change a view, and a shared one only while an operator.")
    if shared and not may_share(person):
        raise Refused("Only an operator can share a view.")
    view.name, view.shared = _named(name), shared
    _store(view, "name", "shared")
    if not shared:
        view.defaults.exclude(person=person).delete()


def _must_change(view: SavedView, person: User) -> None:
    if not may_change(view, person):
        raise Refused(
            "Only its owner can change a view, and a shared one only while an operator: save one of your own."
        )


def _named(name: str) -> str:
    if not (name := " ".join(name.split())) or len(name) > 80:
        raise Refused("A view needs a name of at most 80 characters.")
    return name


def _store(view: SavedView, *fields: str) -> None:
    """Store a new view, or these fields of one: what another tab changes meanwhile stays."""
    try:
        with transaction.atomic():
            view.save(update_fields=[*fields, "updated_at"] if fields else None)
            if view.shared:
                audit.note(view.owner.get_username(), "share view", view.name, f"/{view.page}/?{view.query}")
    except IntegrityError as error:
        raise Refused(
            f"You have a view “{view.name}” of this page already: choose another name, or update it."
        ) from error


def delete_view(view: SavedView, person: User) -> None:
    """Take a view away; for a day it can be taken back. Raises Refused."""
    if view.owner_id != person.pk:
        raise Refused("Only its owner can delete a view.")
    if names := [str(report) for report in view.reports.filter(revoked_at=None)]:
        raise Refused(f"The report “{names[0]}” rests on this view: revoke it first.")
    view.deleted_at = timezone.now()
    view.save(update_fields=["deleted_at"])


def restore_view(view: SavedView, person: User) -> None:
    """Take a deleted view back, with those whose default it was. Raises Refused."""
    if view.owner_id != person.pk:
        raise Refused("Only its owner can take a view back.")
    view.deleted_at, view.shared = None, view.shared and may_share(person)
    _store(view, "deleted_at", "shared")


def set_default(view: SavedView, person: User, wanted: bool) -> None:
    """Let a page open with this view for this person, or with none."""
    if wanted:
        DefaultView.objects.update_or_create(person=person, page=view.page, defaults={"view": view})
    else:
        DefaultView.objects.filter(person=person, view=view).delete()


def address_of(view: SavedView) -> str:
    """The page as the view is saved, with the view's number, so that the page knows what it shows."""
    query = QueryDict(view.query, mutable=True)
    query["view"] = str(view.pk)
    return f"{reverse(view.page)}?{query.urlencode(safe=',')}"


def default_address(person: User, page: str) -> str | None:
    """Where a page without any query leads, when the person has a default view of it."""
    mine = views_of(person)
    found = DefaultView.objects.filter(person=person, page=page, view__in=mine).select_related("view").first()
    return address_of(found.view) if found else None


def saved_context(request: ViewerRequest, page: str) -> dict[str, Any]:
    """What the menu of views needs: the views of this page, which one is open, and whether it has been changed."""
    views = list(views_of(request.user).filter(page=page).select_related("owner"))
    asked = request.GET.get("view", "")
    opened = next((view for view in views if str(view.pk) == asked), None)
    try:
        query = kept_query(request.GET.urlencode())
    except Refused:
        query = ""
    return {
        "page_name": page,
        "views": views,
        "opened": opened,
        "opened_changed": opened is not None and _as_set(opened.query) != _as_set(query),
        "may_change_opened": opened is not None and may_change(opened, request.user),
        "kept_query": query,
        "no_view": CLEAR,
        "view_gone": bool(asked) and asked != "none" and opened is None,
    }


def _as_set(query: str) -> set[tuple[str, str]]:
    return {(name, value) for name, values in tidied(QueryDict(query)).lists() for value in values}

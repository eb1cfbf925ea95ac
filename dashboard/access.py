"""Who may see and do what. Every URL is closed until a view opens it to a role; every query starts here."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import Account, AccountQuerySet

LONGEST_ADDRESS = 64  # an IPv6 address with its zone is shorter


class Role(Enum):
    """What a signed-in person may do; the value is the permission behind it."""

    VIEWER = "accounts.watch"
    OPERATOR = "accounts.operate"


class Shell(Enum):
    """Whoever runs `manage.py`: the machine's own access rules have let them in."""

    OPERATOR = "shell"


Person: TypeAlias = AbstractBaseUser | AnonymousUser | Shell
View = Callable[..., HttpResponseBase]


class ViewerRequest(HttpRequest):
    """A request that `open_to` has let through: its user is signed in."""

    user: User
    following: dict[str, Any]  # on pages that follow the sweeps


def visible_accounts(person: Person) -> AccountQuerySet:
    """The accounts a person may know of: today all of them, for anyone who may watch."""
    if isinstance(person, Shell) or may(person, Role.VIEWER):
        return Account.objects.all()
    return Account.objects.none()


def known_accounts(person: Person) -> AccountQuerySet:
    """The same with those that were deleted and whose history was kept: for what is read by its address alone."""
    if isinstance(person, Shell) or may(person, Role.VIEWER):
        return Account.every.all()
    return Account.every.none()


def may(person: AbstractBaseUser | AnonymousUser, role: Role) -> bool:
    """Say whether a person holds a role."""
    return isinstance(person, (User, AnonymousUser)) and person.has_perm(role.value)


def client_address(request: HttpRequest) -> str:
    """Where a request comes from: behind a proxy, whom that proxy has named last. What stands before may be made up."""
    told = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.BEHIND_PROXY else ""
    last = told.rpartition(",")[2].strip()
    return (last or str(request.META.get("REMOTE_ADDR", "")))[:LONGEST_ADDRESS]


def open_to(role: Role) -> Callable[[View], View]:
    """Open a view to a role. A view without this mark answers 403 to everybody."""

    def mark(view: View) -> View:
        view.open_to = role  # type: ignore[attr-defined]
        return view

    return mark


class RoleMiddleware:
    """Lets a request reach a view only if the view is open to a role that the person holds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: the decision is made once the view is known.

        HTMX would put the sign-in page into the middle of the page whose session is over: the page is loaded anew.
        """
        response = self.get_response(request)
        patch_cache_control(response, private=True)  # pages and exports are one person's: no shared cache keeps them
        signed_out = response.status_code == 302 and not request.user.is_authenticated
        return HttpResponseClientRefresh() if signed_out and getattr(request, "htmx", None) else response

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> None:
        """Refuse with PermissionDenied; views marked `login_not_required` look after themselves."""
        if not getattr(view, "login_required", True):
            return
        role = getattr(view, "open_to", None)
        if role is None or not may(request.user, role):
            raise PermissionDenied

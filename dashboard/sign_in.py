"""Signing in, with a limit on guessing that needs nothing but the audit record, and signing in again before danger."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode

from accounts.models import AuditEntry
from accounts.services import audit
from dashboard.access import View, client_address

FAILED = "sign-in failed"
MOST_FAILURES = 10  # for one name
MOST_OF_AN_ADDRESS = 50  # for all names: an office behind one address has its slips, too
FORGET_AFTER = timedelta(minutes=5)
NOBODY = "(no such user)"  # no user can be called so
PROVED_AT = "password_given_at"  # of a session: when its owner last proved who they are


class SignInForm(AuthenticationForm):
    """Refuses an address that gave too many wrong passwords, for a name or for all, until they are forgotten.

    By address, so that nobody can shut a person out from elsewhere; alike for names that no user has, so that nobody
    learns which names there are. Such a name is not written down: it may be a password in the wrong field.
    """

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not fit. Both tell small letters from capitals.",
        "too_many": "Too many wrong passwords from your address. Wait 5 minutes, then try again.",
    }

    def clean(self) -> dict[str, Any]:
        """Check name and password, and count a wrong one."""
        name = self.cleaned_data.get("username", "")
        source = _source(client_address(self.request)) if self.request else ""
        for_name, for_all = _failures(name, source)
        # Who is signed in already is not held up by what others at the address do.
        at_the_door = self.request is None or not self.request.user.is_authenticated
        if for_name >= MOST_FAILURES or (at_the_door and for_all >= MOST_OF_AN_ADDRESS):
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        try:
            return super().clean()
        except ValidationError:
            known = User.objects.filter(username=name).exists()
            audit.note(name if known else NOBODY, FAILED, source, _mark(name))
            raise


def _source(address: str) -> str:
    """Whom an address belongs to, as far as it tells: of IPv6 everybody chooses the second half, at any time."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if isinstance(read, IPv4Address) or read.ipv4_mapped:
        return address
    return str(ip_network((int(read) >> 64 << 64, 64)))


def _mark(name: str) -> str:
    """A name as the record has it: the same each time, and read by nobody without the SECRET_KEY."""
    return f"name {salted_hmac('sign-in', name, algorithm='sha256').hexdigest()[:16]}"


def _failures(name: str, source: str) -> tuple[int, int]:
    """The wrong passwords that are not forgotten yet: for this name, and for all."""
    lately = AuditEntry.objects.filter(at__gte=timezone.now() - FORGET_AFTER, action=FAILED, subject=source)
    found = lately.aggregate(name=Count("pk", filter=Q(detail=_mark(name))), all=Count("pk"))
    return found["name"], found["all"]


@receiver(user_logged_in)
def _note_proof(request: HttpRequest, **kwargs: object) -> None:
    request.session[PROVED_AT] = timezone.now().timestamp()


def is_fresh(request: HttpRequest) -> bool:
    """True when the password was given so lately that nobody else is likely to sit at the keyboard."""
    age = timezone.now().timestamp() - float(request.session.get(PROVED_AT, 0))
    return 0 <= age < settings.CLEANUP_SIGN_IN_MINUTES * 60


def proved(request: HttpRequest) -> str:
    """Take the password that came with a form, when one did; says what is wrong with it."""
    if not (password := request.POST.get("password", "")):
        return ""
    form = SignInForm(request, {"username": request.user.get_username(), "password": password})
    if not form.is_valid():
        return " ".join(map(str, form.non_field_errors()))
    login(request, form.get_user())
    return ""


def ask_again(then: str) -> HttpResponseBase:
    """Lead to the question for the password, and from there to an address that can be opened."""
    return redirect(f"{reverse('sign-in-again')}?{urlencode({'next': then})}")


def freshly_signed_in(view: View) -> View:
    """Ask for the password again before a page that can destroy something. Stands below `open_to`."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        return ask_again(request.path)

    return guarded

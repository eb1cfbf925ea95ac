"""Signing in, with a limit on guessing that needs nothing but the audit record, and signing in again before danger."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import AuditEntry
from accounts.services import audit
from dashboard.access import View, client_address

FAILED = "sign-in failed"
MOST_FAILURES = 10
FORGET_AFTER = timedelta(minutes=5)
PROVED_AT = "password_given_at"  # of a session: when its owner last proved who they are


class SignInForm(AuthenticationForm):
    """Refuses a user name that had too many wrong passwords from the same address, until they are forgotten.

    By address, so that nobody can shut a person out from elsewhere. A name that no user has is not written down: it may
    be a password in the wrong field.
    """

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not fit. Both tell small letters from capitals.",
        "too_many": "Too many wrong passwords for this name from your address. Wait 5 minutes, then try again.",
    }

    def clean(self) -> dict[str, Any]:
        """Check name and password, and count a wrong one."""
        name = self.cleaned_data.get("username", "")
        address = client_address(self.request) if self.request else ""
        if _failures(name, address) >= MOST_FAILURES:
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        try:
            return super().clean()
        except ValidationError:
            if User.objects.filter(username=name).exists():
                audit.note(name, FAILED, address)
            raise


def _failures(name: str, address: str) -> int:
    since = timezone.now() - FORGET_AFTER
    return AuditEntry.objects.filter(at__gte=since, action=FAILED, actor=name, subject=address).count()


@receiver(user_logged_in)
def _note_proof(request: HttpRequest, **kwargs: object) -> None:
    request.session[PROVED_AT] = timezone.now().timestamp()


def is_fresh(request: HttpRequest) -> bool:
    """True when the password was given so lately that nobody else is likely to sit at the keyboard."""
    age = timezone.now().timestamp() - float(request.session.get(PROVED_AT, 0))
    return 0 <= age < settings.CLEANUP_SIGN_IN_MINUTES * 60


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

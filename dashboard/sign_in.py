"""Signing in, with a limit on guessing that needs nothing but the audit record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.services import audit

FAILED = "sign-in failed"
MOST_FAILURES = 10
FORGET_AFTER = timedelta(minutes=5)


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
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
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

"""What people type, checked and handed on as domain types."""

from __future__ import annotations

from django import forms
from django.conf import settings

from accounts.models import Account


class IntervalForm(forms.Form):
    """How often one account is asked, in minutes; left empty, as often as the others."""

    minutes = forms.IntegerField(required=False, min_value=1, max_value=7 * 24 * 60)

    @classmethod
    def of(cls, account: Account) -> IntervalForm:
        """The form as it stands for an account. An interval set in seconds is shown in whole minutes."""
        own = account.poll_interval_seconds
        return cls(initial={"minutes": own and max(1, own // 60)})

    @property
    def seconds(self) -> int | None:
        """The interval, once the form is valid; None for the default."""
        minutes: int | None = self.cleaned_data["minutes"]
        return None if minutes is None else minutes * 60

    @property
    def default_minutes(self) -> int:
        """What an empty field means."""
        return int(settings.POLL_INTERVAL_SECONDS) // 60

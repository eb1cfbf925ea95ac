"""In which organizational unit an account is: one rule for columns, filters, groups and files."""

from __future__ import annotations

from django.db.models import TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, NullIf

from accounts.models import Account

TAG = "unit"  # says it of an account that has no unit of its own


def unit_of(account: Account) -> str:
    """The unit as a path; for an account that has none, what its tag says; empty for neither."""
    return account.unit or str(account.tags.get(TAG, ""))


def unit_in_sql(prefix: str = "") -> Coalesce:
    """The same in SQL; `prefix` leads from the row to its account."""
    own = NullIf(f"{prefix}unit", Value(""))
    return Coalesce(own, KeyTextTransform(TAG, f"{prefix}tags"), Value(""), output_field=TextField())

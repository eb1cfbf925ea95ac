"""The form of one account: what people type is understood kindly, and every error stands at its field."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from accounts.domain.identifiers import PARTITIONS, check_external_id, group_digits, parse_account_id
from accounts.domain.role_policies import ROLE_NAMES, Purpose, new_external_id
from accounts.domain.role_templates import external_id_in_stackset
from accounts.models import Account
from accounts.services.hub import hub_identity
from accounts.services.importing import AccountRow, check_cleaner, check_name, check_role, parse_tags, write_tags
from accounts.services.onboarding import Details, mark_of

T = TypeVar("T")
MOST_NOTES = 20_000
ANY_ACCOUNT = "000000000000"  # stands in an ARN while the id itself is wrong
PARTITION_WORDS = {"aws": "AWS (aws)", "aws-us-gov": "AWS GovCloud (aws-us-gov)", "aws-cn": "AWS China (aws-cn)"}


class AccountForm(forms.Form):
    """Adds an account, or changes the one that it was made with."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)  # the account as it was when the form was drawn
    account_id = forms.CharField(label="Account id", max_length=40)
    name = forms.CharField(label="Name")
    partition = forms.ChoiceField(
        label="Partition", choices=[(name, PARTITION_WORDS[name]) for name in PARTITIONS], initial="aws"
    )
    reader_role = forms.CharField(label="Reader role", initial=ROLE_NAMES[Purpose.READER])
    cleaner_role = forms.CharField(label="Cleaner role", required=False)
    external_id = forms.CharField(label="External id", required=False)
    from_stackset = forms.BooleanField(label="The StackSet makes its roles", required=False)
    tags = forms.CharField(label="Tags", required=False)
    unit = forms.CharField(label="Unit", max_length=1024, required=False)
    owner = forms.CharField(label="Owner", max_length=254, required=False)
    notes = forms.CharField(
        label="Notes", max_length=MOST_NOTES, required=False, widget=forms.Textarea({"rows": 4, "spellcheck": "true"})
    )
    minutes = forms.IntegerField(label="Interval in minutes", required=False, min_value=1, max_value=7 * 24 * 60)
    protected = forms.BooleanField(label="Protect it: no clean-up deletes anything in it", required=False)

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        self.account = account
        super().__init__(*args, **kwargs)
        self.initial["seen"] = mark_of(account)
        if account is not None:
            self.fields["account_id"].disabled = True
            self.initial = {**_as_typed(account), **self.initial}
            self.fields["unit"].disabled = unit_is_theirs(account)
        for name, field in self.fields.items():
            if name == "seen":
                continue
            field.widget.attrs.update({"aria-describedby": f"about_{name}", "autocomplete": "off", "dir": "auto"})
            if not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "field"

    def beside(self) -> AccountForm:
        """The same as typed, to be shown again: beside each field that differs, what is stored by now."""
        typed = {name: self.data[name] for name in self.data}
        form = AccountForm({**typed, "seen": mark_of(self.account)}, account=self.account)
        for name in form.changed_data:
            stored, said = str(form.initial.get(name) or ""), str(form[name].value() or "")
            if not isinstance(form.fields[name], forms.BooleanField) and stored.split() != said.split():
                form[name].help_text = stored or "nothing"
        return form

    def clean_account_id(self) -> str:
        """The twelve digits, also when they were written with dashes or spaces."""
        account_id = _at_field(lambda: parse_account_id(self.cleaned_data["account_id"]), "account_id")
        known = Account.objects.filter(account_id=account_id).first()
        if self.account is None and known is not None:
            raise forms.ValidationError(f"{group_digits(account_id)} is watched already, as {known.name}.")
        return account_id

    def clean_name(self) -> str:
        """A name that can be shown."""
        name: str = self.cleaned_data["name"]
        _at_field(lambda: check_name(name), "name")
        return name

    def clean_external_id(self) -> str:
        """An external id that STS takes; a random one when none was typed."""
        typed: str = self.cleaned_data["external_id"]
        return _at_field(lambda: check_external_id(typed), "external_id") if typed else new_external_id()

    def clean_tags(self) -> dict[str, str]:
        """Tags as keys and values."""
        typed: str = self.cleaned_data["tags"]
        return _at_field(lambda: parse_tags(typed), "tags")

    def clean(self) -> dict[str, Any]:
        """What only makes sense together: the roles belong to the account and its partition."""
        data: dict[str, Any] = super().clean() or {}
        # An id that is wrong is said at its own field; the roles are looked at all the same.
        account_id, partition = data.get("account_id", ""), data.get("partition", "aws")
        for name, column in (("reader_role", "reader_role_arn"), ("cleaner_role", "cleaner_role_arn")):
            data[column] = _role_arn(data.get(name, ""), partition, account_id or ANY_ACCOUNT)
        self._check(
            name="reader_role", check=lambda: self._check_reader(data["reader_role_arn"], partition, account_id)
        )
        if "reader_role" not in self.errors:
            self._check(name="cleaner_role", check=lambda: check_cleaner(data, account_id))
        if data.get("from_stackset") and account_id:
            prefix = hub_identity(partition).external_id_prefix
            data["external_id"] = external_id_in_stackset(prefix, account_id)
        return data

    def _check_reader(self, arn: str, partition: str, account_id: str) -> None:
        if "reader_role" in self.errors:
            return
        check_role(arn, account_id, "reader_role_arn")
        if not arn.startswith(f"arn:{partition}:"):
            raise ValueError(f"reader_role_arn is not in {partition}, the partition chosen above")

    def _check(self, name: str, check: Callable[[], object]) -> None:
        try:
            _at_field(check, f"{name}_arn")
        except forms.ValidationError as error:
            self.add_error(name, error)

    def clean_unit(self) -> str:
        """A path without slashes at its ends, each part of which says something."""
        parts = [part.strip() for part in self.cleaned_data["unit"].strip().strip("/").split("/")]
        if len(parts) > 1 and not all(parts):
            raise forms.ValidationError("A part of the path is empty: write it like Workloads/Prod.")
        return "/".join(parts)

    def details(self) -> Details:
        """What people say of it, once the form is valid: what was sent, and may be said here."""
        data, said = self.cleaned_data, Details()
        if "unit" in self.data and not self.fields["unit"].disabled:
            said["unit"] = data["unit"]
        if "owner" in self.data:
            said["owner"] = data["owner"]
        if "notes" in self.data:
            said["notes"] = data["notes"].replace("\r\n", "\n")
        if "minutes" in self.data:
            said["poll_interval_seconds"] = self._seconds(data["minutes"])
        if data["protected"]:  # begun here, ended on a page of its own
            said["protected"] = True
        return said

    def _seconds(self, minutes: int | None) -> int | None:
        """The interval; one that was set in seconds stays when its rounded minutes were left as they stood."""
        own = self.account.poll_interval_seconds if self.account else None
        if own and minutes == max(1, own // 60):
            return own
        return None if minutes is None else minutes * 60

    def row(self) -> AccountRow:
        """The account, once the form is valid."""
        data = self.cleaned_data
        names = ("account_id", "name", "partition", "reader_role_arn", "cleaner_role_arn", "external_id", "tags")
        return AccountRow(**{name: data[name] for name in names})


def _as_typed(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.grouped_id,
        "name": account.name,
        "partition": account.partition,
        "reader_role": account.reader_role_arn,
        "cleaner_role": account.cleaner_role_arn,
        "external_id": account.external_id,
        "tags": write_tags(account.tags),
        "unit": account.unit,
        "owner": account.owner,
        "notes": account.notes,
        "minutes": account.poll_interval_seconds and max(1, account.poll_interval_seconds // 60),
        "protected": account.protected,
    }


def unit_is_theirs(account: Account) -> bool:
    """True when AWS Organizations says where the account stands: what is typed here would be lost at the next sync."""
    return bool(getattr(account, "organization_state", ""))


def _role_arn(typed: str, partition: str, account_id: str) -> str:
    """A whole ARN as it is; a name, perhaps with a path, as the role of this account."""
    if not typed or typed.startswith("arn:"):
        return typed
    return f"arn:{partition}:iam::{account_id}:role/{typed.strip('/')}"


def _at_field(check: Callable[[], T], column: str) -> T:
    """Turn a ValueError into the field's error; the column's name, which stands above the field, is left out."""
    try:
        return check()
    except ValueError as error:
        said = re.sub(rf"^{column}:? ", "", str(error))
        raise forms.ValidationError(f"{said[0].upper()}{said[1:]}.".replace("..", ".")) from error

"""The forms of an organization: the way in, and which of its accounts are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.domain.identifiers import PARTITIONS, check_external_id, parse_role_arn
from accounts.domain.organization import Selection, parse_rules
from accounts.domain.role_policies import ROLE_NAMES, Purpose, new_external_id
from accounts.models import Organization
from dashboard.onboarding_forms import ANY_ACCOUNT, PARTITION_WORDS

INTERVALS = [("", "only when asked"), ("3600", "every hour"), ("21600", "every 6 hours"), ("86400", "once a day")]
ROOT = "/"  # the root's path is empty, and an empty value of a form is none
UNIT = "unit:"  # a unit's three-way choice is called so, with its path behind


class UnitChoice(forms.Widget):
    """The units of which `unit:PATH` says one thing. The tree with its three-way choices is the template's."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        """The paths of these units."""
        return [key.removeprefix(UNIT) for key in data if key.startswith(UNIT) and data[key] == self.said]


class ConnectForm(forms.Form):
    """The way into an organization. Kept as a whole, or not at all."""

    partition = forms.ChoiceField(
        label="Partition", choices=[(name, PARTITION_WORDS[name]) for name in PARTITIONS], initial="aws"
    )
    access_role_arn = forms.CharField(label="Organization role", required=False, max_length=2048)
    external_id = forms.CharField(label="External id of that role", required=False)
    reads_tags = forms.BooleanField(label="Read the accounts’ tags", required=False, initial=True)

    def __init__(self, *args: Any, organization: Organization | None = None, **kwargs: Any) -> None:
        self.organization = organization or Organization()
        super().__init__(*args, **kwargs)
        if organization is not None:
            self.initial = {name: getattr(organization, name) for name in self.fields}
            self.fields["partition"].disabled = True
        describe_fields(self)

    def clean_external_id(self) -> str:
        """One that STS takes."""
        typed: str = self.cleaned_data["external_id"]
        return _checked(check_external_id, typed) if typed else ""

    def clean(self) -> dict[str, Any]:
        """The role is one of the partition; without an external id of its own it gets a random one."""
        data: dict[str, Any] = super().clean() or {}
        arn = data.get("access_role_arn", "")
        try:
            if arn and parse_role_arn(arn).partition != data.get("partition"):
                raise ValueError("The role is in another partition than the one chosen above.")
        except ValueError as error:
            self.add_error("access_role_arn", str(error))
        data["external_id"] = (data.get("external_id") or new_external_id()) if arn else ""
        return data

    def filled(self) -> Organization:
        """The organization as the form has it, not kept yet."""
        for name in self.fields:
            setattr(self.organization, name, self.cleaned_data[name])
        return self.organization


class RulesForm(forms.Form):
    """Which accounts are wanted, what their roles are named, and how it goes on."""

    include = forms.MultipleChoiceField(required=False, widget=UnitChoice("take"))
    exclude = forms.MultipleChoiceField(required=False, widget=UnitChoice("leave"))
    tag_rules = forms.CharField(label="Tags", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    patterns = forms.CharField(label="Names or ids", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    reader_role = forms.CharField(label="Reader role", max_length=512, initial=ROLE_NAMES[Purpose.READER])
    cleaner_role = forms.CharField(label="Cleaner role", max_length=512, required=False)
    external_ids = forms.ChoiceField(label="External ids", choices=Organization.ExternalIds.choices)
    interval = forms.ChoiceField(label="Read it again", choices=INTERVALS, required=False)
    takes_changes = forms.BooleanField(label="Take what it finds by itself", required=False)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        self.organization = organization
        super().__init__(*args, **kwargs)
        # A unit of an older rule stays a choice: a rule must not go because a unit was renamed.
        paths = ["", *organization.units, *organization.include_units, *organization.exclude_units]
        choices = [(path or ROOT, path or ROOT) for path in dict.fromkeys(paths)]
        self.fields["include"].choices = self.fields["exclude"].choices = choices  # type: ignore[attr-defined]
        self.initial = {**_as_typed(organization), **self.initial}
        describe_fields(self)

    def clean_tag_rules(self) -> list[str]:
        """`key` or `key=value`, one a line."""
        return list(_checked(parse_rules, self.cleaned_data["tag_rules"]))

    def clean_patterns(self) -> list[str]:
        """Patterns with * and ?, one a line; `!` before one leaves accounts out."""
        return list(_checked(parse_rules, self.cleaned_data["patterns"]))

    def clean_reader_role(self) -> str:
        """A role's name, perhaps with a path."""
        return _role_name(self.cleaned_data["reader_role"])

    def clean_cleaner_role(self) -> str:
        """The same; none is fine."""
        return _role_name(self.cleaned_data["cleaner_role"]) if self.cleaned_data["cleaner_role"] else ""

    def clean(self) -> dict[str, Any]:
        """What only makes sense together."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("reader_role") and data.get("reader_role") == data.get("cleaner_role"):
            self.add_error("cleaner_role", "This is the reader role: looking and deleting need two roles.")
        if data.get("takes_changes") and not data.get("interval"):
            self.add_error("takes_changes", "It can take nothing by itself while it is read only when asked.")
        return data

    def units_as_chosen(self) -> Selection:
        """The rules on units alone, also when something else of the form is wrong."""
        chosen = (self[name].value() for name in ("include", "exclude"))
        return Selection(*(tuple(_path(value) for value in values) for values in chosen))

    def selection(self) -> Selection:
        """The rules as typed."""
        units, data = self.units_as_chosen(), self.cleaned_data
        return Selection(units.include, units.exclude, tuple(data["tag_rules"]), tuple(data["patterns"]))

    def filled(self) -> Organization:
        """The organization with these rules, not kept yet."""
        data, rules, one = self.cleaned_data, self.selection(), self.organization
        one.include_units, one.exclude_units = list(rules.include), list(rules.exclude)
        one.tag_rules, one.patterns = data["tag_rules"], data["patterns"]
        for name in ("reader_role", "cleaner_role", "external_ids", "takes_changes"):
            setattr(one, name, data[name])
        one.interval_seconds = int(data["interval"]) if data["interval"] else None
        return one


def _path(value: str) -> str:
    return "" if value == ROOT else value


def _as_typed(one: Organization) -> dict[str, Any]:
    return {
        "include": [path or ROOT for path in one.include_units],
        "exclude": [path or ROOT for path in one.exclude_units],
        "tag_rules": "\n".join(one.tag_rules),
        "patterns": "\n".join(one.patterns),
        "reader_role": one.reader_role,
        "cleaner_role": one.cleaner_role,
        "external_ids": one.external_ids,
        "interval": str(one.interval_seconds or ""),
        "takes_changes": one.takes_changes,
    }


def describe_fields(form: forms.Form) -> None:
    """Tie every field to its explanation, and give it the look of the house."""
    for name, field in form.fields.items():
        field.widget.attrs.update({"aria-describedby": f"about_{name}", "autocomplete": "off", "dir": "auto"})
        if not isinstance(field, forms.BooleanField):
            field.widget.attrs["class"] = "field"


def _role_name(typed: str) -> str:
    name = typed.strip().strip("/")
    try:
        parse_role_arn(f"arn:aws:iam::{ANY_ACCOUNT}:role/{name}")
    except ValueError:
        raise forms.ValidationError(
            "Not the name of an IAM role: such as MqSlrReader or security/MqSlrReader."
        ) from None
    return name


def _checked(check: Any, typed: str) -> Any:
    try:
        return check(typed)
    except ValueError as error:
        raise forms.ValidationError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error

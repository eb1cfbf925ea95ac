"""The form of one row of the region table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from accounts.domain.region_table import MAX_NAME, MAX_NOTE, Row, guide_row
from accounts.domain.regions import check_region_code, endpoint_of, partition_of

T = TypeVar("T")


class RegionForm(forms.Form):
    """Adds a row, or changes the one that it was made with: its code stays, since cells and brokers hang on it."""

    code = forms.CharField(label="Region identity", max_length=60)
    name = forms.CharField(label="Region name", max_length=MAX_NAME)
    supported = forms.ChoiceField(label="Support in Amazon MQ", choices=[("yes", "Yes"), ("no", "No")])
    opt_in = forms.BooleanField(label="An account has to enable it first", required=False)
    polled = forms.BooleanField(label="Poll it", required=False)
    note = forms.CharField(label="Note", max_length=MAX_NOTE, required=False, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, row: Row | None = None, **kwargs: Any) -> None:
        self.row = row
        super().__init__(*args, **kwargs)
        if row is not None:
            self.fields["code"].disabled = True
            self.initial = {**_as_typed(row), **self.initial}
        for name, field in self.fields.items():
            field.widget.attrs.update({"aria-describedby": f"about_{name}", "autocomplete": "off", "dir": "auto"})
            if not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "field"

    @classmethod
    def for_new(cls, code: str, name: str) -> RegionForm:
        """The empty form, filled in as far as anything is known of the region."""
        return cls(initial={"code": code, "name": name, "polled": True, "opt_in": partition_of(code) == "aws"})

    def clean_code(self) -> str:
        """A code as AWS writes it, in a partition that Rolecall watches."""
        typed: str = self.cleaned_data["code"]
        return _at_field(lambda: check_region_code(typed))

    def clean_name(self) -> str:
        """A name that can be shown."""
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise forms.ValidationError("The name has a control character.")
        return name

    def wanted(self) -> Row:
        """The row, once the form is valid; whether the guide has it is not for people to say."""
        data = self.cleaned_data
        shipped = guide_row(data["code"])
        return Row(
            code=data["code"],
            name=data["name"],
            supported=data["supported"] == "yes",
            beyond_guide=shipped is None or shipped.beyond_guide,
            opt_in=data["opt_in"],
            polled=data["polled"],
            note=" ".join(data["note"].split()),
        )

    @property
    def endpoint(self) -> str:
        """Where polls would ask; empty while the code is none."""
        code = self["code"].value() or ""
        try:
            return endpoint_of(check_region_code(str(code)))
        except ValueError:
            return ""


def _as_typed(row: Row) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "supported": "yes" if row.supported else "no",
        "opt_in": row.opt_in,
        "polled": row.polled,
        "note": row.note,
    }


def _at_field(check: Callable[[], T]) -> T:
    """Turn a ValueError into the field's error."""
    try:
        return check()
    except ValueError as error:
        said = str(error).removeprefix("code ")
        raise forms.ValidationError(f"{said[0].upper()}{said[1:]}.") from error

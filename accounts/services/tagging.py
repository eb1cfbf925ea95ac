"""Tags on many accounts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Account
from accounts.services.acts import Cannot
from accounts.services.importing import parse_tags


class TagMode(StrEnum):
    """What happens to the tag of that key."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True)
class SetTag:
    """Adds, replaces or removes one tag. Removing without a value takes the key away whatever it says."""

    mode: TagMode
    key: str
    value: str = ""
    any_value: bool = False  # of a removal
    fields: Sequence[str] = ("tags",)

    @property
    def action(self) -> str:
        """The words of the audit record."""
        return f"{self.mode} tag"

    @property
    def detail(self) -> str:
        """The tag."""
        return self.key if self.any_value else f"{self.key}={self.value}"

    def change(self, account: Account) -> None:
        """Change the tags. Raises Cannot for an account that has the key with another value, when adding."""
        had = account.tags.get(self.key)
        if self.mode is TagMode.REMOVE:
            if had is not None and (self.any_value or had == self.value):
                account.tags = {key: value for key, value in account.tags.items() if key != self.key}
        elif self.mode is TagMode.ADD and had is not None and had != self.value:
            raise Cannot(f"has another {self.key} already; “replace” would change it")
        else:
            account.tags = {**account.tags, self.key: self.value}

    def settle(self, accounts: Sequence[Account]) -> None:
        """Nothing follows."""


def tag_act(mode: str, text: str) -> SetTag:
    """Read `key=value`; when removing, `key` alone too. Raises ValueError with what is wrong."""
    wanted = TagMode(mode)
    tags = parse_tags(text.strip())
    if len(tags) != 1:
        raise ValueError("Type one tag: key=value.")
    ((key, value),) = tags.items()
    alone = "=" not in text and not text.lstrip().startswith("{")
    if alone and wanted is not TagMode.REMOVE:
        raise ValueError(f"Type a value, too: {key}=value.")
    return SetTag(wanted, key, value, any_value=alone)

"""What can be done to many accounts at once: the words of each act, what it asks for, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import QueryDict

from accounts.models import AccountQuerySet, BulkAct
from accounts.services.acts import Act, Done, Tally, chosen_pks, perform, preview
from accounts.services.deleting import delete_accounts, preview_deletion
from accounts.services.protection import PROTECT, UNPROTECT
from accounts.services.schedule import PAUSE, RESUME, SetInterval
from accounts.services.tagging import TagMode, tag_act
from dashboard.access import Person
from dashboard.filters import account_filter
from dashboard.forms import IntervalForm
from dashboard.organization_words import rest_words
from dashboard.selection import chosen_accounts
from dashboard.words import plural

KEEP, PURGE = "keep", "purge"


class NoArguments(forms.Form):
    """For acts that ask for nothing."""


class TagForm(forms.Form):
    """One tag, and what is to happen to it."""

    mode = forms.ChoiceField(
        label="What to do",
        choices=[
            (TagMode.ADD.value, "Add it; whoever has another value of the key keeps that"),
            (TagMode.REPLACE.value, "Add or replace it; another value of the key is lost"),
            (TagMode.REMOVE.value, "Remove it: a key alone, or only where it has this value"),
        ],
        initial=TagMode.ADD.value,
        widget=forms.RadioSelect,
    )
    tag = forms.CharField(label="Tag", max_length=600, widget=forms.TextInput({"placeholder": "key=value"}))

    def clean(self) -> dict[str, Any]:
        """The act that this makes, under `act`."""
        data = super().clean() or {}
        if "mode" in data and "tag" in data:
            try:
                data["act"] = tag_act(data["mode"], data["tag"])
            except ValueError as error:
                self.add_error("tag", str(error))
        return data


class DeleteForm(forms.Form):
    """Whether the history stays."""

    fate = forms.ChoiceField(
        label="Their history",
        choices=[
            (KEEP, "Keep it: it can be read under the account's address, and the account can come back with it"),
            (PURGE, "Purge it: only the audit record is left, and there is no way back"),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True)
class Deed:
    """One act of the bar."""

    key: str
    button: str  # in the bar
    title: str  # over its page
    says: str
    verb: str  # on the button that does it, before the number
    done: str  # after the number, when it is done
    form: type[forms.Form] = NoArguments
    serious: bool = False  # asks for a fresh sign-in
    typed: bool = False  # asks for a phrase
    act: Callable[[dict[str, Any]], Act] | None = None  # None: none of the acts that change fields


DEEDS: Final = {
    deed.key: deed
    for deed in (
        Deed(
            "poll", "Poll now", "Poll now", "A sweep over them begins at once, ahead of the schedule.",
            "Poll", "polled",
        ),
        Deed(
            "tag", "Tag…", "Change a tag", "Tags are Rolecall's own: nothing is tagged in AWS.",
            "Change the tag of", "changed", TagForm, act=lambda given: given["act"],
        ),
        Deed(
            "pause", "Pause", "Pause polling", "The schedule leaves them out until somebody resumes them.",
            "Pause", "paused", act=lambda given: PAUSE,
        ),
        Deed(
            "resume", "Resume", "Resume polling", "The schedule asks them again.",
            "Resume", "resumed", act=lambda given: RESUME,
        ),
        Deed(
            "protect", "Protect", "Protect", "No clean-up deletes anything in them; one that runs stops.",
            "Protect", "protected", act=lambda given: PROTECT,
        ),
        Deed(
            "unprotect", "End protection…", "End the protection",
            "Clean-ups may be planned and confirmed for them again, brokers and the role included.",
            "End the protection of", "no longer protected", serious=True, act=lambda given: UNPROTECT,
        ),
        Deed(
            "interval", "Interval…", "Set the interval", "How often the schedule asks them.",
            "Set the interval of", "changed", IntervalForm, act=lambda given: SetInterval(_seconds(given)),
        ),
        Deed(
            "check", "Check access", "Check access",
            "Workers assume their roles and try each call that Rolecall needs; nothing is changed in AWS.",
            "Check", "being checked",
        ),
        Deed(
            "delete", "Delete…", "Delete from Rolecall",
            "They are no longer polled and are in no list. Nothing is deleted in AWS: their brokers and roles stay.",
            "Delete", "deleted", DeleteForm, serious=True, typed=True,
        ),
    )
}  # fmt: skip


def _seconds(given: dict[str, Any]) -> int | None:
    minutes: int | None = given["minutes"]
    return None if minutes is None else minutes * 60


@dataclass(frozen=True)
class Prepared:
    """An act as it would be done now."""

    deed: Deed
    bulk: BulkAct
    accounts: AccountQuerySet
    form: forms.Form
    problems: list[str]

    @property
    def given(self) -> dict[str, Any]:
        """The arguments, once the form is valid."""
        return self.form.cleaned_data

    @property
    def purges(self) -> bool:
        """True for a deletion that keeps no history."""
        return self.form.is_valid() and self.given.get("fate") == PURGE

    def tally(self) -> Tally:
        """What it would change. Raises TooMany."""
        if self.deed.key == "delete":
            return preview_deletion(self.accounts, purge=self.purges)
        if self.deed.act is not None:
            return preview(self.deed.act(self.given), self.accounts)
        return self._asked()

    def _asked(self) -> Tally:
        """Polls and checks change nothing. A paused account is polled from its own page, a resting one not at all."""
        tally = Tally()
        chosen_pks(self.accounts)  # raises TooMany
        for account in self.accounts.only("account_id", "name", "paused", "organization_state"):
            if self.deed.key == "poll" and account.rests:
                tally.take_refusal(account, f"is {rest_words(account)}: nobody can get in")
            elif self.deed.key == "poll" and account.paused:
                tally.take_refusal(account, "is paused: resume it, or poll it from its own page")
            else:
                tally.take_change(account)
        return tally

    def do(self, actor: str, seen: str) -> Done:
        """Do it. Raises TooMany, and Changed when these are not the accounts that were seen."""
        if self.deed.key == "delete":
            return delete_accounts(self.accounts, actor, purge=self.purges, seen=seen)
        assert self.deed.act is not None, self.deed.key  # noqa: S101  # polls and checks have their own ways
        return perform(self.deed.act(self.given), self.accounts, actor, seen=seen)

    def tag_words(self, tally: Tally) -> str:
        """What becomes of the tag, and of what stood in its place: `team=mq is new on 3 accounts; 0 lose a value`."""
        if self.deed.key != "tag":
            return ""
        losing = tally.lost.total()
        loses = f"{losing:,} {'loses' if losing == 1 else 'lose'} a value"
        if self.given["mode"] == TagMode.REMOVE:
            return loses
        return f"{self.given['act'].detail} is new on {plural(tally.changed - losing, 'account')}; {loses}"

    def phrase(self, tally: Tally) -> str:
        """What has to be typed; empty when nothing has."""
        if not self.deed.typed:
            return ""
        if tally.changed == 1:
            return tally.changed_numbers[0]
        return f"{'purge' if self.purges else 'delete'} {plural(tally.changed, 'account')}"

    def counted_otherwise(self, tally: Tally) -> str:
        """A sentence when the list said another number than there is now."""
        before = self.bulk.counted
        if before is None or before == tally.total:
            return ""
        were = "were ticked" if self.bulk.ticked else "matched"
        return f"{plural(before, 'account')} {were} when you chose; by now it is {plural(tally.total, 'account')}."


def begin(person: str, act: str, page: str, query: str, ticked: list[str], counted: int | None) -> BulkAct:
    """Keep what somebody has chosen, for a day."""
    return BulkAct.objects.create(person=person, act=act, page=page, filter=query, ticked=ticked, counted=counted)


def prepare(bulk: BulkAct, data: QueryDict, person: Person) -> Prepared:
    """Read the arguments, and see which accounts it is about by now."""
    deed = DEEDS[bulk.act]
    asked = any(name in data for name in deed.form.base_fields) or not deed.form.base_fields
    narrowed = account_filter(QueryDict(bulk.filter), person)
    problems = [] if bulk.ticked else narrowed.problems()
    form = deed.form(data if asked else None)
    return Prepared(deed, bulk, chosen_accounts(bulk.ticked, bulk.filter, person), form, problems)


def finish(prepared: Prepared, done: Done) -> None:
    """Keep what it came to, for its page and the undo."""
    bulk, tally = prepared.bulk, done.tally
    bulk.entry = done.entry
    bulk.result = {
        "changed": tally.changed,
        "alike": tally.alike,
        "refused": tally.refused,
        "purged": prepared.purges,
    }
    bulk.save(update_fields=["entry", "result"])

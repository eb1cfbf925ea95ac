"""One sentence of help for every page, and where the documentation says more."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.manual import address_of


@dataclass(frozen=True, slots=True)
class PageHelp:
    """What a page is for, and the page and section of docs/ that say more: `polling#when`."""

    sentence: str
    where: str

    @property
    def url(self) -> str:
        """Where to read on."""
        page, _, anchor = self.where.partition("#")
        return address_of(page, anchor)


# By the name of the URL, or by its first words for the pages of one thing.
HELP = {
    "overview": PageHelp("What needs a person now, and the totals over all accounts.", "glossary#what-rolecall-says"),
    "matrix": PageHelp(
        "Accounts down, regions across: a cell is the number of brokers there, as last known.",
        "views#the-matrix-in-groups",
    ),
    "accounts": PageHelp(
        "Every watched account with the verdict on its role; tick some to act on all of them at once.",
        "managing#many-at-once",
    ),
    "account": PageHelp(
        "One account: its role and policy beside the documented ones, its brokers, what blocks a deletion.", "account"
    ),
    "account-region": PageHelp(
        "One account in one region: the last probe, the last good answer and its age, the brokers there.",
        "views#a-cells-panel-and-the-keys",
    ),
    "account-edits": PageHelp(
        "What people changed here in one account, newest first; what AWS changed is in its history.",
        "managing#one-account",
    ),
    "account-restore": PageHelp("Back among the watched, with all it had; polls begin anew.", "managing#deleting"),
    "account-purge": PageHelp(
        "Takes away all that Rolecall knows of a deleted account but the audit record; nothing in AWS.",
        "managing#deleting",
    ),
    "archived": PageHelp(
        "Accounts that are watched no more: kept with all they had, and restored or purged here.",
        "managing#deleting",
    ),
    "act": PageHelp(
        "What an act would change in the accounts that were chosen; nothing is done before you say so.",
        "managing#many-at-once",
    ),
    "role": PageHelp(
        "Ask AWS to make the role anew, or to describe it; both need a cleaner role that may.", "campaigns#the-way-back"
    ),
    "brokers": PageHelp(
        "Every broker that Rolecall knows of; only RabbitMQ brokers use the role.", "glossary#what-rolecall-watches"
    ),
    "cells": PageHelp(
        "The matrix as a list: every account in every region, those without an answer included.", "views#cells"
    ),
    "cleanups": PageHelp("Every plan and clean-up; a plan deletes nothing until somebody confirms it.", "cleanup"),
    "cleanup": PageHelp(
        "One plan and its running: exact ARNs, a phrase, and a fresh look before each step.", "cleanup#2-read-the-plan"
    ),
    "cleanup-confirm": PageHelp(
        "The last page before a plan may delete: the phrase names what goes.", "cleanup#3-confirm"
    ),
    "cleanup-approve": PageHelp(
        "A second person reads the same plan with the same hash, and says yes or leaves it.",
        "cleanup#4-have-it-approved",
    ),
    "cleanup-report": PageHelp("What a clean-up did, step by step, to be printed or filed.", "campaigns#reports"),
    "campaigns": PageHelp("Clean-ups of many accounts under one decision, a few at a time.", "campaigns"),
    "campaign": PageHelp(
        "Clean-ups under one decision; the first surprise stops all that have not begun.",
        "campaigns#many-accounts-under-one-decision",
    ),
    "regions": PageHelp(
        "Which regions Amazon MQ is polled in, as the guide says or as you switch them.",
        "regions#changing-the-table",
    ),
    "regions-refresh": PageHelp(
        "What AWS lists for Amazon MQ beside the table; only what you tick is taken.", "regions#refresh-from-aws"
    ),
    "regions-reset": PageHelp(
        "One row or all as the guide has them, shown before it is done.", "regions#changing-the-table"
    ),
    "region": PageHelp(
        "One region over all accounts: the guide’s word, its brokers, and who gives no answer there.",
        "regions#one-region",
    ),
    "region-add": PageHelp(
        "A further region to poll; its partition follows from its code.", "regions#changing-the-table"
    ),
    "region-edit": PageHelp(
        "One row of the region table: what polls and clean-ups go by, with an undo.", "regions#changing-the-table"
    ),
    "region-remove": PageHelp(
        "Takes out a row that was added by hand, while no broker is known there.", "regions#changing-the-table"
    ),
    "sweeps": PageHelp("Every round of polling, and the button that pauses the schedule.", "polling#when"),
    "sweep": PageHelp(
        "One round of polling: how far it is, what it asked of AWS, and which accounts gave no answer.", "polling#when"
    ),
    "onboarding": PageHelp(
        "How each account lets Rolecall in, and the ways to add accounts.", "onboarding#one-account"
    ),
    "onboarding-add": PageHelp(
        "One account by hand: its id and the role that may look; nothing changes in AWS.", "onboarding#one-account"
    ),
    "onboarding-edit": PageHelp(
        "What Rolecall knows of one account by your word; each change can be undone for a day.", "managing#one-account"
    ),
    "onboarding-hub": PageHelp(
        "The identity that the workers run with, which the accounts’ roles trust.", "onboarding#who-rolecall-is"
    ),
    "onboarding-roles": PageHelp(
        "The roles of one account, written for this installation: make them there, then check.", "onboarding#the-roles"
    ),
    "onboarding-import": PageHelp(
        "Many accounts by a file: first a preview with every bad line, then all of it or nothing.", "onboarding#the-csv"
    ),
    "onboarding-organizations": PageHelp(
        "Accounts from AWS Organizations: read whole, chosen by rules, taken as you saw them.",
        "onboarding#a-whole-organization",
    ),
    "onboarding-organization": PageHelp(
        "One organization: what it said last, and what differs from what is watched.",
        "onboarding#a-whole-organization",
    ),
    "search": PageHelp(
        "Accounts, brokers and regions by their names; one hit alone is opened at once.", "views#the-search-box"
    ),
    "views": PageHelp("Filters, order and columns kept under a name, and reports that programs fetch.", "views#views"),
    "audit": PageHelp("Who did what, when and from where.", "operating#people"),
    "help": PageHelp("The documentation of this installation’s version.", "index"),
    "sign": PageHelp("Acts that cannot be undone ask for the password once more.", "cleanup#3-confirm"),
}


def help_for(url_name: str) -> PageHelp | None:
    """The help of a page by the name of its URL; a page without an entry of its own has that of its first words."""
    words = url_name.split("-")
    names = ("-".join(words[:count]) for count in range(len(words), 0, -1))
    return next((HELP[name] for name in names if name in HELP), None)

"""The read model of one cell's panel: what the last probe came to, the brokers there, and what has changed."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.domain.outcomes import Outcome
from accounts.models import Account, Cell, Region
from accounts.services.schedule import polling_pause
from dashboard.access import Person, visible_accounts
from dashboard.account_polling import next_poll
from dashboard.matrix import CellView, cell_view
from dashboard.tables.cells import counts_in_words, kind, no_answer_words
from dashboard.words import fresh_words

# How the sentence on a refusal begins, and who has refused then: not always the role that Rolecall has assumed.
REFUSED_BY = {
    "A service control policy": "a service control policy",
    "A resource control policy": "a resource control policy",
    "The permissions boundary": "the role’s permissions boundary",
    "The session policy": "Rolecall’s own session policy",
    "The policy of a VPC endpoint": "the policy of a VPC endpoint",
    "A policy of the assumed role": "a policy of the role itself",
}
MISSING = "The assumed role may not call"
# What another poll may mend by itself. The others wait for somebody to mend something first.
PASSING = (Outcome.NEVER, Outcome.THROTTLED, Outcome.UNREACHABLE, Outcome.FAILED)
HISTORY_SHOWN = 20
BROKERS_SHOWN = 50


def cell_of(person: Person, account_id: str, code: str) -> tuple[Account, Region]:
    """An account and a region of its partition. Raises Http404 for what is not there or not visible."""
    account = get_object_or_404(visible_accounts(person).select_related("role_status"), account_id=account_id)
    return account, get_object_or_404(Region, code=code, partition=account.partition)


def cell_context(person: Person, account_id: str, code: str) -> dict[str, object]:
    """Gather the panel. Raises Http404."""
    account, region = cell_of(person, account_id, code)
    view, now = cell_view(region, Cell.objects.filter(account=account, region=region).first()), timezone.now()
    there, old = account.brokers.filter(region=region), view.outcome is Outcome.OK and view.old(now)
    meaning, quoted = told_apart(view)
    return {
        "account": account,
        "region": region,
        "view": view,
        "kind": kind(view, now),
        "sentence": sentence(view),
        "old": old,
        "poll_helps": old or view.outcome in PASSING,
        "missing": view.detail.startswith(MISSING),
        "refused_by": next((by for begin, by in REFUSED_BY.items() if view.detail.startswith(begin)), ""),
        "meaning": meaning,
        "quoted": quoted,
        "fresh": fresh_words(),
        "broker_count": there.count(),
        "brokers": there[:BROKERS_SHOWN],
        "changes": account.changes.filter(region_code=region.code)[:HISTORY_SHOWN],
        "next_poll": next_poll(account, polling_pause(), now),
    }


def told_apart(view: CellView) -> tuple[str, str]:
    """What Rolecall says of a failure, and the words of AWS that it quotes; most sentences quote none."""
    said, mark, quoted = view.detail.partition(f" with {view.code}: ")
    return (f"{said} with {view.code}.", quoted) if mark and view.code else (view.detail, "")


def sentence(view: CellView) -> str:
    """What the cell says, without its ages: those stand below."""
    if view.outcome is Outcome.OK:
        return counts_in_words(view)
    known = "nothing is known" if view.brokers is None else f"last known: {counts_in_words(view)}"
    return f"{no_answer_words(view)}; {known}"

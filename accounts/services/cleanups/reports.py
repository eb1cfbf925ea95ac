"""A clean-up as scripts, auditors and printers read it: the plan, how it stands, and every step with its answer."""

from __future__ import annotations

from typing import Any, Final

from accounts.domain.plans import Plan, iso
from accounts.models import Cleanup, JournalEntry, Target

JOURNAL_COLUMNS: Final = (
    *("at", "step", "action", "target", "deletes", "intent"),
    *("answer", "answered_at", "code", "request_id"),
)


def plan_object(cleanup: Cleanup) -> dict[str, Any]:
    """The plan as `manage.py cleanup plan` gives it. While the first look goes on it lists nothing."""
    plan = cleanup.plan
    return {
        "plan": cleanup.pk,
        "account_id": cleanup.account.account_id,
        "hash": cleanup.plan_sha256,
        "state": str(cleanup.state),
        "phrase": plan.phrase if plan else "",
        "deletes": list(plan.arns) if plan else [],
        "keeps": [broker.arn for broker in plan.keeps] if plan else [],
        "unknown": sorted(plan.unknown) if plan else [],
        "warnings": [*cleanup.warnings, *([cleanup.problem] if cleanup.problem else [])],
        "refusals": [{"rule": refusal["rule"], "detail": refusal["detail"]} for refusal in cleanup.refusals],
    }


def status_of(cleanup: Cleanup) -> dict[str, Any]:
    """How a clean-up stands, as `manage.py cleanup status` gives it. Times are ISO 8601 in UTC, empty for none."""
    return {
        "plan": cleanup.pk,
        "state": str(cleanup.state),
        "step": str(cleanup.step),
        "attempts": cleanup.attempts,
        "next_try_at": iso(cleanup.next_try_at),
        "reason": cleanup.reason,
        "usage": [{"region": used["region"], "resource": used["resource"]} for used in cleanup.usage],
        "journal": [_short(entry) for entry in cleanup.journal.all()],
    }


def _short(entry: JournalEntry) -> dict[str, str]:
    return {"at": iso(entry.at), "step": entry.step, "intent": entry.intent, "answer": entry.answer}


def report_of(cleanup: Cleanup) -> dict[str, Any]:
    """Everything that is on record of a clean-up: who, what, when, and the journal with AWS's request ids."""
    plan = cleanup.plan
    return {
        **plan_object(cleanup),
        **{name: value for name, value in status_of(cleanup).items() if name != "journal"},
        "account_name": plan.account_name if plan else cleanup.account.name,
        "partition": cleanup.account.partition,
        "campaign": cleanup.campaign_id,
        "people": people_of(cleanup),
        "accepted_regions": cleanup.accepted_regions,
        "differences": cleanup.differences,
        "created_at": iso(cleanup.created_at),
        "looked_at": iso(cleanup.looked_at),
        "started_at": iso(cleanup.started_at),
        "finished_at": iso(cleanup.finished_at),
        "targets": [_target(target) for target in cleanup.targets.all()],
        "role": _role(cleanup, plan),
        "journal": [dict(zip(JOURNAL_COLUMNS, journal_row(entry), strict=True)) for entry in cleanup.journal.all()],
    }


def people_of(cleanup: Cleanup) -> list[dict[str, str]]:
    """Who did what to bring it about, in the order in which it was done."""
    acts = (
        ("asked", cleanup.requested_by, cleanup.created_at),
        ("confirmed", cleanup.confirmed_by, cleanup.confirmed_at),
        ("approved", cleanup.approved_by, cleanup.approved_at),
        ("wanted it cancelled", cleanup.cancel_wanted_by, cleanup.finished_at),
    )
    done = [{"did": did, "who": who, "at": iso(at)} for did, who, at in acts if who]
    return sorted(done, key=lambda act: act["at"])


def journal_row(entry: JournalEntry) -> tuple[object, ...]:
    """One step in the order of JOURNAL_COLUMNS."""
    asked = (iso(entry.at), entry.step, entry.action, entry.target, entry.deletes, entry.intent)
    return (*asked, entry.answer, iso(entry.answered_at), entry.code, entry.request_id)


def _target(target: Target) -> dict[str, str]:
    about = {name: getattr(target, name) for name in ("arn", "name", "engine", "instance_type", "state", "detail")}
    return {
        **about,
        "region": target.region_code,
        "asked_at": iso(target.asked_at),
        "gone_at": iso(target.gone_at),
    }


def _role(cleanup: Cleanup, plan: Plan | None) -> dict[str, str]:
    """The role of the plan and what the clean-up's end says of it; a run that did not end well proves nothing."""
    if plan is None or not plan.role_arn:
        return {}
    return {"arn": plan.role_arn, "role_id": plan.role_id, "gone": "yes" if cleanup.state == "done" else "not proven"}

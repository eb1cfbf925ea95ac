"""`manage.py cleanup plan|approve|start|status|cancel`: the pages' rules for the shell.

It stands in dashboard, not in accounts: who may act is dashboard.access's to say.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from accounts.domain.cleanups import ENDS, State
from accounts.domain.identifiers import parse_account_id
from accounts.domain.plans import iso
from accounts.models import Account, Cleanup
from accounts.services.cleanups import drawing, gates
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.rehearsal import Rehearsal, rehearse
from accounts.services.cleanups.reports import plan_object, status_of
from dashboard.access import Role, Shell, known_accounts, may, visible_accounts
from dashboard.words import plural

SHELL = "manage.py"
LOOK_EVERY_SECONDS = 0.5


class Command(BaseCommand):
    """Plans, approves, starts, follows and cancels clean-ups."""

    help = "Delete the role of an account safely: plan, approve, start, status, cancel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the sub-commands."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="plan|approve|start|status|cancel")
        plan = acts.add_parser("plan", help="look at an account and store what a clean-up would delete")
        plan.add_argument("--account", required=True, metavar="ID")
        plan.add_argument(
            "--include-broker", action="append", default=[], metavar="ARN", help="delete this one, too; repeatable"
        )
        plan.add_argument("--as", dest="person", metavar="USER", help="whoever asks; that person cannot approve")
        plan.add_argument("--reason", default="", help="goes into the audit record")
        approve = _of_a_plan(acts.add_parser("approve", help="be the second person"), acting=True)
        start = _of_a_plan(acts.add_parser("start", help="confirm a plan, and carry it out once approved"), acting=True)
        start.add_argument("--confirm", metavar="PHRASE", help="the phrase that the plan shows")
        start.add_argument("--dry-run", action="store_true", help="say what would happen; change nothing")
        start.add_argument("--wait", action="store_true", help="follow it to its end; exit 0 only for done")
        status = _of_a_plan(acts.add_parser("status", help="say how a clean-up stands"))
        cancel = _of_a_plan(acts.add_parser("cancel", help="stop a clean-up"), acting=True)
        for one in (plan, approve, start, status, cancel):
            one.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say in one sentence why not."""
        acts = {
            "plan": self._plan,
            "approve": self._approve,
            "start": self._start,
            "status": self._status,
            "cancel": self._cancel,
        }
        try:
            acts[options["act"]](options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _plan(self, options: dict[str, Any]) -> None:
        person = _operator(options["person"]) if options["person"] else SHELL
        asked = drawing.request_plan(
            _account(options["account"]), person, options["include_broker"], send=False, why=options["reason"]
        )
        drawing.draw(asked.pk)
        cleanup = _cleanup(asked.pk)
        self._tell(options, plan_object(cleanup), _plan_lines(cleanup))
        if cleanup.refusals or cleanup.plan is None:
            sys.exit(1)

    def _approve(self, options: dict[str, Any]) -> None:
        cleanup = _cleanup(options["plan"])
        cleanup = gates.approve(cleanup, _operator(options["person"]), cleanup.plan_sha256)
        begins = _begins(cleanup) if cleanup.confirmed_at else "it begins once somebody confirms it with `start`"
        self._tell(options, status_of(cleanup), [f"{cleanup} is approved by {cleanup.approved_by}: {begins}"])

    def _start(self, options: dict[str, Any]) -> None:
        cleanup, person = _cleanup(options["plan"]), _operator(options["person"])
        if options["dry_run"]:
            self._rehearse(cleanup, options)
            return
        if not options["confirm"]:
            raise CommandError("--confirm PHRASE is missing: `cleanup plan` shows the plan's phrase")
        cleanup = gates.confirm(cleanup, person, options["confirm"], cleanup.plan_sha256)
        if options["wait"]:
            self._follow(cleanup, options)
            return
        waits = "it waits for approval" if cleanup.state == State.AWAITING_APPROVAL else _begins(cleanup)
        self._tell(options, status_of(cleanup), [f"{cleanup} is confirmed by {person}: {waits}"])

    def _rehearse(self, cleanup: Cleanup, options: dict[str, Any]) -> None:
        if options["confirm"] and cleanup.plan and options["confirm"].split() != cleanup.plan.phrase.split():
            raise CommandError(f"This is not the plan's phrase. Type exactly: {cleanup.plan.phrase}")
        rehearsal = rehearse(cleanup)
        told = {
            "plan": cleanup.pk,
            "calls": [{"action": action, "target": target} for action, target in rehearsal.calls],
            "problems": list(rehearsal.problems),
        }
        self._tell(options, told, _rehearsal_lines(rehearsal))
        if not rehearsal.would_run:
            sys.exit(1)

    def _follow(self, cleanup: Cleanup, options: dict[str, Any]) -> None:
        """Write a line whenever something changes, until the end; its expiry is the latest end of a plan."""
        said = ""
        while (state := State(cleanup.state)) not in ENDS:
            line = _standing(cleanup)
            if line != said:
                self.stderr.write(line)
                said = line
            time.sleep(LOOK_EVERY_SECONDS)
            close_old_connections()
            cleanup.refresh_from_db()
            gates.void_when_expired(cleanup)
        self._tell(options, status_of(cleanup), [_standing(cleanup)])
        if state is not State.DONE:
            sys.exit(1)

    def _status(self, options: dict[str, Any]) -> None:
        cleanup = _cleanup(options["plan"])
        journal = [f"{entry.at:%H:%M:%S}  {entry.intent}  {entry.answer}".rstrip() for entry in cleanup.journal.all()]
        self._tell(options, status_of(cleanup), [_standing(cleanup), *journal])

    def _cancel(self, options: dict[str, Any]) -> None:
        cleanup = _cleanup(options["plan"])
        done = gates.cancel(cleanup, _operator(options["person"]))
        cleanup.refresh_from_db()
        stops = "is cancelled" if cleanup.state == State.CANCELLED else "stops at its next step"
        self._tell(options, status_of(cleanup), [f"{cleanup} {stops}. {done}"])

    def _tell(self, options: dict[str, Any], told: dict[str, Any], lines: list[str]) -> None:
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["format"] == "json" else "\n".join(lines))


def _of_a_plan(parser: ArgumentParser, *, acting: bool = False) -> ArgumentParser:
    parser.add_argument("plan", type=int, metavar="PLAN", help="the number that `cleanup plan` gave")
    if acting:
        parser.add_argument("--as", dest="person", required=True, metavar="USER", help="an operator's user name")
    return parser


def _operator(name: str) -> str:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"there is no user {name}")
    if not user.is_active:
        raise CommandError(f"{name} may not sign in any more")
    if not may(user, Role.OPERATOR):
        raise CommandError(f"{name} is no operator: add the user to the group operator")
    return str(user.get_username())


def _account(text: str) -> Account:
    try:
        account_id = parse_account_id(text)
    except ValueError as error:
        raise CommandError(str(error)) from error
    account = visible_accounts(Shell.OPERATOR).filter(account_id=account_id).first()
    if account is None:
        raise CommandError(f"no such account: {account_id}")
    return account


def _cleanup(pk: int) -> Cleanup:
    mine = known_accounts(Shell.OPERATOR).order_by().values("pk")
    cleanup = Cleanup.objects.select_related("account").filter(pk=pk, account__in=mine).first()
    if cleanup is None:
        raise CommandError(f"there is no clean-up {pk}")
    return cleanup


def _plan_lines(cleanup: Cleanup) -> list[str]:
    plan = cleanup.plan
    if plan is None:
        return [f"{cleanup} of {cleanup.account}: {cleanup.problem}"]
    steps = "one step" if plan.arns == (plan.role_arn,) else plural(len(plan.arns), "deletion")
    lines = [f"{cleanup} of {cleanup.account}: {steps}, as of {iso(cleanup.looked_at)}"]
    lines += [f"  delete   {arn}" for arn in plan.arns]
    lines += [f"  keep     {broker.arn} ({broker.engine}, {broker.state})" for broker in plan.keeps]
    lines += [f"  unknown  {region}: {why}" for region, why in sorted(plan.unknown.items())]
    lines += [f"  warning  {warning}" for warning in cleanup.warnings]
    lines += [f"  refused  {refusal['rule']}: {refusal['detail']}" for refusal in cleanup.refusals]
    if cleanup.refusals:
        return lines
    lost = "Deleted brokers cannot be brought back: their messages, users and settings go with them."
    lines += [lost] if plan.deletes else []
    second = " A second person has to approve it." if cleanup.approval_needed else ""
    return [*lines, f"Hash {cleanup.plan_sha256}", f"To confirm, type: {plan.phrase}.{second}"]


def _rehearsal_lines(rehearsal: Rehearsal) -> list[str]:
    calls = [f"  would call  {action} {target}" for action, target in rehearsal.calls] or ["  nothing to call"]
    return ["Dry run: nothing was changed.", *calls, *(f"  problem     {problem}" for problem in rehearsal.problems)]


def _begins(cleanup: Cleanup) -> str:
    return "it begins" if cleanup.campaign_id is None else f"it begins when campaign {cleanup.campaign_id} comes to it"


def _standing(cleanup: Cleanup) -> str:
    words = str(cleanup.state).replace("_", " ")
    paused = " (paused)" if cleanup.paused else ""
    until = f" until {iso(cleanup.next_try_at)}" if cleanup.state == State.WAITING else ""
    return f"{cleanup} of {cleanup.account}: {words}{paused}{until}. {cleanup.reason}".rstrip()

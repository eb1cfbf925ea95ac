"""`manage.py poll [--account ID …] [--wait] [--inline]`.

It stands in dashboard, not in accounts: which accounts a command may name is dashboard.access's to say.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import AccountQuerySet, Poll, Sweep
from accounts.services import polling
from accounts.services.claims import Refusal
from accounts.services.sweep_facts import outcomes_of
from accounts.services.sweeps import Progress, get_or_request_sweep, progress_of, request_sweep
from dashboard.access import Shell, visible_accounts
from dashboard.named_accounts import named_accounts
from dashboard.organization_words import rest_words
from dashboard.words import plural

LOOK_EVERY_SECONDS = 0.5


class Command(BaseCommand):
    """Polls all accounts, due or not, or those named."""

    help = (
        "Start a sweep over all accounts, or over those named. With --wait or --inline: exit 1 when an account failed, "
        "was cancelled or was not polled."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--account", action="append", metavar="ID", default=[], help="only this one; may be repeated"
        )
        parser.add_argument("--wait", action="store_true", help="wait until the workers are done")
        parser.add_argument(
            "--inline",
            action="store_true",
            help="poll in this process, without workers; an account that another sweep polls is tried again for "
            f"{settings.POLL_LEASE_SECONDS} s: whoever still has it then is dead",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the sweep; wait for it when asked to."""
        accounts = _accounts(options["account"])
        if options["inline"]:
            self._report(self._poll_here(accounts))
            return
        sweep, begun = get_or_request_sweep(accounts, Sweep.Reason.COMMAND, "manage.py")
        if not options["wait"]:
            whom = plural(sweep.polls.count(), "account")
            again = f"{sweep} is still polling {whom}: nothing was queued a second time"
            self.stdout.write(f"{sweep} started over {whom}" if begun else again)
            return
        self._wait(sweep)
        self._report(sweep)

    def _poll_here(self, accounts: AccountQuerySet) -> Sweep:
        sweep = request_sweep(accounts, Sweep.Reason.COMMAND, "manage.py", send=False)
        polls = list(sweep.polls.order_by("pk").values_list("pk", flat=True))
        with tqdm(total=len(polls), disable=not sys.stderr.isatty(), unit="account") as bar:
            busy = _try_each(polls, bar)
            deadline = time.monotonic() + settings.POLL_LEASE_SECONDS
            # A worker may hold one of them, too: what waits for long is sent to the workers.
            while not _is_over(sweep) and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY_SECONDS)
                busy = _try_each(busy, bar)
        return sweep

    def _wait(self, sweep: Sweep) -> None:
        with tqdm(total=progress_of(sweep).total, disable=not sys.stderr.isatty(), unit="account") as bar:
            while not (progress := progress_of(sweep)).finished:
                bar.update(progress.answered - bar.n)
                bar.set_postfix(_figures(progress))
                time.sleep(LOOK_EVERY_SECONDS)
                sweep.refresh_from_db()
            bar.update(progress.answered - bar.n)

    def _report(self, sweep: Sweep) -> None:
        sweep.refresh_from_db()
        progress: Progress = progress_of(sweep)
        for poll in sweep.polls.filter(state="failed").select_related("account"):
            self.stderr.write(f"{poll.account}: {poll.problem}")
        for poll in sweep.polls.filter(state__in=Poll.OPEN).select_related("account"):
            self.stderr.write(f"{poll.account}: not polled: another sweep, or a worker, still has it")
        self.stdout.write(
            f"{sweep} {sweep.state}: {plural(progress.done, 'account')} answered, {progress.failed} failed,"
            f" {plural(progress.failing_regions, 'failing cell')}, {progress.elapsed_seconds:.1f} s"
        )
        cells = ", ".join(f"{one.cells:,} {one.outcome.value}" for one in outcomes_of(sweep.polls.all())) or "none"
        self.stdout.write(
            f"cells: {cells}; requests to AWS: {progress.calls:,}, of them {progress.retries:,} retries,"
            f" {progress.throttles:,} throttled"
        )
        if progress.failed or progress.cancelled or not progress.finished:
            sys.exit(1)


def _try_each(polls: list[int], bar: tqdm[NoReturn]) -> list[int]:
    """Poll what is free; gives back those whose account another sweep polls."""
    busy = []
    for poll_pk in polls:
        if polling.try_poll(poll_pk) is Refusal.BUSY:
            busy.append(poll_pk)
        else:
            bar.update()
    return busy


def _is_over(sweep: Sweep) -> bool:
    sweep.refresh_from_db()
    return sweep.state != Sweep.State.RUNNING


def _figures(progress: Progress) -> dict[str, int]:
    """What the bar says beside accounts and their rate."""
    names = ("failed", "failing_regions", "calls", "retries", "throttles")
    return {name: getattr(progress, name) for name in names}


def _accounts(wanted: list[str]) -> AccountQuerySet:
    everyone = visible_accounts(Shell.OPERATOR)
    if not wanted:
        return everyone.filter(paused=False)  # a paused one is polled only by name
    named = named_accounts(wanted, Shell.OPERATOR)
    resting = [f"{account} is {rests}" for account in named if (rests := rest_words(account))]
    if resting:
        raise CommandError(f"{'; '.join(resting)}: nobody can get in, so nothing is polled")
    return named

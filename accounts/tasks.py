"""Celery's doorbells: an explicit name, plain ids, one call. Each may ring twice without harm."""

from __future__ import annotations

from celery import shared_task

from accounts.services import (
    access_checks,
    claims,
    daily_figures,
    hub,
    organizations,
    polling,
    region_readings,
    retention,
    sweeps,
)
from accounts.services.cleanups import campaigns, drawing, gates, running, tending


@shared_task(name="accounts.poll_account")
def poll_account(poll_pk: int) -> None:
    """Poll one account. Rung twice, the second finds the poll claimed or over."""
    polling.run_poll(poll_pk)


# Short-lived: a clock tick that nobody served is worth nothing when the next one comes.
@shared_task(name="accounts.poll_due_accounts", expires=30)
def poll_due_accounts() -> None:
    """Start a sweep over the accounts that are due."""
    sweeps.poll_due_accounts()


@shared_task(name="accounts.tend_sweeps", expires=30)
def tend_sweeps() -> None:
    """Put right what dead workers and an emptied broker left behind."""
    claims.tend_sweeps()


@shared_task(name="accounts.run_cleanup")
def run_cleanup(cleanup_pk: int) -> None:
    """Carry a clean-up on. Rung twice, the second finds it held, waiting or over."""
    running.advance(cleanup_pk)


@shared_task(name="accounts.tend_cleanups", expires=30)
def tend_cleanups() -> None:
    """Ring for the clean-ups that are due."""
    tending.tend_cleanups()


@shared_task(name="accounts.void_expired_plans", expires=60)
def void_expired_plans() -> None:
    """End the plans that nobody has begun in time."""
    gates.void_expired()


@shared_task(name="accounts.draw_plan")
def draw_plan(cleanup_pk: int) -> None:
    """Look at an account and fill its plan in. Rung twice, the first plan stands."""
    drawing.draw(cleanup_pk)


@shared_task(name="accounts.forget_old", expires=1800)
def forget_old() -> None:
    """Delete old history, old days' figures and sessions that are over."""
    retention.forget_old()


@shared_task(name="accounts.write_figures", expires=240)
def write_figures() -> None:
    """Write down what the day has come to so far. Rung twice, the day is written again."""
    daily_figures.write_figures()


@shared_task(name="accounts.tend_campaigns", expires=30)
def tend_campaigns() -> None:
    """Carry campaigns on: drawn, next places, stopped, over."""
    campaigns.tend_campaigns()


@shared_task(name="accounts.check_account")
def check_account(account_pk: int) -> None:
    """Check the roles of one account. Rung twice, the second finds it answered."""
    access_checks.answer_request(account_pk)


@shared_task(name="accounts.ask_hub")
def ask_hub(partition: str) -> None:
    """Ask AWS who this worker is. Rung twice, it is asked twice."""
    hub.ask_hub(partition)


@shared_task(name="accounts.tend_checks", expires=30)
def tend_checks() -> None:
    """Send again the checks whose message was lost."""
    access_checks.tend_checks()


@shared_task(name="accounts.read_regions")
def read_regions(partition: str) -> None:
    """Read AWS's list of regions. Rung twice, the second finds it answered."""
    region_readings.answer_reading(partition)


# It gives up after 420 s by itself; the hard limit is shorter than the time after which Redis hands a task out again.
@shared_task(name="accounts.read_organization", soft_time_limit=540, time_limit=570)
def read_organization(organization_pk: int) -> None:
    """Read an AWS organization. Rung twice, the second finds it being read, or read."""
    organizations.read_now(organization_pk)


@shared_task(name="accounts.tend_organizations", expires=30)
def tend_organizations() -> None:
    """Begin the readings that are due, and send lost ones again."""
    organizations.tend_organizations()

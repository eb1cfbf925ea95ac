"""AWS's public list of regions: asked for by a person, read by a worker, shown as a difference, taken by tick box."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from accounts.aws.errors import AwsError, ErrorKind
from accounts.domain.published_regions import BY_PATH, NAMES
from accounts.domain.region_table import Difference, Published, Row, differences, fingerprint, left_out, with_taken
from accounts.models import Account, RegionEdit, RegionReading, StoredRegionStates
from accounts.services import audit, queue
from accounts.services.credentials import hub_of
from accounts.services.hub import what_to_do
from accounts.services.lending import lend_the_connection
from accounts.services.regions import Refused, one_at_a_time, rows_of_table, write_rows

READ_TASK: Final = "accounts.read_regions"
# A worker that has not answered by then is not there, or its message is lost: a new question is put.
PATIENCE: Final = timedelta(seconds=30)
UNCHANGED: Final = "Nothing was changed."
_STATES: Final = """
SELECT one.key, array_agg(DISTINCT one.value)
FROM ({told}) AS told, jsonb_each_text(told.by_code) AS one
GROUP BY one.key
"""


def asked_partition() -> str:
    """Whose hub is asked: that of `aws`, whose list names all partitions, unless only others are watched."""
    watched = set(Account.objects.order_by().values_list("partition", flat=True).distinct())
    return "aws" if not watched or "aws" in watched else min(watched)


def stored_reading(name: str) -> RegionReading | None:
    """What was last read, if anybody ever asked; a worker is asked anew when its message seems lost."""
    reading = RegionReading.objects.filter(partition=name).first()
    if reading is not None and reading.waits and reading.requested_at < timezone.now() - PATIENCE:
        # One page of the several that may be open asks; the others find the row changed.
        same = RegionReading.objects.filter(pk=name, requested_at=reading.requested_at)
        if same.update(requested_at=timezone.now()):
            transaction.on_commit(partial(_ring, name))
        reading.refresh_from_db()
    return reading


def request_reading(name: str, actor: str) -> None:
    """Have a worker read AWS's list."""
    asked = {"requested_at": timezone.now(), "requested_by": actor[:150]}
    with transaction.atomic():
        RegionReading.objects.update_or_create(partition=name, defaults=asked)
        audit.note(actor, "ask AWS for its regions", name)
        transaction.on_commit(partial(_ring, name))


def _ring(name: str) -> None:
    queue.ring(READ_TASK, [name], queue.URGENT_QUEUE)


def answer_reading(name: str) -> None:
    """Read the list that somebody asked for, unless that has been answered meanwhile."""
    reading = RegionReading.objects.filter(partition=name).first()
    if reading is not None and reading.waits:
        read_regions(name)


def read_regions(name: str) -> RegionReading:
    """Ask AWS from this process. What it says is kept whole, or not at all with the reason why."""
    began = timezone.now()
    lend_the_connection()
    told: dict[str, object] = {"problem": "", "denied_action": ""}
    try:
        names = hub_of(name).amazon_mq_regions()
        told |= {"names": names, "read_at": timezone.now()}
    except AwsError as error:
        told["problem"] = problem_words(error, name)
        told["denied_action"] = error.action if error.kind is ErrorKind.ACCESS_DENIED else ""
    told["checked_at"] = timezone.now()
    new = {"requested_at": began, "requested_by": "manage.py"}
    return RegionReading.objects.update_or_create(partition=name, defaults=told, create_defaults={**new, **told})[0]


def problem_words(error: AwsError, name: str) -> str:
    """Why the list could not be read, and what to do; the table is as it was in any case."""
    what = error.action
    if error.kind is ErrorKind.ACCESS_DENIED:
        who = f" by a {error.denied_by}" if error.denied_by else ""
        said = f"AWS denies {what} to Rolecall’s own identity in {name}{who}. Add the statement below to its policy."
    elif error.kind is ErrorKind.THROTTLED:
        said = f"AWS limits the rate of {what} ({error.code}), before the whole list had come. Ask again in a minute."
    elif error.kind is ErrorKind.UNREACHABLE:
        said = f"No answer to {what} ({error.code}). Can the workers reach Systems Manager? {error.message}"
    elif error.kind is ErrorKind.BROKEN:
        said = f"The answer to {what} could not be read ({error.code}), so the list is not known to be whole."
    elif error.kind is ErrorKind.SERVER:
        said = f"AWS itself failed at {what} ({error.code}), also when asked again. Ask later."
    elif error.action in (BY_PATH, NAMES) and error.kind is ErrorKind.VALIDATION:
        said = f"AWS refused {what} with {error.code}: {error.message}"
    else:
        said = what_to_do(error, name)
    return f"{said.strip()} {UNCHANGED}"


def published(reading: RegionReading) -> Published:
    """AWS's words as the domain compares them: its list, and the states that the accounts' polls were told."""
    return Published(reading.names or {}, region_states())


def region_states() -> dict[str, frozenset[str]]:
    """Per region every state that some account was told; accounts of which nobody has asked say nothing."""
    told = StoredRegionStates.objects.filter(account__in=Account.objects.order_by().values("pk")).values("by_code")
    sql, params = told.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_STATES.format(told=sql), params)
        return {code: frozenset(states) for code, states in cursor.fetchall()}


def differences_of(reading: RegionReading) -> list[Difference]:
    """In what AWS's words differ from the table as it stands; nothing before a look was good."""
    return differences(rows_of_table(), published(reading)) if reading.names else []


def not_watched(reading: RegionReading) -> list[str]:
    """The regions of AWS's list that belong to partitions Rolecall does not watch."""
    return left_out(reading.names or {})


def take_differences(name: str, keys: Collection[str], seen: str | None, actor: str) -> RegionEdit | None:
    """Take what was ticked into the table; None: nothing was ticked, or it was so already.

    `seen` is the fingerprint of the differences that were looked at. Raises Refused when they are others by now.
    """
    with transaction.atomic():
        one_at_a_time()
        reading = RegionReading.objects.filter(partition=name).first()
        found = differences_of(reading) if reading else []
        if reading is None or (seen is not None and seen != fingerprint(found)):
            raise Refused("AWS’s list or the table has changed since you looked: this is how they differ now.")
        if strange := sorted(set(keys) - {one.key for one in found}):
            raise Refused(f"{', '.join(strange)} is no difference: use KIND:CODE as they are listed.")
        after: dict[str, Row | None] = {}
        rows, words, day = rows_of_table(), published(reading), f"{timezone.now():%Y-%m-%d}"
        for one in found:
            if one.key in keys:
                after[one.code] = with_taken(after.get(one.code) or rows.get(one.code), one, words, day)
        return write_rows(actor, "take AWS's word on region", after)

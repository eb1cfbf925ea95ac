"""Who Rolecall is: asked by a worker, whose environment polls run with, and kept for pages and templates."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.aws.errors import AwsError, ErrorKind, problem_of
from accounts.domain.hub_identity import principal_of, setting
from accounts.models import HubIdentity
from accounts.services import queue
from accounts.services.credentials import hub_of
from accounts.services.lending import lend_the_connection

ASK_TASK = "accounts.ask_hub"
# A worker that has not answered by then is not there, or its message is lost: a new question is put.
PATIENCE = timedelta(seconds=30)


def hub_identity(name: str) -> HubIdentity:
    """What is known of the identity in a partition; a worker is asked when it never was."""
    identity, made = HubIdentity.objects.get_or_create(partition=name)
    if made or (identity.checked_at is None and identity.requested_at < timezone.now() - PATIENCE):
        request_hub(name)
        identity.refresh_from_db()
    return identity


def request_hub(name: str) -> None:
    """Have a worker ask AWS again who it is."""
    HubIdentity.objects.update_or_create(partition=name, defaults={"requested_at": timezone.now()})
    transaction.on_commit(partial(queue.ring, ASK_TASK, [name], queue.URGENT_QUEUE))


def ask_hub(name: str) -> HubIdentity:
    """Ask AWS from this process, and keep the answer or why there is none."""
    identity, _ = HubIdentity.objects.get_or_create(partition=name)
    identity.caller_account = identity.caller_arn = identity.principal_arn = identity.found_by = identity.problem = ""
    identity.profile = settings.HUB_PROFILES[name]
    lend_the_connection()
    try:
        identity.found_by = hub_of(name).found_by()
        caller = hub_of(name).identity()
        identity.caller_account, identity.caller_arn = caller.account_id, caller.arn
        identity.principal_arn = principal_of(caller.arn, name, settings.HUB_ROLE_ARNS[name])
    except AwsError as error:
        identity.problem = what_to_do(error, name)
    except ValueError as error:
        identity.problem = str(error)
    identity.checked_at = timezone.now()
    told = ("caller_account", "caller_arn", "principal_arn", "found_by", "profile", "problem", "checked_at")
    identity.save(update_fields=told)
    return identity


def what_to_do(error: AwsError, name: str) -> str:
    """Why AWS does not know Rolecall, and what its operator can do about it."""
    profile = setting("HUB_PROFILE", name)
    if error.code == "ProfileNotFound":
        return f"The workers' AWS configuration has no profile “{settings.HUB_PROFILES[name]}”, which {profile} names."
    if error.kind is ErrorKind.NO_CREDENTIALS:
        return (
            f"The workers find no AWS credentials for {name} ({error.code}). Run them on an instance, task or pod "
            f"role; or name a profile in {profile}; or give them AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Then "
            "restart them."
        )
    if error.kind in (ErrorKind.EXPIRED, ErrorKind.BAD_CREDENTIALS):
        return (
            f"AWS does not accept the workers' credentials for {name} ({error.code}). Renew them; if they are of "
            f"another partition, name a profile of {name} in {profile}."
        )
    return problem_of(error).detail

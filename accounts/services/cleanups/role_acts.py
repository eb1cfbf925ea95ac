"""The way back: making the role anew, and editing its description. One call each, in a session for that call alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from accounts.aws.cleaner import Cleaner, Receipt
from accounts.aws.errors import ASSUME_ROLE, AwsError, ErrorKind, problem_of
from accounts.domain import session_policies
from accounts.domain.cleanups import AT_WORK
from accounts.domain.descriptions import check_description
from accounts.domain.role import role_arn
from accounts.models import Account, Sweep
from accounts.services import audit
from accounts.services.cleanups.errors import Refused
from accounts.services.credentials import NarrowSession, shared_clients
from accounts.services.sweeps import request_sweep

CREATE_ROLE: Final = "iam:CreateServiceLinkedRole"
UPDATE_ROLE: Final = "iam:UpdateRole"
_POLICIES: Final = {CREATE_ROLE: session_policies.create_role, UPDATE_ROLE: session_policies.describe_role}
NO_CLEANER: Final = (
    "This account has no cleaner role, so Rolecall may only look at it. Import it with a cleaner_role_arn first."
)
_OPTIONAL: Final = "docs/campaigns.md has the optional policy that allows it."
# After these nobody knows whether AWS has done what was asked: the answer is what got lost.
_UNCERTAIN: Final = frozenset({ErrorKind.UNREACHABLE, ErrorKind.BROKEN, ErrorKind.SERVER})


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, in a sentence for the person who asked, and the poll that will show it."""

    said: str
    sweep: Sweep


def recreate_role(account: Account, person: str) -> Done:
    """Have AWS make the role anew. That it is there already is fine, and said. Raises Refused."""
    _refuse_while_deleting(account)
    try:
        receipt = _ask(account, person, "re-create role", CREATE_ROLE, lambda cleaner: cleaner.create_role())
    except _AlreadyThereError:
        said = f"{account.name} has the role already: AWS made none."
    else:
        said = f"The role is there again in {account.name} (request {receipt.request_id})."
    return Done(said, _poll(account, person))


def describe_role(account: Account, person: str, description: str) -> Done:
    """Give the role another description, or none. Raises ValueError for text that IAM does not take, and Refused."""
    text = check_description(description)
    receipt = _ask(
        account, person, "describe role", UPDATE_ROLE, lambda cleaner: cleaner.describe_role(text), f"to “{text}”"
    )
    said = f"The role's description in {account.name} is {'changed' if text else 'empty now'}"
    return Done(f"{said} (request {receipt.request_id}).", _poll(account, person))


class _AlreadyThereError(Exception):
    """AWS made no role because there is one."""


def _refuse_while_deleting(account: Account) -> None:
    cleanup = account.cleanups.filter(state__in=AT_WORK, confirmed_at__isnull=False).first()
    if cleanup is not None:
        raise Refused(f"{cleanup} is about to delete this role. Cancel it first, or wait for its end.")


def _ask(
    account: Account, person: str, act: str, action: str, call: Callable[[Cleaner], Receipt], what: str = ""
) -> Receipt:
    """Note the intent, make the one call, note the answer. Raises Refused with what to do."""
    if not account.cleaner_role_arn:
        raise Refused(NO_CLEANER)
    audit.note(person, act, account, f"asks for {action} {what}".rstrip())
    narrow = NarrowSession(account, _POLICIES[action](role_arn(account.partition, account.account_id)))
    cleaner = Cleaner(shared_clients(), account.account_id, account.partition, narrow)
    try:
        receipt = call(cleaner)
    except AwsError as error:
        audit.note(person, f"{act}: refused", account, _on_record(error))
        if _taken(error):
            raise _AlreadyThereError from None
        if error.kind in _UNCERTAIN and error.action == action:
            _poll(account, person)
        raise Refused(_explained(error)) from None
    audit.note(person, f"{act}: done", account, f"{action}, request {receipt.request_id}")
    return receipt


def _taken(error: AwsError) -> bool:
    """Whether AWS made no role because there is one: IAM has no code of its own for that."""
    return error.action == CREATE_ROLE and error.code == "InvalidInput" and "has been taken" in error.message


def _on_record(error: AwsError) -> str:
    request = f", request {error.request_id}" if error.request_id else ""
    return f"{error}{request}"


def _explained(error: AwsError) -> str:
    """What an admin does about it. A cleaner role may well lack these permissions: they are optional."""
    said = problem_of(error).detail.replace("the account's role", "the cleaner role")
    if error.action == ASSUME_ROLE:
        return f"{said} Nothing was changed."
    if error.code == "NoSuchEntity":
        return "There is no such role in this account, so it has no description to edit. Nothing was changed."
    if error.kind is ErrorKind.ACCESS_DENIED:
        return f"{said.replace('The assumed role', 'The cleaner role')} {_OPTIONAL} Nothing was changed."
    if error.kind in _UNCERTAIN:
        return f"{said} AWS may have done it all the same: the account is polled, look there before you try again."
    return f"{said.replace('with the next poll', 'when you ask again')} Nothing was changed."


def _poll(account: Account, person: str) -> Sweep:
    """Look at the account at once, so that the matrix is true."""
    return request_sweep(Account.objects.filter(pk=account.pk), Sweep.Reason.PAGE, person)

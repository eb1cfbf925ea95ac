"""Assumed-role sessions: one per account and purpose, sealed in the table, reused until shortly before they expire."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.aws.clients import Clients, ClientSettings
from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.errors import AwsError, ErrorKind, refused_as_open
from accounts.aws.hub import Hub, RoleGrant
from accounts.domain.role_policies import SESSION_PREFIX, new_external_id
from accounts.models import Account, SealedCredential
from accounts.services import audit
from accounts.services.sealing import CannotOpen, open_sealed, seal
from accounts.services.sts_budget import wait_for_turn

logger = logging.getLogger(__name__)

# A session must outlast the poll that starts with it.
EARLY = timedelta(minutes=5)


@cache
def client_settings() -> ClientSettings:
    """The time-outs and retries of every client."""
    return ClientSettings(
        connect_timeout=settings.AWS_CONNECT_TIMEOUT,
        read_timeout=settings.AWS_READ_TIMEOUT,
        max_attempts=settings.AWS_MAX_ATTEMPTS,
        user_agent="rolecall",
    )


@cache
def shared_clients() -> Clients:
    """The clients of this process, made after the worker has forked."""
    return Clients(client_settings())


@cache
def hub_of(partition: str) -> Hub:
    """The hub identity in a partition."""
    return Hub(client_settings(), partition, settings.HUB_PROFILES[partition])


def role_arn_for(account: Account, purpose: str) -> str:
    """The role of the account that a purpose assumes."""
    return account.reader_role_arn if purpose == "reader" else account.cleaner_role_arn


def is_refused(account: Account, purpose: str) -> bool:
    """True when a check found that the role lets Rolecall in without the external id."""
    return role_arn_for(account, purpose) in account.open_role_arns


def assume(account: Account, purpose: str, session_policy: str | None = None) -> TemporaryCredentials:
    """A new session, perhaps narrowed, within the pace of all workers. Raises AwsError, also for a refused role."""
    if is_refused(account, purpose):
        raise refused_as_open()
    return ask_for_session(grant_of(account, purpose), session_policy)


def grant_of(account: Account, purpose: str) -> RoleGrant:
    """What STS is told to let Rolecall into an account."""
    return RoleGrant(
        account_id=account.account_id,
        partition=account.partition,
        role_arn=role_arn_for(account, purpose),
        external_id=account.external_id,
        purpose=purpose,
        session_name=session_name(purpose),
    )


def session_name(purpose: str) -> str:
    """A name that says in the account's own trail who came and what for."""
    return SESSION_PREFIX[purpose] + secrets.token_hex(4)


def ask_for_session(grant: RoleGrant, session_policy: str | None = None) -> TemporaryCredentials:
    """A new session, within the pace of all workers. Raises AwsError."""
    wait_for_turn(grant.partition)
    return hub_of(grant.partition).assume(grant, session_policy)


def opens_to_strangers(grant: RoleGrant) -> bool:
    """AWS's own test for a confused deputy: without the external id, and with one that is not the role's.

    Raises AwsError when an answer is no plain denial.
    """
    for wrong in ("", new_external_id()):
        try:
            ask_for_session(replace(grant, external_id=wrong))
        except AwsError as error:
            if error.kind is not ErrorKind.ACCESS_DENIED:
                raise
        else:
            return True
    return False


@dataclass
class NarrowSession:
    """A session of the cleaner role for one call: made when that call needs it, kept nowhere.

    It is for one thread, since its call is.
    """

    account: Account
    session_policy: str
    _credentials: TemporaryCredentials | None = None

    def current(self) -> TemporaryCredentials:
        """The session to sign with. Raises AwsError when the role cannot be assumed."""
        if self._credentials is None:
            self._credentials = assume(self.account, SealedCredential.Purpose.CLEANER, self.session_policy)
        return self._credentials

    def renew(self, stale: TemporaryCredentials) -> TemporaryCredentials:
        """Another session with the same policy. Raises AwsError."""
        self._credentials = None
        return self.current()


@dataclass
class StoredSession:
    """The session of one account for one purpose: from the table when it is good, from STS when not.

    `renew` may be called from the threads of a survey, so it leaves the table alone; `save` is for the thread that
    owns the database connection.
    """

    account: Account
    purpose: str
    _credentials: TemporaryCredentials | None = None
    _saved: TemporaryCredentials | None = None
    _row_at_load: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> None:
        """Take the stored session, if it is still good for this role, external id and key."""
        row = SealedCredential.objects.filter(account=self.account, purpose=self.purpose).first()
        self._row_at_load = row.pk if row else None
        if row is None or row.expires_at - EARLY <= timezone.now():
            return
        if is_refused(self.account, self.purpose) or (row.role_arn, row.external_id_sha256) != (
            self.role_arn,
            _fingerprint(self.account.external_id),
        ):
            return
        try:
            secret = open_sealed(bytes(row.sealed), self.bound_to)
        except CannotOpen as error:
            logger.warning("The stored %s session of %s is not usable: %s", self.purpose, self.account, error)
            return
        self._credentials = self._saved = TemporaryCredentials(
            secret["access_key_id"], secret["secret_access_key"], secret["session_token"], row.expires_at
        )

    @property
    def role_arn(self) -> str:
        """The role that this purpose assumes."""
        return role_arn_for(self.account, self.purpose)

    @property
    def bound_to(self) -> str:
        """What the sealed text is bound to: it opens in no other row."""
        return f"{self.account.account_id}/{self.purpose}"

    def current(self) -> TemporaryCredentials:
        """The session to sign with. Raises AwsError when the role cannot be assumed."""
        with self._lock:
            if self._credentials is None:
                self._credentials = self._assume()
            return self._credentials

    def renew(self, stale: TemporaryCredentials) -> TemporaryCredentials:
        """Replace a session that AWS calls expired, once however many threads noticed. Raises AwsError."""
        with self._lock:
            if self._credentials is None or self._credentials is stale:
                self._credentials = self._assume()
            return self._credentials

    def _assume(self) -> TemporaryCredentials:
        return assume(self.account, self.purpose)

    def save(self) -> None:
        """Seal a session that is new into the table; one that is not wanted there any more is left out."""
        credentials = self._credentials
        if credentials is None or credentials is self._saved:
            return
        with transaction.atomic():
            if self._is_still_wanted():
                self._seal(credentials)
        self._saved = credentials

    def _is_still_wanted(self) -> bool:
        """False when the role was changed or refused while AWS was asked, or the session forgotten that this replaces.

        The account stays locked, so that whoever changes it next finds the session and deletes it.
        """
        now = Account.objects.select_for_update().filter(pk=self.account.pk).first()
        if now is None or now.external_id != self.account.external_id or is_refused(now, self.purpose):
            return False
        there = self._row_at_load is None or SealedCredential.objects.filter(pk=self._row_at_load).exists()
        return there and role_arn_for(now, self.purpose) == self.role_arn

    def _seal(self, credentials: TemporaryCredentials) -> None:
        secret = {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key,
            "session_token": credentials.session_token,
        }
        SealedCredential.objects.update_or_create(
            account=self.account,
            purpose=self.purpose,
            defaults={
                "sealed": seal(secret, self.bound_to),
                "role_arn": self.role_arn,
                "external_id_sha256": _fingerprint(self.account.external_id),
                "expires_at": credentials.expires_at,
                "created_at": datetime.now(UTC),
            },
        )


def forget_credentials(account: Account, actor: str) -> int:
    """Delete the stored sessions of an account; says how many there were. AWS itself knows no way to end them early."""
    with transaction.atomic():
        list(Account.objects.select_for_update().filter(pk=account.pk).values_list("pk"))  # as `save` does: one by one
        forgotten, _ = SealedCredential.objects.filter(account=account).delete()
        if forgotten:
            audit.note(actor, "forget credentials", account, f"sessions: {forgotten}")
    return forgotten


def _fingerprint(external_id: str) -> str:
    return hashlib.sha256(external_id.encode()).hexdigest()

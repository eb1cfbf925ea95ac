"""Bringing one account's role status up to date, part by part: what could not be read stays as it was and says why."""

from __future__ import annotations

from datetime import datetime

from accounts.domain.canonical import sha256_of
from accounts.domain.outcomes import Flag, Outcome, PolicyGrade, Presence
from accounts.domain.policy import compare_policy
from accounts.domain.readings import (
    Answer,
    Failed,
    Known,
    PolicyVersionFacts,
    Problem,
    RoleFacts,
    RoleReading,
    Unchanged,
)
from accounts.domain.role import DOCUMENTED_VERSION, ROLE_PATH, policy_arn
from accounts.domain.trust import grade_trust
from accounts.models import Account, PolicyDocument, RoleStatus


def apply_role_reading(status: RoleStatus, reading: RoleReading, account: Account, now: datetime) -> None:
    """Put what IAM said into the status."""
    if isinstance(reading.role, Failed):
        _role_failed(status, reading.role.problem)
    elif reading.role.value is None:
        _role_absent(status, now)
    else:
        _role_present(status, reading.role.value, now)
        _policy_read(status, reading, account.partition, now)
        _inline_read(status, reading.inline_policy_names)
        status.flags = _flags(status, reading.role.value, account.partition)


def _role_failed(status: RoleStatus, problem: Problem) -> None:
    status.outcome, status.code, status.detail = problem.outcome, problem.code[:120], problem.detail
    status.permission = problem.permission
    _policy_failed(status, problem)


def _policy_failed(status: RoleStatus, problem: Problem) -> None:
    status.policy_outcome, status.policy_detail = problem.outcome, problem.detail
    status.policy_permission = problem.permission
    if not status.policy_grade and status.presence == Presence.PRESENT:
        status.policy_grade = PolicyGrade.UNREADABLE


def _role_answered(status: RoleStatus, now: datetime) -> None:
    status.outcome, status.code, status.detail, status.permission = Outcome.OK, "", "", ""
    status.last_ok_at = now


def _role_absent(status: RoleStatus, now: datetime) -> None:
    _role_answered(status, now)
    status.presence = Presence.ABSENT
    status.role_id = status.role_arn = status.description = status.last_used_region = ""
    status.role_created_at = status.last_used_at = None
    status.flags = [Flag.ROLE_ABSENT]
    status.trust_grade, status.trust_document = "", None
    _forget_policy(status)
    status.policy_outcome, status.policy_last_ok_at = Outcome.OK, now


def _forget_policy(status: RoleStatus) -> None:
    status.policy_grade = status.policy_version = status.policy_detail = status.policy_permission = ""
    status.policy_document = status.policy_last_ok_at = None
    status.attached_policy_arns, status.inline_policy_names = [], []


def _role_present(status: RoleStatus, facts: RoleFacts, now: datetime) -> None:
    _role_answered(status, now)
    if status.role_id != facts.role_id:
        _forget_policy(status)  # another role by the same name: what was known of the old one says nothing of it
    status.presence = Presence.PRESENT
    status.role_id, status.role_arn, status.description = facts.role_id, facts.arn, facts.description
    status.role_created_at = facts.created_at
    status.last_used_at, status.last_used_region = facts.last_used_at, facts.last_used_region
    status.trust_grade = grade_trust(facts.trust_document).grade
    status.trust_document_id = _keep(facts.trust_document, status.trust_document_id)


def _policy_read(status: RoleStatus, reading: RoleReading, partition: str, now: datetime) -> None:
    failed = next((part for part in (reading.attached_policy_arns, reading.policy) if isinstance(part, Failed)), None)
    if isinstance(reading.attached_policy_arns, Known):
        status.attached_policy_arns = list(reading.attached_policy_arns.value)
    if failed is not None:
        _policy_failed(status, failed.problem)
        return
    status.policy_outcome, status.policy_detail, status.policy_permission = Outcome.OK, "", ""
    if isinstance(reading.policy, Unchanged):
        return  # grade, version and document stay, and so does the time when they were read
    status.policy_last_ok_at = now
    _grade(status, reading.policy, partition)


def _grade(status: RoleStatus, policy: Answer[PolicyVersionFacts] | None, partition: str) -> None:
    if not isinstance(policy, Known):
        status.policy_grade, status.policy_version, status.policy_document = PolicyGrade.NOT_ATTACHED, "", None
        return
    comparison = compare_policy(policy.value.document, partition)
    status.policy_grade, status.policy_detail = comparison.grade, comparison.reason
    status.policy_version = policy.value.version_id
    status.policy_document_id = _keep(policy.value.document, status.policy_document_id)


def _inline_read(status: RoleStatus, names: Answer[tuple[str, ...]] | None) -> None:
    if isinstance(names, Known):
        status.inline_policy_names = list(names.value)
    elif isinstance(names, Failed):
        unread = f"Inline policies could not be read: {names.problem.detail}"
        status.policy_detail = " ".join(filter(None, (status.policy_detail, unread)))


def _flags(status: RoleStatus, facts: RoleFacts, partition: str) -> list[str]:
    documented = {policy_arn(partition), policy_arn("aws")}
    found = {
        Flag.NEWER_VERSION: bool(status.policy_version) and status.policy_version != DOCUMENTED_VERSION,
        Flag.EXTRA_ATTACHED_POLICY: not documented.issuperset(status.attached_policy_arns),
        Flag.INLINE_POLICY_PRESENT: bool(status.inline_policy_names),
        Flag.PERMISSIONS_BOUNDARY: bool(facts.permissions_boundary_arn),
        Flag.PATH_MISMATCH: facts.path != ROLE_PATH,
    }
    return [flag.value for flag, is_so in found.items() if is_so]


def _keep(document: object, kept: str | None) -> str:
    """See that a document is stored, and give its hash; `kept` is the hash of what this account had before."""
    digest = sha256_of(document)
    if digest != kept:
        PolicyDocument.objects.get_or_create(sha256=digest, defaults={"document": document})
    return digest

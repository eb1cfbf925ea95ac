"""How pages say that AWS changed the policy, and that an account differs."""

from __future__ import annotations

from accounts.domain.outcomes import Outcome
from accounts.domain.policy import PolicyComparison
from accounts.domain.publications import Publication
from accounts.models import RoleStatus
from accounts.services.publications import DRIFTED, has
from dashboard.words import POLICY_WORDS, plural


def published_sentence(partition: str, published: Publication) -> str:
    """What AWS published, said once for all accounts that have it."""
    where = "" if partition == "aws" else f" in {partition}"
    share = f"{published.accounts:,} of {published.of:,} accounts"
    if published.is_new_version:
        said = f"AWS published version {published.version} of the policy{where}: {share} have it."
    else:
        said = f"{share}{where} have the same version {published.version} of the policy, not the documented one."
    return f"{said} Is the baseline out of date?"


def published_words(partition: str, published: Publication) -> str:
    """The same behind the number of accounts that have it."""
    where = "" if partition == "aws" else f" in {partition}"
    new = ", which AWS published" if published.is_new_version else ", not the documented one"
    version = f"version {published.version} of the policy{new}"
    return f"of {plural(published.of, 'account')}{where} have {version}: is the baseline out of date?"


def policy_sentence(status: RoleStatus, comparison: PolicyComparison | None) -> str:
    """What the policy lacks or has, named once; what a grade means in general only where nothing can be named."""
    named = comparison if comparison is not None and comparison.grade == status.policy_grade else None
    said = (f"{named.finding}." if named.finding else named.reason) if named is not None else ""
    said = said or POLICY_WORDS.get(status.policy_grade, "")  # type: ignore[call-overload]
    if said and status.policy_outcome == Outcome.OK:  # what else was in the way of that look
        return f"{said} {status.policy_detail.removeprefix(named.reason if named else '')}".strip()
    return said


def account_sentence(partition: str, status: RoleStatus, published: Publication | None) -> str:
    """How this account's policy stands beside the others'; empty when there is nothing to say."""
    if published is not None and has(status, published):
        return published_sentence(partition, published)
    if published is None:
        return ""
    others = f"{published.accounts:,} of {published.of:,} accounts have version {published.version}"
    if status.policy_grade in DRIFTED:
        return f"This account differs: {others}."
    if status.policy_document_id is None:
        return ""
    return f"{others} of the policy; this account has {status.policy_version}."

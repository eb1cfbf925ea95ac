"""How pages say that AWS changed the policy, and that an account differs."""

from __future__ import annotations

from accounts.domain.publications import Publication
from accounts.models import RoleStatus
from accounts.services.publications import DRIFTED, has
from dashboard.words import plural


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


def account_sentence(partition: str, status: RoleStatus, published: Publication | None) -> str:
    """How this account's policy stands beside the others'; empty when there is nothing to say."""
    if published is not None and has(status, published):
        return published_sentence(partition, published)
    differs = status.policy_grade in DRIFTED
    if published is None:
        return "This account differs from the documented policy." if differs else ""
    others = f"{published.accounts:,} of {published.of:,} accounts have version {published.version}"
    if differs:
        return f"This account differs: {others}."
    if status.policy_document_id is None:
        return ""
    return f"{others} of the policy; this account has {status.policy_version}."

"""What AWS itself has published as the role's policy, as far as the accounts show: derived, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from django.db.models import Count, Q

from accounts.domain.outcomes import PolicyGrade, Presence
from accounts.domain.publications import Publication, Sighting, publication_in
from accounts.models import AccountQuerySet, RoleStatus

DRIFTED: Final = [grade.value for grade in PolicyGrade if grade.drifted]


def publications(accounts: AccountQuerySet) -> dict[str, Publication]:
    """The new policy of each partition where most of these accounts have the same one. One query.

    AWS publishes per partition, and the role's policy has one ARN in each.
    """
    present = RoleStatus.objects.filter(account__in=accounts.order_by().values("pk"), presence=Presence.PRESENT)
    rows = present.order_by().values_list("account__partition", "policy_version", "policy_document_id", "policy_grade")
    with_role: dict[str, int] = defaultdict(int)
    seen: dict[str, list[Sighting]] = defaultdict(list)
    for partition, version, document, grade, count in rows.annotate(Count("pk")):
        with_role[partition] += count
        if document is not None:
            seen[partition].append(Sighting(version, document, grade in DRIFTED, count))
    found = {partition: publication_in(seen[partition], count) for partition, count in with_role.items()}
    return {partition: published for partition, published in found.items() if published is not None}


def having(published: Mapping[str, Publication]) -> Q:
    """The accounts that have what AWS published in their partition."""
    found = Q(pk__in=())
    for partition, one in published.items():
        found |= Q(
            partition=partition, role_status__policy_version=one.version, role_status__policy_document=one.sha256
        )
    return found


def differing(published: Mapping[str, Publication]) -> Q:
    """The accounts whose policy differs from the documented one by no doing of AWS."""
    return Q(role_status__policy_grade__in=DRIFTED) & ~having(published)


def has(status: RoleStatus, published: Publication | None) -> bool:
    """True when this account has what AWS published."""
    return published is not None and (status.policy_version, status.policy_document_id) == (
        published.version,
        published.sha256,
    )

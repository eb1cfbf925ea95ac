"""Bringing an account's brokers up to date: rows are written only where something differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.domain.readings import AccountReading, BrokerFacts, Known
from accounts.models import Account, Broker

TOLD = ("name", "engine", "state", "deployment_mode", "instance_type", "created_at")


def store_brokers(account: Account, reading: AccountReading) -> None:
    """Bring the brokers of the regions that answered up to date; the others stay as last seen."""
    answered = {region: answer.value for region, answer in reading.brokers.items() if isinstance(answer, Known)}
    seen = {facts.arn: facts for brokers in answered.values() for facts in brokers}
    known = {broker.arn: broker for broker in Broker.objects.filter(account=account, region__in=answered)}
    if gone := known.keys() - seen.keys():
        Broker.objects.filter(account=account, arn__in=gone).delete()
    same = {arn for arn, facts in seen.items() if arn in known and _is_as_told(known[arn], facts)}
    if same:
        Broker.objects.filter(account=account, arn__in=same).update(seen_at=reading.finished_at)
    _upsert(account, {arn: facts for arn, facts in seen.items() if arn not in same}, reading.finished_at)


def _is_as_told(broker: Broker, facts: BrokerFacts) -> bool:
    return all(getattr(broker, name) == getattr(facts, name) for name in TOLD)


def _upsert(account: Account, new: Mapping[str, BrokerFacts], now: datetime) -> None:
    if not new:
        return
    Broker.objects.bulk_create(
        (_broker(account, facts, now) for facts in new.values()),
        update_conflicts=True,
        unique_fields=["arn"],
        update_fields=[*TOLD, "seen_at"],
        batch_size=1000,
    )


def _broker(account: Account, facts: BrokerFacts, now: datetime) -> Broker:
    return Broker(
        account=account,
        region_id=facts.region,
        arn=facts.arn,
        broker_id=facts.broker_id,
        name=facts.name,
        engine=facts.engine,
        state=facts.state,
        deployment_mode=facts.deployment_mode,
        instance_type=facts.instance_type,
        created_at=facts.created_at,
        seen_at=now,
    )

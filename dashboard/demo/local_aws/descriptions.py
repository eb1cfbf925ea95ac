"""An account as JSON describes it, and the world as JSON tells it: the words of the control API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.domain import role as documented
from accounts.domain.identifiers import PARTITIONS, parse_account_id
from dashboard.demo.local_aws.access import default_access
from dashboard.demo.local_aws.world import (
    Account,
    Broker,
    DeletionHabits,
    Denial,
    Role,
    World,
    default_region_states,
    service_linked_role,
)

# Everything is named after its description, so that the same description gives the same ids and ARNs.
_NAMESPACE = uuid.UUID("8f3c2f0e-6f57-4c1d-9a3e-6d1f1f2b7c11")
_EPOCH = datetime(2023, 1, 9, 8, 0, tzinfo=UTC)
_ENGINES = {"rabbitmq": "RabbitMQ", "activemq": "ActiveMQ"}
_VERSIONS = {"RabbitMQ": "3.13", "ActiveMQ": "5.18"}
ACCOUNT_WORDS = {
    *("account_id", "name", "partition", "unit", "state", "alias", "paused", "tags", "external_id"),
    *("regions", "role", "policy", "denials", "brokers", "access", "deletion"),
}


class BadDescription(Exception):
    """A description that cannot be understood; the message names the field."""


def account_from(given: Mapping[str, Any]) -> Account:
    """Build an account from its description. Raises BadDescription with the field that is wrong."""
    unknown = sorted(set(given) - ACCOUNT_WORDS)
    if unknown:
        raise BadDescription(f"unknown field “{unknown[0]}”; known: {', '.join(sorted(ACCOUNT_WORDS))}")
    try:
        return _account(given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDescription(f"{type(error).__name__}: {error}") from error


def _account(given: Mapping[str, Any]) -> Account:
    partition = given.get("partition", "aws")
    if partition not in PARTITIONS:
        raise ValueError(f"partition “{partition}” is not one of {', '.join(PARTITIONS)}")
    account = Account(
        account_id=parse_account_id(str(given["account_id"])),
        name=given.get("name", given["account_id"]),
        partition=partition,
        unit=given.get("unit", ""),
        state=given.get("state", "ACTIVE"),
        alias=given.get("alias", ""),
        paused=bool(given.get("paused", False)),
        tags=dict(given.get("tags", {})),
        region_states={**default_region_states(partition), **given.get("regions", {})},
        denials=[Denial(**denial) for denial in given.get("denials", [])],
        habits=DeletionHabits(**given.get("deletion", {})),
    )
    account.access = default_access(partition, given.get("external_id", ""), given.get("access", []))
    _describe_policy(account, given.get("policy"))
    if given.get("role") is not None:
        account.role = _role(account, given["role"])
    for broker in given.get("brokers", []):
        add_broker(account, broker)
    return account


def _describe_policy(account: Account, given: Mapping[str, Any] | None) -> None:
    account.policy_versions = {documented.DOCUMENTED_VERSION: documented.POLICY_DOCUMENT}
    if given:
        account.policy_versions[given["version"]] = given["document"]
        account.default_version = given["version"]


def _role(account: Account, given: Mapping[str, Any]) -> Role:
    """The documented role, with whatever the description changes."""
    role = service_linked_role(account.partition)
    digest = uuid.uuid5(_NAMESPACE, f"role {account.account_id}").hex
    role.role_id = given.get("role_id", "AROA" + digest[:17].upper())
    role.created = _EPOCH + timedelta(days=int(digest[:2], 16))
    role.path = given.get("path", role.path)
    role.trust = given.get("trust", role.trust)
    role.description = given.get("description", "")
    role.attached = list(given.get("attached", role.attached))
    role.inline = dict(given.get("inline", {}))
    role.boundary = given.get("boundary", "")
    if given.get("last_used"):
        role.last_used = datetime.fromisoformat(given["last_used"])
        role.last_used_region = given.get("last_used_region", "us-east-1")
    return role


def add_broker(account: Account, given: Mapping[str, Any]) -> Broker:
    """Put a broker into an account as described. Raises KeyError or ValueError when region, name or engine is wrong."""
    region, name, engine = given["region"], given["name"], _engine(given)
    if region not in account.region_states:
        raise ValueError(f"region “{region}” is not an Amazon MQ region of partition {account.partition}")
    digest = uuid.uuid5(_NAMESPACE, f"{account.account_id} {region} {name}")
    broker_id = given.get("broker_id", f"b-{digest}")
    broker = Broker(
        broker_id=broker_id,
        name=name,
        region=region,
        arn=f"arn:{account.partition}:mq:{region}:{account.account_id}:broker:{name}:{broker_id}",
        engine=engine,
        engine_version=given.get("engine_version") or _VERSIONS[engine],
        state=given.get("state", "RUNNING"),
        mode=given.get("mode", "SINGLE_INSTANCE"),
        instance_type=given.get("instance_type", "mq.m5.large"),
        created=_EPOCH + timedelta(hours=int(digest.hex[:4], 16) / 3),
        tags=dict(given.get("tags", {})),
        replication_mode=given.get("replication_mode", "NONE"),
        connected=datetime.fromisoformat(given["connected"]) if given.get("connected") else None,
    )
    account.brokers[broker_id] = broker
    return broker


def _engine(given: Mapping[str, Any]) -> str:
    """AWS's spelling; an engine that AWS may have one day is taken as spelled, but not by a slip of the pen."""
    spelled = str(given["engine"])
    engine = _ENGINES.get(spelled.lower()) or (spelled if given.get("engine_version") else "")
    if not engine:
        raise ValueError(f"engine “{spelled}” is not RabbitMQ or ActiveMQ; another one needs an engine_version")
    return engine


def tell_world(world: World) -> dict[str, Any]:
    """The truth, for whoever wants to check what Rolecall says."""
    accounts = [world.look(account_id) for account_id in sorted(world.accounts)]
    told = {account.account_id: tell_account(account) for account in accounts if account is not None}
    return {"estate": world.estate, "settings": asdict(world.settings), "accounts": told}


def tell_account(account: Account) -> dict[str, Any]:
    """One account: its role, the policy and trust documents, and every region of its partition."""
    role = account.role
    return {
        "name": account.name,
        "partition": account.partition,
        "state": account.state,
        "unit": account.unit,
        "tags": account.tags,
        "paused": account.paused,
        "role_present": role is not None,
        "role_id": role.role_id if role else None,
        "role_path": role.path if role else None,
        "role_description": role.description if role else None,
        "trust": role.trust if role else None,
        "attached_policies": role.attached if role else [],
        "inline_policies": sorted(role.inline) if role else [],
        "permissions_boundary": role.boundary if role else "",
        "policy_version": account.default_version,
        "policy_document": account.policy_versions[account.default_version],
        "denials": [asdict(denial) for denial in account.denials],
        "regions": {code: _tell_region(account, code) for code in account.region_states},
    }


def _tell_region(account: Account, region: str) -> dict[str, Any]:
    brokers = [tell_broker(broker) for broker in account.brokers_in(region)]
    return {"enabled": account.answers_in(region), "state": account.region_state(region), "brokers": brokers}


def tell_broker(broker: Broker) -> dict[str, Any]:
    """One broker in the words of the control API."""
    return {
        "arn": broker.arn,
        "broker_id": broker.broker_id,
        "name": broker.name,
        "region": broker.region,
        "engine": broker.engine,
        "state": broker.state,
        "mode": broker.mode,
        "instance_type": broker.instance_type,
        "tags": broker.tags,
    }

"""What has to change so that a cluster is as the catalogue says; refuses what an existing topic would not survive."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    PartitionMetadata,
    ResourcePatternType,
    ResourceType,
)

from shared.contracts.topics import Catalogue, Topic
from shared.platform.topics.grants import Grant, acls, principals

SECONDS: Final = 15.0
_EVERY_ACL: Final = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)
_OURS: Final = "osler."
_LARGEST_BATCH: Final = 1_048_588  # bytes; Kafka's default, set so that no broker's other default counts


class TopicsRefused(Exception):
    """The cluster and the catalogue differ in what cannot be changed in place. Nothing was changed."""


@dataclass(frozen=True)
class Copies:
    """How many brokers hold each record, and how many must have it before it counts as stored."""

    replication: int
    in_sync: int


LOCAL: Final = Copies(replication=1, in_sync=1)
PRODUCTION: Final = Copies(replication=3, in_sync=2)


@dataclass
class Plan:
    """What is to be done so that the cluster is as the catalogue says; false when there is nothing."""

    topics: list[Topic] = field(default_factory=list[Topic])
    configs: dict[str, dict[str, str | None]] = field(default_factory=dict[str, dict[str, str | None]])
    users: list[str] = field(default_factory=list[str])
    grant: list[Grant] = field(default_factory=list[Grant])
    revoke: list[AclBinding] = field(default_factory=list[AclBinding])
    foreign: list[AclBinding] = field(default_factory=list[AclBinding])
    """What others may do to our topics, and whatever is denied: shown, and left as it is."""

    def __bool__(self) -> bool:
        return bool(self.topics or self.configs or self.users or self.grant or self.revoke)

    def lines(self) -> list[str]:
        """The plan for a person, one change a line."""
        lines = [f"create topic {topic.name} with {topic.partitions} partitions" for topic in self.topics]
        for name, changes in sorted(self.configs.items()):
            lines += [f"set {key} of {name} to {value or 'the default'}" for key, value in sorted(changes.items())]
        lines += [f"set the password of {user}" for user in self.users]
        lines += [f"permit: {grant}" for grant in self.grant]
        lines += [f"take back: {words(binding)}" for binding in self.revoke]
        return lines + [f"not in the catalogue, left as it is: {words(binding)}" for binding in self.foreign]


def configs(topic: Topic, copies: Copies) -> dict[str, str | None]:
    """The settings of a topic that this project decides, in Kafka's words; None is the broker's default."""
    bounds = {
        "segment.ms": topic.segment_ms,
        "max.compaction.lag.ms": topic.max_compaction_lag_ms,
        "delete.retention.ms": topic.delete_retention_ms,
    }
    return {
        "cleanup.policy": topic.cleanup,
        "retention.ms": str(topic.retention_ms),
        "retention.bytes": "-1",
        "min.insync.replicas": str(copies.in_sync),
        "max.message.bytes": str(_LARGEST_BATCH),
        "message.timestamp.type": "CreateTime",
        "unclean.leader.election.enable": "false",
    } | {key: None if value is None else str(value) for key, value in bounds.items()}


def make_plan(
    admin: AdminClient,
    catalogue: Catalogue,
    passwords: Mapping[str, str],
    copies: Copies,
    signs_in: Callable[[str, str], bool],
) -> Plan:
    """Compare the cluster with the catalogue; `signs_in` tells whether a user's password is already the right one.

    Raises TopicsRefused.
    """
    plan = Plan()
    existing = admin.list_topics(timeout=SECONDS).topics
    there = [topic for name, topic in sorted(catalogue.topics.items()) if name in existing]
    found = _read_configs(admin, [topic.name for topic in there])
    refused = [
        sentence
        for topic in there
        for sentence in _refusals(topic, copies, existing[topic.name].partitions, found[topic.name])
    ]
    if refused:
        raise TopicsRefused("\n".join([*refused, "Nothing was changed."]))
    plan.topics = [topic for name, topic in sorted(catalogue.topics.items()) if name not in existing]
    changes = {topic.name: _changes(configs(topic, copies), found[topic.name]) for topic in there}
    plan.configs = {name: values for name, values in changes.items() if values}
    _plan_grants(admin, catalogue, plan)
    users = [user for user in principals(catalogue) if user in passwords]
    with ThreadPoolExecutor(max_workers=8) as pool:  # the broker takes its time to refuse one
        right = pool.map(signs_in, users, [passwords[user] for user in users])
        plan.users = [user for user, fits in zip(users, right, strict=True) if not fits]
    return plan


def _read_configs(admin: AdminClient, names: Iterable[str]) -> dict[str, dict[str, ConfigEntry]]:
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    if not asked:
        return {}
    answers = admin.describe_configs(asked, request_timeout=SECONDS)
    return {resource.name: answer.result(SECONDS) for resource, answer in answers.items()}


def _refusals(
    topic: Topic, copies: Copies, partitions: Mapping[int, PartitionMetadata], found: Mapping[str, ConfigEntry]
) -> Iterator[str]:
    if len(partitions) != topic.partitions:
        yield (
            f"{topic.name} has {len(partitions)} partitions and the catalogue says {topic.partitions}: keys would move"
            " and their events lose their order. Make a new topic and let its readers change over."
        )
    replicas = {len(partition.replicas) for partition in partitions.values()}
    if replicas != {copies.replication}:
        yield (
            f"{topic.name} keeps {'/'.join(map(str, sorted(replicas)))} copies of each record and should keep"
            f" {copies.replication}. Move its partitions with kafka-reassign-partitions, then repeat this."
        )
    policy = found["cleanup.policy"].value
    if policy != topic.cleanup:
        yield (
            f"{topic.name} has cleanup.policy {policy} and the catalogue says {topic.cleanup}: the change would delete"
            " records. Make a new topic and let its readers change over."
        )


def _changes(wanted: Mapping[str, str | None], found: Mapping[str, ConfigEntry]) -> dict[str, str | None]:
    """The settings that differ, and those that were set on the topic and should not be any more."""
    changes: dict[str, str | None] = {}
    for key, value in wanted.items():
        set_here = found[key].source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        right = set_here and found[key].value == value if value is not None else not set_here
        if not right:
            changes[key] = value
    return changes


def _plan_grants(admin: AdminClient, catalogue: Catalogue, plan: Plan) -> None:
    wanted = {to_binding(grant): grant for grant in acls(catalogue)}
    found = set(admin.describe_acls(_EVERY_ACL, request_timeout=SECONDS).result(SECONDS))
    plan.grant = [grant for binding, grant in wanted.items() if binding not in found]
    ours = {f"User:{principal}" for principal in principals(catalogue)}
    for binding in sorted(found - wanted.keys(), key=words):
        topic = binding.restype == ResourceType.TOPIC
        about_us = binding.principal in ours or (topic and binding.name.startswith(_OURS))
        # Something denied may be somebody's emergency brake; what holds for every topic is an administrator's.
        if about_us and binding.permission_type == AclPermissionType.ALLOW:
            plan.revoke.append(binding)
        elif about_us or (topic and _reaches_us(binding)):
            plan.foreign.append(binding)


def _reaches_us(binding: AclBinding) -> bool:
    prefixed = binding.resource_pattern_type == ResourcePatternType.PREFIXED
    return binding.name == "*" or (prefixed and _OURS.startswith(binding.name))


def to_binding(grant: Grant) -> AclBinding:
    """The same in Kafka's form, from any host."""
    return AclBinding(
        ResourceType[grant.resource.upper()],
        grant.name,
        ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
        f"User:{grant.principal}",
        "*",
        AclOperation[grant.operation],
        AclPermissionType.ALLOW,
    )


def words(binding: AclBinding) -> str:
    """A permission for a person to read."""
    more = "*" if binding.resource_pattern_type == ResourcePatternType.PREFIXED else ""
    verb = "may" if binding.permission_type == AclPermissionType.ALLOW else "may not"
    who = binding.principal if binding.host == "*" else f"{binding.principal} from {binding.host}"
    return f"{who} {verb} {binding.operation.name} {binding.restype.name.lower()} {binding.name}{more}"

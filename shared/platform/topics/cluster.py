"""Carries a plan out in a real cluster, as its administrator; refuses to return before the cluster shows the change."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from confluent_kafka import KafkaError
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from shared.contracts.topics import Catalogue
from shared.platform.topics.plan import LOCAL, SECONDS, Copies, Plan, configs, make_plan, to_binding

_SCRAM: Final = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
_SILENT: Final = logging.getLogger("osler.topics")  # librdkafka would print every refused password
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


@dataclass(frozen=True)
class Security:
    """How the cluster's administrator signs in; `certificates` is a file of trusted authorities, in PEM."""

    username: str
    password: str = field(repr=False)
    protocol: Literal["SASL_PLAINTEXT", "SASL_SSL"] = "SASL_PLAINTEXT"
    certificates: str | None = None

    def options(self) -> dict[str, str]:
        """The same in librdkafka's words."""
        options = {
            "security.protocol": self.protocol,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": self.username,
            "sasl.password": self.password,
            "enable.metrics.push": "false",
        }
        return options | ({"ssl.ca.location": self.certificates} if self.certificates else {})

    def connect(self, bootstrap: str, **more: object) -> AdminClient:
        """A client that signs in so."""
        return AdminClient({"bootstrap.servers": bootstrap, **self.options(), **more}, logger=_SILENT)


def apply(
    bootstrap: str,
    security: Security,
    catalogue: Catalogue,
    passwords: Mapping[str, str],
    *,
    copies: Copies = LOCAL,
    dry_run: bool = False,
) -> Plan:
    """Make the cluster as the catalogue says and give what was done; with `dry_run` only look. Blocks for seconds.

    `passwords` has those principals whose SCRAM-SHA-512 users are kept here; others are left to whoever keeps them.
    Twice is the same as once. Raises TopicsRefused, and KafkaException where the cluster does not answer.
    """
    admin = security.connect(bootstrap)

    def signs_in(user: str, password: str) -> bool:
        own = Security(user, password, security.protocol, security.certificates)
        return _signs_in(bootstrap, own)

    plan = make_plan(admin, catalogue, passwords, copies, signs_in)
    if plan and not dry_run:
        _carry_out(admin, plan, passwords, copies)
        _await(admin, lambda: not make_plan(admin, catalogue, passwords, copies, signs_in))
    return plan


def _carry_out(admin: AdminClient, plan: Plan, passwords: Mapping[str, str], copies: Copies) -> None:
    if plan.topics:
        new = [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=copies.replication,
                config={key: value for key, value in configs(topic, copies).items() if value is not None},
            )
            for topic in plan.topics
        ]
        _settle(admin.create_topics(new, operation_timeout=SECONDS).values())
    if plan.configs:
        _settle(admin.incremental_alter_configs([_alteration(*item) for item in plan.configs.items()]).values())
    if plan.users:
        changes = [UserScramCredentialUpsertion(user, _SCRAM, passwords[user].encode()) for user in plan.users]
        _settle(admin.alter_user_scram_credentials(changes).values())
    if plan.grant:
        _settle(admin.create_acls([to_binding(grant) for grant in plan.grant]).values())
    if plan.revoke:
        _settle(admin.delete_acls([_exactly(binding) for binding in plan.revoke]).values())


def _alteration(name: str, changes: Mapping[str, str | None]) -> ConfigResource:
    how = {False: AlterConfigOpType.SET, True: AlterConfigOpType.DELETE}
    entries = [ConfigEntry(key, value, incremental_operation=how[value is None]) for key, value in changes.items()]
    return ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)


def _settle(answers: Iterable[Future[Any]]) -> None:
    """Wait for every answer; raises the first error."""
    for answer in answers:
        answer.result(SECONDS)


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _signs_in(bootstrap: str, security: Security) -> bool:
    """Whether the broker takes this user and password: it shows no password, so only trying tells."""
    answered = threading.Event()
    refused = threading.Event()

    def on_error(error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:  # noqa: SLF001 - librdkafka's name for it
            refused.set()

    client = security.connect(bootstrap, error_cb=on_error)
    cluster = client.describe_cluster(request_timeout=SECONDS)
    cluster.add_done_callback(lambda _: answered.set())
    _await(client, lambda: answered.is_set() or refused.is_set())
    if refused.is_set():
        return False
    cluster.result()
    return True


def _await(client: AdminClient, done: Callable[[], bool]) -> None:
    """Serve the client until `done`; raises TimeoutError after about 15 seconds."""
    for _ in range(int(SECONDS / 0.05)):
        if done():
            return
        client.poll(0.05)
    message = "Kafka does not show what it was asked to do. Look at its brokers, then repeat this."
    raise TimeoutError(message)

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from enum import Enum
from logging import Logger
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

class ResourceType(Enum):
    ANY = 1
    TOPIC = 2
    GROUP = 3
    BROKER = 4
    TRANSACTIONAL_ID = 5

class ResourcePatternType(Enum):
    ANY = 1
    MATCH = 2
    LITERAL = 3
    PREFIXED = 4

class AclOperation(Enum):
    ANY = 1
    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8
    IDEMPOTENT_WRITE = 12

class AclPermissionType(Enum):
    ANY = 1
    DENY = 2
    ALLOW = 3

class AclBinding:
    restype: ResourceType
    name: str
    resource_pattern_type: ResourcePatternType
    principal: str
    host: str
    operation: AclOperation
    permission_type: AclPermissionType
    def __init__(
        self,
        restype: ResourceType,
        name: str,
        resource_pattern_type: ResourcePatternType,
        principal: str,
        host: str,
        operation: AclOperation,
        permission_type: AclPermissionType,
    ) -> None: ...

class AclBindingFilter:
    def __init__(
        self,
        restype: ResourceType,
        name: str | None,
        resource_pattern_type: ResourcePatternType,
        principal: str | None,
        host: str | None,
        operation: AclOperation,
        permission_type: AclPermissionType,
    ) -> None: ...

class AlterConfigOpType(Enum):
    SET = 0
    DELETE = 1

class ConfigSource(Enum):
    DYNAMIC_TOPIC_CONFIG = 1

class ConfigEntry:
    name: str
    value: str | None
    source: int
    def __init__(
        self, name: str, value: str | None, *, incremental_operation: AlterConfigOpType | None = None
    ) -> None: ...

class ConfigResource:
    name: str
    def __init__(
        self,
        restype: ResourceType,
        name: str,
        set_config: Mapping[str, str] | None = None,
        *,
        incremental_configs: Sequence[ConfigEntry] | None = None,
    ) -> None: ...

class NewTopic:
    def __init__(
        self, topic: str, num_partitions: int = ..., replication_factor: int = ..., *, config: Mapping[str, str] = ...
    ) -> None: ...

class ScramMechanism(Enum):
    SCRAM_SHA_256 = 1
    SCRAM_SHA_512 = 2

class ScramCredentialInfo:
    def __init__(self, mechanism: ScramMechanism, iterations: int) -> None: ...

class UserScramCredentialAlteration: ...

class UserScramCredentialUpsertion(UserScramCredentialAlteration):
    def __init__(
        self, user: str, scram_credential_info: ScramCredentialInfo, password: bytes, salt: bytes | None = None
    ) -> None: ...

class UserScramCredentialDeletion(UserScramCredentialAlteration):
    def __init__(self, user: str, mechanism: ScramMechanism) -> None: ...

class OffsetSpec:
    @classmethod
    def latest(cls) -> OffsetSpec: ...
    @classmethod
    def earliest(cls) -> OffsetSpec: ...

class PartitionMetadata:
    leader: int
    id: int
    replicas: list[int]

class TopicMetadata:
    topic: str
    partitions: dict[int, PartitionMetadata]

class ClusterMetadata:
    cluster_id: str
    topics: dict[str, TopicMetadata]

class AdminClient:
    def __init__(self, conf: Mapping[str, object], *, logger: Logger | None = None) -> None: ...
    def poll(self, timeout: float = ...) -> int: ...
    def list_topics(self, topic: str | None = ..., timeout: float = ...) -> ClusterMetadata: ...
    def describe_cluster(self, *, request_timeout: float = ...) -> Future[Any]: ...
    def create_topics(
        self, new_topics: list[NewTopic], *, operation_timeout: float = ..., request_timeout: float = ...
    ) -> dict[str, Future[None]]: ...
    def delete_topics(self, topics: list[str], *, operation_timeout: float = ...) -> dict[str, Future[None]]: ...
    def describe_configs(
        self, resources: list[ConfigResource], *, request_timeout: float = ...
    ) -> dict[ConfigResource, Future[dict[str, ConfigEntry]]]: ...
    def incremental_alter_configs(self, resources: list[ConfigResource]) -> dict[ConfigResource, Future[None]]: ...
    def create_acls(self, acls: list[AclBinding]) -> dict[AclBinding, Future[None]]: ...
    def describe_acls(
        self, acl_binding_filter: AclBindingFilter, *, request_timeout: float = ...
    ) -> Future[list[AclBinding]]: ...
    def delete_acls(
        self, acl_binding_filters: list[AclBindingFilter]
    ) -> dict[AclBindingFilter, Future[list[AclBinding]]]: ...
    def alter_consumer_group_offsets(
        self, group_topic_partitions: list[ConsumerGroupTopicPartitions], *, request_timeout: float = ...
    ) -> dict[str, Future[ConsumerGroupTopicPartitions]]: ...
    def list_consumer_group_offsets(
        self, group_topic_partitions: list[ConsumerGroupTopicPartitions], *, request_timeout: float = ...
    ) -> dict[str, Future[ConsumerGroupTopicPartitions]]: ...
    def alter_user_scram_credentials(
        self, alterations: Sequence[UserScramCredentialAlteration]
    ) -> dict[str, Future[None]]: ...
    def describe_consumer_groups(
        self, group_ids: list[str], *, request_timeout: float = ...
    ) -> dict[str, Future[Any]]: ...
    def delete_records(
        self,
        topic_partition_offsets: list[TopicPartition],
        *,
        request_timeout: float = ...,
        operation_timeout: float = ...,
    ) -> dict[TopicPartition, Future[Any]]: ...
    def list_offsets(
        self, topic_partition_offsets: Mapping[TopicPartition, OffsetSpec], *, request_timeout: float = ...
    ) -> dict[TopicPartition, Future[Any]]: ...

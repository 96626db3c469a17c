from collections.abc import Sequence
from ssl import SSLContext

from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin.new_topic import NewTopic
from aiokafka.structs import OffsetAndMetadata, TopicPartition

class AIOKafkaAdminClient:
    def __init__(
        self,
        *,
        bootstrap_servers: str | list[str] = ...,
        client_id: str = ...,
        request_timeout_ms: int = ...,
        connections_max_idle_ms: int = ...,
        retry_backoff_ms: int = ...,
        metadata_max_age_ms: int = ...,
        security_protocol: str = ...,
        ssl_context: SSLContext | None = None,
        sasl_mechanism: str = ...,
        sasl_plain_username: str | None = None,
        sasl_plain_password: str | None = None,
        sasl_oauth_token_provider: AbstractTokenProvider | None = None,
    ) -> None: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def create_topics(
        self, new_topics: Sequence[NewTopic], timeout_ms: int | None = None, validate_only: bool = False
    ) -> object: ...
    async def delete_topics(self, topics: list[str], timeout_ms: int | None = None) -> object: ...
    async def list_topics(self) -> list[str]: ...
    async def list_consumer_group_offsets(
        self,
        group_id: str,
        group_coordinator_id: int | None = None,
        partitions: list[TopicPartition] | None = None,
    ) -> dict[TopicPartition, OffsetAndMetadata]: ...

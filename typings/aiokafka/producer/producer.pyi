from asyncio import Future
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from ssl import SSLContext
from typing import Literal, Self

from aiokafka.abc import AbstractTokenProvider
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import RecordMetadata

_missing: object

class BatchBuilder:
    def append(
        self,
        *,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = ...,
    ) -> object | None: ...
    def close(self) -> None: ...

class AIOKafkaProducer:
    def __init__(
        self,
        *,
        bootstrap_servers: str | Sequence[str] = ...,
        client_id: str | None = None,
        metadata_max_age_ms: int = ...,
        request_timeout_ms: int = ...,
        acks: Literal[0, 1, -1, "all"] = ...,
        compression_type: Literal["gzip", "snappy", "lz4", "zstd"] | None = None,
        max_batch_size: int = ...,
        partitioner: DefaultPartitioner = ...,
        max_request_size: int = ...,
        linger_ms: int = ...,
        retry_backoff_ms: int = ...,
        security_protocol: str = ...,
        ssl_context: SSLContext | None = None,
        connections_max_idle_ms: int = ...,
        enable_idempotence: bool = ...,
        transactional_id: str | None = None,
        transaction_timeout_ms: int = ...,
        sasl_mechanism: str = ...,
        sasl_plain_password: str | None = None,
        sasl_plain_username: str | None = None,
        sasl_oauth_token_provider: AbstractTokenProvider | None = None,
    ) -> None: ...
    async def start(self) -> None: ...
    async def flush(self) -> None: ...
    async def stop(self) -> None: ...
    async def partitions_for(self, topic: str) -> set[int]: ...
    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] | None = None,
    ) -> Future[RecordMetadata]: ...
    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] | None = None,
    ) -> RecordMetadata: ...
    def create_batch(self) -> BatchBuilder: ...
    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Future[RecordMetadata]: ...
    def transaction(self) -> AbstractAsyncContextManager[None]: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, exc_type: object, exc: object, tb: object) -> None: ...

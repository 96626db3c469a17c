"""The nearest rival, faststream-outbox: it relays the same records as its documentation shows, in order: one worker."""

from collections.abc import Sequence
from typing import Any

from faststream.kafka import KafkaBroker, KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.annotations import OutboxMessage
from sqlalchemy import MetaData, func, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from shared.platform.kafka import broker_security
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.bench.measuring import Lap
from tests.bench.workload import Outgoing

_QUEUE = "moved"


async def relay(stage: Stage, service: str, topic: str, records: Sequence[Outgoing]) -> Lap:
    """Fill its outbox, and measure until every row was acknowledged by Kafka and deleted.

    Rows are fetched and deleted by the hundred, which was its fastest order-keeping setting, not its default.
    """
    settings = stage.settings(service)
    engine = create_async_engine(stage.admin_url.replace("postgresql://", "postgresql+asyncpg://"))
    metadata = MetaData()
    table = make_outbox_table(metadata, "peer_outbox")
    outbox = OutboxBroker(engine, outbox_table=table, logger=None)
    kafka = KafkaBroker(
        settings.kafka_bootstrap, security=broker_security(settings), acks="all", enable_idempotence=True, logger=None
    )

    @kafka.publisher(topic)
    @outbox.subscriber(_QUEUE, max_workers=1, fetch_batch_size=100, terminal_flush_batch_size=100)
    async def _(body: dict[str, Any], message: OutboxMessage) -> KafkaResponse:
        return KafkaResponse(body, key=message.headers["ce_partitionkey"].encode(), headers=message.headers)

    async def is_empty() -> bool:
        async with engine.connect() as connection:
            return not await connection.scalar(select(func.count()).select_from(table))

    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(table), [_row(record) for record in records])
    lap = Lap(len(records))
    try:
        await kafka.connect()
        with lap.running():
            await outbox.start()
            await eventually(is_empty, within=600, every=0.1)
    finally:
        await outbox.stop()
        await kafka.stop()
        await engine.dispose()
    return lap


def _row(record: Outgoing) -> dict[str, Any]:
    headers = {name: value.decode() for name, value in record.headers}
    return {"queue": _QUEUE, "payload": record.payload, "headers": headers}

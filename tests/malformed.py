"""Records that Kafka takes and no well-behaved client writes: header names that are not UTF-8."""

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.record.default_records import (
    _DefaultRecordBatchBuilderPy,  # pyright: ignore[reportPrivateUsage] - the compiled one refuses such names
)

from shared.platform.kafka import client_options
from shared.platform.settings import PlatformSettings


class BadName(str):
    """A header's name with these bytes in the log."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """What is written."""
        return b"\xff\xfe" + super().encode(encoding, errors)


def raw_batch(records: list[ConsumerRecord], *, begins: int = 0, compression: int = 0) -> bytes:
    """A batch as it lies in the log; offsets count from where it begins, and `compression` is a number of Kafka's."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, -1, 1_000_000)
    for record in records:
        builder.append(record.offset, record.timestamp, record.key, record.value, list(record.headers))
    return begins.to_bytes(8) + bytes(builder.build())[8:]  # the checksum leaves this out: brokers fill it in


async def write_raw(settings: PlatformSettings, topic: str, partition: int, raw: bytes) -> int:
    """Write a batch of one record as it is; give its offset."""
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        batch = producer.create_batch()
        batch.append(key=b"", value=b"", timestamp=None)  # so that it counts one
        batch.close()
        vars(batch)["_buffer"] = raw
        written = await (await producer.send_batch(batch, topic, partition=partition))
        return written.offset

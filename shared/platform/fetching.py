"""Records as they lie in the log: one whose header names are not UTF-8 stops no reader, and its names stay bytes.

Kafka takes any bytes as a header's name. aiokafka decodes them strictly, in the middle of handing out a fetch: the
record would stop its partition for ever, and what other partitions had given up in the same call would be lost.
"""

from collections.abc import Generator
from contextlib import suppress
from typing import Final

from aiokafka import ConsumerRecord
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import (
    DefaultRecord,
    _DefaultRecordBatchPy,  # pyright: ignore[reportPrivateUsage] - aiokafka offers no door to how it reads
)
from aiokafka.record.memory_records import (
    _MemoryRecordsPy,  # pyright: ignore[reportPrivateUsage] - as above
)
from aiokafka.record.util import decode_varint

AS_BYTES: Final = ""
"""The name under which a record with an undecodable header name has all its headers, as the bytes in the log."""


def read_any_header_name() -> None:
    """Let every aiokafka consumer of this process read such records; twice is the same as once."""
    fetcher.MemoryRecords = _MemoryRecordsPy  # the compiled one hides its bytes; only whole batches pass through here
    fetcher.PartitionRecords = _Records


class _Records(fetcher.PartitionRecords):
    """One partition's part of a fetch, read by aiokafka's compiled code as long as that can read it."""

    def _unpack_records(self) -> Generator[ConsumerRecord]:
        with suppress(UnicodeDecodeError):
            yield from super()._unpack_records()
            return
        # The same bytes from their beginning, slower; what was given out already is passed over by its offset.
        self._records = _Batches(self._records._buffer)  # noqa: SLF001 - of a class that stands in for it
        yield from super()._unpack_records()


class _Batches(_MemoryRecordsPy):
    def next_batch(self) -> "_Batch":
        batch = _Batch(self._next_slice)
        self._cache_next()
        return batch


class _Batch(_DefaultRecordBatchPy):
    def _read_msg(self) -> DefaultRecord:
        start = self._pos
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            return self._with_headers_as_bytes(start)

    def _with_headers_as_bytes(self, start: int) -> DefaultRecord:
        """Read a record again, up to its headers (https://kafka.apache.org/documentation/#record)."""
        length, begin = decode_varint(self._buffer, start)
        self._pos = begin + length
        _, at = decode_varint(self._buffer, begin)  # attributes, of which there are none
        later, at = decode_varint(self._buffer, at)
        distance, at = decode_varint(self._buffer, at)
        key, at = self._bytes(at)
        value, at = self._bytes(at)
        headers: list[tuple[str, bytes | None]] = [(AS_BYTES, bytes(self._buffer[at : self._pos]))]
        return DefaultRecord(
            self.base_offset + distance, self.first_timestamp + later, self.timestamp_type, key, value, headers
        )

    def _bytes(self, at: int) -> tuple[bytes | None, int]:
        length, at = decode_varint(self._buffer, at)
        return (None, at) if length < 0 else (bytes(self._buffer[at : at + length]), at + length)

# What `shared/platform/fetching.py` puts its own in place of.
from collections.abc import Iterator

from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.structs import ConsumerRecord, TopicPartition

class PartitionRecords:
    next_fetch_offset: int
    _records: _MemoryRecordsPy
    def __init__(
        self,
        tp: TopicPartition,
        records: _MemoryRecordsPy,
        aborted_transactions: list[tuple[int, int]],
        fetch_offset: int,
        key_deserializer: None,
        value_deserializer: None,
        check_crcs: bool,
        isolation_level: int,
    ) -> None: ...
    def __iter__(self) -> Iterator[ConsumerRecord]: ...
    def _unpack_records(self) -> Iterator[ConsumerRecord]: ...

MemoryRecords: type[_MemoryRecordsPy]

"""Bytes as Kafka hands them out, read with header names that are not UTF-8 among them."""

from uuid import UUID, uuid4

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer import fetcher

from shared.platform.consumer.records import Incoming, Unreadable, dump_headers, read
from shared.platform.fetching import read_any_header_name
from tests.malformed import BadName, raw_batch

read_any_header_name()


def a_record(offset: int, *more: tuple[str, bytes | None]) -> ConsumerRecord:
    """A record of an aggregate that is numbered like its offset."""
    headers = (("ce_subject", str(UUID(int=offset)).encode()), ("ce_sequence", b"1"), ("ce_id", str(uuid4()).encode()))
    return ConsumerRecord(
        topic="osler.pairing",
        partition=0,
        offset=offset,
        timestamp=1_000 + offset,
        timestamp_type=0,
        key=b"key",
        value=None if offset == 1 else b"value" * 50,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=(*headers, *more),
    )


def fetched(raw: bytes, at: int = 0) -> fetcher.PartitionRecords:
    """One partition's part of a fetch, as aiokafka makes it."""
    place = TopicPartition("osler.pairing", 0)
    return fetcher.PartitionRecords(place, fetcher.MemoryRecords(raw), [], at, None, None, True, 0)


@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4])
def test_a_name_that_is_not_utf8_costs_no_other_record(compression: int) -> None:
    first = [a_record(0), a_record(1, (BadName("x"), b"v")), a_record(3), a_record(4, ("y", None))]
    second = [a_record(0, (BadName(""), None)), a_record(1)]

    batches = raw_batch(first, compression=compression) + raw_batch(second, begins=5, compression=compression)
    given = list(fetched(batches))

    assert [each.offset for each in given] == [0, 1, 3, 4, 5, 6]
    assert [(each.timestamp, each.key, each.value) for each in given] == [
        (each.timestamp, each.key, each.value) for each in (*first, *second)
    ]
    assert [type(read(each)) for each in given] == [Incoming, Unreadable, Incoming, Incoming, Unreadable, Incoming]


def test_a_reader_may_begin_behind_or_at_such_a_name() -> None:
    raw = raw_batch([a_record(0, (BadName("x"), b"v")), a_record(1), a_record(2, (BadName("x"), b"v"))])

    assert [each.offset for each in fetched(raw, at=1)] == [1, 2]
    assert [each.offset for each in fetched(raw, at=2)] == [2]


def test_a_record_whose_names_cannot_be_read_keeps_its_headers_as_bytes_and_says_why() -> None:
    (given,) = fetched(raw_batch([a_record(2, (BadName("x"), b"v"))]))

    unreadable = read(given)

    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason == "unreadable_header"
    ((name, kept),) = given.headers
    assert kept is not None
    assert kept.endswith(b"\xff\xfex" + b"\x02v")
    assert dump_headers(given) == f'[["{name}", "{kept.hex()}"]]'

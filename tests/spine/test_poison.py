"""What no reader can make sense of is kept with its reason, blocks at most its aggregate, and everything else flows."""

import dataclasses
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord

from shared.contracts.pairing import PairDeclined
from shared.testing.running import record_of
from tests.spine.bench import Bench, resumed, with_header

Spoil = Callable[[ConsumerRecord], ConsumerRecord]


def with_body(body: bytes | None) -> Spoil:
    """The same headers over another body."""
    return lambda record: dataclasses.replace(record, value=body)


def with_type(kind: bytes | None) -> Spoil:
    """Another type over the same body."""
    return lambda record: with_header(record, "ce_type", kind)


def of_another_version(record: ConsumerRecord) -> ConsumerRecord:
    """A body that counts differently from its headers."""
    return dataclasses.replace(record, value=(record.value or b"").replace(b'"version":1', b'"version":2'))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (with_body(b"{not json"), "unreadable_event"),
        (with_body(b'{"pair_id": "\xff"}'), "unreadable_event"),
        (with_body(None), "unreadable_event"),
        (of_another_version, "unreadable_event"),
        (with_type(b"osler.meetings.meeting_held.v1"), "foreign_type"),
        (with_type(None), "foreign_type"),
        (with_type(b"\xff\x00"), "foreign_type"),
    ],
)
async def test_poison_parks_its_aggregate_with_a_reason_and_the_rest_flows(
    bench: Bench, spoil: Spoil, reason: str
) -> None:
    a, b = uuid4(), uuid4()

    await bench.deliver(spoil(record_of(resumed(a, 1))), resumed(b, 1), resumed(a, 2))

    assert await bench.effects() == [(b, 1)]
    assert await bench.reasons() == [reason, "waiting"]


@pytest.mark.parametrize("header", ["ce_subject", "ce_sequence", "ce_id"])
@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"-1", b"x" * 2000])
async def test_a_record_that_names_no_aggregate_is_kept_as_bytes_and_blocks_nobody(
    bench: Bench, header: str, value: bytes | None
) -> None:
    a, b = uuid4(), uuid4()
    lost = with_header(record_of(resumed(a, 1)), header, value)

    await bench.deliver(lost, resumed(b, 1))
    await bench.deliver(lost)

    kept = await bench.database.pool.fetch("SELECT body, reason FROM unreadable WHERE consumer = $1", bench.name)
    assert [row["body"] for row in kept] == [lost.value]
    assert await bench.effects() == [(b, 1)]


async def test_a_type_without_a_handler_passes_and_moves_the_aggregate_on(bench: Bench) -> None:
    a = uuid4()
    unknown = with_header(record_of(resumed(a, 1)), "ce_type", b"osler.pairing.pair_celebrated.v1")
    declined = PairDeclined(**resumed(a, 2).model_dump(), declined_by="mentor")

    await bench.deliver(unknown, declined, resumed(a, 3))

    assert await bench.effects() == [(a, 3)]

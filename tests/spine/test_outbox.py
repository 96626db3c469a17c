"""What stands in the outbox of an event: the same in the columns, for the relay, and in the headers, for readers."""

from datetime import UTC, datetime
from uuid import uuid4

from opentelemetry.sdk.trace import TracerProvider

from shared.contracts.meetings import MeetingMoved
from shared.platform import outbox
from shared.platform.database import Database
from shared.testing.stage import Stage
from tests.spine.play import NOBODY

_THEN = datetime(2027, 1, 4, 9, 0, 0, 123456, tzinfo=UTC)


def moved(version: int) -> MeetingMoved:
    return MeetingMoved(
        meeting_id=uuid4(),
        pair_id=uuid4(),
        mentor_id=NOBODY,
        mentee_id=NOBODY,
        moved_by=NOBODY,
        starts_at=_THEN,
        ends_at=_THEN,
        version=version,
        occurred_at=_THEN,
        institution_ids=(),
    )


async def test_rows_say_what_their_events_say_in_the_order_of_publishing(play_stage: Stage) -> None:
    events = [moved(version) for version in (3, 1, 2)]
    async with Database.open(play_stage.database("pairing_worker"), schema="pairing", size=1) as database:
        async with database.transaction() as tx:
            for event in events:
                await outbox.publish(tx, event)
        rows = await database.pool.fetch(
            "DELETE FROM outbox WHERE aggregate_id = ANY($1) RETURNING *", [event.aggregate_id for event in events]
        )

    rows.sort(key=lambda row: row["position"])
    assert [row["aggregate_id"] for row in rows] == [event.aggregate_id for event in events]
    for row, event in zip(rows, events, strict=True):
        shard, partition, key = outbox.route(event.topic, event.key)
        assert (row["shard"], row["partition"], row["key"], row["topic"]) == (shard, partition, key, event.topic)
        assert (row["version"], row["event_id"], row["occurred_at"]) == (event.version, event.event_id, _THEN)
        assert row["headers"] == outbox.headers(event)
        assert row["payload"] == event.model_dump_json().encode()


def test_each_event_carries_the_trace_under_way() -> None:
    tracer = TracerProvider().get_tracer("test")
    traces: list[str] = []
    for _ in range(2):
        with tracer.start_as_current_span("request") as span:
            flat = outbox.headers(moved(1))
            traces.append(flat[flat.index("traceparent") + 1])
            assert f"{span.get_span_context().span_id:016x}" in traces[-1]

    assert traces[0] != traces[1]
    assert "traceparent" not in outbox.headers(moved(1))

"""A consumer on the real database whose handlers a test can break: batches go in, and its rows are looked at."""

import dataclasses
from collections.abc import Callable
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord

from shared.contracts.pairing import PairEvent, PairPaused, PairResumed
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.operators import Decision
from shared.platform.consumer.records import read
from shared.platform.consumer.retrier import Retrier
from shared.platform.database import Database, Row, Transaction
from shared.platform.telemetry import REGISTRY
from shared.testing.eventually import eventually
from shared.testing.running import record_of
from shared.testing.stage import START

BECAUSE = Decision(by="a test", reason="it says so")


class Bench:
    """A consumer whose handlers a test can break, and its rows."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.name = f"meetings.{uuid4().hex[:8]}"
        self.events = EventConsumer(self.name)
        self.applied: list[tuple[UUID, int]] = []
        self.broken: Callable[[PairEvent], BaseException | None] = lambda _: None
        self.applier = BatchApplier(database, self.events)
        self.retrier = Retrier(database, self.applier)
        self.events.on(PairResumed)(self.note)
        self.events.on(PairPaused)(self.note)

    async def note(self, tx: Transaction, event: PairEvent) -> None:
        """The effect: one row."""
        error = self.broken(event)
        if error is not None:
            raise error
        await tx.execute(
            "INSERT INTO effects (consumer, aggregate_id, version) VALUES ($1, $2, $3)",
            self.name,
            event.pair_id,
            event.version,
        )

    async def deliver(self, *records: ConsumerRecord | PairEvent) -> None:
        """One batch from Kafka."""
        raw = [record_of(record) if isinstance(record, PairEvent) else record for record in records]
        await self.applier.apply([read(record) for record in raw])

    async def effects(self) -> list[tuple[UUID, int]]:
        """What was applied, in order."""
        rows = await self.database.pool.fetch(
            "SELECT aggregate_id, version FROM effects WHERE consumer = $1 ORDER BY position", self.name
        )
        return [(row["aggregate_id"], row["version"]) for row in rows]

    async def parked(self) -> list[Row]:
        """What waits, in order of version."""
        return await self.database.pool.fetch("SELECT * FROM parked WHERE consumer = $1 ORDER BY version", self.name)

    async def reasons(self) -> list[str]:
        """Why it waits."""
        return [row["reason"] for row in await self.parked()]

    def alarms(self) -> float:
        """How often a version came with a second event id."""
        return REGISTRY.get_sample_value("osler_versions_reused_total", {"consumer": self.name}) or 0.0

    async def retried(self, expected: list[tuple[UUID, int]]) -> None:
        """Let the retry loop run until these effects are there."""

        async def done() -> bool:
            await self.retrier.drain()
            return await self.effects() == expected

        await eventually(done, within=10)


def resumed(pair_id: UUID, version: int) -> PairResumed:
    return PairResumed(
        pair_id=pair_id,
        mentor_id=pair_id,
        mentee_id=pair_id,
        mentor_institution_id=pair_id,
        mentee_institution_id=pair_id,
        version=version,
        occurred_at=START,
        institution_ids=(pair_id,),
    )


def with_header(record: ConsumerRecord, name: str, value: bytes | None) -> ConsumerRecord:
    headers = tuple((n, value if n == name else v) for n, v in record.headers)
    return dataclasses.replace(record, headers=headers)


def with_another_id(event: PairEvent) -> ConsumerRecord:
    return with_header(record_of(event), "ce_id", str(uuid4()).encode())

"""Runs plays as child processes on the real parts and reads the four ledgers afterwards."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import partitions
from shared.platform.consumer.records import Incoming, read
from shared.platform.kafka import client_options
from shared.platform.migrations import migrate
from shared.platform.migrations.runner import Migration, migrations
from shared.testing.eventually import eventually
from shared.testing.stage import Engines, Stage, make_stage
from tests.ledgers import Fact, Ledgers

CONVERGES_WITHIN = 60.0
_Process = AbstractAsyncContextManager[asyncio.subprocess.Process]


@dataclass
class Theatre:
    """One play: its counters, its consumer, and where its processes note what they did."""

    stage: Stage
    folder: Path
    seed: str = field(default_factory=lambda: token_hex(6))
    aggregates: int = 5

    @property
    def consumer(self) -> str:
        """A consumer of its own, so that plays on one Kafka do not meet."""
        return f"meetings.{self.seed}"

    @property
    def acknowledged(self) -> Path:
        """The client's own book of acknowledged commands."""
        return self.folder / f"{self.seed}.acknowledged"

    @property
    def reached(self) -> Path:
        """The crash points that were passed."""
        return self.folder / "reached"

    @asynccontextmanager
    async def process(
        self, service: str, doors: str, *more: str, crash: str = ""
    ) -> AsyncGenerator[asyncio.subprocess.Process]:
        """A process of the play; whatever is left of it at the end is killed."""
        environment = os.environ | self.stage.environment(service) | {"OSLER_CRASH_LOG": str(self.reached)}
        if crash:
            environment["OSLER_CRASH_AT"] = crash
        log = (self.folder / f"{self.seed}.{service}.log").open("ab")
        with log:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.spine.play", "--service", service, "--doors", doors,
                "--seed", self.seed, "--aggregates", str(self.aggregates), "--consumer", self.consumer,
                "--acknowledged", str(self.acknowledged), *more,
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    def publisher(self, commands: int = 0, *more: str, crash: str = "") -> "_Process":
        """The process that writes, fires and relays; without commands it stays until it is ended."""
        return self.process("pairing", "api,timer,relay", "--stay", "--commands", str(commands), *more, crash=crash)

    def relay(self, *more: str) -> "_Process":
        """A process that only relays what others write."""
        return self.process("pairing", "relay", "--stay", *more)

    def writer(self, commands: int, *more: str) -> "_Process":
        """A process that writes and fires, and leaves the relaying to others."""
        return self.process("pairing", "api,timer", "--stay", "--commands", str(commands), *more)

    def listener(self, *more: str, crash: str = "") -> "_Process":
        """The process that consumes, and relays what its handlers say."""
        return self.process("meetings", "consumer,relay", "--stay", *more, crash=crash)

    async def converge(self, within: float = CONVERGES_WITHIN) -> None:
        """Wait until nothing waits anywhere: outboxes, timers, and every committed version has its effect."""
        await eventually(self._quiet, within=within, every=0.2)

    async def has_acknowledged(self, commands: int) -> None:
        """Wait until the client has so many answers."""

        async def enough() -> bool:
            return self.acknowledged.exists() and len(self.acknowledged.read_text("utf-8").splitlines()) >= commands

        await eventually(enough, within=CONVERGES_WITHIN)

    async def outbox_is_empty(self) -> None:
        """Wait until the publisher's relay has nothing left to send."""

        async def empty() -> bool:
            async with self._admin() as connection:
                return await connection.fetchval(
                    "SELECT NOT EXISTS (SELECT 1 FROM pairing.outbox) AND NOT EXISTS (SELECT 1 FROM pairing.timers)"
                )

        await eventually(empty, within=CONVERGES_WITHIN, every=0.2)

    async def is_refused(self) -> None:
        """Wait until the publisher's relay has noted that Kafka refuses its topic."""

        async def noted() -> bool:
            return "relay_refused" in (self.folder / f"{self.seed}.pairing.log").read_text(encoding="utf-8")

        await eventually(noted, within=CONVERGES_WITHIN, every=0.2)

    async def _quiet(self) -> bool:
        async with self._admin() as connection:
            return await connection.fetchval(
                """
                SELECT NOT EXISTS (SELECT 1 FROM pairing.outbox) AND NOT EXISTS (SELECT 1 FROM pairing.timers)
                   AND NOT EXISTS (SELECT 1 FROM meetings.outbox)
                   AND (SELECT count(*) FROM pairing.committed c JOIN pairing.counters k ON k.pair_id = c.aggregate_id
                        WHERE k.pair_id = ANY($2))
                     <= (SELECT count(*) FROM meetings.effects WHERE consumer = $1 AND aggregate_id = ANY($2))
                """,
                self.consumer,
                self._ids(),
            )

    def lost_answers(self) -> int:
        """How many commands were sent and have no answer so far."""
        return self._book()[1]

    async def ledgers(self) -> Ledgers:
        """The four ledgers of this play."""
        acknowledged, unknown = self._book()
        ids = set(self._ids())
        async with self._admin() as connection:
            committed = [
                (row["aggregate_id"], row["version"])
                for row in await connection.fetch(
                    "SELECT aggregate_id, version FROM pairing.committed ORDER BY position"
                )
            ]
            effects = [
                (row["aggregate_id"], row["version"])
                for row in await connection.fetch(
                    "SELECT aggregate_id, version FROM meetings.effects WHERE consumer = $1 ORDER BY position",
                    self.consumer,
                )
            ]
        log = await read_log(self.stage, "osler.pairing", "meetings")
        return Ledgers(
            acknowledged=acknowledged,
            committed=[fact for fact in committed if fact[0] in ids],
            log=[fact for fact in log if fact[0] in ids],
            effects={self.consumer: [fact for fact in effects if fact[0] in ids]},
            unknown=unknown,
        )

    def _ids(self) -> list[UUID]:
        from tests.spine.play import pair_ids  # noqa: PLC0415 - the play imports the whole platform

        return pair_ids(self.seed, self.aggregates)

    def _book(self) -> tuple[list[Fact], int]:
        if not self.acknowledged.exists():
            return [], 0
        lines = self.acknowledged.read_text(encoding="utf-8").splitlines()
        facts = [(UUID(line.split()[0]), int(line.split()[1])) for line in lines if line != "unknown"]
        return facts, lines.count("unknown")

    @asynccontextmanager
    async def _admin(self) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.stage.admin_url)
        try:
            yield connection
        finally:
            await connection.close()


async def set_stage(engines: Engines, passwords: dict[str, str], services: Sequence[str]) -> Stage:
    """A database on real time, where each of these services has the platform's tables and the play's."""
    stage = await make_stage(engines, passwords, (), stepped=False)
    play = Migration("play/0001_play.sql", Path(__file__).with_name("play.sql").read_text(encoding="utf-8"))
    for service in services:
        files = [file for file in migrations(service) if file.name.startswith("platform/")]
        await migrate(stage.database(f"{service}_migrate"), service, [*files, play])
    return stage


async def read_log(stage: Stage, topic: str, reader: str) -> list[Fact]:
    """A topic from its first record to its end, as a reader without a group."""
    consumer = AIOKafkaConsumer(**client_options(stage.settings(reader)), auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(partitions(topic))]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        facts: list[Fact] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    incoming = read(record)
                    if isinstance(incoming, Incoming):  # what no reader could place is no part of this ledger
                        facts.append((incoming.aggregate_id, incoming.version))
        return facts
    finally:
        await consumer.stop()

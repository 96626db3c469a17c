"""The world of a play under attack: two publishers and two listeners, and whoever starts them again when they die."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID, uuid5

import asyncpg
from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.contracts.event import event_id
from shared.contracts.pairing import PairResumed
from shared.contracts.topics import partitions
from shared.platform.loops import rest
from shared.platform.topics import Security
from shared.testing.eventually import eventually
from shared.testing.stage import Stage, apply_topics, new_passwords
from tests.chaos.actor import DIED_AT_A_POINT, Actor
from tests.chaos.site import POSTS, Site
from tests.ledgers import Ledgers, violations
from tests.spine.theatre import Theatre, read_log, set_stage

SERVICES = ("pairing", "meetings", "directory")
TOPICS = ("osler.pairing", "osler.meetings")
CONVERGES_WITHIN = 60.0
"""Seconds from the end of the last fault until nothing waits anywhere and every effect is there."""
_ENDLESS = 1_000_000
_KILLED = -9
_ASKED_TO_END = 0


@dataclass
class World:
    """A site with a stage on it, where one play after the other is given."""

    site: Site
    stage: Stage

    def admin(self) -> AdminClient:
        """Kafka's administrator."""
        engines = self.site.engines
        return Security(engines.kafka_username, engines.kafka_password).connect(engines.kafka_bootstrap)

    @asynccontextmanager
    async def database(self) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
        """The stage's database as its superuser, without a door."""
        connection = await asyncpg.connect(self.stage.admin_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def sweep(self) -> None:
        """Forget every earlier play, so that a new one is as quick as the first; nobody may be on the stage."""
        async with self.database() as connection:
            await connection.execute(
                """
                DO $$ DECLARE kept regclass; BEGIN
                    FOR kept IN SELECT c.oid FROM pg_class c WHERE c.relkind = 'r'
                        AND c.relnamespace::regnamespace::text IN ('pairing', 'meetings', 'directory')
                        AND c.relname IN ('outbox', 'relay_leases', 'inbox', 'parked', 'unreadable', 'partition_starts',
                                          'timers', 'counters', 'effects', 'committed')
                    LOOP
                        EXECUTE 'TRUNCATE ' || kept;
                    END LOOP;
                END $$
                """
            )
        ends = [TopicPartition(topic, number, OFFSET_END) for topic in TOPICS for number in range(partitions(topic))]
        admin = self.admin()  # it answers only as long as it is kept
        for deleted in admin.delete_records(ends, request_timeout=15).values():
            await asyncio.to_thread(deleted.result, 15)


async def make_world(site: Site) -> World:
    """A world on this site, with tables in which a full disk is felt after a few rows."""
    passwords = new_passwords()
    await asyncio.to_thread(apply_topics, site.engines, passwords)
    stage = await set_stage(site.engines, passwords, SERVICES)
    connection = await asyncpg.connect(stage.admin_url)
    name = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '50ms'")  # there shall be many
    for table in ("pairing.committed", "meetings.committed", "meetings.effects", "meetings.inbox"):
        await connection.execute(f"ALTER TABLE {table} SET (fillfactor = 10)")
    await connection.close()
    if site.small_disk is not None:
        await site.small_disk.take(stage.admin_url)
    return World(site, stage)


class Play:
    """One play: its cast, its books, and the four ledgers at its end."""

    def __init__(
        self, world: World, folder: Path, *, aggregates: int = 8, doors: tuple[str, str] = ("", ""), fault: str = ""
    ) -> None:
        self.world = world
        self.folder = folder
        self.theatre = Theatre(world.stage, folder, aggregates=aggregates)
        self.curtain = folder / "curtain"
        publishing = [each or "api,timer,relay" for each in doors]
        self.cast = [
            self._actor(post, tasks, fault) for post, tasks in zip(POSTS, [*publishing, *_LISTENING], strict=True)
        ]
        self.unexpected: list[str] = []
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def publishers(self) -> list[Actor]:
        """Who writes and relays."""
        return [actor for actor in self.cast if not actor.hears]

    @property
    def listeners(self) -> list[Actor]:
        """Who consumes, all in one group."""
        return [actor for actor in self.cast if actor.hears]

    def can_reach(self, point: str) -> bool:
        """Whether somebody here passes this crash point."""
        return any(actor.passes(point) for actor in self.cast)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[None]:
        """Let everybody play; whoever dies is started again, as a supervisor does. At the end all are killed."""
        try:
            for actor in self.cast:
                actor.start()
            self._supervisor = asyncio.create_task(self._supervise())
            yield
        finally:
            if self._supervisor is not None:
                self._supervisor.cancel()
                await asyncio.gather(self._supervisor, return_exceptions=True)
            for actor in self.cast:
                if actor.is_alive:
                    await actor.kill()

    async def everybody_listens(self) -> None:
        """Wait until each listener has its share of the partitions."""
        group, admin = f"{self.theatre.consumer}.{TOPICS[0]}", self.world.admin()

        async def all_have_some() -> bool:
            answer = admin.describe_consumer_groups([group], request_timeout=15)[group]
            members = (await asyncio.to_thread(answer.result, 15)).members
            return len([member for member in members if member.assignment.topic_partitions]) == len(self.listeners)

        await eventually(all_have_some, within=30, every=0.3)

    async def freeze(self, listener: Actor, *, in_a_transaction: bool) -> None:
        """Stop a listener between two instructions: with a batch in hand, or at rest."""

        async def stands_there() -> bool:
            listener.signal(signal.SIGSTOP)
            await rest(0.3)
            async with self.world.database() as connection:
                begun = await connection.fetchval(
                    """
                    SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'osler-meetings'
                        AND state = 'idle in transaction' AND clock_timestamp() - state_change > interval '250 ms')
                    """
                )
            if begun != in_a_transaction:
                listener.signal(signal.SIGCONT)
            return begun == in_a_transaction

        await eventually(stands_there, within=60, every=0.05)

    async def heal(self) -> None:
        """End every fault: engines run, doors are open, nobody is frozen or held; commands end soon afterwards."""
        self.world.site.open_doors()
        for actor in self.cast:
            actor.held = False

        async def everybody_plays() -> bool:
            return all(actor.is_alive for actor in self.cast)

        await eventually(everybody_plays)
        self.unexpected.clear()  # who ends by itself when its database is away has nothing to be blamed for

    async def converge(self, within: float = CONVERGES_WITHIN) -> float:
        """Let commands flow a moment longer, and give the seconds from now until nothing waited any more."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await rest(0.5)
        self.curtain.touch()
        await self.theatre.converge(within=within)
        return loop.time() - begun

    async def judge(self) -> list[str]:
        """Everything that is not as promised, once the play has converged; the ledgers are kept in its folder."""
        ledgers = await self.theatre.ledgers()
        second = await self._second_hop(ledgers)
        found = [
            *violations(ledgers),
            *violations(second),
            *await self._done_twice(ledgers),
            *await self._left_over(),
            *self.unexpected,
        ]
        kept = {"first": _plain(ledgers), "second": _plain(second), "violations": found}
        (self.folder / "ledgers.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
        return found

    async def commands(self) -> tuple[int, int]:
        """How many commands were acknowledged, and how many events were committed by both services."""
        lines = self.theatre.acknowledged.read_text("utf-8").splitlines() if self.theatre.acknowledged.exists() else []
        async with self.world.database() as connection:
            events = await connection.fetchval(
                "SELECT (SELECT count(*) FROM pairing.committed) + (SELECT count(*) FROM meetings.committed)"
            )
        return len(lines), events

    async def newest(self) -> int:
        """The position of the last event that the publishers have committed."""
        async with self.world.database() as connection:
            return await connection.fetchval("SELECT coalesce(max(position), 0) FROM pairing.committed")

    async def has_effects_up_to(self, position: int) -> bool:
        """Whether every event committed up to here has its effect."""
        async with self.world.database() as connection:
            return await connection.fetchval(
                """
                SELECT NOT EXISTS (
                    SELECT aggregate_id, version FROM pairing.committed WHERE position <= $1
                    EXCEPT SELECT aggregate_id, version FROM meetings.effects
                )
                """,
                position,
            )

    async def _second_hop(self, ledgers: Ledgers) -> Ledgers:
        """What the listeners said in their turn: each effect is a command to say one thing more.

        After a crash Kafka may show records again that were deleted before this play; they are nothing of its own.
        """
        effects = set(ledgers.effects[self.theatre.consumer])
        said = [(meeting_of(aggregate_id, version, self.theatre.consumer), 1) for aggregate_id, version in effects]
        own = set(said)
        async with self.world.database() as connection:
            rows = await connection.fetch("SELECT aggregate_id, version FROM meetings.committed ORDER BY position")
        committed = [(row["aggregate_id"], row["version"]) for row in rows]
        log = await read_log(self.world.stage, TOPICS[1], "console")
        return Ledgers(said, [fact for fact in committed if fact in own], [fact for fact in log if fact in own])

    async def _done_twice(self, ledgers: Ledgers) -> list[str]:
        """Commands that were committed more often than they were sent."""
        async with self.world.database() as connection:
            committed = await connection.fetchval(
                "SELECT count(*) FROM pairing.committed WHERE type = $1", PairResumed.type
            )
        deaths = sum(len(actor.exits) for actor in self.publishers)  # each may have had one command under way
        most = len(ledgers.acknowledged) + ledgers.unknown + deaths
        return [f"commands done twice: {committed} of {most} that were sent"] if committed > most else []

    async def _left_over(self) -> list[str]:
        async with self.world.database() as connection:
            rows = await connection.fetch(
                """
                SELECT 'parked: ' || reason AS what FROM meetings.parked
                UNION ALL SELECT 'unreadable: ' || reason FROM meetings.unreadable
                UNION ALL SELECT 'timer left: ' || coalesce(reason, 'due') FROM pairing.timers
                UNION ALL SELECT 'events said twice or not at all by the listeners'
                    WHERE (SELECT count(*) FROM meetings.committed) <> (SELECT count(*) FROM meetings.effects)
                """
            )
        return [row["what"] for row in rows]

    def _actor(self, post: str, tasks: str, fault: str) -> Actor:
        service = "meetings" if post.startswith("listener") else "pairing"
        stage, site = self.world.stage, self.world.site
        kafka, postgres = site.kafka_doors[post], site.postgres_doors[post]
        environment = {
            **stage.environment(service),
            "OSLER_CRASH_LOG": str(self.theatre.reached),
            "OSLER_PLACE": post,
            "OSLER_KAFKA_BOOTSTRAP": kafka.address,
            "OSLER_APP_DATABASE": postgres.through(stage.database(f"{service}_app")),
            "OSLER_WORKER_DATABASE": postgres.through(stage.database(f"{service}_worker")),
        }
        arguments = (
            "--service", service, "--doors", tasks, "--seed", self.theatre.seed, "--stay",
            "--aggregates", str(self.theatre.aggregates), "--consumer", self.theatre.consumer,
            "--acknowledged", str(self.theatre.acknowledged), "--until", str(self.curtain),
            "--commands", str(_ENDLESS if "api" in tasks else 0), "--fault", fault,
        )  # fmt: skip
        return Actor(post, arguments, environment, self.folder / f"{post}.log", kafka, postgres)

    async def _supervise(self) -> None:
        while True:
            for actor in self.cast:
                code = actor.bury()
                if code not in {None, _KILLED, DIED_AT_A_POINT, _ASKED_TO_END}:
                    self.unexpected.append(f"{actor.name} ended by itself with {code}")
                if not actor.held and not actor.is_alive:
                    actor.start()
            await rest(0.2)


def meeting_of(pair_id: UUID, version: int, consumer: str) -> UUID:
    """The id under which a listener says its own event about an event."""
    return uuid5(event_id(pair_id, version), consumer)


_LISTENING = ("consumer,relay", "consumer,relay")


def _plain(ledgers: Ledgers) -> dict[str, object]:
    return json.loads(json.dumps(asdict(ledgers), default=str))

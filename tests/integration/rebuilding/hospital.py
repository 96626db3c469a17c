"""What happens to one pair, as the other services say it in Kafka, and the three services that live on it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from services.console import consumers as console_consumers
from services.feedback.use_cases import submit_feedback
from shared.contracts.console import ErasureDone
from shared.contracts.directory import InstitutionJoined, PersonErased
from shared.contracts.erasure import receipt_id
from shared.contracts.event import Event
from shared.contracts.meetings import MeetingHeld
from shared.contracts.pairing import PairActivated, PairEnded
from shared.contracts.topics import catalogue, partitions
from shared.platform.consumer.rewind import StillReading, rewind
from shared.platform.kafka import client_options, make_producer
from shared.platform.person import Person
from shared.platform.seal import open_sealed
from shared.platform.service import Service, running
from shared.testing.eventually import eventually
from shared.testing.running import Running, record_of, run_service
from shared.testing.stage import Stage
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import HALF_AN_HOUR, KEY, SECRET, Office, Someone
from tests.integration.rebuilding import tables
from tests.integration.rebuilding.tables import rebuilt_services

_CONSOLE: Final = Service(
    "console",
    says=(ErasureDone,),
    events=(console_consumers.listen(lambda record: open_sealed(KEY, record)),),
    recalls=ErasureDone.topic,
)
"""What the pages know, without the pages."""
BUILT: Final[tuple[Service, ...]] = (*rebuilt_services(), _CONSOLE)


@dataclass
class Hospital(Office):
    """The office of notifications, whose events go through Kafka, with feedback beside it."""

    stage: Stage = field(kw_only=True)
    kafka: Mapping[str, Any] = field(kw_only=True)
    feedback: Running = field(kw_only=True)
    console: Running = field(kw_only=True)
    heard: list[Event] = field(default_factory=list[Event])
    producers: dict[str, AIOKafkaProducer] = field(default_factory=dict[str, AIOKafkaProducer])

    @classmethod
    @asynccontextmanager
    async def standing(cls, stage: Stage, kafka: Mapping[str, Any], mailbox: Mailbox) -> AsyncGenerator[Self]:
        """Look into the services' databases; none of them runs yet."""
        async with AsyncExitStack() as stack:
            feedback, notifications, console = [
                await stack.enter_async_context(run_service(stage, built)) for built in BUILT
            ]
            hospital = cls(notifications, mailbox, stage=stage, kafka=kafka, feedback=feedback, console=console)
            for publisher in ("directory", "pairing", "meetings"):
                hospital.producers[publisher] = make_producer(stage.settings(publisher))
                await stack.enter_async_context(hospital.producers[publisher])
            yield hospital

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        """The services as they run: Kafka in, timers, mail and Kafka out."""
        async with AsyncExitStack() as stack:
            for built in BUILT:
                own = {"smtp_port": self.mailbox.port, "contacts_key": SecretStr(SECRET)}
                settings = self.stage.settings(built.name).model_copy(update=own)
                await stack.enter_async_context(running(built, settings, "worker", asyncio.Event()))
            yield

    async def hear(self, *events: Event) -> None:
        """Let the other services say it in Kafka, one after the other, and wait until everything has come to rest."""
        await self.say(*events)
        await self.rest()

    async def say(self, *events: Event) -> None:
        """Let the other services say it in Kafka, whether or not anybody is there to hear it."""
        for event in events:
            record = record_of(event)
            producer = self.producers[catalogue().topics[event.topic].publisher]
            await producer.send_and_wait(
                event.topic, record.value, record.key, record.partition, headers=list(record.headers)
            )
        self.heard += events

    async def rest(self) -> None:
        """Wait until what was said is applied, and nothing waits to be tried, sent or said: seen twice."""
        for _ in range(2):
            await eventually(self._is_at_rest, within=60.0, every=0.1)

    async def step_to(self, instant: datetime) -> None:
        """Let it be that time, and what is due happen."""
        await self.stage.step_to(instant)
        await self.rest()

    async def answer(self, someone: Someone) -> None:
        """One of the two answers what they were asked."""
        answers = {"useful": 4, "open": 5, "keep_and_change": "Keep the Tuesdays."}
        who = Person(someone.person_id, someone.institution_id, frozenset({"mentor"}))
        (request,) = await self.feedback.rows("SELECT request_id FROM feedback_requests")
        async with self.feedback.app.transaction(who.institution_id, who.person_id, door="api") as tx:
            await submit_feedback(tx, request["request_id"], who, answers, tx.now)
        await self.rest()

    async def meet(self) -> None:
        """Hold the three meetings after which both are asked."""
        for _ in range(3):
            self.meeting_id = uuid4()
            start = await self.now() + HALF_AN_HOUR
            await self.hear(await self.meeting_proposed(start), await self.scheduled(start), await self.held())

    async def held(self) -> MeetingHeld:
        """The meeting took place."""
        now = await self.now()
        return MeetingHeld(
            **await self._meeting(),
            attendee_ids=(self.mentor.person_id, self.mentee.person_id),
            starts_at=now - HALF_AN_HOUR,
            ended_at=now,
            confirmed=True,
        )

    async def joined_the_consortium(self, someone: Someone) -> InstitutionJoined:
        """Somebody's hospital is a member."""
        return InstitutionJoined(
            version=1,
            occurred_at=await self.now(),
            institution_ids=(someone.institution_id,),
            institution_id=someone.institution_id,
            name=f"The hospital of {someone.name}",
            mail_domain=f"{someone.institution_id.hex}.example",
            time_zone="Europe/Warsaw",
        )

    async def activated(self) -> PairActivated:
        """The pair may meet."""
        return PairActivated(**await self._pair())

    async def ended(self) -> PairEnded:
        """The pair is over."""
        return PairEnded(**await self._pair(), reason="no_fault")

    async def empty(self) -> None:
        """Empty the schemas and set the services' groups to the first record, as an operator does."""
        connection = await asyncpg.connect(self.stage.admin_url)
        try:
            for built in BUILT:
                await tables.empty(connection, built.name)
        finally:
            await connection.close()
        for built in BUILT:
            await eventually(lambda b=built: self._rewound(b), within=30.0, every=0.5)

    async def state(self) -> dict[str, list[str]]:
        """What the services hold, row by row, without what is only about the processing."""
        connection = await asyncpg.connect(self.stage.admin_url)
        try:
            return await tables.held(connection, [built.name for built in BUILT])
        finally:
            await connection.close()

    async def ends(self, topic: str) -> int:
        """How many records a topic has."""
        consumer = AIOKafkaConsumer(**client_options(self.stage.settings("directory")))  # who reads each of them
        await consumer.start()
        try:
            found = await consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions(topic))])
        finally:
            await consumer.stop()
        return sum(found.values())

    async def _rewound(self, built: Service) -> bool:
        try:
            return bool(await rewind(self.kafka, built.events))
        except StillReading:  # a static member is waited for until its session has run out
            return False

    async def _is_at_rest(self) -> bool:
        """Asked in the order in which one thing causes the next."""
        now = await self.now()
        for each in self._every():
            heard = [event for event in self.heard if event.topic in each.service.events[0].topics]
            behind = await each.worker.pool.fetchval(
                """
                SELECT EXISTS (SELECT 1 FROM timers WHERE due_at <= $3) OR EXISTS (SELECT 1 FROM parked) OR EXISTS (
                    SELECT 1 FROM unnest($1::uuid[], $2::bigint[]) said (aggregate_id, version)
                    WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.aggregate_id = said.aggregate_id
                                      AND inbox.version >= said.version)
                )
                """,
                [event.aggregate_id for event in heard],
                [event.version for event in heard],
                now,
            )
            if behind:
                return False
        asked = {tuple(row) for row in await self.feedback.rows("SELECT request_id, version FROM feedback_requests")}
        gone = [event.person_id for event in self.heard if isinstance(event, PersonErased)]
        asked |= {(receipt_id(person_id, "feedback"), 1) for person_id in gone}
        hearers = [await each.rows("SELECT aggregate_id, version FROM inbox") for each in (self.service, self.console)]
        unheard = [asked - {tuple(row) for row in known} for known in hearers]
        waiting = await self.service.rows("SELECT 1 FROM messages WHERE state = 'waiting'")
        unsaid = [await each.rows("SELECT 1 FROM outbox") for each in self._every()]
        return not (any(unheard) or waiting or any(unsaid))

    def _every(self) -> tuple[Running, ...]:
        return self.feedback, self.service, self.console

"""One real service inside a test: its database, its handlers, its timers and its HTTP edge; Kafka is played by hand."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, LiteralString
from uuid import UUID

import asyncpg
import httpx
from aiokafka import ConsumerRecord
from fastapi import FastAPI
from starlette.types import ASGIApp

from shared.contracts.event import Event, Role
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.records import read
from shared.platform.consumer.retrier import Retrier
from shared.platform.database import Database, Row, Transaction
from shared.platform.http.application import build_app
from shared.platform.members import Person, sign_in_key
from shared.platform.outbox import headers, route
from shared.platform.service import Service
from shared.platform.settings import LOCAL_SIGN_IN_SECRET
from shared.platform.timers import Timers
from shared.platform.timers.fire import Firer
from shared.testing.refusals import Changes, Entrance
from shared.testing.stage import START, Stage

_offsets = count()


class _TrustingAuthenticator:
    """The fake at the edge of the process: the token is the subject. Real tokens are tested with the real issuer."""

    async def subject(self, token: str) -> str:
        return token


@dataclass
class Running:
    """A service to talk to: `deliver` is Kafka in, `fire` the clock, `client` HTTP, `said` what it published."""

    stage: Stage
    service: Service
    app: Database
    worker: Database
    http: FastAPI
    changes: Changes | None = None

    def entrance(self, app: ASGIApp | None = None) -> Entrance:
        """The way in for HTTP, to its operations or to another application on its tables."""
        return Entrance(self.service.name, app or self.http, self.changes)

    async def deliver(self, *events: Event) -> None:
        """Apply events through the inbox, as if they had come in one batch, and retry what waits for another."""
        with self._going_on():
            for consumer in self.service.events:
                applier = BatchApplier(self.worker, consumer)
                heard = [event for event in events if event.topic in consumer.topics]
                await applier.apply([read(record_of(event)) for event in heard])
                await Retrier(self.worker, applier).drain()

    async def fire(self) -> None:
        """Fire every timer that is due at the stage's time."""
        firer = Firer(self.worker, self.service.timers or Timers(self.service.name))
        with self._going_on():
            while await firer.fire_due():
                continue

    @asynccontextmanager
    async def at(self, instant: datetime) -> AsyncGenerator[None]:
        """What is due by then has fired; afterwards it is the time at which every test begins."""
        try:
            await self.stage.step_to(instant)
            await self.fire()
            yield
        finally:
            await self.stage.step_to(START)

    @asynccontextmanager
    async def aside(self) -> AsyncGenerator[Transaction]:
        """A transaction beside a request that waits for it; what it changes is not the request's."""
        with self._going_on():
            async with self.worker.transaction() as tx:
                yield tx

    def _going_on(self) -> AbstractContextManager[object]:
        return nullcontext() if self.changes is None else self.changes.going_on()

    async def said(self, aggregate_id: UUID | None = None) -> list[str]:
        """The wire types of what waits in the outbox, of one aggregate or of all, in order."""
        rows = await self.rows(
            "SELECT headers FROM outbox WHERE $1::uuid IS NULL OR aggregate_id = $1 ORDER BY position", aggregate_id
        )
        return [row["headers"][row["headers"].index("ce_type") + 1] for row in rows]

    async def bodies(self, kind: type[Event]) -> list[Any]:
        """The events of one kind that wait in the outbox, decoded, in order."""
        rows = await self.rows("SELECT headers, payload FROM outbox ORDER BY position")
        return [kind.model_validate_json(row["payload"]) for row in rows if kind.type in row["headers"]]

    async def rows(self, sql: LiteralString, *args: object) -> list[Row]:
        """Rows as the worker sees them."""
        return await self.worker.pool.fetch(sql, *args)

    async def add_member(self, person: Person, subject: str) -> None:
        """Let a person sign in whose token will be `subject`; the directory's own events do this in real life."""
        await self.worker.pool.execute(
            """
            INSERT INTO members (person_id, institution_id, sign_in_key, status, roles)
            VALUES ($1, $2, $3, 'here', $4)
            """,
            person.person_id,
            person.institution_id,
            sign_in_key(LOCAL_SIGN_IN_SECRET, subject),
            sorted(person.roles),
        )

    @asynccontextmanager
    async def client(
        self, person_id: UUID, institution_id: UUID, roles: Sequence[Role]
    ) -> AsyncGenerator[httpx.AsyncClient]:
        """An HTTP client signed in as this person, whom the service knows from now on."""
        subject = f"{person_id}@test.example"
        known = await self.worker.pool.fetchval("SELECT true FROM members WHERE person_id = $1", person_id)
        if known:
            await self.worker.pool.execute(
                "UPDATE members SET sign_in_key = $2, roles = $3 WHERE person_id = $1",
                person_id,
                sign_in_key(LOCAL_SIGN_IN_SECRET, subject),
                sorted(roles),
            )
        else:
            await self.add_member(Person(person_id, institution_id, frozenset(roles)), subject)
        async with httpx.AsyncClient(
            transport=self.entrance(),
            base_url="http://service",
            headers={"Authorization": f"Bearer {subject}"},
        ) as client:
            yield client


@asynccontextmanager
async def run_service(stage: Stage, service: Service, *, watched: bool = True) -> AsyncGenerator[Running]:
    """Open a service on a stage whose database has its schema; its relay stands still, so `said` shows everything.

    What changes is noted, so that a refusal which leaves a trace fails its test; not where time is measured.
    """
    async with AsyncExitStack() as stack:
        app, worker = [
            await stack.enter_async_context(
                Database.open(
                    stage.database(f"{service.name}_{login}"),
                    schema=service.name,
                    clock="stepped" if stage.stepped else "real",
                    strict=True,
                )
            )
            for login in ("app", "worker")
        ]
        http = build_app(
            service.name,
            service.routes,
            database=app,
            worker=worker,
            authenticator=_TrustingAuthenticator(),
            settings=stage.settings(service.name),
        )
        changes = await stack.enter_async_context(_watching(stage, service.name)) if watched else None
        yield Running(stage, service, app, worker, http, changes)


@asynccontextmanager
async def _watching(stage: Stage, schema: str) -> AsyncGenerator[Changes]:
    connection = await asyncpg.connect(stage.admin_url)
    try:
        changes = Changes(connection)
        await changes.watch(schema)
        yield changes
    finally:
        await connection.close()


def record_of(event: Event) -> ConsumerRecord:
    """The Kafka record that the relay would make of an event."""
    _, partition, key = route(event.topic, event.key)
    flat = headers(event)
    return ConsumerRecord(
        topic=event.topic,
        partition=partition,
        offset=next(_offsets),
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=None if event.tombstone else event.model_dump_json().encode(),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple((flat[i], flat[i + 1].encode()) for i in range(0, len(flat), 2)),
    )

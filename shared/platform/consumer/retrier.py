"""The one loop that takes parked events whose time has come: lowest version first, one transaction each, for ever."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

from shared.platform.consumer import inbox
from shared.platform.consumer.batch import BatchApplier, EventFailed, Failure
from shared.platform.consumer.records import Incoming
from shared.platform.database import Database, Transaction, is_nobodys_fault
from shared.platform.errors import OslerError
from shared.platform.loops import forever
from shared.platform.telemetry import gauge, logger

MOST_WAITING: Final = 1_000
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_SHORTEST_REST: Final = 0.02
_LONGEST_REST: Final = 1.0
_ALARM_SECONDS: Final = 60.0

_log = logger("retrier")
_waiting = gauge("osler_parked_aggregates", "Aggregates with parked events", ("consumer",))
_age = gauge("osler_parked_age_seconds", "Age of the oldest parked event", ("consumer",))


class Retrier:
    """Retries the parked events of one consumer; `full` says that so many wait that nothing new should be taken."""

    def __init__(self, database: Database, applier: BatchApplier) -> None:
        self._database = database
        self._applier = applier
        self.full = False

    async def run(self) -> None:
        """Retry until cancelled; when the database is away it waits and goes on."""
        await forever(self._pass, _log)

    async def drain(self) -> None:
        """Try what is due now, each aggregate as far as it goes."""
        async with self._database.transaction() as tx:
            due = await inbox.due_aggregates(tx, self._applier.name)
        for aggregate_id in due:
            while await self.try_one(aggregate_id):
                continue

    async def _pass(self) -> float:
        """Try what is due, and give the seconds until the next look."""
        name = self._applier.name
        await self.drain()
        async with self._database.transaction() as tx:
            backlog = await inbox.backlog(tx, name)
        self.full = backlog["aggregates"] >= MOST_WAITING
        _waiting.labels(name).set(backlog["aggregates"])
        _age.labels(name).set(backlog["age"] or 0.0)
        if backlog["age"] and backlog["age"] > _ALARM_SECONDS:
            _log.error("events_wait_long", consumer=name, aggregates=backlog["aggregates"], seconds=int(backlog["age"]))
        if not backlog["aggregates"]:
            return _LONGEST_REST / 4
        if backlog["next_in"] is None:
            return _LONGEST_REST
        return min(max(backlog["next_in"], _SHORTEST_REST), _LONGEST_REST)

    async def try_one(self, aggregate_id: UUID) -> bool:
        """Try an aggregate's lowest parked event; true when it was applied and the next may follow at once."""
        try:
            async with asyncio.timeout(30), self._database.transaction(door="consumer") as tx:
                return await self._apply_head(tx, aggregate_id)
        except EventFailed as failed:
            await self._note(aggregate_id, failed.cause)
        except TimeoutError as error:
            await self._note(aggregate_id, error)
        except Exception as error:
            if is_nobodys_fault(error):
                raise
            await self._note(aggregate_id, error)
        return False

    async def _apply_head(self, tx: Transaction, aggregate_id: UUID) -> bool:
        name = self._applier.name
        held = await inbox.lock(tx, name, [aggregate_id])
        applied = held[aggregate_id]
        head = await inbox.find_head(tx, name, aggregate_id)
        if head is None or not head["due"]:
            return False
        incoming = inbox.restore(head, aggregate_id)
        if not _is_next(incoming, applied.version):
            return False
        await self._applier.call(tx, [incoming])
        await tx.flush()
        await inbox.remove(tx, name, aggregate_id, incoming.version)
        applied.version, applied.event_id = incoming.version, incoming.event_id
        applied.waiting -= 1
        await inbox.save(tx, name, held)
        return applied.waiting > 0

    async def _note(self, aggregate_id: UUID, cause: BaseException) -> None:
        name = self._applier.name
        async with self._database.transaction(door="none") as tx:
            await inbox.lock(tx, name, [aggregate_id])
            head = await inbox.find_head(tx, name, aggregate_id)
            if head is None:
                return
            failure = Failure.of(cause, attempts=head["attempts"])
            pause = None if failure.pause is None else min(failure.pause, _LONGEST_PAUSE)
            await inbox.try_later(tx, name, aggregate_id, head["version"], reason=failure.reason, after=pause)
        if not isinstance(cause, OslerError):
            _log.error("event_fails", consumer=name, reason=failure.reason, attempts=head["attempts"] + 1)


def _is_next(incoming: Incoming, version: int) -> bool:
    return incoming.version > version if incoming.holds_state else incoming.version == version + 1

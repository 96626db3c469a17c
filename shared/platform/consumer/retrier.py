"""The one loop that takes parked events whose time has come: lowest version first, one transaction each, for ever."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from shared.platform.consumer import inbox
from shared.platform.consumer.batch import BatchApplier, EventFailed, Failure, ProcessDied
from shared.platform.consumer.records import Incoming
from shared.platform.database import Database, Transaction, is_nobodys_fault
from shared.platform.errors import OslerError, Unavailable
from shared.platform.loops import forever
from shared.platform.telemetry import gauge, logger
from shared.platform.watch import BATCH_SECONDS, TookTooLong

MOST_WAITING: Final = 1_000
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_SHORTEST_REST: Final = 0.02
_IDLE_REST: Final = 0.25
_LONGEST_REST: Final = 1.0
_ALARM_SECONDS: Final = 60.0
_TRYING: Final = "trying"  # and how often in a row it was tried without a word afterwards
_MOST_DEATHS: Final = 3

_log = logger("retrier")
_waiting = gauge("osler_parked_aggregates", "Aggregates with parked events", ("consumer",))
_age = gauge("osler_parked_age_seconds", "Age of the oldest parked event", ("consumer",))


class Retrier:
    """Retries the parked events of one consumer.

    `full` are the topics of which so many aggregates wait that nothing new should be taken. Only a topic's own are
    counted: they may wait for another topic, and that one must go on, or nothing ever would.
    """

    def __init__(self, database: Database, applier: BatchApplier) -> None:
        self._database = database
        self._applier = applier
        self.full: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Retry until cancelled; when the database is away it waits and goes on."""
        await forever(self.look, _log)

    async def drain(self) -> None:
        """Try what is due now, each aggregate as far as it goes."""
        async with self._database.transaction() as tx:
            due = await inbox.due_aggregates(tx, self._applier.name)
        for aggregate_id in due:
            while await self.try_one(aggregate_id):
                continue

    async def look(self) -> float:
        """Try what is due, and give the seconds until the next look."""
        name = self._applier.name
        # Nothing waits most of the time, and then one statement without a transaction is all that a look costs.
        if not await inbox.anything_waits(self._database, name):
            self._tell(0, 0.0, ())
            return _IDLE_REST
        await self.drain()
        async with self._database.transaction() as tx:
            backlog = await inbox.backlog(tx, name, MOST_WAITING)
        self._tell(backlog["aggregates"], backlog["age"] or 0.0, backlog["full_topics"])
        if backlog["next_in"] is None:
            return _LONGEST_REST if backlog["aggregates"] else _IDLE_REST
        return min(max(backlog["next_in"], _SHORTEST_REST), _LONGEST_REST)

    def _tell(self, aggregates: int, age: float, full: Iterable[str]) -> None:
        name = self._applier.name
        self.full = frozenset(full)
        _waiting.labels(name).set(aggregates)
        _age.labels(name).set(age)
        if age > _ALARM_SECONDS:
            _log.error("events_wait_long", consumer=name, aggregates=aggregates, seconds=int(age))

    async def try_one(self, aggregate_id: UUID) -> bool:
        """Try an aggregate's lowest parked event; true when it was applied and the next may follow at once."""
        version = await self._begin(aggregate_id)
        if version is None:
            return False
        try:
            async with asyncio.timeout(BATCH_SECONDS), self._database.transaction(door="consumer") as tx:
                return await self._apply(tx, aggregate_id, version)
        except EventFailed as failed:
            await self._note(aggregate_id, version, failed.cause)
        except TimeoutError:
            await self._note(aggregate_id, version, TookTooLong())
        except Exception as error:
            # Noted for what is nobody's fault too, so that it is not taken for a death; without a database that fails.
            await self._note(aggregate_id, version, Unavailable() if is_nobodys_fault(error) else error)
            if is_nobodys_fault(error):
                raise
        return False

    async def _begin(self, aggregate_id: UUID) -> int | None:
        """Write down that the lowest event is being tried, and give its version; None when it is not its time.

        Written down before, so that an event that ends the process is tried after longer and longer pauses, and
        when that was its end several times, no more.
        """
        name = self._applier.name
        async with self._database.transaction() as tx:
            held = await inbox.lock(tx, name, [aggregate_id])
            head = await inbox.find_head(tx, name, aggregate_id)
            if (
                head is None
                or not head["due"]
                or not _is_next(inbox.restore(head, aggregate_id), held[aggregate_id].version)
            ):
                return None
            deaths = _deaths(head["reason"])
            if deaths >= _MOST_DEATHS:
                await inbox.try_later(
                    tx, name, aggregate_id, head["version"], reason=ProcessDied.code(), after=None, attempts=0
                )
                return None
            pause = Failure.of(RuntimeError(), attempts=head["attempts"]).pause
            await inbox.try_later(
                tx, name, aggregate_id, head["version"], reason=f"{_TRYING} {deaths + 1}", after=pause, attempts=1
            )
            return head["version"]

    async def _apply(self, tx: Transaction, aggregate_id: UUID, version: int) -> bool:
        name = self._applier.name
        held = await inbox.lock(tx, name, [aggregate_id])
        applied = held[aggregate_id]
        head = await inbox.find_head(tx, name, aggregate_id)
        if head is None or head["version"] != version:  # a person decided about it meanwhile
            return False
        incoming = inbox.restore(head, aggregate_id)
        await self._applier.call(tx, [incoming])
        await tx.flush()
        await inbox.remove(tx, name, aggregate_id, version)
        applied.version, applied.event_id = version, incoming.event_id
        applied.waiting -= 1
        await inbox.save(tx, name, held)
        return applied.waiting > 0

    async def _note(self, aggregate_id: UUID, version: int, cause: BaseException) -> None:
        name = self._applier.name
        async with self._database.transaction() as tx:
            await inbox.lock(tx, name, [aggregate_id])
            head = await inbox.find_head(tx, name, aggregate_id)
            if head is None or head["version"] != version:
                return
            failure = Failure.of(cause, attempts=head["attempts"])
            pause = None if failure.pause is None else min(failure.pause, _LONGEST_PAUSE)
            await inbox.try_later(tx, name, aggregate_id, version, reason=failure.reason, after=pause, attempts=0)
        if not isinstance(cause, OslerError):
            _log.error("event_fails", consumer=name, reason=failure.reason, attempts=head["attempts"])


def _deaths(reason: str) -> int:
    """How often in a row an event was tried and nothing was written down afterwards."""
    return int(reason.removeprefix(_TRYING)) if reason.startswith(_TRYING) else 0


def _is_next(incoming: Incoming, version: int) -> bool:
    return incoming.version > version if incoming.holds_state else incoming.version == version + 1

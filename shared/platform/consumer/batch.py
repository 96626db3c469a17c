"""One batch of records applied in one transaction: each event once, in version order per aggregate, or parked."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from shared.contracts.event import Event
from shared.platform import crash
from shared.platform.consumer import inbox
from shared.platform.consumer.handlers import EventConsumer, Handler
from shared.platform.consumer.inbox import Applied, Parked
from shared.platform.consumer.records import Incoming, Unreadable
from shared.platform.database import Database, Transaction, is_nobodys_fault
from shared.platform.errors import OslerError, Refused, Unavailable
from shared.platform.telemetry import caused_span, count, logger, where
from shared.platform.watch import BATCH_SECONDS, HANDLER_SECONDS, TookTooLong, no_stray_cancellation, watched

_ROUNDS: Final = 3
_FIRST_PAUSE: Final = timedelta(milliseconds=200)
_AT_ONCE: Final = timedelta()

_Event = tuple[UUID, int]  # an aggregate and a version

_log = logger("consumer")
_applied = count("osler_events_applied", "Events whose effect is committed", ("consumer",))
_unheard = count("osler_events_without_handler", "Events that only moved the inbox on", ("consumer", "type"))
_dropped = count("osler_events_dropped", "Deliveries of events that were applied before", ("consumer",))
_reused = count(
    "osler_versions_reused", "Versions that came with a second event id: a publisher's fault", ("consumer",)
)


class EventFailed(Exception):
    """One event's handler failed; the aggregate's events wait, and the rest of the batch goes on."""

    def __init__(self, incoming: Incoming, cause: BaseException) -> None:
        self.event = (incoming.aggregate_id, incoming.version)
        super().__init__(*self.event)
        self.cause = cause


class ListFailed(Exception):
    """A list's handler needed what cannot be reached; whose event it was, only one by one can tell."""


class ProcessDied(Refused):
    """The process died while it applied this event, and not for the first time; a person decides."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an aggregate's next event waits, and after which pause it is tried; None leaves it to a person."""

    reason: str
    pause: timedelta | None

    @classmethod
    def of(cls, error: BaseException, attempts: int = 0) -> "Failure":
        """What an exception means for the event that met it: a code, and for a bug where it happened."""
        if isinstance(error, Refused):
            return cls(error.code(), None)
        pause = _FIRST_PAUSE * 2 ** min(attempts, 11) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load
        if isinstance(error, OslerError):
            return cls(error.code(), pause)
        return cls(f"bug {type(error).__name__} {where(error)}", pause)


@dataclass
class Sorted:
    """What becomes of a batch: `runs` are applied, `parked` wait; both change the locked inbox rows."""

    runs: dict[UUID, list[Incoming]] = field(default_factory=lambda: defaultdict[UUID, list[Incoming]](list))
    parked: list[Parked] = field(default_factory=list[Parked])
    dropped: int = 0
    reused: list[Incoming] = field(default_factory=list[Incoming])


def sort_out(batch: Sequence[Incoming], held: dict[UUID, Applied], failing: dict[_Event, Failure]) -> Sorted:
    """Decide about each record in order of arrival: drop what is not newer, park what cannot go yet, apply the rest.

    `held` is moved on for what is applied. An event in `failing` waits, and what follows of its aggregate waits behind
    it; what comes before it is applied.
    """
    result = Sorted()
    blocked: set[UUID] = set()
    for incoming in batch:
        aggregate_id = incoming.aggregate_id
        applied = held[aggregate_id]
        if incoming.version <= applied.version:
            result.dropped += 1
            # What a person passed over has no event id to compare with.
            if incoming.version == applied.version and applied.event_id not in {None, incoming.event_id}:
                result.reused.append(incoming)
            continue
        in_order = incoming.version == applied.version + 1 or incoming.holds_state
        if aggregate_id in blocked or applied.waiting or not in_order:
            result.parked.append(
                Parked(incoming, "waiting" if in_order or aggregate_id in blocked else "gap", 0, _AT_ONCE)
            )
            blocked.add(aggregate_id)
        elif failure := failing.get((aggregate_id, incoming.version)):
            result.parked.append(Parked(incoming, failure.reason, 1, failure.pause))
            blocked.add(aggregate_id)
        else:
            applied.version, applied.event_id = incoming.version, incoming.event_id
            result.runs[aggregate_id].append(incoming)
    return result


def steps(runs: dict[UUID, list[Incoming]]) -> Iterator[dict[str, list[Incoming]]]:
    """Cut a batch into steps: from each aggregate its next run of events of one type, gathered by type.

    So a list never holds an event whose predecessor is still to come.
    """
    position = dict.fromkeys(runs, 0)
    while position:
        step: dict[str, list[Incoming]] = defaultdict(list)
        for aggregate_id in list(position):
            run, start = runs[aggregate_id], position[aggregate_id]
            end = start + 1
            while end < len(run) and run[end].kind == run[start].kind:
                end += 1
            step[run[start].kind].extend(run[start:end])
            if end == len(run):
                del position[aggregate_id]
            else:
                position[aggregate_id] = end
        yield step


class BatchApplier:
    """Applies records for one consumer: a batch in one transaction, and one by one where that cannot be."""

    def __init__(self, database: Database, events: EventConsumer) -> None:
        self._database = database
        self._events = events
        self.name = events.name

    async def apply(self, batch: Sequence[Incoming | Unreadable]) -> None:
        """Commit every record's effect, or that it waits.

        Raises only what is nobody's fault; then nothing of the batch was committed, or what was will be recognized.
        """
        failing: dict[_Event, Failure] = {}
        for _ in range(_ROUNDS):
            try:
                async with asyncio.timeout(BATCH_SECONDS):
                    await self.transact(batch, failing)
            except EventFailed as failed:
                failing[failed.event] = self._noted(failed.cause)
            except TimeoutError:
                break
            except Exception as error:
                if is_nobodys_fault(error):
                    raise
                break
            else:
                return
        for record in batch:
            await self.apply_one(record)

    def hears(self, batch: Sequence[Incoming | Unreadable]) -> bool:
        """Whether any of these is more to this consumer than a version that it has seen."""
        return any(isinstance(each, Unreadable) or self._events.handlers_of(each.kind) for each in batch)

    async def apply_one(self, record: Incoming | Unreadable) -> None:
        """Apply one record in a transaction of its own, or park it with the reason."""
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                await self.transact([record], {})
        except Exception as error:
            cause = error.cause if isinstance(error, EventFailed) else error
            if isinstance(cause, TimeoutError):  # parking needs the database, so a database that is away parks nothing
                cause = TookTooLong()
            nobodys = cause is error and is_nobodys_fault(error)
            if nobodys or isinstance(record, Unreadable):
                raise
            await self.transact([record], {(record.aggregate_id, record.version): self._noted(cause)})

    async def park_dead(self, record: Incoming | Unreadable) -> None:
        """Keep a record that ended the process whenever it was applied."""
        dead = Failure.of(ProcessDied())
        failing = {} if isinstance(record, Unreadable) else {(record.aggregate_id, record.version): dead}
        await self.transact([record], failing)

    async def transact(self, batch: Sequence[Incoming | Unreadable], failing: dict[_Event, Failure]) -> None:
        """Apply a batch in one transaction; events in `failing` are left to wait."""
        async with self._database.transaction(door="consumer") as tx:
            incoming = [record for record in batch if isinstance(record, Incoming)]
            for record in batch:
                if isinstance(record, Unreadable):
                    _log.error("record_unreadable", consumer=self.name, reason=record.reason, topic=record.record.topic)
                    await inbox.keep_unreadable(tx, self.name, record)
            if not incoming:
                return
            held = await inbox.lock(tx, self.name, {record.aggregate_id for record in incoming})
            crash.at("consumer.inbox")
            result = sort_out(incoming, held, failing)
            for step in steps(result.runs):
                await self._step(tx, step)
            if result.parked:
                await self._park(tx, held, result)
            await inbox.save(tx, self.name, held)
        self._tell(result)

    async def _park(self, tx: Transaction, held: dict[UUID, Applied], result: Sorted) -> None:
        fresh = await inbox.park(tx, self.name, result.parked)
        for aggregate_id in fresh:
            held[aggregate_id].waiting += 1
        if len(fresh) < len(result.parked):
            kept = await inbox.parked_event_ids(tx, self.name, result.parked)
            result.reused += [p.incoming for p in result.parked if p.incoming.event_id not in kept]

    async def call(self, tx: Transaction, incoming: Sequence[Incoming]) -> None:
        """Hand a run of events of one type to its handlers. Raises EventFailed for the event that failed."""
        kind = incoming[0].kind
        handlers = self._events.handlers_of(kind)
        if not handlers:
            _check_type(incoming[0])
            _unheard.labels(self.name, kind).inc(len(incoming))
            return
        decoded = [_decode(record, handlers[0].event) for record in incoming]
        for handler in handlers:
            if handler.takes_many:
                tx.begin_handler()
                await _call_list(tx, handler, incoming, decoded)
                continue
            await _call_each(tx, handler, incoming, decoded)

    async def _step(self, tx: Transaction, step: dict[str, list[Incoming]]) -> None:
        every = [record for records in step.values() for record in records]
        try:
            for records in step.values():
                await self.call(tx, records)
            await tx.flush()
        except EventFailed:
            raise
        except Exception as error:
            # What fails for a list belongs to no event, unless only one aggregate is in it.
            if is_nobodys_fault(error) or len({record.aggregate_id for record in every}) > 1:
                raise
            raise EventFailed(every[0], error) from error

    def _noted(self, cause: BaseException) -> Failure:
        failure = Failure.of(cause)
        _log.warning("event_parked", consumer=self.name, reason=failure.reason)
        return failure

    def _tell(self, result: Sorted) -> None:
        _applied.labels(self.name).inc(sum(map(len, result.runs.values())))
        _dropped.labels(self.name).inc(result.dropped)
        for incoming in result.reused:
            _reused.labels(self.name).inc()
            _log.error(
                "version_reused", consumer=self.name, aggregate_id=str(incoming.aggregate_id), version=incoming.version
            )


def _check_type(incoming: Incoming) -> None:
    try:
        incoming.check_type()
    except Refused as error:
        raise EventFailed(incoming, error) from error


def _decode(incoming: Incoming, kind: type[Event]) -> Event:
    _check_type(incoming)
    try:
        return incoming.decode(kind)
    except Refused as error:
        raise EventFailed(incoming, error) from error


async def _call_each(tx: Transaction, handler: Handler, run: Sequence[Incoming], events: Sequence[Event]) -> None:
    """Call a handler for one event after the other. What guards them stands around all, and costs each next to nothing.

    Raises EventFailed for the event that failed.
    """
    incoming = run[0]
    try:
        with no_stray_cancellation():
            async with watched(HANDLER_SECONDS) as begin:
                for incoming, event in zip(run, events, strict=True):
                    begin()
                    tx.begin_handler()
                    if incoming.is_sampled:
                        with _span(incoming):
                            await handler.function(tx, event)
                    else:
                        await handler.function(tx, event)
    except TimeoutError as error:
        raise EventFailed(incoming, TookTooLong()) from error
    except Unavailable as error:  # what the handler needs, not the database: its aggregate waits, and no other
        raise EventFailed(incoming, error) from error
    except Exception as error:
        if is_nobodys_fault(error):
            raise
        raise EventFailed(incoming, error) from error


async def _call_list(tx: Transaction, handler: Handler, run: Sequence[Incoming], events: Sequence[Event]) -> None:
    """Call a handler for a list. Raises EventFailed where one aggregate is in it, else what belongs to none."""
    try:
        with no_stray_cancellation():
            await handler.function(tx, events)
    except Unavailable as error:
        if len({incoming.aggregate_id for incoming in run}) == 1:
            raise EventFailed(run[0], error) from error
        raise ListFailed from error


def _span(incoming: Incoming) -> AbstractContextManager[None]:
    return caused_span(f"on {incoming.kind}", incoming.traceparent, {"osler.aggregate_id": str(incoming.aggregate_id)})

"""Due timers into effects: one transaction a pass, never early, and a failing timer holds back no other."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, LiteralString
from uuid import UUID

from shared.platform import crash
from shared.platform.clock import NOW_SQL, ClockKind
from shared.platform.database import Database, Row, Transaction, is_nobodys_fault
from shared.platform.errors import OslerError, Unavailable
from shared.platform.loops import forever
from shared.platform.telemetry import count, histogram, logger, where
from shared.platform.timers.schedule import Firing, Timers
from shared.platform.watch import BATCH_SECONDS, HANDLER_SECONDS, TookTooLong, no_stray_cancellation, watched

MOST_A_PASS: Final = 1_000
CAREFUL_FROM: Final = 3
_POLL_SECONDS: Final[dict[ClockKind, float]] = {"real": 0.2, "stepped": 0.04}
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_FIRST_PAUSE: Final = timedelta(milliseconds=200)

# Asked several times a second. The time stands in a sub-select, because by what may change from row to row no index is
# searched; the order makes the planner search one, where it would guess that any row will do.
_PEEK: Final[dict[ClockKind, LiteralString]] = {
    "real": "SELECT 1 FROM timers WHERE due_at <= (SELECT "
    + NOW_SQL["real"]
    + ") AND (next_try_at IS NULL OR next_try_at <= clock_timestamp()) ORDER BY due_at LIMIT 1",
    "stepped": "SELECT 1 FROM timers WHERE due_at <= "
    + NOW_SQL["stepped"]
    + " AND (next_try_at IS NULL OR next_try_at <= clock_timestamp()) ORDER BY due_at LIMIT 1",
}

_log = logger("timers")
_fired = count("osler_timers_fired", "Timers whose effect is committed", ("kind",))
_late = histogram("osler_timer_lateness_seconds", "From due to fired, in business time", ("kind",))

_Key = tuple[str, UUID, UUID]


class Firer:
    """Fires the timers of one service; several processes may, each passing over what another has locked.

    `place` is the process's own, the same after it died and came back.
    """

    def __init__(self, database: Database, timers: Timers, place: str = "0") -> None:
        self._database = database
        self._timers = timers
        self._place = place
        self._passed_over = 0

    async def run(self) -> None:
        """Fire until cancelled; when the database is away it waits and goes on."""
        await forever(self._pass, _log, longest_pause=1.0)

    async def _pass(self) -> float:
        clock = self._database.clock
        if await self._database.pool.fetchval(_PEEK[clock]) and await self.fire_due() == MOST_A_PASS:
            return 0.0
        return _POLL_SECONDS[clock]

    async def fire_due(self) -> int:
        """Fire what is due now, at most 1,000; give how many were found due."""
        careful = await self._begin() >= CAREFUL_FROM
        due = await self._alone() if careful else await self._together()
        await self._end()
        return len(due)

    async def _together(self) -> list[Row]:
        try:
            async with asyncio.timeout(BATCH_SECONDS), self._database.transaction(door="timer") as tx:
                due = await self._due(tx)
                fired = await self._fire(tx, due)
        except Exception as error:
            if _is_the_databases(error):
                raise
            return await self._alone()
        # All held by somebody, mostly by another process that fires them: the next look is at those behind them.
        self._passed_over = self._passed_over + len(due) if len(due) == MOST_A_PASS and not fired else 0
        _tell(fired, tx.now)
        return due

    async def _alone(self) -> list[Row]:
        """Fire each in a transaction of its own; that it is tried is written down before, with when to try it again.

        So a timer that ends the process is tried after longer and longer pauses, and the others go on in between.
        """
        async with self._database.transaction() as tx:
            due = await self._due(tx)
        for row in due:
            await self._later(row, "trying", attempts=1)
            await self._fire_alone(row)
        return due

    async def _begin(self) -> int:
        """Write down that a pass begins, and give how many began in this place since the last one that ended here.

        Counted by place: what ends well elsewhere says nothing of a timer that ends this process.
        """
        return await self._database.pool.fetchval(
            """
            INSERT INTO partition_starts (consumer, topic, partition, starts) VALUES ('timers', $1, 0, 1)
            ON CONFLICT (consumer, topic, partition) DO UPDATE SET starts = partition_starts.starts + 1
            RETURNING starts
            """,
            self._place,
        )

    async def _end(self) -> None:
        await self._database.pool.execute(
            "UPDATE partition_starts SET starts = 0 WHERE consumer = 'timers' AND topic = $1", self._place
        )

    async def _due(self, tx: Transaction) -> list[Row]:
        return await tx.fetch(
            """
            SELECT kind, subject_id, generation, due_at,
                   (payload || jsonb_build_object('due_at', due_at))::text AS payload
            FROM timers
            WHERE due_at <= $1 AND kind = ANY($2::text[])
              AND (next_try_at IS NULL OR next_try_at <= clock_timestamp())
            ORDER BY due_at LIMIT $3 OFFSET $4
            """,
            tx.now,
            list(self._timers.due),
            MOST_A_PASS,
            self._passed_over,
        )

    async def _fire(self, tx: Transaction, due: Sequence[Row]) -> list[Row]:
        """Call the handlers of those that can be taken, and give these. Raises TookTooLong for one that hangs."""
        taken = await self._take(tx, due)
        mine = [row for row in due if (row["kind"], row["subject_id"], row["generation"]) in taken]
        try:
            with no_stray_cancellation():
                async with watched(HANDLER_SECONDS) as begin:
                    # In order of due time: a list holds those of one kind that follow each other.
                    for firing, rows in groupby(mine, lambda row: self._firing(row, tx.now)):
                        await _call(tx, firing, rows, begin)
        except TimeoutError as error:
            raise TookTooLong from error
        await tx.flush()
        return mine

    async def _take(self, tx: Transaction, due: Sequence[Row]) -> set[_Key]:
        """Lock the subjects, then delete the timers that are still the ones that were read.

        A subject that a command holds is passed over: the command may be moving or cancelling this very timer.
        """
        subjects: dict[LiteralString, set[UUID]] = defaultdict(set)
        for row in due:
            subjects[self._timers.due[row["kind"]].timer.lock].add(row["subject_id"])
        locked: dict[LiteralString, set[UUID]] = {}
        for lock, ids in sorted(subjects.items()):
            locked[lock] = {row[0] for row in await tx.fetch(lock, sorted(ids))}
            if passed_over := ids - locked[lock]:
                there = {row[0] for row in await tx.fetch(lock.partition("FOR UPDATE")[0], sorted(passed_over))}
                await self._put_off(due, passed_over - there)
        mine = [row for row in due if row["subject_id"] in locked[self._timers.due[row["kind"]].timer.lock]]
        if not mine:
            return set()
        rows = await tx.fetch(
            """
            DELETE FROM timers USING unnest($1::text[], $2::uuid[], $3::uuid[]) mine (kind, subject_id, generation)
            WHERE timers.kind = mine.kind AND timers.subject_id = mine.subject_id
              AND timers.generation = mine.generation
            RETURNING timers.kind, timers.subject_id, timers.generation
            """,
            [row["kind"] for row in mine],
            [row["subject_id"] for row in mine],
            [row["generation"] for row in mine],
        )
        crash.at("timer.delete")
        return {(row["kind"], row["subject_id"], row["generation"]) for row in rows}

    async def _put_off(self, due: Sequence[Row], lost: set[UUID]) -> None:
        """Write down of which timers the subject is not held but gone: no pass will ever take them, so somebody has to.

        A timer that was cancelled together with its subject is gone as well, and nothing is written.
        """
        for row in due:
            if row["subject_id"] in lost:
                _log.error("timer_without_subject", kind=row["kind"], subject_id=str(row["subject_id"]))
                await self._later(row, "subject_is_gone", attempts=1)

    def _firing(self, row: Row, now: datetime) -> Firing:
        firing = self._timers.due[row["kind"]]
        late_after = firing.timer.expires_after
        if late_after is not None and now - row["due_at"] > late_after:
            return self._timers.expired[row["kind"]]
        return firing

    async def _fire_alone(self, row: Row) -> None:
        try:
            async with asyncio.timeout(BATCH_SECONDS), self._database.transaction(door="timer") as tx:
                fired = await self._fire(tx, [row])
        except Exception as failure:
            error = TookTooLong() if isinstance(failure, TimeoutError) else failure
            if _is_the_databases(error):
                raise
            reason = error.code() if isinstance(error, OslerError) else f"bug {type(error).__name__} {where(error)}"
            _log.error("timer_fails", kind=row["kind"], reason=reason)
            await self._later(row, reason, attempts=0)
        else:
            _tell(fired, tx.now)

    async def _later(self, row: Row, reason: str, *, attempts: int) -> None:
        await self._database.pool.execute(
            """
            UPDATE timers SET attempts = attempts + $7, reason = $4,
                next_try_at = clock_timestamp() + least($5::interval * power(2, least(attempts, 11)), $6::interval)
            WHERE kind = $1 AND subject_id = $2 AND generation = $3
            """,
            row["kind"],
            row["subject_id"],
            row["generation"],
            reason,
            _FIRST_PAUSE,
            _LONGEST_PAUSE,
            attempts,
        )


async def _call(tx: Transaction, firing: Firing, rows: Iterable[Row], begin: Callable[[], None]) -> None:
    timers = [firing.timer.model_validate_json(row["payload"]) for row in rows]
    for due in [timers] if firing.takes_many else timers:
        begin()
        tx.begin_handler()
        await firing.fire(tx, due)


def _is_the_databases(error: Exception) -> bool:
    """Whether nobody can go on now; what one handler lacks, or has no end, is the affair of its own timer."""
    return is_nobodys_fault(error) and not isinstance(error, (TimeoutError, Unavailable))


def _tell(fired: Sequence[Row], now: datetime) -> None:
    waits: dict[str, list[float]] = defaultdict(list)
    for row in fired:
        waits[row["kind"]].append(max((now - row["due_at"]).total_seconds(), 0.0))
    for kind, seconds in waits.items():
        _fired.labels(kind).inc(len(seconds))
        late = _late.labels(kind)  # asked for once: to find a label's own costs more than to observe
        for each in seconds:
            late.observe(each)

"""PostgreSQL for everyone: one way to open a transaction, which carries tenancy and time; nobody commits by hand."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, LiteralString, Protocol, Self, TypeVar
from uuid import UUID

import asyncpg

from shared.platform import crash
from shared.platform.clock import NOW_SQL, ClockKind
from shared.platform.errors import NotFound, OutcomeUnknown, Unavailable

Row = asyncpg.Record
Door = Literal["api", "consumer", "timer", "relay", "none"]
_TRIES: Final = 3
_ACQUIRE_SECONDS: Final = 10.0  # longer, and whoever waits is better told to come back
T = TypeVar("T")

_CONTEXT: Final = "SELECT set_config('osler.institution_id', $1, true), set_config('osler.person_id', $2, true), "
_BEGIN: Final[dict[ClockKind, LiteralString]] = {
    "real": _CONTEXT + NOW_SQL["real"] + " AS now",
    "stepped": _CONTEXT + NOW_SQL["stepped"] + " AS now",
}


@dataclass(frozen=True)
class Opening:
    """The first statement of a transaction: it sets the tenancy context, and gives one row with business time as `now`.

    Whoever learns the context from the database itself opens with that look-up, and saves a round trip.
    """

    sql: Mapping[ClockKind, LiteralString]
    args: tuple[object, ...]


_COMMIT_POINT: Final[dict[Door, str]] = {
    "api": "api.commit",
    "consumer": "consumer.effect_commit",
    "timer": "timer.commit",
}

# Nobody's fault: the same work may succeed later. The classes are PostgreSQL's (appendix A of its manual).
_RETRIABLE: Final = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
_UNREACHABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalClientError,  # what asyncpg says when a connection is lost between two of its states
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)


def is_nobodys_fault(error: BaseException) -> bool:
    """Whether an error says something of the database's day, and nothing of the work that met it."""
    return isinstance(error, (*_RETRIABLE, Unavailable)) or is_unreachable(error)


def is_unreachable(error: BaseException) -> bool:
    """Whether the database could not be reached, or the connection was lost.

    asyncpg raises InterfaceError both for a closed connection and for a wrong argument, and tells them apart in words
    only; a wrong argument is a bug and must not be retried for ever.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError) and "clos" in str(error)
    # An OSError of no closer kind is what asyncio says when each of a host's addresses refused; the closer kinds, such
    # as a missing file, are somebody's bug.
    return isinstance(error, _UNREACHABLE) or type(error) is OSError


class Connection(Protocol):
    """The five methods of asyncpg's connection that a transaction needs, so that a unit test can record calls."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, command: str, args: Sequence[Sequence[object]]) -> None: ...
    async def fetch(self, query: str, *args: object) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: object) -> Row | None: ...
    def is_closed(self) -> bool: ...


@dataclass(eq=False)
class Transaction:
    """One open transaction: `now` is business time, read first; only the platform commits it.

    `find` may be None, `get` raises; `later` collects statements that are sent together before any read.
    """

    connection: Connection
    opened: Row
    """What its first statement found."""
    now: datetime
    door: Door = "none"
    strict: bool = False
    shards: set[int] = field(default_factory=set[int])
    _later: dict[LiteralString, list[tuple[object, ...]]] = field(
        default_factory=lambda: defaultdict[LiteralString, list[tuple[object, ...]]](list)
    )
    _wrote: bool = False
    timers_touched: bool = False

    async def execute(self, sql: LiteralString, *args: object) -> str:
        """Run one statement now and give its command tag."""
        await self._before(sql)
        tag = await self.connection.execute(sql, *args)
        self._after_write()
        return tag

    async def fetch(self, sql: LiteralString, *args: object) -> list[Row]:
        """Every row of a query, after what was collected has been sent."""
        await self._before(sql)
        return await self.connection.fetch(sql, *args)

    async def find(self, sql: LiteralString, *args: object) -> Row | None:
        """The first row of a query, or None."""
        await self._before(sql)
        return await self.connection.fetchrow(sql, *args)

    async def get(self, sql: LiteralString, *args: object) -> Row:
        """The first row of a query; raises NotFound where there is none."""
        row = await self.find(sql, *args)
        if row is None:
            raise NotFound
        return row

    def later(self, sql: LiteralString, *args: object) -> None:
        """Collect a statement; it is sent with its like before the next read and at the end of the step.

        Statements go one text at a time, in order of first use, so texts collected together must commute;
        what does not is run with `execute`.
        """
        self._later[sql].append(args)

    async def flush(self) -> None:
        """Send what was collected, one statement text at a time."""
        while self._later:
            sql = next(iter(self._later))
            rows = self._later.pop(sql)
            if len(rows) == 1:  # what most commands have; for many rows at once asyncpg prepares more
                await self.connection.execute(sql, *rows[0])
            else:
                await self.connection.executemany(sql, rows)
            self._after_write()
            if self.shards and "INTO outbox" in sql:
                self._crash("outbox_insert")

    async def _before(self, sql: LiteralString) -> None:
        if self._later:
            await self.flush()
        # A command that locked its timers before its aggregate could deadlock with the timer pass, which does the
        # opposite; tests run strict, so the wrong order is an error there and never a rare deadlock in production.
        if self.strict and self.timers_touched and "FOR UPDATE" in sql:
            message = f"aggregate locked after its timers: {sql}"
            raise AssertionError(message)

    def begin_handler(self) -> None:
        """Forget what an earlier handler of this transaction touched: each handler keeps the order of its own subject.

        Whoever holds a subject's timer holds its lock too, and a timer pass goes by what is locked: no cycle is made.
        """
        self.timers_touched = False

    def _after_write(self) -> None:
        if not self._wrote:
            self._wrote = True
            self._crash("business_write")

    def _crash(self, moment: str) -> None:
        if self.door in {"api", "consumer", "timer"}:
            crash.at(f"{self.door}.{moment}")


class Database:
    """A pool of one login, and the only door to a transaction."""

    def __init__(self, pool: "asyncpg.Pool[Row]", clock: ClockKind, *, strict: bool = False) -> None:
        self.pool = pool
        self.clock: ClockKind = clock
        self.strict = strict
        self._on_commit: list[Callable[[Transaction], None]] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, schema: str, clock: ClockKind = "real", size: int = 5, strict: bool = False
    ) -> AsyncGenerator[Self]:
        """A pool of at most `size` connections whose search path is `schema` alone."""
        pool = asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            max_inactive_connection_lifetime=60.0,
            command_timeout=60.0,
            reset=_as_it_is,
            server_settings={"search_path": schema, "application_name": f"osler-{schema}", "timezone": "UTC"},
        )
        async with pool:
            yield cls(pool, clock, strict=strict)

    def on_commit(self, told: Callable[[Transaction], None]) -> None:
        """Call `told` with each transaction after its commit; used to wake the relay."""
        self._on_commit.append(told)

    @asynccontextmanager
    async def transaction(
        self,
        institution_id: UUID | None = None,
        person_id: UUID | None = None,
        *,
        door: Door = "none",
        opening: Opening | None = None,
    ) -> AsyncGenerator[Transaction]:
        """Open a transaction with its tenancy context and business time; commit at the end, roll back on any error.

        The context is what `opening` sets, if there is one. Raises OutcomeUnknown where COMMIT was sent and no answer
        came.
        """
        opening = opening or Opening(_BEGIN, (str(institution_id or ""), str(person_id or "")))
        async with self.pool.acquire(timeout=_ACQUIRE_SECONDS) as connection:
            await connection.execute("BEGIN")
            try:
                opened = await connection.fetchrow(opening.sql[self.clock], *opening.args)
                assert opened is not None  # noqa: S101 - an opening has one row; this is for the types
                tx = Transaction(connection, opened, opened["now"], door, self.strict)
                yield tx
                await tx.flush()
            except BaseException:
                await _roll_back(connection)
                raise
            await _commit(connection)
        if door in _COMMIT_POINT:
            crash.at(_COMMIT_POINT[door])
        for told in self._on_commit:
            told(tx)

    async def run(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        institution_id: UUID | None = None,
        person_id: UUID | None = None,
        door: Door = "none",
        opening: Opening | None = None,
    ) -> T:
        """Do `work` in a transaction, and do it again, up to three times, where the database's day ended it.

        That is a deadlock, a serialization failure, or a connection lost before COMMIT was sent. `work` must change
        nothing but the database.

        Raises Unavailable when the database cannot be reached, OutcomeUnknown when the commit got no answer.
        """
        for left in reversed(range(_TRIES)):
            try:
                async with self.transaction(institution_id, person_id, door=door, opening=opening) as tx:
                    return await work(tx)
            except OutcomeUnknown:
                raise
            except Exception as error:
                if not is_nobodys_fault(error):
                    raise
                # Whoever waits for a connection has waited long enough the first time.
                if not left or isinstance(error, TimeoutError):
                    raise Unavailable from error
        raise Unavailable


async def _as_it_is(_: object) -> None:
    """Give a connection back without asyncpg's RESET ALL, a round trip that costs as much as a small statement.

    Nothing here changes a session: every setting is local to its transaction, and nobody listens or locks for longer.
    """


async def _commit(connection: Any) -> None:
    try:
        tag = await connection.execute("COMMIT")
    except BaseException as error:
        _discard(connection)
        # Only an answer of the server's own, such as a deferred constraint, says that nothing was stored.
        answered = isinstance(error, asyncpg.PostgresError) and not is_unreachable(error)
        if isinstance(error, Exception) and not answered:
            raise OutcomeUnknown from error
        raise
    if tag != "COMMIT":  # a failed statement that someone swallowed: PostgreSQL answers ROLLBACK and says no more
        message = "the transaction had failed before its commit"
        raise RuntimeError(message)


async def _roll_back(connection: Any) -> None:
    try:
        if not connection.is_closed():
            await asyncio.wait_for(connection.execute("ROLLBACK"), 5)
    except BaseException as error:
        _discard(connection)  # whatever happened, a connection that cannot roll back is thrown away
        if not isinstance(error, Exception):
            raise


def _discard(connection: Any) -> None:
    """Close a connection without a word; asyncpg's pool may have taken back one that was lost, and then says so."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()

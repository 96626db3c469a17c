"""Setting, moving and cancelling timers in a business transaction; refuses to lock an aggregate after its timers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, LiteralString, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.platform.database import Transaction


class Timer(BaseModel):
    """One thing that shall happen at a time, to one subject; a kind of timer is a subclass, declared in `use_cases`.

    `lock` is a statement that locks the subjects whose ids are in `$1::uuid[]`, in order of id, passing over locked
    ones, and gives their ids first: `SELECT meeting_id FROM meetings WHERE meeting_id = ANY($1) ORDER BY meeting_id
    FOR UPDATE SKIP LOCKED`. What stands before FOR UPDATE tells a subject that is held from one that is gone.
    `expires_after`: a timer that comes later than this goes to `on_expired` instead; None fires however late it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]
    lock: ClassVar[LiteralString]
    expires_after: ClassVar[timedelta | None] = None

    subject_id: UUID
    due_at: AwareDatetime | None = None
    """When it was due; set on the timer that a handler gets."""


T = TypeVar("T", bound=Timer)
Fires = Callable[[Transaction, T], Awaitable[None]]
FiresMany = Callable[[Transaction, Sequence[T]], Awaitable[None]]


@dataclass(frozen=True)
class Firing:
    """What happens when one kind of timer is due, and when it comes too late."""

    timer: type[Timer]
    fire: Callable[..., Awaitable[None]]
    takes_many: bool = False


class Timers:
    """The kinds of timers of a service. Each handler calls one use case with the `tx` it was given."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.due: dict[str, Firing] = {}
        self.expired: dict[str, Firing] = {}

    def on(self, timer: type[T]) -> Callable[[Fires[T]], Fires[T]]:
        """What happens when a timer of this kind is due."""

        def register(function: Fires[T]) -> Fires[T]:
            self.due[timer.kind] = Firing(timer, function)
            return function

        return register

    def on_many(self, timer: type[T]) -> Callable[[FiresMany[T]], FiresMany[T]]:
        """What happens when timers of this kind are due, as a list in order of due time, for set-based SQL.

        A list has the 10 s that one timer has, and one that fails is fired again one by one.
        """

        def register(function: FiresMany[T]) -> FiresMany[T]:
            self.due[timer.kind] = Firing(timer, function, takes_many=True)
            return function

        return register

    def on_expired(self, timer: type[T]) -> Callable[[Fires[T]], Fires[T]]:
        """What is recorded when a timer of this kind comes later than its `expires_after`."""

        def register(function: Fires[T]) -> Fires[T]:
            self.expired[timer.kind] = Firing(timer, function)
            return function

        return register


async def schedule(tx: Transaction, timer: Timer, due_at: datetime) -> None:
    """Set a timer, or move the one that the subject has of this kind; it fires at `due_at` of business time."""
    await tx.execute(
        """
        INSERT INTO timers (kind, subject_id, due_at, payload) VALUES ($1, $2, $3, $4::text::jsonb)
        ON CONFLICT (kind, subject_id) DO UPDATE
        SET due_at = EXCLUDED.due_at, payload = EXCLUDED.payload, generation = EXCLUDED.generation,
            attempts = 0, reason = NULL, next_try_at = NULL
        """,
        timer.kind,
        timer.subject_id,
        due_at,
        timer.model_dump_json(exclude={"due_at"}),
    )
    tx.timers_touched = True


async def cancel(tx: Transaction, kind: type[Timer], subject_id: UUID) -> None:
    """Take back the subject's timer of this kind, if it has one."""
    await tx.execute("DELETE FROM timers WHERE kind = $1 AND subject_id = $2", kind.kind, subject_id)
    tx.timers_touched = True

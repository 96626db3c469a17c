"""Legal holds: for whom the law delays an erasure, and whether the person may be told; refuses a second release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.platform.errors import Conflict, NotFound

Ground = Literal["legal_claim", "investigation", "records_law"]


class HoldNotFound(NotFound):
    """There is no such legal hold that you may see."""


class HoldReleased(Conflict):
    """This legal hold was released before. Nothing was changed."""


@dataclass
class Hold:
    """A legal hold on a person's data, from when it was recorded until somebody releases it."""

    hold_id: UUID
    institution_id: UUID
    person_id: UUID
    ground: Ground
    tell_person: bool
    """Whether the person is told; not where law forbids it."""
    recorded_by: UUID
    recorded_at: datetime
    released_by: UUID | None = None
    released_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it delays an erasure."""
        return self.released_at is None

    def release(self, by: UUID, now: datetime) -> None:
        """Delay nothing any more; raises HoldReleased."""
        if not self.is_open:
            raise HoldReleased
        self.released_by, self.released_at = by, now


@dataclass(frozen=True)
class Held:
    """What delays somebody's erasure: since when they are held, and since when an erasure waits for that to end."""

    since: datetime | None = None
    erasure_delayed_since: datetime | None = None

    @classmethod
    def of(cls, holds: Sequence[Hold], delayed_since: datetime | None, *, to_the_person: bool) -> "Held":
        """What one may be told who asks: a person hears nothing of a hold of which law forbids to tell them."""
        told = [hold.recorded_at for hold in holds if hold.is_open and (hold.tell_person or not to_the_person)]
        return cls(min(told), delayed_since) if told else cls()

"""The two who meet, as far as meetings knows them; it refuses bookings of a pair that is paused or has ended."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.meetings.domain.refusals import PairNotActive

PairState = Literal["active", "paused", "ended"]


@dataclass(frozen=True)
class Pair:
    """What meetings keep of a pair: who the two are, and whether they may meet."""

    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    state: PairState

    @property
    def institution_ids(self) -> tuple[UUID, ...]:
        """The institutions concerned, each once, the mentor's first."""
        return tuple(dict.fromkeys((self.mentor_institution_id, self.mentee_institution_id)))

    def is_of(self, person_id: UUID) -> bool:
        """Whether this person is one of the two."""
        return person_id in {self.mentor_id, self.mentee_id}

    def expect_active(self) -> None:
        """Raises PairNotActive."""
        if self.state != "active":
            raise PairNotActive

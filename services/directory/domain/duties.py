"""What somebody does for a programme beside mentoring; refuses a duty over oneself, and evaluating without an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.directory.domain.people import Person
from shared.contracts.directory import Duty, DutyAssigned, DutyRemoved, PersonEvent
from shared.platform.errors import Conflict, Malformed, NotFound

_LONGEST: Final = timedelta(days=10 * 366)


class ProgrammeNotFound(NotFound):
    """Your institution has no programme with this code. Nothing was changed; add it first."""


class DutyNotFound(NotFound):
    """There is no such duty that you may see."""


class OwnProgramme(Conflict):
    """A mentee of a programme neither directs nor judges it. Nothing was changed."""


class DutyEndMissing(Malformed):
    """An evaluator is one until a stated end. Nothing was changed; say until when."""


class DutyEndOutOfRange(Malformed):
    """A duty ends after now and within ten years. Nothing was changed; correct the end."""


def evaluate_until(person: Person, programme: str, ends_at: datetime, now: datetime) -> list[PersonEvent]:
    """Make somebody an evaluator of a programme until then, or none where that is over; give what is to be said."""
    wanted = ends_at if ends_at > now else None
    if person.evaluates.get(programme) == wanted:
        return []
    if wanted is None:
        del person.evaluates[programme]
        return [DutyRemoved(**person.next(now), duty="evaluator", programme=programme)]
    person.evaluates[programme] = wanted
    return [DutyAssigned(**person.next(now), duty="evaluator", programme=programme, ends_at=wanted)]


@dataclass
class HeldDuty:
    """A duty that a person has in a programme of their institution; `ends_at` is None while no end is known."""

    duty_id: UUID
    institution_id: UUID
    person_id: UUID
    programme: str
    duty: Duty
    ends_at: datetime | None

    def assign(self, person: Person, now: datetime) -> DutyAssigned:
        """Say that the person has it, or has it until another end.

        Raises PersonAlreadyErased, OwnProgramme, DutyEndMissing, DutyEndOutOfRange.
        """
        person.known()
        mentee = person.roles.get("mentee")
        if mentee is not None and mentee.facts.programme == self.programme:
            raise OwnProgramme
        if self.ends_at is None and self.duty == "evaluator":
            raise DutyEndMissing
        if self.ends_at is not None and not now < self.ends_at <= now + _LONGEST:
            raise DutyEndOutOfRange
        return DutyAssigned(**person.next(now), duty=self.duty, programme=self.programme, ends_at=self.ends_at)

    def remove(self, person: Person, now: datetime) -> DutyRemoved:
        """Say that the person has it no longer."""
        return DutyRemoved(**person.next(now), duty=self.duty, programme=self.programme)

"""The one offer on entering PGY-2, to take one new PGY-1; refuses a second answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeVar
from uuid import UUID, uuid4

from services.pairing.domain.first_year_refusals import FirstYearOfferAnswered, FirstYearOfferNotFound
from shared.contracts import pairing as says

FirstYearState = Literal["offered", "accepted", "declined"]
FirstYearAct = Literal["accept", "decline"]

FIRST_YEAR_STEPS: Final[Mapping[tuple[FirstYearState, FirstYearAct], FirstYearState]] = {
    ("offered", "accept"): "accepted",
    ("offered", "decline"): "declined",
}

E = TypeVar("E", bound=says.FirstYearEvent)


@dataclass
class FirstYearOffer:
    """Whether somebody in their second year takes one new first-year; each method gives the one event that says so."""

    offer_id: UUID
    institution_id: UUID
    person_id: UUID
    offered_at: datetime
    state: FirstYearState = "offered"
    answered_at: datetime | None = None
    version: int = 0
    revision: int = 0

    def offer(self) -> says.FirstYearOffered:
        """They are asked."""
        return self._say(says.FirstYearOffered, self.offered_at)

    def accept(self, now: datetime) -> says.FirstYearAccepted:
        """They take one. Raises FirstYearOfferAnswered."""
        return self._answer("accept", says.FirstYearAccepted, now)

    def decline(self, now: datetime) -> says.FirstYearDeclined:
        """They take none. Raises FirstYearOfferAnswered."""
        return self._answer("decline", says.FirstYearDeclined, now)

    def refuse_strangers(self, person_id: UUID, *, administers: bool) -> None:
        """Raise FirstYearOfferNotFound for who is neither the person nor an administrator of their institution."""
        if person_id != self.person_id and not administers:
            raise FirstYearOfferNotFound

    def _answer(self, act: FirstYearAct, event: type[E], now: datetime) -> E:
        to = FIRST_YEAR_STEPS.get((self.state, act))
        if to is None:
            raise FirstYearOfferAnswered
        self.state, self.answered_at = to, now
        return self._say(event, now)

    def _say(self, event: type[E], now: datetime) -> E:
        self.version += 1
        self.revision += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=(self.institution_id,),
            offer_id=self.offer_id,
            person_id=self.person_id,
            institution_id=self.institution_id,
        )


def enters_second_year(before: str | None, level: str | None) -> bool:
    """Whether somebody known in PGY-1 is in PGY-2 now; who is first heard of in PGY-2 entered it elsewhere."""
    return (before, level) == ("pgy_1", "pgy_2")


def new_first_year_offer(person_id: UUID, institution_id: UUID, now: datetime) -> FirstYearOffer:
    """An offer that was not said yet."""
    return FirstYearOffer(uuid4(), institution_id, person_id, now)

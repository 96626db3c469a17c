"""What becomes of a cross pair after notice: both go on, or the mentee is matched anew; silence is no yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from shared.platform.errors import Conflict, NotFound

Word = Literal["go_on", "re_match"]
"""What one of the two says."""
LeavingAct = Literal["go_on", "re_match", "run_out", "reach_term"]
Stand = Literal["asked", "half_agreed", "goes_on", "re_match", "ended"]

NOTICE: Final = "notice"
TERM_OVER: Final = "term_over"
"""Why Osler itself ends a pair under an agreement that ends."""

# Everything that can become of the question; what has no row here is refused. `run_out` is the end of the notice,
# `reach_term` the end that the agreement had before it.
LEAVING_STEPS: Final[Mapping[tuple[Stand, LeavingAct], Stand]] = {
    ("asked", "go_on"): "half_agreed",
    ("asked", "re_match"): "re_match",
    ("asked", "run_out"): "ended",
    ("half_agreed", "go_on"): "goes_on",
    ("half_agreed", "re_match"): "re_match",
    ("half_agreed", "run_out"): "ended",
    ("goes_on", "reach_term"): "ended",
    ("re_match", "run_out"): "ended",
}


class LeavingNotFound(NotFound):
    """These two were not asked whether they go on: no notice was given to what their hospitals agreed."""


class NoticeOver(Conflict):
    """The notice is over, and with it the time to say whether you go on. Nothing was changed."""


class DecidedAlready(Conflict):
    """Whether this pair goes on is decided. Nothing was changed; either of you may still end it."""


@dataclass
class Leaving:
    """The question to the two of a cross pair, from the notice until `decide_by`, when the notice ends.

    `goes_on_until` is the end that was agreed before the notice; None where there was none. `agreed_by` said the first
    of the two yeses.
    """

    pair_id: UUID
    agreement_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    decide_by: datetime
    goes_on_until: datetime | None
    stand: Stand = "asked"
    agreed_by: UUID | None = None

    def say(self, person_id: UUID, word: Word, now: datetime) -> bool:
        """One of the two answers; whether that changed anything: the same yes twice is one.

        Raises NoticeOver, DecidedAlready.
        """
        if now >= self.decide_by:
            raise NoticeOver
        if word == "go_on" and self.stand == "half_agreed" and self.agreed_by == person_id:
            return False
        self._take(word)
        if word == "go_on" and self.agreed_by is None:
            self.agreed_by = person_id
        return True

    def run_out(self, now: datetime) -> bool:
        """The notice ends: whether the pair ends with it, for want of two yeses."""
        if now < self.decide_by or ("run_out" not in self._possible()):
            return False
        self._take("run_out")
        return True

    def reach_term(self, now: datetime) -> bool:
        """The end has come that the agreement had before the notice: whether the pair ends with it."""
        if self.goes_on_until is None or now < self.goes_on_until or "reach_term" not in self._possible():
            return False
        self._take("reach_term")
        return True

    def _possible(self) -> set[LeavingAct]:
        return {act for stand, act in LEAVING_STEPS if stand == self.stand}

    def _take(self, act: LeavingAct) -> None:
        to = LEAVING_STEPS.get((self.stand, act))
        if to is None:
            raise DecidedAlready
        self.stand = to


@dataclass(frozen=True)
class FirstWaiting:
    """A mentee whose pair ended with a notice, and who counts as having waited longest since then."""

    mentee_id: UUID
    since: datetime
    pair_id: UUID

"""What may become of a meeting; it refuses every step that its table does not name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self
from uuid import UUID

from services.meetings.domain.pairs import Pair
from services.meetings.domain.refusals import (
    MeetingHasBegun,
    MeetingHasNotBegun,
    NoSuchSlot,
    NotInThisState,
    OwnProposal,
    SlotHasBegun,
    TooLateToSay,
    TooManyProposals,
)
from services.meetings.domain.slots import bookable, offered
from shared.contracts.meetings import (
    MeetingCancelled,
    MeetingExpired,
    MeetingHeld,
    MeetingMissed,
    MeetingMoved,
    MeetingProposed,
    MeetingScheduled,
    Slot,
)

State = Literal["proposed", "expired", "scheduled", "held", "missed", "cancelled"]
Act = Literal["accept", "expire", "move", "cancel", "confirm", "report_missed", "presume_held", "let_missed_stand"]
CancelReason = Literal["clinical_duty", "schedule_changed", "not_needed", "not_stated"]
PairReason = Literal["pair_paused", "pair_ended"]

STEPS: Final[Mapping[tuple[State, Act], State]] = {
    ("proposed", "accept"): "scheduled",
    ("proposed", "expire"): "expired",
    ("proposed", "cancel"): "cancelled",
    ("scheduled", "move"): "scheduled",
    ("scheduled", "cancel"): "cancelled",
    ("scheduled", "report_missed"): "scheduled",
    ("scheduled", "confirm"): "held",
    ("scheduled", "presume_held"): "held",
    ("scheduled", "let_missed_stand"): "missed",
}
"""The whole life of a meeting: what is not here cannot happen (docs/guide/rules.md, Meetings)."""

MOST_PROPOSALS: Final = 5
SILENCE: Final = timedelta(hours=72)


@dataclass
class Meeting:
    """A meeting from its proposal to its end: each method is one act of `STEPS`, and most of them say an event."""

    meeting_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    state: State
    proposed_by: UUID
    proposed_at: datetime
    slots: tuple[Slot, ...]
    booked: Slot | None = None
    missed_said_by: UUID | None = None
    confirmed: bool | None = None
    cancelled_by: UUID | None = None
    cancel_reason: str | None = None
    version: int = 0
    revision: int = 0

    @classmethod
    def propose(
        cls, meeting_id: UUID, pair: Pair, by: UUID, slots: Sequence[Slot], *, waiting: int, now: datetime
    ) -> tuple[Self, MeetingProposed]:
        """A new proposal of one of the two; `waiting` is how many proposals of the pair are still unanswered.

        Raises PairNotActive, TooManyProposals, SlotsOverlap and what `bookable` raises.
        """
        pair.expect_active()
        if waiting >= MOST_PROPOSALS:
            raise TooManyProposals
        meeting = cls(
            meeting_id=meeting_id,
            pair_id=pair.pair_id,
            mentor_id=pair.mentor_id,
            mentee_id=pair.mentee_id,
            mentor_institution_id=pair.mentor_institution_id,
            mentee_institution_id=pair.mentee_institution_id,
            state="proposed",
            proposed_by=by,
            proposed_at=now,
            slots=offered(slots, now),
        )
        said = MeetingProposed(
            **meeting._said("proposed", now), proposed_by=by, slots=meeting.slots, expires_at=meeting.expires_at
        )
        return meeting, said

    @property
    def expires_at(self) -> datetime:
        """When the last of the offered slots begins."""
        return max(slot.starts_at for slot in self.slots)

    @property
    def silent_at(self) -> datetime:
        """72 hours after the booked end: what is known then stands."""
        return self._booked().ends_at + SILENCE

    def is_of(self, person_id: UUID) -> bool:
        """Whether this person is one of the two."""
        return person_id in {self.mentor_id, self.mentee_id}

    def accept(self, by: UUID, number: int, pair: Pair, now: datetime) -> MeetingScheduled:
        """The other person chooses a slot by its number, counted from 0.

        Raises NotInThisState, PairNotActive, OwnProposal, NoSuchSlot, SlotHasBegun.
        """
        state = self._after("accept")
        pair.expect_active()
        if by == self.proposed_by:
            raise OwnProposal
        if not 0 <= number < len(self.slots):
            raise NoSuchSlot
        if self.slots[number].starts_at <= now:
            raise SlotHasBegun
        self.booked = self.slots[number]
        return MeetingScheduled(**self._said(state, now), starts_at=self.booked.starts_at, ends_at=self.booked.ends_at)

    def expire(self, now: datetime) -> MeetingExpired:
        """The last offered slot began without an answer. Raises NotInThisState."""
        return MeetingExpired(**self._said(self._after("expire"), now))

    def move(self, by: UUID, slot: Slot, pair: Pair, now: datetime) -> MeetingMoved:
        """One of the two puts the meeting at another time; whether both are free then, the database says.

        Raises NotInThisState, PairNotActive, MeetingHasBegun and what `bookable` raises.
        """
        state = self._after("move")
        pair.expect_active()
        self._expect_coming(now)
        self.booked = bookable(slot, now)
        return MeetingMoved(
            **self._said(state, now), moved_by=by, starts_at=self.booked.starts_at, ends_at=self.booked.ends_at
        )

    def cancel(self, by: UUID, reason: CancelReason, now: datetime) -> MeetingCancelled:
        """One of the two declines, withdraws or calls off before the start.

        Raises NotInThisState, MeetingHasBegun.
        """
        state = self._after("cancel")
        self._expect_coming(now)
        return self._cancelled(state, by, reason, now)

    def fall_with_pair(self, reason: PairReason, since: datetime, now: datetime) -> MeetingCancelled:
        """The pair paused or ended at `since`, before this meeting's start, even if that is only heard of `now`.

        Raises NotInThisState, MeetingHasBegun.
        """
        state = self._after("cancel")
        self._expect_coming(since)
        return self._cancelled(state, None, reason, now)

    def confirm(self, now: datetime) -> MeetingHeld:
        """One of the two says that it took place, from its start on; this wins over an earlier "missed".

        Raises NotInThisState, MeetingHasNotBegun, TooLateToSay.
        """
        state = self._after("confirm")
        self._expect_begun(now)
        return self._held(state, now, confirmed=True)

    def report_missed(self, by: UUID, now: datetime) -> None:
        """One of the two says that it did not take place; nothing is said to others before it stands.

        Raises NotInThisState, MeetingHasNotBegun, TooLateToSay.
        """
        self._after("report_missed")
        self._expect_begun(now)
        if self.missed_said_by is None:
            self.missed_said_by = by
            self.revision += 1

    def settle(self, now: datetime) -> MeetingHeld | MeetingMissed:
        """72 hours passed after the end: a "missed" stands, and silence counts as held, unconfirmed.

        Raises NotInThisState.
        """
        if self.missed_said_by is None:
            return self._held(self._after("presume_held"), now, confirmed=False)
        state = self._after("let_missed_stand")
        return MeetingMissed(**self._said(state, now), starts_at=self._booked().starts_at)

    def _held(self, state: State, now: datetime, *, confirmed: bool) -> MeetingHeld:
        self.confirmed = confirmed
        return MeetingHeld(
            **self._said(state, now),
            attendee_ids=(self.mentor_id, self.mentee_id),
            starts_at=self._booked().starts_at,
            ended_at=self._booked().ends_at,
            confirmed=confirmed,
        )

    def _cancelled(self, state: State, by: UUID | None, reason: str, now: datetime) -> MeetingCancelled:
        self.cancelled_by, self.cancel_reason = by, reason
        return MeetingCancelled(**self._said(state, now), reason=reason, cancelled_by=by)

    def _booked(self) -> Slot:
        if self.booked is None:  # a row without its times, which the table's own check refuses
            raise NotInThisState
        return self.booked

    def _after(self, act: Act) -> State:
        state = STEPS.get((self.state, act))
        if state is None:
            raise NotInThisState
        return state

    def _expect_coming(self, at: datetime) -> None:
        if self.booked is not None and self.booked.starts_at <= at:
            raise MeetingHasBegun

    def _expect_begun(self, now: datetime) -> None:
        if now < self._booked().starts_at:
            raise MeetingHasNotBegun
        if now >= self.silent_at:
            raise TooLateToSay

    def _said(self, state: State, now: datetime) -> dict[str, Any]:
        """Take the step, and give what each of a meeting's events carries under its new version."""
        self.state = state
        self.version += 1
        self.revision += 1
        return {
            "version": self.version,
            "occurred_at": now,
            "institution_ids": tuple(dict.fromkeys((self.mentor_institution_id, self.mentee_institution_id))),
            "meeting_id": self.meeting_id,
            "pair_id": self.pair_id,
            "mentor_id": self.mentor_id,
            "mentee_id": self.mentee_id,
        }

"""What meetings says about scheduled time and touchpoints: times and codes; never an agenda or a note."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.erasure import ErasureReceipt
from shared.contracts.event import Code, Event


class Slot(BaseModel):
    """A time that would suit: it begins at `starts_at` and ends at `ends_at`, exclusive."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class MeetingEvent(Event):
    """Something happened to a meeting of a pair."""

    topic: ClassVar[str] = "osler.meetings"
    aggregate: ClassVar[str] = "meeting_id"
    keyed_by: ClassVar[str | None] = "pair_id"
    meeting_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID


class MeetingProposed(MeetingEvent):
    """One of the two offered up to three times; it expires when the last of them begins."""

    type: ClassVar[str] = "osler.meetings.meeting_proposed.v1"
    proposed_by: UUID
    slots: Annotated[tuple[Slot, ...], Field(min_length=1, max_length=3)]
    expires_at: AwareDatetime


class MeetingExpired(MeetingEvent):
    """The last offered time began and nobody had chosen one."""

    type: ClassVar[str] = "osler.meetings.meeting_expired.v1"


class MeetingScheduled(MeetingEvent):
    """The other person chose one of the offered times."""

    type: ClassVar[str] = "osler.meetings.meeting_scheduled.v1"
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class MeetingMoved(MeetingEvent):
    """One of the two moved the meeting to a time that is free for both."""

    type: ClassVar[str] = "osler.meetings.meeting_moved.v1"
    moved_by: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class MeetingCancelled(MeetingEvent):
    """The meeting will not take place; `cancelled_by` is None where the pair paused or ended."""

    type: ClassVar[str] = "osler.meetings.meeting_cancelled.v1"
    reason: Code
    cancelled_by: UUID | None = None


class MeetingHeld(MeetingEvent):
    """One of the two said it took place, or 72 hours passed after its end and nobody said otherwise."""

    type: ClassVar[str] = "osler.meetings.meeting_held.v1"
    attendee_ids: tuple[UUID, ...]
    starts_at: AwareDatetime
    ended_at: AwareDatetime
    confirmed: bool


class MeetingMissed(MeetingEvent):
    """One of the two said it did not take place, and nobody said otherwise within 72 hours after its end."""

    type: ClassVar[str] = "osler.meetings.meeting_missed.v1"
    starts_at: AwareDatetime


class TouchpointLogged(Event):
    """One of the two logged a contact of 5 to 20 minutes, dated when it happened."""

    type: ClassVar[str] = "osler.meetings.touchpoint_logged.v1"
    topic: ClassVar[str] = "osler.meetings"
    aggregate: ClassVar[str] = "touchpoint_id"
    keyed_by: ClassVar[str | None] = "pair_id"
    touchpoint_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    logged_by: UUID
    happened_at: AwareDatetime
    minutes: Annotated[int, Field(ge=5, le=20)]


class ErasureDone(ErasureReceipt):
    """Meetings deleted what it held of a person who was erased, and takes no more of it."""

    type: ClassVar[str] = "osler.meetings.erasure_done.v1"
    topic: ClassVar[str] = "osler.meetings"

"""What may become of a message, until when it may go, and what stops it; no I/O, and no words of any mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final, Literal, Self
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.notifications.domain.categories import (
    HOLDS,
    PRIVATE,
    REMINDERS,
    Category,
    CauseKind,
    CauseState,
)
from shared.contracts.notifications import (
    NotificationEvent,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from shared.platform.errors import Conflict

State = Literal["waiting", "sent", "failed", "suppressed"]
Act = Literal["send", "fail", "suppress"]
PersonStatus = Literal["here", "on_leave", "left", "erased"]

STEPS: Final[Mapping[tuple[State, Act], State]] = {
    ("waiting", "send"): "sent",
    ("waiting", "fail"): "failed",
    ("waiting", "suppress"): "suppressed",
}
"""The whole life of a message: what is not here cannot happen (docs/guide/rules.md, Notifications)."""

BEFORE_MEETING: Final = timedelta(hours=24)
"""Elapsed hours, also over a change of the clocks."""
BEFORE_ANSWER: Final = timedelta(hours=24)
"""A request is reminded of 48 hours after it asked, which is so long before its 72 hours are over."""
BEFORE_NOTICE_ENDS: Final = timedelta(days=7)
"""The two of a pair are reminded so long before their time to say whether they go on is over."""
BEFORE: Final[Mapping[CauseKind, timedelta]] = {"choice": BEFORE_ANSWER, "leaving": BEFORE_NOTICE_ENDS}
"""How long before an answer is due it is reminded of, once."""
BEFORE_DEADLINE: Final[Mapping[Category, int]] = {"opportunity_week": 7, "opportunity_day": 1}
"""Calendar days before the last day of an opportunity, at nine where the person is."""
NINE: Final = time(9)
EARLIEST_NINE: Final = timedelta(hours=16)
"""So much earlier than whole days before a deadline it is nine nowhere: a day less nine hours, and one for clocks."""
LIFE: Final = timedelta(hours=72)
"""How long after its cause a mail may still go."""
LATEST_REMINDER: Final = timedelta(hours=1)
"""A reminder whose own time is longer past than this expires; an outage is no reason to remind at a wrong time."""
START_UP: Final = timedelta(minutes=1)
"""How far before its own beginning a new service still speaks of what happened: the time that starting takes."""


class AlreadyDecided(Conflict):
    """This message was already sent, refused or suppressed. Nothing was changed."""


@dataclass
class Cause:
    """What notifications keep of what a mail can be about, by its kind: who, until when, and if it holds."""

    cause_id: UUID
    kind: CauseKind
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    state: CauseState
    asked_by: UUID | None = None
    answer_by: datetime | None = None
    slot_starts: list[datetime] = field(default_factory=list[datetime])
    slot_ends: list[datetime] = field(default_factory=list[datetime])
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    booked_by: UUID | None = None
    """The event that set the time that holds now; a reminder's id follows from it."""
    followed_at: datetime | None = None
    """When an opportunity was offered to the mentee, or saved; `mentor_id` is whoever offers it. Of what may end by
    another aggregate's word, when it began."""
    closed_at: datetime | None = None
    """When it was last said to be over, by whichever aggregate; what began after it stands."""
    since: datetime | None = None
    """From when the two were silent."""
    reason: str | None = None
    """Why a mentor of a request was passed over, as a code."""
    part_of: UUID | None = None
    """The request whose mentor was passed over."""

    @classmethod
    def of_one(cls, cause_id: UUID, kind: CauseKind, person_id: UUID, institution_id: UUID) -> Self:
        """An open cause that concerns one person alone, who stands on both sides of it."""
        return cls(cause_id, kind, person_id, person_id, institution_id, institution_id, "open")

    def other_than(self, person_id: UUID) -> UUID:
        """The other one of the two."""
        return self.mentee_id if person_id == self.mentor_id else self.mentor_id

    def institution_of(self, person_id: UUID) -> UUID:
        """The institution of one of the two."""
        return self.mentor_institution_id if person_id == self.mentor_id else self.mentee_institution_id

    def book(self, event_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
        """The meeting takes place then, whatever was said before."""
        self.state = "scheduled"
        self.booked_by, self.starts_at, self.ends_at = event_id, starts_at, ends_at


def message_id(event_id: UUID, category: Category, person_id: UUID) -> UUID:
    """The id of the one message of a category to a person about an event."""
    return uuid5(event_id, f"{category} {person_id}")


@dataclass
class Message:
    """One mail to one person about one cause: each method is one act of `STEPS` and says one event."""

    notification_id: UUID
    institution_id: UUID
    person_id: UUID
    category: Category
    cause_id: UUID
    caused_at: datetime
    expires_at: datetime
    about_starts_at: datetime | None = None
    """The start that a reminder is about; where the meeting has another by now, the reminder is not sent."""
    state: State = "waiting"
    reason: str | None = None
    decided_at: datetime | None = None
    attempts: int = 0
    version: int = 0

    @classmethod
    def about(
        cls,
        cause: Cause,
        person_id: UUID,
        category: Category,
        *,
        event_id: UUID,
        caused_at: datetime,
        ends_at: datetime,
        institution_id: UUID | None = None,
    ) -> Self:
        """A message to one of the two, or to somebody of `institution_id`.

        Its id follows from event, category and person, so a replay makes it once. `ends_at` is when its point is gone;
        it lives until then, and 72 hours at most. A reminder lives to its end.
        """
        reminds = category in REMINDERS
        return cls(
            notification_id=message_id(event_id, category, person_id),
            institution_id=institution_id or cause.institution_of(person_id),
            person_id=person_id,
            category=category,
            cause_id=cause.cause_id,
            caused_at=caused_at,
            expires_at=ends_at if reminds else min(ends_at, caused_at + LIFE),
            about_starts_at=cause.starts_at if reminds else None,
        )

    def is_history(self, began_at: datetime) -> bool:
        """Whether its cause lies before this service began, so that a service built anew mails nobody about it."""
        return self.caused_at < began_at - START_UP

    def stopped_by(
        self, cause: Cause, status: PersonStatus | None, now: datetime, *, can_be_reached: bool
    ) -> str | None:
        """Why it is not sent, as a code; None where nothing speaks against it."""
        if now >= self.expires_at:
            return "expired" if can_be_reached else "no_contact"
        if status in {"left", "erased"}:
            return status
        if status == "on_leave" and self.category in REMINDERS:
            return status
        if cause.state not in HOLDS[self.category] or self.about_starts_at not in {None, cause.starts_at}:
            return "cause_gone"
        return None

    def own_time(self, cause: Cause, zone: str) -> datetime | None:
        """When it is nine for the person of a reminder of a deadline; None for what goes at any hour."""
        days = BEFORE_DEADLINE.get(self.category)
        return None if days is None or cause.answer_by is None else nine_before(cause.answer_by, zone, days)

    def missed(self, cause: Cause, zone: str, now: datetime) -> str | None:
        """Why a reminder that has its own time is not sent any more, as a code; None where it has time, or has none."""
        due_at = self.own_time(cause, zone)
        if due_at is None:
            return None
        if cause.followed_at is not None and cause.followed_at >= due_at:
            return "booked_late"
        return "expired" if now > due_at + LATEST_REMINDER else None

    def send(self, now: datetime) -> NotificationSent:
        """The mail server took it. Raises AlreadyDecided."""
        return NotificationSent(**self._said("send", None, now))

    def fail(self, reason: str, now: datetime) -> NotificationFailed:
        """The mail server refused it for good. Raises AlreadyDecided."""
        return NotificationFailed(**self._said("fail", reason, now), reason=reason)

    def suppress(self, reason: str, now: datetime) -> NotificationSuppressed:
        """It is not sent, for a reason of ours. Raises AlreadyDecided."""
        return NotificationSuppressed(**self._said("suppress", reason, now), reason=reason)

    def recall(self, said: Sequence[NotificationEvent]) -> bool:
        """Become what it became in another life of this service, at the same instant; whether that was anything."""
        for event in said:
            match event:
                case NotificationSent():
                    self.send(event.occurred_at)
                case NotificationFailed():
                    self.fail(event.reason, event.occurred_at)
                case NotificationSuppressed():
                    self.suppress(event.reason, event.occurred_at)
                case _:
                    continue
        return self.state != "waiting"

    def _said(self, act: Act, reason: str | None, now: datetime) -> dict[str, Any]:
        state = STEPS.get((self.state, act))
        if state is None:
            raise AlreadyDecided
        self.state, self.reason, self.decided_at = state, reason, now
        self.version += 1
        return {
            "version": self.version,
            "occurred_at": now,
            "institution_ids": (self.institution_id,),
            "notification_id": self.notification_id,
            "person_id": self.person_id,
            "category": "private" if self.category in PRIVATE else self.category,
            "channel": "mail",
        }


def nine_before(deadline_at: datetime, zone: str, days: int) -> datetime:
    """Nine in the morning of a zone, so many days before the day on which the last moment before a deadline lies there.

    In UTC where the zone is not known.
    """
    try:
        found: tzinfo = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # it raises OSError for the name of one of its folders
        found = UTC
    last_day = (deadline_at - timedelta(microseconds=1)).astimezone(found).date()
    return datetime.combine(last_day - timedelta(days=days), NINE, found).astimezone(UTC)


@dataclass(frozen=True)
class Delivery:
    """What became of a message, without its cause and its words."""

    notification_id: UUID
    person_id: UUID
    category: Category
    channel: Literal["mail"]
    caused_at: datetime
    state: State
    reason: str | None
    decided_at: datetime | None

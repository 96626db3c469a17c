"""What Today shows and when something has waited too long; it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.platform.person import Person

SILENCE: Final = timedelta(days=45)
"""1.5 times a month of 30 days: the longest that a pair may be without contact unnoticed (`docs/guide/rules.md`)."""

AHEAD: Final = timedelta(days=14)
"""How far ahead Today shows meetings."""

AGREEMENT_AHEAD: Final = timedelta(days=90)
"""How far ahead Today shows the end of a sharing agreement."""

SHOWN: Final = 100
"""The longest list on a page; what is more is counted, and a link leads there."""

Position = tuple[datetime, UUID]
"""Where a row stands in its list: what the list is ordered by."""
Name = tuple[str, str | None]
"""What somebody or an institution is called, and the locale of whoever bears the name."""
ListName = Literal["proposals", "silences", "feedback", "meetings"]
"""The lists that an administrator can read to their end."""

PairState = Literal["proposed", "accepted", "active", "paused", "declined", "recalled", "lapsed", "ended"]


@dataclass(frozen=True)
class Session:
    """One signed-in browser: who, and the access token under seal; times are the machine's."""

    session_hash: bytes
    person: Person
    sealed_token: bytes
    token_obtained_at: datetime
    token_ends_at: datetime


@dataclass(frozen=True)
class Who:
    """A person as others see them; the name is None until it was heard, and again after an erasure."""

    person_id: UUID
    name: str | None
    locale: str | None
    institution_id: UUID
    institution: str


@dataclass(frozen=True)
class Couple:
    """A mentor and a mentee."""

    pair_id: UUID
    mentor: Who
    mentee: Who

    @property
    def is_cross(self) -> bool:
        """Whether they belong to different institutions."""
        return self.mentor.institution_id != self.mentee.institution_id


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page, with the zone in which it tells times."""

    person: Person
    name: str | None
    locale: str | None
    zone: ZoneInfo
    institution: str
    institution_zone: ZoneInfo


@dataclass(frozen=True)
class Proposal:
    """A pair that waits: for the mentor's yes (proposed), or for both signatures on a compact (accepted)."""

    couple: Couple
    state: Literal["proposed", "accepted"]
    since: datetime
    ends_at: datetime

    @property
    def position(self) -> Position:
        """The first to end stands first."""
        return self.ends_at, self.couple.pair_id


@dataclass(frozen=True)
class SeenPair:
    """A pair whatever its state; `ends_at` is set while it waits for a yes."""

    couple: Couple
    state: PairState
    ends_at: datetime | None
    is_cut_off: bool = False

    def concerns(self, person: Person) -> bool:
        """Whether it is one of the person's own, or of an institution that the person administers."""
        mentor, mentee = self.couple.mentor, self.couple.mentee
        if "administrator" in person.roles and not self.is_cut_off:
            return person.institution_id in {mentor.institution_id, mentee.institution_id}
        return person.person_id in {mentor.person_id, mentee.person_id}


@dataclass(frozen=True)
class Silence:
    """An active pair and how long it has been quiet.

    `since` is the last contact, or the activation or the return from a pause where that is later or all there is.
    """

    couple: Couple
    since: datetime
    last_contact_at: datetime | None
    next_meeting_at: datetime | None

    @property
    def position(self) -> Position:
        """The longest silence stands first."""
        return self.since, self.couple.pair_id

    def is_long(self, now: datetime) -> bool:
        """Whether the two have been without contact for longer than they should be."""
        return now - self.since > SILENCE


@dataclass(frozen=True)
class Meeting:
    """A meeting that is scheduled."""

    meeting_id: UUID
    couple: Couple
    starts_at: datetime
    ends_at: datetime

    @property
    def position(self) -> Position:
        """The first to begin stands first."""
        return self.starts_at, self.meeting_id


@dataclass(frozen=True)
class Offer:
    """Times for a meeting that one of the two offered and the other has not chosen from."""

    meeting_id: UUID
    couple: Couple
    proposed_by: UUID
    ends_at: datetime


@dataclass(frozen=True)
class FeedbackWait:
    """A request for feedback that is open; `reveals_at` is set by the first answer."""

    request_id: UUID
    couple: Couple
    asked_at: datetime
    closes_at: datetime
    reveals_at: datetime | None
    mentor_answered: bool
    mentee_answered: bool

    @property
    def silent(self) -> tuple[Who, ...]:
        """Who has not answered, mentor first."""
        answered = (self.mentor_answered, self.mentee_answered)
        both = (self.couple.mentor, self.couple.mentee)
        return tuple(who for who, has in zip(both, answered, strict=True) if not has)

    @property
    def ends_at(self) -> datetime:
        """When the form closes: at the reveal once somebody answered."""
        return self.reveals_at or self.closes_at

    @property
    def position(self) -> Position:
        """The first to close stands first."""
        return self.ends_at, self.request_id


@dataclass(frozen=True)
class Review:
    """A pair in which a conflict of interest waits to be resolved; one at work pauses at `ends_at`."""

    couple: Couple
    state: PairState
    ends_at: datetime


@dataclass(frozen=True)
class Deadline:
    """Something that comes by itself on a day; `name` says of whom or with whom, where that helps."""

    kind: Literal["agreement_ends", "review"]
    at: datetime
    name: str


@dataclass(frozen=True)
class Numbers:
    """An institution's pairs and places; accepted, active and paused pairs hold a place."""

    active: int
    accepted: int
    proposed: int
    paused: int
    silent: int
    places: int
    taken: int
    shared_places: int
    shared: int
    received: int
    feedback: int
    """Open requests with an answer missing."""
    meetings: int
    """Those of the next `AHEAD`."""

    def of(self, name: ListName) -> int:
        """How long one of the lists is, to its end."""
        lengths = {
            "proposals": self.proposed + self.accepted,
            "silences": self.silent,
            "feedback": self.feedback,
            "meetings": self.meetings,
        }
        return lengths[name]


@dataclass(frozen=True)
class InstitutionToday:
    """What an administrator of an institution sees today."""

    now: datetime
    viewer: Viewer
    numbers: Numbers
    proposals: tuple[Proposal, ...]
    silences: tuple[Silence, ...]
    feedback: tuple[FeedbackWait, ...]
    meetings: tuple[Meeting, ...]
    deadlines: tuple[Deadline, ...]
    reviews: tuple[Review, ...] = ()

    @property
    def waiting(self) -> int:
        """How many things wait for somebody."""
        counted = sum(self.numbers.of(name) for name in ("proposals", "silences", "feedback"))
        return counted + len(self.reviews)

    @property
    def next_deadline(self) -> datetime | None:
        """The first moment at which something ends by itself if nobody does anything."""
        ends = [each.ends_at for each in (*self.proposals, *self.feedback, *self.reviews)]
        return min((at for at in ends if at > self.now), default=None)


@dataclass(frozen=True)
class LongList:
    """One of an administrator's lists, from some row on; `next` is where it goes on, None at its end."""

    now: datetime
    viewer: Viewer
    name: ListName
    length: int
    rows: Sequence[Proposal | Silence | FeedbackWait | Meeting]
    next: Position | None


@dataclass(frozen=True)
class OwnPair:
    """One's own pair, as one of the two sees it; `drifts_since` is set while a silence is longer than they agreed."""

    couple: Couple
    state: PairState
    silence: Silence
    has_compact: bool = False
    drifts_since: datetime | None = None

    def quiet_since(self, now: datetime) -> datetime | None:
        """Since when the two should have met and have no day for it: as their compact says, else after 45 days."""
        if self.state != "active" or self.silence.next_meeting_at is not None:
            return None
        if not self.has_compact:
            return self.silence.since if self.silence.is_long(now) else None
        # A contact may be heard of before what it clears.
        return self.drifts_since if self.drifts_since and self.silence.since <= self.drifts_since else None


@dataclass(frozen=True)
class OwnToday:
    """What a mentor or a mentee sees today: only what is theirs."""

    now: datetime
    viewer: Viewer
    proposals: tuple[Proposal, ...]
    offers: tuple[Offer, ...]
    feedback: tuple[FeedbackWait, ...]
    meetings: tuple[Meeting, ...]
    pairs: tuple[OwnPair, ...]
    reviews: tuple[Review, ...] = ()

    @property
    def waiting(self) -> int:
        """How many things wait for this person's own answer."""
        return len(self.my_proposals) + len(self.my_offers) + len(self.my_feedback)

    @property
    def my_proposals(self) -> tuple[Proposal, ...]:
        """Pairs that wait for this person: as mentor while proposed, as either of the two once accepted."""
        return tuple(each for each in self.proposals if _waits_for(each, self._me))

    @property
    def my_offers(self) -> tuple[Offer, ...]:
        """Times that the other one offered."""
        return tuple(each for each in self.offers if each.proposed_by != self._me)

    @property
    def my_feedback(self) -> tuple[FeedbackWait, ...]:
        """Requests that this person has not answered."""
        return tuple(each for each in self.feedback if any(who.person_id == self._me for who in each.silent))

    @property
    def others_turn(self) -> tuple[Proposal, ...]:
        """Pairs that wait for the other one."""
        return tuple(each for each in self.proposals if not _waits_for(each, self._me))

    @property
    def quiet(self) -> tuple[tuple[OwnPair, datetime], ...]:
        """The pairs that should have met, and since when they have not."""
        return tuple((each, since) for each in self.pairs if (since := each.quiet_since(self.now)) is not None)

    @property
    def _me(self) -> UUID:
        return self.viewer.person.person_id


@dataclass(frozen=True)
class ConsortiumToday:
    """What the consortium's office sees: numbers, and nobody's name."""

    now: datetime
    viewer: Viewer
    institutions: int
    agreements: int
    active_pairs: int


Today = InstitutionToday | OwnToday | ConsortiumToday


def _waits_for(proposal: Proposal, person_id: UUID) -> bool:
    return proposal.state == "accepted" or proposal.couple.mentor.person_id == person_id

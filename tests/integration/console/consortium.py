"""Two hospitals and their people as the other services would tell of them, with every version counted."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from shared.contracts.contacts import ContactDetails, ContactRecorded, contact_id
from shared.contracts.directory import InstitutionJoined, PersonJoined, RoleAssigned
from shared.contracts.event import Event, Role
from shared.contracts.feedback import FeedbackRequested, FeedbackSubmitted
from shared.contracts.meetings import MeetingHeld, MeetingProposed, MeetingScheduled, Slot, TouchpointLogged
from shared.contracts.pairing import PairAccepted, PairActivated, PairEvent, PairPaused, PairProposed
from shared.platform.members import sign_in_key
from shared.platform.seal import ContactsKey, seal
from shared.platform.settings import LOCAL_CONTACTS_KEY, LOCAL_SIGN_IN_SECRET

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
"""Where the stage's clock stands at first."""

E = TypeVar("E", bound=Event)
_versions: Counter[UUID] = Counter()


def tell(kind: type[E], *institution_ids: UUID, at: datetime = NOW - timedelta(days=100), **facts: Any) -> E:
    """The next event of the aggregate that `facts` name."""
    aggregate_id: UUID = facts[kind.aggregate]
    _versions[aggregate_id] += 1
    return kind(version=_versions[aggregate_id], occurred_at=at, institution_ids=institution_ids, **facts)


@dataclass
class Person:
    """Somebody of a hospital."""

    hospital: "Hospital"
    name: str
    person_id: UUID = field(default_factory=uuid4)

    @property
    def subject(self) -> str:
        """What their sign-in proves."""
        return f"{self.person_id}@{self.hospital.mail_domain}"


@dataclass
class Hospital:
    """An institution and everything that was said about it so far."""

    name: str
    time_zone: str = "America/New_York"
    institution_id: UUID = field(default_factory=uuid4)
    said: list[Event] = field(default_factory=list[Event])
    sign_in_secret: str = LOCAL_SIGN_IN_SECRET
    contacts_key: str = LOCAL_CONTACTS_KEY

    def __post_init__(self) -> None:
        self.say(
            InstitutionJoined,
            institution_id=self.institution_id,
            name=self.name,
            mail_domain=self.mail_domain,
            time_zone=self.time_zone,
        )

    @property
    def mail_domain(self) -> str:
        """How its people sign in."""
        return f"{self.institution_id.hex}.example"

    def say(self, kind: type[E], *others: UUID, at: datetime = NOW - timedelta(days=100), **facts: Any) -> E:
        """Add the next event of an aggregate."""
        event = tell(kind, self.institution_id, *others, at=at, **facts)
        self.said.append(event)
        return event

    def person(self, name: str, *roles: Role, locale: str = "en", places: int = 0, shared_places: int = 0) -> Person:
        """Somebody who joined, with contact details and roles."""
        person = Person(self, name)
        of: dict[str, Any] = {"person_id": person.person_id, "institution_id": self.institution_id}
        key = sign_in_key(self.sign_in_secret, person.subject)
        self.say(PersonJoined, sign_in_key=key, time_zone=self.time_zone, **of)
        self.record_contact(person, name, locale)
        for role in roles:
            own: dict[str, Any] = {"places": places, "shared_places": shared_places} if role == "mentor" else {}
            self.say(RoleAssigned, role=role, **own, **of)
        return person

    def record_contact(
        self, person: Person, name: str, locale: str = "en", version: int | None = None
    ) -> ContactRecorded:
        """Contact details under seal, in their next version or in this one."""
        details = ContactDetails(name=name, email="somebody@hospital.example", locale=locale, time_zone=self.time_zone)
        aggregate_id = contact_id(person.person_id)
        _versions[aggregate_id] = _versions[aggregate_id] if version is None else version - 1
        key = ContactsKey.from_base64(self.contacts_key)
        return self.say(
            ContactRecorded,
            contact_id=aggregate_id,
            person_id=person.person_id,
            institution_id=self.institution_id,
            key_id=key.key_id,
            sealed=seal(key, details, person.person_id, _versions[aggregate_id] + 1),
        )


@dataclass
class Pair:
    """A mentor and a mentee, and what was said of them."""

    mentor: Person
    mentee: Person
    pair_id: UUID = field(default_factory=uuid4)
    said: list[Event] = field(default_factory=list[Event])

    @property
    def institution_ids(self) -> tuple[UUID, ...]:
        """One institution, or two."""
        return tuple(dict.fromkeys([self.mentor.hospital.institution_id, self.mentee.hospital.institution_id]))

    def say(self, kind: type[E], at: datetime, **facts: Any) -> E:
        """Add an event of the pair, or of something that belongs to it."""
        two: dict[str, Any] = {}
        if issubclass(kind, PairEvent):
            two = {
                "mentor_institution_id": self.mentor.hospital.institution_id,
                "mentee_institution_id": self.mentee.hospital.institution_id,
            }
        if "mentor_id" in kind.model_fields:
            two |= {"mentor_id": self.mentor.person_id, "mentee_id": self.mentee.person_id}
        event = tell(kind, *self.institution_ids, at=at, pair_id=self.pair_id, **two, **facts)
        self.said.append(event)
        return event

    def proposed(self, at: datetime = NOW - timedelta(days=5)) -> "Pair":
        """It waits for its mentor for seven days."""
        self.say(PairProposed, at, proposed_by=uuid4(), answer_by=at + timedelta(days=7))
        return self

    def accepted(self, at: datetime = NOW - timedelta(days=3)) -> "Pair":
        """It waits for its mentee for twenty-one days."""
        self.proposed(at - timedelta(days=1)).say(PairAccepted, at, activate_by=at + timedelta(days=21))
        return self

    def active(self, at: datetime = NOW - timedelta(days=60)) -> "Pair":
        """It is at work since then."""
        self.accepted(at - timedelta(days=1)).say(PairActivated, at)
        return self

    def paused(self, at: datetime = NOW - timedelta(days=10), review_at: datetime = NOW + timedelta(days=20)) -> "Pair":
        """It rests."""
        self.active(at - timedelta(days=30)).say(PairPaused, at, reason="leave", review_at=review_at)
        return self

    def meets(self, starts_at: datetime, minutes: int = 30) -> UUID:
        """A meeting that was proposed a week before and accepted a day later."""
        meeting_id = uuid4()
        slot = Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes))
        before = starts_at - timedelta(days=7)
        self.offers(meeting_id, before, slot)
        self.say(
            MeetingScheduled,
            before + timedelta(days=1),
            meeting_id=meeting_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
        )
        return meeting_id

    def offers(self, meeting_id: UUID, at: datetime, slot: Slot) -> None:
        """The mentor offers a time."""
        self.say(
            MeetingProposed,
            at,
            meeting_id=meeting_id,
            proposed_by=self.mentor.person_id,
            slots=(slot,),
            expires_at=slot.starts_at,
        )

    def met(self, starts_at: datetime, minutes: int = 30) -> "Pair":
        """A meeting that took place."""
        meeting_id = self.meets(starts_at, minutes)
        ended_at = starts_at + timedelta(minutes=minutes)
        both = (self.mentor.person_id, self.mentee.person_id)
        self.say(
            MeetingHeld,
            ended_at,
            meeting_id=meeting_id,
            attendee_ids=both,
            starts_at=starts_at,
            ended_at=ended_at,
            confirmed=True,
        )
        return self

    def touched(self, at: datetime) -> "Pair":
        """Ten minutes of contact, logged at once."""
        self.say(
            TouchpointLogged,
            at,
            touchpoint_id=uuid4(),
            logged_by=self.mentor.person_id,
            happened_at=at,
            minutes=10,
        )
        return self

    def asked_for_feedback(self, at: datetime, *answered: Person) -> UUID:
        """Both are asked; these answered an hour later."""
        request_id = uuid4()
        self.say(
            FeedbackRequested, at, request_id=request_id, occasion="third_meeting", closes_at=at + timedelta(days=30)
        )
        for person in answered:
            answered_at = at + timedelta(hours=1)
            self.say(
                FeedbackSubmitted,
                answered_at,
                request_id=request_id,
                person_id=person.person_id,
                reveals_at=answered_at + timedelta(days=14),
            )
        return request_id

"""What the tests of notifications do: people can be reached, pairs and meetings come and go, mail is sent."""

from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from services.notifications.sender import Sender
from services.notifications.sender.post import Post
from shared.contracts.contacts import ContactDetails, ContactErased, ContactRecorded, contact_id
from shared.contracts.directory import (
    PersonErased,
    PersonJoined,
    PersonLeft,
    PersonWentOnLeave,
    RoleAssigned,
    RoleRemoved,
)
from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackRequested
from shared.contracts.meetings import MeetingCancelled, MeetingMoved, MeetingProposed, MeetingScheduled, Slot
from shared.contracts.pairing import (
    ChoiceEvent,
    ConflictRaised,
    ConflictResolved,
    PairAccepted,
    PairCutOff,
    PairDeclined,
    PairEnded,
    PairPaused,
    PairProposed,
    RequestSent,
)
from shared.platform.seal import ContactsKey, seal
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox

SECRET: Final = b64encode(bytes(range(32))).decode()
KEY: Final = ContactsKey.from_base64(SECRET)
HALF_AN_HOUR: Final = timedelta(minutes=30)
DAY: Final = timedelta(days=1)
C = TypeVar("C", bound=ChoiceEvent)


@dataclass(frozen=True)
class Someone:
    """A person with an address of their own."""

    name: str
    zone: str
    locale: str
    person_id: UUID = field(default_factory=uuid4)
    institution_id: UUID = field(default_factory=uuid4)

    @property
    def email(self) -> str:
        """An address that no other test uses."""
        return f"{self.person_id.hex[:12]}@hospital.example"

    @property
    def details(self) -> ContactDetails:
        """What the seal holds."""
        return ContactDetails(name=self.name, email=self.email, locale=self.locale, time_zone=self.zone)


@dataclass
class Office:
    """A mentor in Warsaw and a mentee in Mexico City, whose meetings the mentor proposes."""

    service: Running
    mailbox: Mailbox
    mentor: Someone = field(default_factory=lambda: Someone("Ada Okafor", "Europe/Warsaw", "en-GB"))
    mentee: Someone = field(default_factory=lambda: Someone("Luz Ibarra", "America/Mexico_City", "es-MX"))
    pair_id: UUID = field(default_factory=uuid4)
    meeting_id: UUID = field(default_factory=uuid4)
    request_id: UUID = field(default_factory=uuid4)
    choice_id: UUID = field(default_factory=uuid4)
    _versions: Counter[UUID] = field(default_factory=Counter[UUID])
    _places: "count[int]" = field(default_factory=count)

    def sender(self, port: int | None = None) -> Sender:
        """A sender at a place of its own."""
        post = Post("127.0.0.1", port or self.mailbox.port)
        place = f"{uuid4().hex[:8]}-{next(self._places)}"
        return Sender(self.service.worker, post, KEY, sender="Osler <osler@hospital.example>", console="", place=place)

    async def open(self) -> None:
        """Both people have joined and can be reached."""
        for someone in (self.mentor, self.mentee):
            await self.hear(await self.joined(someone), await self.contact(someone))

    async def hear(self, *events: Event) -> None:
        """Deliver events."""
        await self.service.deliver(*events)

    async def send(self) -> int:
        """One round of the sender."""
        return await self.sender().send_some()

    def mails(self, someone: Someone) -> list[EmailMessage]:
        """What arrived for a person."""
        return self.mailbox.mails[someone.email]

    def subjects(self, someone: Someone) -> list[str]:
        """The subjects of what arrived for a person."""
        return [str(mail["Subject"]) for mail in self.mails(someone)]

    async def became(self, someone: Someone) -> list[tuple[str, str, str | None]]:
        """Category, state and reason of a person's messages, the oldest first."""
        rows = await self.service.rows(
            "SELECT category, state, reason FROM messages WHERE person_id = $1 ORDER BY caused_at, category",
            someone.person_id,
        )
        return [(row["category"], row["state"], row["reason"]) for row in rows]

    async def retry_now(self) -> None:
        """Let what was postponed be tried again now instead of a moment later."""
        await self.service.worker.pool.execute(
            "UPDATE messages SET next_try_at = clock_timestamp() WHERE state = 'waiting'"
        )

    async def now(self) -> datetime:
        """Business time."""
        async with self.service.worker.transaction() as tx:
            return tx.now

    async def step_to(self, instant: datetime) -> None:
        """Let it be that time, and what is due happen."""
        await self.service.stage.step_to(instant)
        await self.service.fire()

    async def joined(self, someone: Someone) -> PersonJoined:
        """A person is known."""
        facts = await self._person(someone)
        return PersonJoined(**facts, sign_in_key=uuid4().hex, time_zone=someone.zone)

    async def administers(self, someone: Someone) -> None:
        """A person who can be reached administers their institution."""
        await self.hear(await self.joined(someone), await self.contact(someone))
        await self.hear(RoleAssigned(**await self._person(someone), role="administrator"))

    async def administers_no_more(self, someone: Someone) -> RoleRemoved:
        """A person gives it up."""
        return RoleRemoved(**await self._person(someone), role="administrator")

    async def went_on_leave(self, someone: Someone) -> PersonWentOnLeave:
        """A person is away."""
        return PersonWentOnLeave(**await self._person(someone), since=await self.now())

    async def left(self, someone: Someone) -> PersonLeft:
        """A person left the institution."""
        return PersonLeft(**await self._person(someone), since=await self.now())

    async def erased(self, someone: Someone) -> PersonErased:
        """A person is forgotten."""
        return PersonErased(**await self._person(someone))

    async def contact(self, someone: Someone, *, details: ContactDetails | None = None) -> ContactRecorded:
        """How to reach a person."""
        contact = contact_id(someone.person_id)
        version = self._next(contact)
        return ContactRecorded(
            version=version,
            occurred_at=await self.now(),
            institution_ids=(someone.institution_id,),
            contact_id=contact,
            person_id=someone.person_id,
            institution_id=someone.institution_id,
            key_id=KEY.key_id,
            sealed=seal(KEY, details or someone.details, someone.person_id, version),
        )

    async def contact_erased(self, someone: Someone) -> ContactErased:
        """The contacts' topic forgets a person."""
        contact = contact_id(someone.person_id)
        return ContactErased(
            version=self._next(contact), occurred_at=await self.now(), institution_ids=(), contact_id=contact
        )

    async def proposed(self, occurred_at: datetime | None = None) -> PairProposed:
        """An administrator proposes the pair."""
        facts = await self._pair(occurred_at)
        return PairProposed(**facts, proposed_by=uuid4(), answer_by=facts["occurred_at"] + 7 * DAY)

    async def accepted(self) -> PairAccepted:
        """The mentor says yes."""
        return PairAccepted(**await self._pair(), activate_by=await self.now() + 21 * DAY)

    async def declined(self) -> PairDeclined:
        """The mentor says no."""
        return PairDeclined(**await self._pair(), declined_by="mentor")

    async def paused(self, reason: str) -> PairPaused:
        """The pair rests."""
        return PairPaused(**await self._pair(), reason=reason, review_at=await self.now() + 90 * DAY)

    async def cut_off(self) -> PairCutOff:
        """A notice is over under which the two go on."""
        return PairCutOff(**await self._pair())

    async def pair_ended(self, reason: str = "asked") -> PairEnded:
        """The pair is over."""
        return PairEnded(**await self._pair(), reason=reason)

    async def conflict_raised(self) -> ConflictRaised:
        """Something stands between the two."""
        return ConflictRaised(**await self._pair(), source="duty", review_by=await self.now() + 14 * DAY)

    async def conflict_resolved(self) -> ConflictResolved:
        """Nothing stands between them any more."""
        return ConflictResolved(**await self._pair(), how="recused")

    async def meeting_proposed(self, *starts: datetime) -> MeetingProposed:
        """The mentor offers times."""
        slots = tuple(Slot(starts_at=start, ends_at=start + HALF_AN_HOUR) for start in starts)
        return MeetingProposed(
            **await self._meeting(), proposed_by=self.mentor.person_id, slots=slots, expires_at=max(starts)
        )

    async def scheduled(self, start: datetime) -> MeetingScheduled:
        """The mentee chooses a time."""
        return MeetingScheduled(**await self._meeting(), starts_at=start, ends_at=start + HALF_AN_HOUR)

    async def moved(self, start: datetime) -> MeetingMoved:
        """The mentee moves the meeting."""
        facts = await self._meeting()
        return MeetingMoved(**facts, moved_by=self.mentee.person_id, starts_at=start, ends_at=start + HALF_AN_HOUR)

    async def cancelled(self) -> MeetingCancelled:
        """The mentee cancels the meeting."""
        return MeetingCancelled(**await self._meeting(), reason="clinical_duty", cancelled_by=self.mentee.person_id)

    async def book(self, start: datetime) -> None:
        """Everything up to a booked meeting, with the mails about it sent."""
        await self.hear(await self.proposed(), await self.meeting_proposed(start), await self.scheduled(start))
        await self.send()

    async def asked(self) -> FeedbackRequested:
        """Both are asked for feedback."""
        now = await self.now()
        return FeedbackRequested(
            version=1,
            occurred_at=now,
            institution_ids=(self.mentor.institution_id, self.mentee.institution_id),
            request_id=uuid4(),
            pair_id=self.pair_id,
            mentor_id=self.mentor.person_id,
            mentee_id=self.mentee.person_id,
            occasion="third_meeting",
            closes_at=now + 30 * DAY,
        )

    async def request_sent(self) -> RequestSent:
        """A mentee's request asks the mentor."""
        return await self.request_says(RequestSent, answer_by=await self.now() + 3 * DAY)

    async def request_says(self, kind: type[C], **facts: Any) -> C:
        """What happens to the choice that asks the mentor."""
        return kind(
            version=self._next(self.request_id),
            occurred_at=await self.now(),
            institution_ids=(self.mentor.institution_id, self.mentee.institution_id),
            request_id=self.request_id,
            choice_id=self.choice_id,
            mentor_id=self.mentor.person_id,
            mentee_id=self.mentee.person_id,
            mentor_institution_id=self.mentor.institution_id,
            mentee_institution_id=self.mentee.institution_id,
            **facts,
        )

    async def _person(self, someone: Someone) -> dict[str, Any]:
        return {
            "version": self._next(someone.person_id),
            "occurred_at": await self.now(),
            "institution_ids": (someone.institution_id,),
            "person_id": someone.person_id,
            "institution_id": someone.institution_id,
        }

    async def _pair(self, occurred_at: datetime | None = None) -> dict[str, Any]:
        return {
            "version": self._next(self.pair_id),
            "occurred_at": occurred_at or await self.now(),
            "institution_ids": (self.mentor.institution_id, self.mentee.institution_id),
            "pair_id": self.pair_id,
            "mentor_id": self.mentor.person_id,
            "mentee_id": self.mentee.person_id,
            "mentor_institution_id": self.mentor.institution_id,
            "mentee_institution_id": self.mentee.institution_id,
        }

    async def _meeting(self) -> dict[str, Any]:
        return {
            "version": self._next(self.meeting_id),
            "occurred_at": await self.now(),
            "institution_ids": (self.mentor.institution_id, self.mentee.institution_id),
            "meeting_id": self.meeting_id,
            "pair_id": self.pair_id,
            "mentor_id": self.mentor.person_id,
            "mentee_id": self.mentee.person_id,
        }

    def _next(self, aggregate_id: UUID) -> int:
        self._versions[aggregate_id] += 1
        return self._versions[aggregate_id]

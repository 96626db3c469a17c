"""People of an institution: roles, leave, contact details and erasure; an erased person takes no change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.contacts import ContactDetails, ContactErased, ContactRecorded, contact_id
from shared.contracts.directory import (
    ErasureDelayed,
    PersonErased,
    PersonEvent,
    PersonJoined,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    RoleAssigned,
    RoleRemoved,
)
from shared.contracts.event import Role
from shared.platform.errors import Conflict, Forbidden, NotFound
from shared.platform.seal import ContactsKey, seal

Status = Literal["active", "on_leave", "left", "erased"]
LivingStatus = Literal["active", "on_leave", "left"]
ErasureReason = Literal["asked", "retention"]


class PersonNotFound(NotFound):
    """There is no such person that you may see."""


class PersonAlreadyErased(Conflict):
    """This person's data was erased before. Nothing was changed."""


class ErasedPersonNotFound(NotFound):
    """Nobody of your institution with this id was erased. Nothing was changed."""


class LastAdministrator(Conflict):
    """Nobody who stays would administer this institution. Nothing was changed; name another administrator first."""


class CannotEraseYourself(Forbidden):
    """Another administrator of your institution has to do this, so that one always remains."""


@dataclass(frozen=True)
class RoleFacts:
    """What is known of someone in a role. `places` in all, of which `shared_places` may go to other institutions."""

    programme: str | None = None
    level: str | None = None
    specialty: str | None = None
    places: int = 0
    shared_places: int = 0


@dataclass(frozen=True)
class HeldRole:
    """A role that someone holds; rosters give and take only what they gave."""

    facts: RoleFacts
    from_roster: bool


@dataclass(frozen=True)
class Details:
    """Personal data: who this is and how to reach them. Erasure leaves nothing of it."""

    external_id: str
    name: str
    email: str
    locale: str
    time_zone: str


@dataclass
class Person:
    """Anyone with a role. `details` is None once erased; `version` counts events, `contact_version` contact records."""

    person_id: UUID
    institution_id: UUID
    sign_in_key: str
    details: Details | None
    status: Status = "active"
    status_since: datetime | None = None
    next_status: LivingStatus | None = None
    next_status_at: datetime | None = None
    roles: dict[Role, HeldRole] = field(default_factory=dict[Role, HeldRole])
    evaluates: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Until when they are an evaluator, by programme; read where a roster may change it."""
    version: int = 0
    contact_version: int = 0
    revision: int = 0

    def join(self, now: datetime) -> PersonJoined:
        """Be known to the consortium."""
        self.status_since = now
        return PersonJoined(**self.next(now), sign_in_key=self.sign_in_key, time_zone=self.known().time_zone)

    def known(self) -> Details:
        """The personal data; raises PersonAlreadyErased."""
        if self.details is None:
            raise PersonAlreadyErased
        return self.details

    def assign(self, role: Role, held: HeldRole, now: datetime) -> RoleAssigned:
        """Hold a role with these facts from now on."""
        self.roles[role] = held
        facts = held.facts
        return RoleAssigned(
            **self.next(now),
            role=role,
            programme=facts.programme,
            level=facts.level,
            specialty=facts.specialty,
            places=facts.places,
            shared_places=facts.shared_places,
        )

    def remove(self, role: Role, now: datetime) -> RoleRemoved:
        """Hold a role no longer."""
        del self.roles[role]
        return RoleRemoved(**self.next(now), role=role)

    def become(self, status: LivingStatus, since: datetime, now: datetime) -> list[PersonEvent]:
        """Go on leave, come back or leave, as of `since`; what is so already is not said again.

        Who left and is on leave now came back in between: both are said, because whoever left has lost their places.
        """
        self.cancel_plan()
        before, self.status = self.status, status
        if before == status:
            return []
        self.status_since = since
        events: list[PersonEvent] = []
        if status == "active" or before == "left":
            events.append(PersonReturned(**self.next(now), since=since))
        if status == "on_leave":
            events.append(PersonWentOnLeave(**self.next(now), since=since))
        if status == "left":
            events.append(PersonLeft(**self.next(now), since=since))
        return events

    def stays(self) -> bool:
        """Whether they may sign in, and nobody expects them to leave."""
        return self.status in {"active", "on_leave"} and self.next_status != "left"

    def plan(self, status: LivingStatus, at: datetime) -> None:
        """Expect to become `status` at a later instant; it takes the place of what was expected before."""
        if (self.next_status, self.next_status_at) != (status, at):
            self.next_status, self.next_status_at = status, at
            self.revision += 1

    def cancel_plan(self) -> None:
        """Expect no change of status."""
        if self.next_status is not None:
            self.next_status = self.next_status_at = None
            self.revision += 1

    def follow_plan(self, now: datetime) -> list[PersonEvent]:
        """Become what was expected, if its time has come; nothing where the plan was changed since."""
        if self.next_status is None or self.next_status_at is None or self.next_status_at > now:
            return []
        return self.become(self.next_status, self.next_status_at, now)

    def record_contact(self, details: Details, key: ContactsKey, now: datetime) -> ContactRecorded:
        """Take these details, and say them under seal to the few who may read them."""
        self.details = details
        self.contact_version += 1
        self.revision += 1
        said = ContactDetails(
            name=details.name, email=details.email, locale=details.locale, time_zone=details.time_zone
        )
        return ContactRecorded(
            version=self.contact_version,
            occurred_at=now,
            institution_ids=(self.institution_id,),
            contact_id=contact_id(self.person_id),
            person_id=self.person_id,
            institution_id=self.institution_id,
            key_id=key.key_id,
            sealed=seal(key, said, self.person_id, self.contact_version),
        )

    def delay_erasure(self, now: datetime) -> ErasureDelayed:
        """Tell them that their erasure waits for the end of a legal hold; only where they may be told of one."""
        return ErasureDelayed(**self.next(now))

    def erase(self, reason: ErasureReason, now: datetime) -> tuple[PersonErased, ContactErased]:
        """Forget all personal data; raises PersonAlreadyErased."""
        self.known()
        self.details = None
        self.roles = {}
        self.cancel_plan()
        self.status = "erased"
        self.status_since = now
        return PersonErased(**self.next(now), reason=reason), self.bury_contact(0, now)

    def bury_contact(self, above: int, now: datetime) -> ContactErased:
        """The tombstone of an erased person's contact, with a version above all that was said and above `above`."""
        self.contact_version = max(self.contact_version, above) + 1
        return ContactErased(
            version=self.contact_version,
            occurred_at=now,
            institution_ids=(self.institution_id,),
            contact_id=contact_id(self.person_id),
        )

    def next(self, now: datetime) -> dict[str, Any]:
        """Count one version and one revision, and give what every event of a person says."""
        self.version += 1
        self.revision += 1
        return {
            "version": self.version,
            "occurred_at": now,
            "institution_ids": (self.institution_id,),
            "person_id": self.person_id,
            "institution_id": self.institution_id,
        }


def refuse_to_lose_the_last(administrators: Sequence[Person], leaving: UUID) -> None:
    """Raise LastAdministrator where `leaving` is one of an institution's administrators and no other of them stays."""
    others = [one for one in administrators if one.person_id != leaving]
    if len(others) < len(administrators) and not any(one.stays() for one in others):
        raise LastAdministrator

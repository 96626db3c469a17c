"""People over HTTP: their own administrators see who they are, and each person sees themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.directory import use_cases
from services.directory.domain.holds import Held
from services.directory.domain.people import (
    CannotEraseYourself,
    ErasureReason,
    LastAdministrator,
    LivingStatus,
    Person,
    PersonAlreadyErased,
    PersonNotFound,
    Status,
)
from shared.contracts.event import Role
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Listing, Me, Page, Routes, Tx, problems

routes = Routes("directory")


class RoleView(BaseModel):
    """A role that somebody holds, and what is known of them in it."""

    role: Role
    programme: str | None
    level: str | None
    specialty: str | None
    places: int
    shared_places: int


class PersonView(BaseModel):
    """A person. Erasure leaves no name or address; `erasure_completed_at` says when the log of contacts was seen clean.

    `held_since`: a legal hold is on them; `erasure_delayed_since`: an erasure waits for its release.
    """

    person_id: UUID
    institution_id: UUID
    external_id: str | None
    name: str | None
    email: str | None
    locale: str | None
    time_zone: str | None
    status: Status
    status_since: AwareDatetime
    next_status: LivingStatus | None
    next_status_at: AwareDatetime | None
    roles: Sequence[RoleView]
    erasure_completed_at: AwareDatetime | None = None
    held_since: AwareDatetime | None = None
    erasure_delayed_since: AwareDatetime | None = None
    revision: int

    @classmethod
    def of(cls, person: Person, erasure_completed_at: datetime | None = None, held: Held | None = None) -> Self:
        """The person as their administrators, and they themselves, see them."""
        known = person.details
        return cls.model_validate(
            {
                **{name: getattr(person, name) for name in _OF_PERSON},
                **{name: getattr(known, name, None) for name in _OF_DETAILS},
                "roles": [
                    {"role": role, **{name: getattr(held.facts, name) for name in _OF_FACTS}}
                    for role, held in sorted(person.roles.items())
                ],
                "erasure_completed_at": erasure_completed_at,
                "held_since": held and held.since,
                "erasure_delayed_since": held and held.erasure_delayed_since,
            }
        )


_OF_PERSON = ("person_id", "institution_id", "status", "status_since", "next_status", "next_status_at", "revision")
_OF_DETAILS = ("external_id", "name", "email", "locale", "time_zone")
_OF_FACTS = ("programme", "level", "specialty", "places", "shared_places")


class EraseForm(Form):
    """Why: the person asked, or the time for which their data may be kept is over."""

    reason: ErasureReason = "asked"


@routes.get("/people")
async def list_people(page: Page, me: Me, tx: Tx) -> Listing[PersonView]:
    """The people of your institution, by name."""
    found = await use_cases.list_people(tx, me.institution_id, page.position(str, UUID), page.limit + 1)
    return page.listing([PersonView.of(one) for one in found], lambda one: (one.name or "", one.person_id))


@routes.get("/people/{person_id}", responses=problems(PersonNotFound))
async def show_person(person_id: UUID, me: Me, tx: Tx) -> PersonView:
    """One person of your institution."""
    held = await use_cases.get_held(tx, me.institution_id, person_id, to_the_person=False)
    return PersonView.of(*await use_cases.get_person(tx, me.institution_id, person_id), held=held)


@routes.get("/me", responses=problems(PersonNotFound))
async def show_me(me: Me, tx: Tx) -> PersonView:
    """Who you are here, and what is known of you; also that a legal hold delays an erasure, unless law forbids it."""
    held = await use_cases.get_held(tx, me.institution_id, me.person_id, to_the_person=True)
    return PersonView.of(*await use_cases.get_person(tx, me.institution_id, me.person_id), held=held)


@routes.post(
    "/people/{person_id}/erase",
    responses=problems(PersonNotFound, StaleRevision, PersonAlreadyErased, CannotEraseYourself, LastAdministrator),
)
async def erase_person(person_id: UUID, form: EraseForm, if_match: IfMatch, me: Me, tx: Tx) -> PersonView:
    """Erase what is known of a person, here and in every other service. It cannot be undone; a legal hold delays it."""
    person = await use_cases.erase_person(tx, person_id, me, form.reason, if_match)
    held = await use_cases.get_held(tx, me.institution_id, person_id, to_the_person=False)
    return PersonView.of(person, held=held)

"""Concerns over HTTP: raised by one of a pair, read by the contact alone; refuses to show one to the other."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.pairing.domain import NotPossibleNow, PairNotFound
from services.pairing.domain.concern import Concern, ConcernContact, ContactConcerned, ContactNotFound, NoConcernContact
from services.pairing.use_cases import concerns as use_cases
from shared.platform.http import Form, Listing, Me, Now, Page, Routes, Text, Tx, problems
from shared.platform.members import Person as Member

routes = Routes("pairing")


class ContactForm(Form):
    """Who of your institution shall read concerns."""

    person_id: UUID


class ConcernForm(Form):
    """What is not right between the two of you; nothing about patients."""

    words: Text


class ContactView(BaseModel):
    """Whom concerns reach."""

    person_id: UUID
    named_at: AwareDatetime

    @classmethod
    def of(cls, contact: ConcernContact) -> Self:
        """The contact as everybody of the institution knows them."""
        return cls.model_validate(contact, from_attributes=True)


class ConcernView(BaseModel):
    """A concern: who raised it about whom, when, and whom it reached; `words` are shown to the contact alone."""

    concern_id: UUID
    pair_id: UUID
    raised_by: UUID
    about_id: UUID
    contact_id: UUID
    raised_at: AwareDatetime
    words: str | None

    @classmethod
    def of(cls, concern: Concern, me: Member) -> Self:
        """The concern as the contact reads it, or as who raised it knows of it."""
        return cls(
            concern_id=concern.concern_id,
            pair_id=concern.pair_id,
            raised_by=concern.person_id,
            about_id=concern.about_id,
            contact_id=concern.contact_id,
            raised_at=concern.raised_at,
            words=concern.words if concern.contact_id == me.person_id else None,
        )


@routes.post("/concern-contact", responses=problems(ContactNotFound))
async def name_concern_contact(form: ContactForm, me: Me, tx: Tx, now: Now) -> ContactView:
    """Name whom the concerns of your institution's people reach from now on."""
    return ContactView.of(await use_cases.name_contact(tx, me, form.person_id, now))


@routes.get("/concern-contact", responses=problems(NoConcernContact))
async def show_concern_contact(me: Me, tx: Tx) -> ContactView:
    """Whom a concern of yours would reach."""
    return ContactView.of(await use_cases.show_contact(tx, me))


@routes.post(
    "/pairs/{pair_id}/concerns",
    status_code=201,
    responses=problems(PairNotFound, NotPossibleNow, NoConcernContact, ContactConcerned),
)
async def raise_concern(pair_id: UUID, form: ConcernForm, me: Me, tx: Tx, now: Now) -> ConcernView:
    """Tell the contact of your institution that something is not right between you two; the other never learns it."""
    return ConcernView.of(await use_cases.raise_concern(tx, me, pair_id, form.words, now), me)


@routes.get("/concerns")
async def list_concerns(page: Page, me: Me, tx: Tx) -> Listing[ConcernView]:
    """What you raised, and what reached you as the contact, the latest first."""
    found = await use_cases.list_concerns(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(found, lambda one: (one.raised_at, one.concern_id))
    return Listing(items=[ConcernView.of(one, me) for one in listing.items], next=listing.next)

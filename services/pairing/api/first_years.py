"""The offer on entering PGY-2 over HTTP: asked once, answered once; refuses whoever it was not made to."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.pairing import use_cases
from services.pairing.domain import FirstYearOffer, FirstYearOfferAnswered, FirstYearOfferNotFound, FirstYearState
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Listing, Me, Now, Page, Routes, Tx, problems

routes = Routes("pairing")


class FirstYearForm(Form):
    """Whether you take one new PGY-1."""

    accepts: bool


class FirstYearView(BaseModel):
    """The one offer, on entering PGY-2, to take one new PGY-1."""

    offer_id: UUID
    person_id: UUID
    state: FirstYearState
    offered_at: AwareDatetime
    answered_at: AwareDatetime | None
    revision: int

    @classmethod
    def of(cls, offer: FirstYearOffer) -> Self:
        """The offer as the person and administrators see it."""
        return cls.model_validate(offer, from_attributes=True)


@routes.get("/first-year-offers")
async def list_first_year_offers(page: Page, me: Me, tx: Tx) -> Listing[FirstYearView]:
    """Whether you were asked to take one new PGY-1; for an administrator, who of the institution was, and takes one."""
    offers = await use_cases.list_first_year_offers(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(offers, lambda offer: (offer.offered_at, offer.offer_id))
    return Listing(items=[FirstYearView.of(offer) for offer in listing.items], next=listing.next)


@routes.get("/first-year-offers/{offer_id}", responses=problems(FirstYearOfferNotFound))
async def show_first_year_offer(offer_id: UUID, me: Me, tx: Tx) -> FirstYearView:
    """One such offer."""
    return FirstYearView.of(await use_cases.show_first_year_offer(tx, me, offer_id))


@routes.post(
    "/first-year-offers/{offer_id}/answer",
    responses=problems(FirstYearOfferNotFound, StaleRevision, FirstYearOfferAnswered),
)
async def answer_first_year_offer(
    offer_id: UUID, form: FirstYearForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now
) -> FirstYearView:
    """Take one new PGY-1, or none; an administrator then makes you a mentor and proposes somebody to you."""
    answered = await use_cases.answer_first_year_offer(tx, me, offer_id, if_match, accepts=form.accepts, now=now)
    return FirstYearView.of(answered)

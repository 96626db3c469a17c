"""One wish for an introduction over HTTP: looked at, and taken back."""

from uuid import UUID

from services.pairing.api.introductions import WishView
from services.pairing.domain import NotYourStep, WishAnswered, WishNotFound
from services.pairing.use_cases import wishes as use_cases
from shared.platform.http import Me, Routes, Tx, problems

routes = Routes("pairing")


@routes.get("/introduction-wishes/{wish_id}", responses=problems(WishNotFound))
async def show_introduction_wish(wish_id: UUID, me: Me, tx: Tx) -> WishView:
    """What you asked a mentor for, or a mentee asks of you."""
    return WishView.of(await use_cases.show_wish(tx, me, wish_id))


@routes.post(
    "/introduction-wishes/{wish_id}/withdraw",
    status_code=204,
    responses=problems(WishNotFound, NotYourStep, WishAnswered),
)
async def withdraw_introduction_wish(wish_id: UUID, me: Me, tx: Tx) -> None:
    """Take back what you asked for, until an offer answers it; the mentor sees it no more."""
    await use_cases.take_wish_back(tx, me, wish_id)

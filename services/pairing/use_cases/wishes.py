"""A mentee's wish for an introduction once it is said: looked at by its two, and taken back by who said it."""

from uuid import UUID

from services.pairing.domain import NotYourStep, Wish, WishAnswered
from services.pairing.store import wishes
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


async def show_wish(tx: Transaction, me: Member, wish_id: UUID) -> Wish:
    """One wish, for the mentee and the mentor. Raises WishNotFound."""
    return await wishes.get_wish(tx, wish_id, me.person_id)


async def take_wish_back(tx: Transaction, me: Member, wish_id: UUID) -> None:
    """The mentee does not want it any more, and nothing of it stays. Raises WishNotFound, NotYourStep, WishAnswered."""
    wish = await show_wish(tx, me, wish_id)
    if wish.mentee_id != me.person_id:
        raise NotYourStep
    if not await wishes.delete_wish(tx, wish_id):
        raise WishAnswered

"""A mentee's wish for an introduction: said, looked at by its two, and taken back by who said it."""

from datetime import datetime
from uuid import UUID, uuid4

from services.pairing import store
from services.pairing.domain import (
    ANSWER_INTRODUCTION_WITHIN,
    FieldNotListed,
    MenteeNotFound,
    NotYourStep,
    SamePerson,
    Wish,
    WishAnswered,
    WishOpen,
    refuse_unlisted,
)
from services.pairing.use_cases.asides import tell_wished
from services.pairing.use_cases.holding import hold_unless_erased
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


async def wish_introduction(tx: Transaction, me: Member, mentor_id: UUID, field: str, now: datetime) -> Wish:
    """A mentee asks a mentor of their own institution, or one lent to it, for an introduction in a field they list.

    Raises SamePerson, MenteeNotFound, FieldNotListed, WishOpen.
    """
    if mentor_id == me.person_id:
        raise SamePerson
    # Who asks twice at once waits here.
    mentee = await store.find_person_for_update(tx, me.institution_id, me.person_id)
    if mentee is None or not mentee.is_mentee:
        raise MenteeNotFound
    home_id = await store.find_mentor_institution(tx, me.institution_id, mentor_id, now)
    if home_id is None or not await hold_unless_erased(tx, {mentor_id: home_id}):
        raise FieldNotListed
    refuse_unlisted(field, await store.list_fields(tx, me.institution_id, mentor_id, now))
    if await store.find_open_wish(tx, mentor_id, me.person_id, now):
        raise WishOpen
    answer_by = now + ANSWER_INTRODUCTION_WITHIN
    wish = Wish(uuid4(), mentor_id, home_id, me.person_id, me.institution_id, field, now, answer_by)
    await store.add_wish(tx, wish)
    await tell_wished(tx, wish)
    return wish


async def list_wishes(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[Wish]:
    """What somebody asked of mentors, and what mentees asked of them, the latest first."""
    return await store.list_wishes(tx, me.person_id, after, limit)


async def show_wish(tx: Transaction, me: Member, wish_id: UUID) -> Wish:
    """One wish, for the mentee and the mentor. Raises WishNotFound."""
    return await store.get_wish(tx, wish_id, me.person_id)


async def take_wish_back(tx: Transaction, me: Member, wish_id: UUID) -> None:
    """The mentee does not want it any more, and nothing of it stays. Raises WishNotFound, NotYourStep, WishAnswered."""
    wish = await show_wish(tx, me, wish_id)
    if wish.mentee_id != me.person_id:
        raise NotYourStep
    if not await store.delete_wish(tx, wish_id):
        raise WishAnswered

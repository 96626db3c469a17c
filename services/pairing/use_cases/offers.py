"""Whether a mentor may be asked or proposed now; refuses by the first rule that forbids it."""

from datetime import datetime
from uuid import UUID

from services.pairing import store
from services.pairing.domain import (
    Card,
    Choice,
    Ground,
    Lending,
    Offer,
    Pair,
    Person,
    Request,
    refuse_new_pair,
    standing,
)
from shared.platform.database import Transaction
from shared.platform.errors import Refused


async def what_is_offered(
    tx: Transaction, institution_id: UUID, own: Person | None, card: Card | None, now: datetime
) -> tuple[UUID, Offer | None, Lending | None]:
    """The mentor's institution, what the mentor can give, and for a cross pair what the agreements allow.

    The mentor is `own`, or lent to the institution by `card`, or may not be used.
    """
    if own is not None:
        return own.institution_id, own.offer(await store.list_taken_seats(tx, own)), None
    if card is None:
        return institution_id, None, None
    home_id = card.home_institution_id
    return home_id, card.offer(), await store.get_lending(tx, home_id, institution_id, now)


async def is_conflicted(tx: Transaction, mentor_id: UUID, mentee_id: UUID) -> bool:
    """Whether a conflict of interest stands between two people who are no pair."""
    return bool(standing(await store.list_grounds(tx, mentor_id, mentee_id), ()))


async def list_standing(tx: Transaction, pair: Pair) -> list[Ground]:
    """What stands between the two of a pair, from which nobody stepped back for it; read after the pair is locked."""
    recused = {one.ground for one in await store.list_recusals(tx, pair.pair_id)}
    return standing(await store.list_grounds(tx, pair.mentor_id, pair.mentee_id), recused)


async def why_not(tx: Transaction, request: Request, choice: Choice, now: datetime) -> str | None:
    """The code that stands against asking this mentor now; None where nothing does.

    Nothing is locked for it: what takes a mentor from a request locks the request after it has changed what is read
    here, so it either was seen, or comes after this and finds the mentor asked. Seen as the mentee's institution.
    """
    own = await store.find_person(tx, request.institution_id, choice.mentor_id)
    card = None if own else await store.find_card(tx, request.institution_id, choice.mentor_id, now)
    _, offer, lending = await what_is_offered(tx, request.institution_id, own, card, now)
    between = await store.find_between(tx, choice.mentor_id, request.mentee_id)
    try:
        conflicted = await is_conflicted(tx, choice.mentor_id, request.mentee_id)
        refuse_new_pair(offer, between, lending, conflicted=conflicted)
    except Refused as refused:
        return refused.code()
    return None

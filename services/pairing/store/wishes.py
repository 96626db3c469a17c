"""The statements about one wish for an introduction; one function, one statement."""

from uuid import UUID

from services.pairing.domain import Wish, WishNotFound
from shared.platform.database import Row, Transaction


async def get_wish(tx: Transaction, wish_id: UUID, person_id: UUID) -> Wish:
    """What one of its two asks for, or is asked; raises WishNotFound."""
    return _wish(
        await tx.find(
            """
            SELECT wish_id, mentor_id, mentor_institution_id, mentee_id, mentee_institution_id, field, asked_at,
                answer_by, introduction_id
            FROM introduction_wishes WHERE wish_id = $1 AND $2 IN (mentor_id, mentee_id)
            """,
            wish_id,
            person_id,
        )
    )


async def delete_wish(tx: Transaction, wish_id: UUID) -> bool:
    """Whether it is gone now: an offer may have answered it, which stays."""
    gone = await tx.execute("DELETE FROM introduction_wishes WHERE wish_id = $1 AND introduction_id IS NULL", wish_id)
    return gone == "DELETE 1"


def _wish(row: Row | None) -> Wish:
    if row is None:
        raise WishNotFound
    return Wish(**row)

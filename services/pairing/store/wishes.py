"""The statements about wishes for introductions; one function, one statement; refuses to hold a rule."""

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Introduction, Wish, WishNotFound
from shared.platform.database import Transaction

_WISH: Final[LiteralString] = """
    wish_id, mentor_id, mentor_institution_id, mentee_id, mentee_institution_id, field, asked_at, answer_by,
    introduction_id
"""


async def add_wish(tx: Transaction, wish: Wish) -> None:
    """A mentee asks for an introduction."""
    await tx.execute(
        """
        INSERT INTO introduction_wishes (wish_id, mentor_id, mentor_institution_id, mentee_id, mentee_institution_id,
            field, asked_at, answer_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        wish.wish_id,
        wish.mentor_id,
        wish.mentor_institution_id,
        wish.mentee_id,
        wish.mentee_institution_id,
        wish.field,
        wish.asked_at,
        wish.answer_by,
    )


async def get_wish(tx: Transaction, wish_id: UUID, person_id: UUID) -> Wish:
    """What one of its two asks for, or is asked; raises WishNotFound."""
    row = await tx.find(
        "SELECT " + _WISH + " FROM introduction_wishes WHERE wish_id = $1 AND $2 IN (mentor_id, mentee_id)",
        wish_id,
        person_id,
    )
    if row is None:
        raise WishNotFound
    return Wish(**row)


async def find_open_wish(tx: Transaction, mentor_id: UUID, mentee_id: UUID, now: datetime) -> Wish | None:
    """What a mentee asked of a mentor, and no offer answered yet."""
    row = await tx.find(
        "SELECT "
        + _WISH
        + """
        FROM introduction_wishes
        WHERE mentor_id = $1 AND mentee_id = $2 AND introduction_id IS NULL AND answer_by > $3
        ORDER BY wish_id LIMIT 1
        """,
        mentor_id,
        mentee_id,
        now,
    )
    return None if row is None else Wish(**row)


async def list_wishes(
    tx: Transaction, person_id: UUID, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[Wish]:
    """What somebody asked of mentors, and what mentees asked of them; the latest first."""
    asked_at, wish_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT "
        + _WISH
        + """
        FROM introduction_wishes
        WHERE (mentor_id = $1 OR mentee_id = $1)
          AND ($2::timestamptz IS NULL OR (asked_at, wish_id) < ($2, $3::uuid))
        ORDER BY asked_at DESC, wish_id DESC LIMIT $4
        """,
        person_id,
        asked_at,
        wish_id,
        limit,
    )
    return [Wish(**row) for row in rows]


async def save_wishes_answered(tx: Transaction, introduction: Introduction) -> None:
    """What this mentee asked of this mentor is answered by the offer."""
    await tx.execute(
        """
        UPDATE introduction_wishes SET introduction_id = $3
        WHERE mentor_id = $1 AND mentee_id = $2 AND introduction_id IS NULL
        """,
        introduction.mentor_id,
        introduction.mentee.person_id,
        introduction.introduction_id,
    )


async def delete_wish(tx: Transaction, wish_id: UUID) -> bool:
    """Whether it is gone now: an offer may have answered it, which stays."""
    gone = await tx.execute("DELETE FROM introduction_wishes WHERE wish_id = $1 AND introduction_id IS NULL", wish_id)
    return gone == "DELETE 1"


async def delete_wishes(tx: Transaction, person_id: UUID) -> None:
    """What somebody asked, and was asked, is over with them."""
    await tx.execute("DELETE FROM introduction_wishes WHERE mentor_id = $1 OR mentee_id = $1", person_id)

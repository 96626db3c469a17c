"""The statements about the offer on entering PGY-2; one function, one statement; refuses to hold a rule."""

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import FirstYearOffer, FirstYearOfferNotFound
from shared.platform.database import Row, Transaction

_OFFER: Final[LiteralString] = "offer_id, institution_id, person_id, offered_at, state, answered_at, version, revision"


async def exchange_level(tx: Transaction, institution_id: UUID, person_id: UUID, level: str | None) -> str | None:
    """Keep in which year a mentee is, and give in which they were; their row is locked."""
    row = await tx.get(
        """
        UPDATE people SET level = $3 FROM (
            SELECT level AS before FROM people WHERE institution_id = $1 AND person_id = $2
        ) was
        WHERE institution_id = $1 AND person_id = $2 RETURNING was.before
        """,
        institution_id,
        person_id,
        level,
    )
    return row["before"]


async def add_first_year_offer(tx: Transaction, offer: FirstYearOffer) -> bool:
    """False for somebody who had one already."""
    added = await tx.find(
        """
        INSERT INTO first_year_offers (offer_id, institution_id, person_id, offered_at, state, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING offer_id
        """,
        offer.offer_id,
        offer.institution_id,
        offer.person_id,
        offer.offered_at,
        offer.state,
        offer.version,
        offer.revision,
    )
    return added is not None


async def save_first_year_offer(tx: Transaction, offer: FirstYearOffer) -> None:
    """Everything of an offer that changes."""
    await tx.execute(
        "UPDATE first_year_offers SET state = $2, answered_at = $3, version = $4, revision = $5 WHERE offer_id = $1",
        offer.offer_id,
        offer.state,
        offer.answered_at,
        offer.version,
        offer.revision,
    )


async def get_first_year_offer(tx: Transaction, offer_id: UUID) -> FirstYearOffer:
    """Raises FirstYearOfferNotFound for one that is not there or behind the wall."""
    return _offer(await tx.find("SELECT " + _OFFER + " FROM first_year_offers WHERE offer_id = $1", offer_id))


async def get_first_year_offer_for_update(tx: Transaction, offer_id: UUID) -> FirstYearOffer:
    """The same, locked."""
    sql: LiteralString = "SELECT " + _OFFER + " FROM first_year_offers WHERE offer_id = $1 FOR UPDATE"
    return _offer(await tx.find(sql, offer_id))


async def list_first_year_offers(
    tx: Transaction, person_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[FirstYearOffer]:
    """Newest first; of one person, or with None of everybody whom the wall shows."""
    offered_at, offer_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT "
        + _OFFER
        + """
        FROM first_year_offers
        WHERE ($1::uuid IS NULL OR person_id = $1)
          AND ($2::timestamptz IS NULL OR (offered_at, offer_id) < ($2, $3::uuid))
        ORDER BY offered_at DESC, offer_id DESC LIMIT $4
        """,
        person_id,
        offered_at,
        offer_id,
        limit,
    )
    return [_offer(row) for row in rows]


def _offer(row: Row | None) -> FirstYearOffer:
    if row is None:
        raise FirstYearOfferNotFound
    return FirstYearOffer(**row)

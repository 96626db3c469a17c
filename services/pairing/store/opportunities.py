"""The statements about opportunities and who follows them; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Follower, Opportunity, OpportunityNotFound
from shared.platform.database import Row, Transaction

_OPPORTUNITY: Final[LiteralString] = """
    opportunity_id, institution_id, offered_by, kind, title, details, deadline_at, deadline_day, offered_at,
    withdrawn_at, version
"""


async def find_zone(tx: Transaction, institution_id: UUID) -> str:
    """The zone of an institution; UTC for one that was not heard of yet."""
    row = await tx.find("SELECT time_zone FROM institutions WHERE institution_id = $1", institution_id)
    return "UTC" if row is None else row["time_zone"]


async def list_mentees_of(
    tx: Transaction, institution_id: UUID, mentor_id: UUID, mentee_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Those of the ids who are mentees of the institution, or hold a pair with the mentor, with their institutions."""
    rows = await tx.fetch(
        """
        SELECT person_id, institution_id FROM people
        WHERE institution_id = $1 AND person_id = ANY($3::uuid[]) AND is_mentee AND status IN ('here', 'on_leave')
        UNION
        SELECT mentee_id, mentee_institution_id FROM pairs
        WHERE mentor_id = $2 AND mentee_id = ANY($3) AND place IS NOT NULL
        """,
        institution_id,
        mentor_id,
        mentee_ids,
    )
    return {row["person_id"]: row["institution_id"] for row in rows}


async def add_opportunity(tx: Transaction, opportunity: Opportunity) -> None:
    """An opportunity, without its followers."""
    await tx.execute(
        """
        INSERT INTO opportunities (opportunity_id, institution_id, offered_by, kind, title, details, deadline_at,
            deadline_day, offered_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        opportunity.opportunity_id,
        opportunity.institution_id,
        opportunity.offered_by,
        opportunity.kind,
        opportunity.title,
        opportunity.details,
        opportunity.deadline_at,
        opportunity.deadline_day,
        opportunity.offered_at,
        opportunity.version,
    )


async def save_opportunity(tx: Transaction, opportunity: Opportunity) -> None:
    """Everything of an opportunity that changes, without its followers."""
    await tx.execute(
        "UPDATE opportunities SET withdrawn_at = $2, version = $3 WHERE opportunity_id = $1",
        opportunity.opportunity_id,
        opportunity.withdrawn_at,
        opportunity.version,
    )


async def save_follower(tx: Transaction, opportunity: Opportunity, follower: Follower) -> None:
    """What a mentee made of it; seen as the institution in whose name it is offered."""
    await tx.execute(
        """
        INSERT INTO opportunity_followers (opportunity_id, person_id, offering_institution_id, mentee_institution_id,
            state, offered_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (opportunity_id, person_id, mentee_institution_id) DO UPDATE SET state = EXCLUDED.state
        """,
        opportunity.opportunity_id,
        follower.person_id,
        opportunity.institution_id,
        follower.institution_id,
        follower.state,
        opportunity.offered_at,
    )


async def find_opportunitys_institution(tx: Transaction, opportunity_id: UUID, person_id: UUID) -> UUID:
    """The institution of an opportunity of one's own institution, or that one follows. Raises OpportunityNotFound."""
    row = await tx.find(
        """
        SELECT institution_id FROM opportunities WHERE opportunity_id = $1
        UNION ALL
        SELECT offering_institution_id FROM opportunity_followers WHERE opportunity_id = $1 AND person_id = $2
        LIMIT 1
        """,
        opportunity_id,
        person_id,
    )
    if row is None:
        raise OpportunityNotFound
    return row["institution_id"]


async def get_opportunity(tx: Transaction, opportunity_id: UUID) -> Opportunity:
    """An opportunity with its followers; seen as the institution that offers. Raises OpportunityNotFound."""
    return await _opportunity(
        tx, await tx.find("SELECT " + _OPPORTUNITY + " FROM opportunities WHERE opportunity_id = $1", opportunity_id)
    )


async def get_opportunities(tx: Transaction, opportunity_ids: Sequence[UUID]) -> dict[UUID, Opportunity]:
    """Each of these that is the institution's, with its followers; seen as the institution that offers."""
    sql: LiteralString = "SELECT " + _OPPORTUNITY + " FROM opportunities WHERE opportunity_id = ANY($1::uuid[])"
    return {each.opportunity_id: each for each in await _opportunities(tx, await tx.fetch(sql, opportunity_ids))}


async def get_opportunity_for_update(tx: Transaction, opportunity_id: UUID) -> Opportunity:
    """The same, locked."""
    sql: LiteralString = "SELECT " + _OPPORTUNITY + " FROM opportunities WHERE opportunity_id = $1 FOR UPDATE"
    return await _opportunity(tx, await tx.find(sql, opportunity_id))


async def list_opportunity_ids(
    tx: Transaction,
    person_id: UUID,
    *,
    administers: bool,
    may_save: bool,
    now: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int | None,
) -> list[tuple[UUID, UUID]]:
    """Opportunities with their institutions, the latest first: one's own, what one may save, and what one follows."""
    offered_at, opportunity_id = after or (None, None)
    rows = await tx.fetch(
        """
        SELECT opportunity_id, institution_id FROM (
            SELECT opportunity_id, institution_id, offered_at FROM opportunities
            WHERE institution_id = (SELECT ctx_institution())
              AND (offered_by = $1 OR $2 OR ($3 AND withdrawn_at IS NULL AND deadline_at > $4))
            UNION
            SELECT opportunity_id, offering_institution_id, offered_at FROM opportunity_followers
            WHERE person_id = $1 AND state <> 'dropped'
        ) mine
        WHERE $5::timestamptz IS NULL OR (offered_at, opportunity_id) < ($5, $6::uuid)
        ORDER BY offered_at DESC, opportunity_id DESC LIMIT $7
        """,
        person_id,
        administers,
        may_save,
        now,
        offered_at,
        opportunity_id,
        limit,
    )
    return [(row["opportunity_id"], row["institution_id"]) for row in rows]


async def list_open_opportunities_by_for_update(tx: Transaction, person_id: UUID, now: datetime) -> list[Opportunity]:
    """What somebody offers and is neither withdrawn nor over, locked in order of id."""
    rows = await tx.fetch(
        "SELECT "
        + _OPPORTUNITY
        + """
        FROM opportunities WHERE offered_by = $1 AND withdrawn_at IS NULL AND deadline_at > $2
        ORDER BY opportunity_id FOR UPDATE
        """,
        person_id,
        now,
    )
    return await _opportunities(tx, rows)


async def forget_opportunities(tx: Transaction, person_id: UUID) -> None:
    """What somebody wrote over what they offered is gone with them."""
    await tx.execute("UPDATE opportunities SET title = NULL, details = NULL WHERE offered_by = $1", person_id)


async def delete_follower(tx: Transaction, person_id: UUID) -> None:
    """What somebody was offered and had saved is nobody's any more."""
    await tx.execute("DELETE FROM opportunity_followers WHERE person_id = $1", person_id)


async def _opportunity(tx: Transaction, row: Row | None) -> Opportunity:
    if row is None:
        raise OpportunityNotFound
    [opportunity] = await _opportunities(tx, [row])
    return opportunity


async def _opportunities(tx: Transaction, rows: Sequence[Row]) -> list[Opportunity]:
    """With their followers, read after the locks."""
    if not rows:
        return []
    followers = await tx.fetch(
        """
        SELECT opportunity_id, person_id, mentee_institution_id AS institution_id, state FROM opportunity_followers
        WHERE opportunity_id = ANY($1::uuid[]) ORDER BY opportunity_id, person_id
        """,
        [row["opportunity_id"] for row in rows],
    )
    found = {row["opportunity_id"]: Opportunity(**row, followers=[]) for row in rows}
    for follower in followers:
        facts = dict(follower)
        found[facts.pop("opportunity_id")].followers.append(Follower(**facts))
    return list(found.values())

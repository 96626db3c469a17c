"""The statements about circles and their members; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Circle, CircleMember, CircleNotFound, Counts
from shared.platform.database import Row, Transaction

_CIRCLE: Final[LiteralString] = "circle_id, institution_id, led_by, kind, topic, formed_at, ended_at, reason, version"


async def find_companion(
    tx: Transaction, person_id: UUID, *, among_peers: bool, now: datetime
) -> tuple[UUID, bool, bool] | None:
    """Somebody's institution, and whether they are mentor and mentee; None for whom no agreement lets a circle take."""
    row = await tx.find(
        "SELECT institution_id, is_mentor, is_mentee FROM find_companion($1, $2, $3)", person_id, among_peers, now
    )
    return None if row is None else (row["institution_id"], row["is_mentor"], row["is_mentee"])


async def add_circle(tx: Transaction, circle: Circle) -> None:
    """A circle, without its members."""
    await tx.execute(
        """
        INSERT INTO circles (circle_id, institution_id, led_by, kind, topic, formed_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        circle.circle_id,
        circle.institution_id,
        circle.led_by,
        circle.kind,
        circle.topic,
        circle.formed_at,
        circle.version,
    )


async def save_circle(tx: Transaction, circle: Circle) -> None:
    """Everything of a circle that changes, without its members."""
    await tx.execute(
        "UPDATE circles SET ended_at = $2, reason = $3, version = $4 WHERE circle_id = $1",
        circle.circle_id,
        circle.ended_at,
        circle.reason,
        circle.version,
    )


async def save_circle_member(tx: Transaction, circle: Circle, member: CircleMember) -> None:
    """Somebody who is invited, or everything of them that changes; seen as the leader's institution."""
    await tx.execute(
        """
        INSERT INTO circle_members (circle_id, person_id, leader_institution_id, member_institution_id, state,
            invited_at, joined_at, left_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (circle_id, person_id, member_institution_id) DO UPDATE
        SET state = EXCLUDED.state, invited_at = EXCLUDED.invited_at, joined_at = EXCLUDED.joined_at,
            left_at = EXCLUDED.left_at
        """,
        circle.circle_id,
        member.person_id,
        circle.institution_id,
        member.institution_id,
        member.state,
        member.invited_at,
        member.joined_at,
        member.left_at,
    )


async def find_circles_institution(tx: Transaction, circle_id: UUID, person_id: UUID) -> UUID:
    """The institution of a circle that somebody leads, or was invited to. Raises CircleNotFound for anybody else."""
    row = await tx.find(
        """
        SELECT institution_id FROM circles WHERE circle_id = $1 AND led_by = $2
        UNION ALL
        SELECT leader_institution_id FROM circle_members
        WHERE circle_id = $1 AND person_id = $2 AND state <> 'left'
        LIMIT 1
        """,
        circle_id,
        person_id,
    )
    if row is None:
        raise CircleNotFound
    return row["institution_id"]


async def get_circle(tx: Transaction, circle_id: UUID) -> Circle:
    """A circle with its members; seen as the leader's institution. Raises CircleNotFound."""
    return await _circle(tx, await tx.find("SELECT " + _CIRCLE + " FROM circles WHERE circle_id = $1", circle_id))


async def get_circles(tx: Transaction, circle_ids: Sequence[UUID]) -> dict[UUID, Circle]:
    """Each of these that is the institution's, with its members, in order of id; seen as the leader's institution."""
    sql: LiteralString = "SELECT " + _CIRCLE + " FROM circles WHERE circle_id = ANY($1::uuid[]) ORDER BY circle_id"
    return {circle.circle_id: circle for circle in await _circles(tx, await tx.fetch(sql, circle_ids))}


async def get_circle_for_update(tx: Transaction, circle_id: UUID) -> Circle:
    """The same, locked."""
    return await _circle(
        tx, await tx.find("SELECT " + _CIRCLE + " FROM circles WHERE circle_id = $1 FOR UPDATE", circle_id)
    )


async def list_circle_ids(
    tx: Transaction, person_id: UUID, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[tuple[UUID, UUID, datetime]]:
    """Circles that somebody leads, is of or is invited to, with their institutions and since when, the latest first."""
    since, circle_id = after or (None, None)
    rows = await tx.fetch(
        """
        SELECT circle_id, institution_id, since FROM (
            SELECT circle_id, institution_id, formed_at AS since FROM circles WHERE led_by = $1
            UNION ALL
            SELECT circle_id, leader_institution_id, invited_at FROM circle_members
            WHERE person_id = $1 AND state <> 'left'
        ) mine
        WHERE $2::timestamptz IS NULL OR (since, circle_id) < ($2, $3::uuid)
        ORDER BY since DESC, circle_id DESC LIMIT $4
        """,
        person_id,
        since,
        circle_id,
        limit,
    )
    return [(row["circle_id"], row["institution_id"], row["since"]) for row in rows]


async def list_open_circles_of_for_update(tx: Transaction, person_id: UUID) -> list[Circle]:
    """Circles that go on and that somebody leads, or is of or invited to, locked in order of id."""
    rows = await tx.fetch(
        "SELECT "
        + _CIRCLE
        + """
        FROM circles WHERE ended_at IS NULL AND (led_by = $1 OR circle_id IN (
            SELECT circle_id FROM circle_members WHERE person_id = $1 AND state <> 'left'
        )) ORDER BY circle_id FOR UPDATE
        """,
        person_id,
    )
    return await _circles(tx, rows)


async def forget_topics(tx: Transaction, person_id: UUID) -> None:
    """What somebody wrote over the circles that they led is gone with them."""
    await tx.execute("UPDATE circles SET topic = NULL WHERE led_by = $1", person_id)


async def get_counts(tx: Transaction, person_id: UUID) -> Counts:
    """How many different people somebody was paired with in either role or introduced to, and what they led."""
    row = await tx.get(
        """
        SELECT
            (SELECT count(*) FROM (
                SELECT mentee_id FROM pairs WHERE mentor_id = $1 AND activated_at IS NOT NULL
                UNION SELECT mentor_id FROM pairs WHERE mentee_id = $1 AND activated_at IS NOT NULL
                UNION SELECT other_id FROM introduction_sides WHERE person_id = $1 AND state = 'connected'
            ) known) AS network,
            (SELECT count(DISTINCT mentee_id) FROM pairs WHERE mentor_id = $1 AND activated_at IS NOT NULL)
                AS people_mentored,
            (SELECT count(*) FROM circles WHERE led_by = $1 AND EXISTS (
                SELECT FROM circle_members m WHERE m.circle_id = circles.circle_id AND m.joined_at IS NOT NULL
            )) AS circles_led
        """,
        person_id,
    )
    return Counts(**row)


async def _circle(tx: Transaction, row: Row | None) -> Circle:
    if row is None:
        raise CircleNotFound
    [circle] = await _circles(tx, [row])
    return circle


async def _circles(tx: Transaction, rows: Sequence[Row]) -> list[Circle]:
    """With their members, read after the locks."""
    if not rows:
        return []
    members = await tx.fetch(
        """
        SELECT circle_id, person_id, member_institution_id AS institution_id, invited_at, state, joined_at, left_at
        FROM circle_members WHERE circle_id = ANY($1::uuid[]) ORDER BY circle_id, invited_at, person_id
        """,
        [row["circle_id"] for row in rows],
    )
    circles = {row["circle_id"]: Circle(**row, members=[]) for row in rows}
    for member in members:
        facts = dict(member)
        circles[facts.pop("circle_id")].members.append(CircleMember(**facts))
    return list(circles.values())

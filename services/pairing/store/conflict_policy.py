"""The statements about what an institution has block or only warn; one function, one statement."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from shared.platform.database import Transaction

# Whether something of the kinds $2 stands between `mentor_id` and `mentee_id` of the row `x`, blocking or not.
_IS_IN_QUESTION: Final[LiteralString] = """
(
    EXISTS (
        SELECT FROM people e JOIN duties d ON d.institution_id = e.institution_id AND d.programme = e.programme
        WHERE e.person_id = x.mentee_id AND d.person_id = x.mentor_id AND d.duty = ANY($2::text[])
    ) OR EXISTS (
        SELECT FROM conflicts c
        WHERE least(c.mentor_id, c.mentee_id) = least(x.mentor_id, x.mentee_id)
          AND greatest(c.mentor_id, c.mentee_id) = greatest(x.mentor_id, x.mentee_id)
          AND c.withdrawn_at IS NULL AND c.kind = ANY($2)
    )
)
"""


async def save_conflict_policy(tx: Transaction, institution_id: UUID, warns: Sequence[str]) -> None:
    """Which kinds only warn at an institution."""
    await tx.execute("UPDATE institutions SET warns = $2 WHERE institution_id = $1", institution_id, warns)


async def lock_open_requests(tx: Transaction, institution_id: UUID) -> None:
    """Lock the open requests of an institution's mentees, and those that name its mentors, in order of id."""
    await tx.execute(
        """
        SELECT FROM requests WHERE closed_at IS NULL AND (institution_id = $1 OR request_id IN (
            SELECT request_id FROM choices WHERE mentor_institution_id = $1 AND state IN ('not_asked', 'asked')
        )) ORDER BY request_id FOR UPDATE
        """,
        institution_id,
    )


async def lock_open_pairs(tx: Transaction, institution_id: UUID) -> None:
    """Lock an institution's pairs and proposals that are not closed, in order of id."""
    await tx.execute(
        """
        SELECT FROM pairs WHERE closed_at IS NULL AND $1 IN (mentor_institution_id, mentee_institution_id)
        ORDER BY pair_id FOR UPDATE
        """,
        institution_id,
    )


async def lock_open_circles(tx: Transaction, institution_id: UUID) -> None:
    """Lock the circles that go on and that somebody of an institution leads or is of, in order of id."""
    await tx.execute(
        """
        SELECT FROM circles WHERE ended_at IS NULL AND (institution_id = $1 OR circle_id IN (
            SELECT circle_id FROM circle_members WHERE member_institution_id = $1
        )) ORDER BY circle_id FOR UPDATE
        """,
        institution_id,
    )


async def list_requests_in_question(tx: Transaction, institution_id: UUID, kinds: Sequence[str]) -> list[UUID]:
    """Requests that ask somebody between whom and the mentee something of these kinds stands, in order of id."""
    rows = await tx.fetch(
        """
        SELECT request_id FROM choices x
        WHERE state = 'asked' AND $1 IN (mentor_institution_id, mentee_institution_id) AND
        """
        + _IS_IN_QUESTION
        + " ORDER BY request_id",
        institution_id,
        kinds,
    )
    return [row["request_id"] for row in rows]


async def list_pairs_in_question(tx: Transaction, institution_id: UUID, kinds: Sequence[str]) -> list[UUID]:
    """Pairs between whose two something of these kinds stands, in order of id."""
    rows = await tx.fetch(
        """
        SELECT pair_id FROM pairs x
        WHERE closed_at IS NULL AND $1 IN (mentor_institution_id, mentee_institution_id) AND
        """
        + _IS_IN_QUESTION
        + " ORDER BY pair_id",
        institution_id,
        kinds,
    )
    return [row["pair_id"] for row in rows]


async def list_circles_in_question(tx: Transaction, institution_id: UUID, kinds: Sequence[str]) -> list[UUID]:
    """Circles of a mentor between whom and somebody of it something of these kinds stands, in order of id."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT circle_id FROM (
            SELECT c.circle_id, c.led_by AS mentor_id, m.person_id AS mentee_id
            FROM circles c JOIN circle_members m USING (circle_id)
            WHERE c.ended_at IS NULL AND c.kind = 'mentor' AND m.state = 'joined'
              AND $1 IN (m.leader_institution_id, m.member_institution_id)
        ) x WHERE
        """
        + _IS_IN_QUESTION
        + " ORDER BY circle_id",
        institution_id,
        kinds,
    )
    return [row["circle_id"] for row in rows]

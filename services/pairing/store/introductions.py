"""The statements about introductions; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import (
    AskedPerson,
    Introduction,
    IntroductionNotFound,
    ShownIntroduction,
    Side,
)
from shared.platform.database import Row, Transaction

_INTRODUCTION: Final[LiteralString] = """
    introduction_id, institution_id, person_id AS mentor_id, mentee_id, mentee_institution_id, colleague_id,
    colleague_institution_id, field, offered_at, answer_by, outcome, closed_at, version, revision
"""
# What the mentor offered, and what asks somebody, in one form; the wall leaves everybody their own.
_SHOWN: Final[LiteralString] = """
    SELECT introduction_id, 'mentor' AS part, person_id AS mentor_id, institution_id AS mentor_institution_id,
        mentee_id, mentee_institution_id, colleague_id, colleague_institution_id, field,
        CASE WHEN outcome IS NULL THEN 'waiting' WHEN outcome = 'connected' THEN outcome
            ELSE 'did_not_come_about' END AS state,
        offered_at, answer_by, closed_at, NULL AS answer, revision
    FROM introductions WHERE person_id = $1
    UNION ALL
    SELECT introduction_id, part, mentor_id, mentor_institution_id,
        CASE part WHEN 'mentee' THEN person_id ELSE other_id END,
        CASE part WHEN 'mentee' THEN institution_id ELSE other_institution_id END,
        CASE part WHEN 'colleague' THEN person_id ELSE other_id END,
        CASE part WHEN 'colleague' THEN institution_id ELSE other_institution_id END,
        field, state, offered_at, answer_by, closed_at, answer, revision
    FROM introduction_sides WHERE person_id = $1
"""


async def stand_as(
    tx: Transaction, institution_id: UUID | None, person_id: UUID | None
) -> tuple[UUID | None, UUID | None]:
    """See and change what is this person's own from now on, and nobody else's; give whose it was until now."""
    row = await tx.get(
        """
        WITH before AS MATERIALIZED (SELECT ctx_institution() AS institution_id, ctx_person() AS person_id)
        SELECT institution_id, person_id, set_config('osler.institution_id', $1, true),
            set_config('osler.person_id', $2, true)
        FROM before
        """,
        str(institution_id or ""),
        str(person_id or ""),
    )
    return row["institution_id"], row["person_id"]


async def list_fields(tx: Transaction, institution_id: UUID, mentor_id: UUID, now: datetime) -> list[str]:
    """In what a mentor can introduce somebody, as far as the institution may know: one of its own, or lent to it."""
    row = await tx.get(
        """
        SELECT coalesce(
            (SELECT introduces_in FROM people
             WHERE institution_id = $1 AND person_id = $2 AND is_mentor AND status IN ('here', 'on_leave')),
            (SELECT introduces_in FROM mentor_cards
             WHERE institution_id = $1 AND mentor_id = $2 AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3)
             ORDER BY agreement_id LIMIT 1),
            '{}'
        ) AS fields
        """,
        institution_id,
        mentor_id,
        now,
    )
    return row["fields"]


async def find_mentor_institution(tx: Transaction, institution_id: UUID, mentor_id: UUID, now: datetime) -> UUID | None:
    """Where a mentor belongs whom the institution has or borrows; None for anybody else."""
    row = await tx.find(
        """
        SELECT institution_id AS home_id FROM people WHERE institution_id = $1 AND person_id = $2 AND is_mentor
        UNION ALL
        SELECT home_institution_id FROM mentor_cards
        WHERE institution_id = $1 AND mentor_id = $2 AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3)
        LIMIT 1
        """,
        institution_id,
        mentor_id,
        now,
    )
    return None if row is None else row["home_id"]


async def save_fields(tx: Transaction, institution_id: UUID, person_id: UUID, fields: Sequence[str]) -> None:
    """In what a mentor can introduce somebody; nobody's fields are kept with an empty list."""
    await tx.execute(
        "UPDATE people SET introduces_in = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        fields,
    )


async def find_mentees_institution(tx: Transaction, mentor_id: UUID, mentee_id: UUID, now: datetime) -> UUID | None:
    """Where a mentee belongs who has a pair with the mentor that holds a place, or asked them for an introduction."""
    row = await tx.find(
        """
        SELECT mentee_institution_id FROM pairs WHERE mentor_id = $1 AND mentee_id = $2 AND place IS NOT NULL
        UNION ALL
        SELECT mentee_institution_id FROM introduction_wishes
        WHERE mentor_id = $1 AND mentee_id = $2 AND introduction_id IS NULL AND answer_by > $3
        LIMIT 1
        """,
        mentor_id,
        mentee_id,
        now,
    )
    return None if row is None else row["mentee_institution_id"]


async def find_colleague(
    tx: Transaction, colleague_id: UUID, mentee_institution_id: UUID, now: datetime
) -> UUID | None:
    """The colleague's institution; None for nobody, and for whom no agreement lets the mentee meet."""
    row = await tx.get("SELECT find_colleague($1, $2, $3) AS institution_id", colleague_id, mentee_institution_id, now)
    return row["institution_id"]


async def add_introduction(tx: Transaction, introduction: Introduction) -> bool:
    """False where the mentor asks the same two already; standing as the mentor."""
    added = await tx.find(
        """
        INSERT INTO introductions (introduction_id, institution_id, person_id, mentee_id, mentee_institution_id,
            colleague_id, colleague_institution_id, field, offered_at, answer_by, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT DO NOTHING RETURNING introduction_id
        """,
        introduction.introduction_id,
        introduction.institution_id,
        introduction.mentor_id,
        introduction.mentee.person_id,
        introduction.mentee.institution_id,
        introduction.colleague.person_id,
        introduction.colleague.institution_id,
        introduction.field,
        introduction.offered_at,
        introduction.answer_by,
        introduction.version,
        introduction.revision,
    )
    return added is not None


async def add_side(tx: Transaction, introduction: Introduction, side: Side) -> None:
    """One of the two is asked; standing as that person."""
    asked = introduction.asked(side)
    await tx.execute(
        """
        INSERT INTO introduction_sides (introduction_id, institution_id, person_id, part, mentor_id,
            mentor_institution_id, field, offered_at, answer_by, state, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10)
        """,
        introduction.introduction_id,
        asked.institution_id,
        asked.person_id,
        side,
        introduction.mentor_id,
        introduction.institution_id,
        introduction.field,
        introduction.offered_at,
        introduction.answer_by,
        asked.revision,
    )


async def save_introduction(tx: Transaction, introduction: Introduction) -> None:
    """Everything of an introduction that changes, without its answers; standing as the mentor."""
    await tx.execute(
        """
        UPDATE introductions SET outcome = $2, closed_at = $3, version = $4, revision = $5 WHERE introduction_id = $1
        """,
        introduction.introduction_id,
        introduction.outcome,
        introduction.closed_at,
        introduction.version,
        introduction.revision,
    )


async def save_side(tx: Transaction, introduction: Introduction, side: Side) -> None:
    """Everything of one of the two that changes, and the other one's id once they are connected; standing as them."""
    asked, other = introduction.asked(side), introduction.asked("colleague" if side == "mentee" else "mentee")
    connected = introduction.seen == "connected"
    await tx.execute(
        """
        UPDATE introduction_sides
        SET state = $3, closed_at = $4, other_id = $5, other_institution_id = $6, answer = $7, revision = $8
        WHERE introduction_id = $1 AND part = $2
        """,
        introduction.introduction_id,
        side,
        introduction.seen,
        introduction.closed_at,
        other.person_id if connected else None,
        other.institution_id if connected else None,
        asked.answer,
        asked.revision,
    )


async def find_introduction_for_update(tx: Transaction, introduction_id: UUID) -> Introduction | None:
    """An introduction, locked, without its answers; standing as the mentor."""
    row = await tx.find(
        "SELECT " + _INTRODUCTION + " FROM introductions WHERE introduction_id = $1 FOR UPDATE", introduction_id
    )
    return None if row is None else _introduction(row)


async def list_open_introductions_of_for_update(tx: Transaction, person_id: UUID) -> list[Introduction]:
    """Open introductions that somebody offers or that ask them, locked in order of id, without their answers."""
    rows = await tx.fetch(
        "SELECT "
        + _INTRODUCTION
        + """
        FROM introductions WHERE closed_at IS NULL AND (person_id = $1 OR mentee_id = $1 OR colleague_id = $1)
        ORDER BY introduction_id FOR UPDATE
        """,
        person_id,
    )
    return [_introduction(row) for row in rows]


async def recall_answer(tx: Transaction, introduction: Introduction, side: Side) -> None:
    """Put what one of the two answered into the introduction, read after its lock; standing as that person."""
    row = await tx.find(
        "SELECT answer, revision FROM introduction_sides WHERE introduction_id = $1 AND part = $2",
        introduction.introduction_id,
        side,
    )
    if row is not None:
        asked = introduction.asked(side)
        asked.answer, asked.revision = row["answer"], row["revision"]


async def get_shown(tx: Transaction, person_id: UUID, introduction_id: UUID) -> ShownIntroduction:
    """An introduction as one of the three may know it. Raises IntroductionNotFound."""
    row = await tx.find("SELECT * FROM (" + _SHOWN + ") shown WHERE introduction_id = $2", person_id, introduction_id)
    if row is None:
        raise IntroductionNotFound
    return ShownIntroduction(**row)


async def list_shown(
    tx: Transaction, person_id: UUID, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[ShownIntroduction]:
    """What somebody offered, and what asks or asked them, the latest first."""
    offered_at, introduction_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT * FROM ("
        + _SHOWN
        + """
        ) shown WHERE $2::timestamptz IS NULL OR (offered_at, introduction_id) < ($2, $3::uuid)
        ORDER BY offered_at DESC, introduction_id DESC LIMIT $4
        """,
        person_id,
        offered_at,
        introduction_id,
        limit,
    )
    return [ShownIntroduction(**row) for row in rows]


async def forget_fields(tx: Transaction, person_id: UUID) -> None:
    """A mentor's words for where they can introduce somebody are gone with them, from what they offered too."""
    await tx.execute("UPDATE introductions SET field = NULL WHERE person_id = $1", person_id)


async def forget_asked_fields(tx: Transaction, mentor_id: UUID) -> None:
    """The same from what they asked others."""
    await tx.execute("UPDATE introduction_sides SET field = NULL WHERE mentor_id = $1", mentor_id)


def _introduction(row: Row) -> Introduction:
    facts = dict(row)
    mentee = AskedPerson(facts.pop("mentee_id"), facts.pop("mentee_institution_id"))
    colleague = AskedPerson(facts.pop("colleague_id"), facts.pop("colleague_institution_id"))
    return Introduction(**facts, mentee=mentee, colleague=colleague)

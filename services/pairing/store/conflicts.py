"""The statements about duties, declared conflicts and recusals; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import ConflictNotFound, Declaration, DeclaredKind, Ground, Pair, Recusal
from shared.contracts.directory import Duty
from shared.platform.database import Transaction

_DECLARATION: Final[LiteralString] = """
SELECT conflict_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, kind, declared_by, declared_at,
       withdrawn_at, is_private
FROM conflicts
"""
# Whether at the instant $1 the last pair of the two of the row `x` is no administrator's any more.
_IS_CUT_OFF: Final[LiteralString] = """
coalesce((
    SELECT p.cut_off_at <= $1 FROM pairs p
    WHERE p.mentor_id IN (x.mentor_id, x.mentee_id) AND p.mentee_id IN (x.mentor_id, x.mentee_id)
    ORDER BY p.proposed_at DESC, p.pair_id LIMIT 1
), false)
"""


async def save_duty(tx: Transaction, institution_id: UUID, person_id: UUID, programme: str, duty: Duty) -> None:
    """Somebody has a duty in a programme; said again when its end changes."""
    await tx.execute(
        """
        INSERT INTO duties (institution_id, person_id, programme, duty) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """,
        institution_id,
        person_id,
        programme,
        duty,
    )


async def delete_duty(tx: Transaction, institution_id: UUID, person_id: UUID, programme: str, duty: Duty) -> None:
    """Somebody has it no longer."""
    await tx.execute(
        "DELETE FROM duties WHERE institution_id = $1 AND person_id = $2 AND programme = $3 AND duty = $4",
        institution_id,
        person_id,
        programme,
        duty,
    )


async def delete_duties_of(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Somebody is erased."""
    await tx.execute("DELETE FROM duties WHERE institution_id = $1 AND person_id = $2", institution_id, person_id)


async def list_grounds(tx: Transaction, mentor_id: UUID, mentee_id: UUID) -> list[Ground]:
    """What stands between a mentor and a mentee; read after their rows, or their pair's, are locked."""
    rows = await tx.fetch(
        """
        SELECT d.duty AS kind, 'duty' AS source, d.programme AS key,
            NOT only_warns(d.duty, d.institution_id, d.institution_id) AS blocks, NULL::uuid AS private_to
        FROM people e JOIN duties d ON d.institution_id = e.institution_id AND d.programme = e.programme
        WHERE e.person_id = $2 AND d.person_id = $1
        UNION ALL
        SELECT kind, 'declared', conflict_id::text,
            NOT only_warns(kind, mentor_institution_id, mentee_institution_id),
            CASE WHEN is_private THEN declared_by END
        FROM conflicts
        WHERE least(mentor_id, mentee_id) = least($1::uuid, $2::uuid)
          AND greatest(mentor_id, mentee_id) = greatest($1, $2) AND withdrawn_at IS NULL
        ORDER BY source, kind, key
        """,
        mentor_id,
        mentee_id,
    )
    return [Ground(**row) for row in rows]


async def list_recusals(tx: Transaction, pair_id: UUID) -> list[Recusal]:
    """From what somebody stepped back for a pair."""
    rows = await tx.fetch(
        "SELECT ground, reason, recused_by, recused_at FROM recusals WHERE pair_id = $1 ORDER BY ground", pair_id
    )
    return [Recusal(**row) for row in rows]


async def add_recusals(tx: Transaction, pair: Pair, recusals: Sequence[Recusal]) -> None:
    """Keep who stepped back from what; of a pair that is locked."""
    await tx.execute(
        """
        INSERT INTO recusals (pair_id, mentor_institution_id, mentee_institution_id, ground, reason, recused_by,
            recused_at)
        SELECT $1, $2, $3, unnest($4::text[]), unnest($5::text[]), unnest($6::uuid[]), unnest($7::timestamptz[])
        """,
        pair.pair_id,
        pair.mentor_institution_id,
        pair.mentee_institution_id,
        [one.ground for one in recusals],
        [one.reason for one in recusals],
        [one.recused_by for one in recusals],
        [one.recused_at for one in recusals],
    )


async def find_declaration(
    tx: Transaction, mentor_id: UUID, mentee_id: UUID, kind: DeclaredKind, asker_id: UUID
) -> Declaration | None:
    """What was declared of this kind between the two and not withdrawn; nothing that is private to somebody else."""
    row = await tx.find(
        _DECLARATION
        + """
        WHERE least(mentor_id, mentee_id) = least($1::uuid, $2::uuid)
          AND greatest(mentor_id, mentee_id) = greatest($1, $2) AND kind = $3 AND withdrawn_at IS NULL
          AND (declared_by = $4 OR NOT is_private)
        ORDER BY declared_at, conflict_id LIMIT 1
        """,
        mentor_id,
        mentee_id,
        kind,
        asker_id,
    )
    return None if row is None else Declaration(**row)


async def add_declaration(tx: Transaction, one: Declaration) -> None:
    """Keep what was declared."""
    await tx.execute(
        """
        INSERT INTO conflicts (conflict_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, kind,
            declared_by, declared_at, is_private)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        one.conflict_id,
        one.mentor_id,
        one.mentee_id,
        one.mentor_institution_id,
        one.mentee_institution_id,
        one.kind,
        one.declared_by,
        one.declared_at,
        one.is_private,
    )


async def get_declaration(tx: Transaction, conflict_id: UUID) -> Declaration:
    """One declaration that was not withdrawn; raises ConflictNotFound."""
    row = await tx.find(_DECLARATION + "WHERE conflict_id = $1 AND withdrawn_at IS NULL", conflict_id)
    if row is None:
        raise ConflictNotFound
    return Declaration(**row)


async def list_declarations_by(tx: Transaction, person_id: UUID) -> list[Declaration]:
    """What somebody declared, withdrawn or not, the latest first."""
    rows = await tx.fetch(_DECLARATION + "WHERE declared_by = $1 ORDER BY declared_at DESC, conflict_id", person_id)
    return [Declaration(**row) for row in rows]


async def list_declarations(
    tx: Transaction, person_id: UUID, after: tuple[datetime, UUID] | None, limit: int, *, administers: bool
) -> list[Declaration]:
    """What holds, the latest first: by one person, and for who administers also what the wall shows of other people."""
    declared_at, conflict_id = after or (None, None)
    rows = await tx.fetch(
        _DECLARATION
        + """
        x WHERE withdrawn_at IS NULL
          AND ($3::timestamptz IS NULL OR (declared_at, conflict_id) < ($3, $4::uuid))
          AND (declared_by = $2 OR ($6 AND NOT (is_private AND $2 IN (mentor_id, mentee_id)) AND NOT
        """
        + _IS_CUT_OFF
        + ")) ORDER BY declared_at DESC, conflict_id DESC LIMIT $5",
        tx.now,
        person_id,
        declared_at,
        conflict_id,
        limit,
        administers,
    )
    return [Declaration(**row) for row in rows]


async def is_cut_off_between(tx: Transaction, one_id: UUID, other_id: UUID) -> bool:
    """Whether the last pair of two people is no administrator's any more."""
    row = await tx.get(
        "SELECT " + _IS_CUT_OFF + " AS is_cut_off FROM (SELECT $2::uuid AS mentor_id, $3::uuid AS mentee_id) x",
        tx.now,
        one_id,
        other_id,
    )
    return row["is_cut_off"]


async def delete_declarations_of(tx: Transaction, person_id: UUID) -> None:
    """Nothing stays of what was said to stand between somebody who was erased and others."""
    await tx.execute("DELETE FROM conflicts WHERE $1 IN (mentor_id, mentee_id) OR declared_by = $1", person_id)


async def find_counterpart(tx: Transaction, person_id: UUID, now: datetime) -> UUID | None:
    """The institution of somebody whom one's own knows: of its own people, or across an agreement in force."""
    row = await tx.get("SELECT find_counterpart($1, $2) AS institution_id", person_id, now)
    return row["institution_id"]


async def withdraw_declaration(tx: Transaction, conflict_id: UUID, now: datetime) -> bool:
    """Whether it was withdrawn now: it may have been before."""
    done = await tx.execute(
        "UPDATE conflicts SET withdrawn_at = $2 WHERE conflict_id = $1 AND withdrawn_at IS NULL", conflict_id, now
    )
    return done == "UPDATE 1"

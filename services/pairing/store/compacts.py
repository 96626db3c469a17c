"""The statements about compacts, their versions and words; one function, one statement; refuses to hold a rule.

Whoever changes a compact has locked its pair.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain.compact import Compact, Version
from services.pairing.domain.terms import Expectation, Goal, Support, Terms
from shared.platform.database import Row, Transaction

_COMPACT: Final[LiteralString] = """
    compact_id, pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state,
    mentor_answered_at, mentee_answered_at, compared_at, last_number, silent_since, drift_raised_at, version, revision
"""
_TERMS: Final[LiteralString] = "starts_on, ends_on, meeting_interval, meeting_minutes, touchpoint_interval"
_VERSION: Final[LiteralString] = (
    "number, state, wording, offered_by, offered_at, mentor_signed_at, mentee_signed_at, in_force_at, closed_at, "
    + _TERMS
)


async def add_compact(tx: Transaction, compact: Compact) -> None:
    """A compact in which nobody has said anything yet."""
    await tx.execute(
        """
        INSERT INTO compacts (pair_id, compact_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id,
            state, last_number, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        compact.pair_id,
        compact.compact_id,
        compact.mentor_id,
        compact.mentee_id,
        compact.mentor_institution_id,
        compact.mentee_institution_id,
        compact.state,
        compact.last_number,
        compact.version,
        compact.revision,
    )


async def save_compact(tx: Transaction, compact: Compact) -> None:
    """Everything of a compact that changes, without its versions."""
    await tx.execute(
        """
        UPDATE compacts SET state = $2, mentor_answered_at = $3, mentee_answered_at = $4, compared_at = $5,
            last_number = $6, silent_since = $7, drift_raised_at = $8, version = $9, revision = $10
        WHERE pair_id = $1
        """,
        compact.pair_id,
        compact.state,
        compact.mentor_answered_at,
        compact.mentee_answered_at,
        compact.compared_at,
        compact.last_number,
        compact.silent_since,
        compact.drift_raised_at,
        compact.version,
        compact.revision,
    )


async def find_compact(tx: Transaction, pair_id: UUID) -> Compact | None:
    """The compact of a pair, with the version that waits and the one in force."""
    row = await tx.find("SELECT " + _COMPACT + " FROM compacts WHERE pair_id = $1", pair_id)
    if row is None:
        return None
    compact = Compact(**row)
    for version in await _list_open_versions(tx, pair_id):
        if version.state == "offered":
            compact.waiting = version
        else:
            compact.standing = version
    return compact


async def add_version(tx: Transaction, compact: Compact, version: Version) -> None:
    """A version that nobody has signed."""
    terms = version.terms
    await tx.execute(
        """
        INSERT INTO compact_versions (pair_id, number, mentor_institution_id, mentee_institution_id, state, starts_on,
            ends_on, meeting_interval, meeting_minutes, touchpoint_interval, wording, offered_by, offered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        compact.pair_id,
        version.number,
        compact.mentor_institution_id,
        compact.mentee_institution_id,
        version.state,
        terms.starts_on,
        terms.ends_on,
        terms.meeting_interval,
        terms.meeting_minutes,
        terms.touchpoint_interval,
        version.wording,
        version.offered_by,
        version.offered_at,
    )


async def save_version(tx: Transaction, pair_id: UUID, version: Version) -> None:
    """Everything of a version that changes."""
    await tx.execute(
        """
        UPDATE compact_versions SET state = $3, mentor_signed_at = $4, mentee_signed_at = $5, in_force_at = $6,
            closed_at = $7
        WHERE pair_id = $1 AND number = $2
        """,
        pair_id,
        version.number,
        version.state,
        version.mentor_signed_at,
        version.mentee_signed_at,
        version.in_force_at,
        version.closed_at,
    )


async def list_versions(tx: Transaction, pair_id: UUID, before: int | None, limit: int | None) -> list[Version]:
    """The versions of a pair's compact with numbers below `before`, the latest first."""
    rows = await tx.fetch(
        "SELECT "
        + _VERSION
        + """
        FROM compact_versions WHERE pair_id = $1 AND ($2::integer IS NULL OR number < $2) ORDER BY number DESC LIMIT $3
        """,
        pair_id,
        before,
        limit,
    )
    return [_version(row) for row in rows]


async def add_expectation(
    tx: Transaction, compact: Compact, person_id: UUID, expected: Expectation, now: datetime
) -> None:
    """What one of the two expects, said for the first time."""
    terms = expected.terms
    await tx.execute(
        """
        INSERT INTO expectations (pair_id, person_id, partner_id, mentor_institution_id, mentee_institution_id,
            starts_on, ends_on, meeting_interval, meeting_minutes, touchpoint_interval, goals, words, stated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        compact.pair_id,
        person_id,
        compact.mentee_id if person_id == compact.mentor_id else compact.mentor_id,
        compact.mentor_institution_id,
        compact.mentee_institution_id,
        terms.starts_on,
        terms.ends_on,
        terms.meeting_interval,
        terms.meeting_minutes,
        terms.touchpoint_interval,
        list(expected.goals),
        expected.words,
        now,
    )


async def save_expectation(
    tx: Transaction, pair_id: UUID, person_id: UUID, expected: Expectation, now: datetime
) -> None:
    """What one of the two expects, said anew."""
    terms = expected.terms
    await tx.execute(
        """
        UPDATE expectations SET starts_on = $3, ends_on = $4, meeting_interval = $5, meeting_minutes = $6,
            touchpoint_interval = $7, goals = $8, words = $9, stated_at = $10
        WHERE pair_id = $1 AND person_id = $2
        """,
        pair_id,
        person_id,
        terms.starts_on,
        terms.ends_on,
        terms.meeting_interval,
        terms.meeting_minutes,
        terms.touchpoint_interval,
        list(expected.goals),
        expected.words,
        now,
    )


async def list_expectations(tx: Transaction, pair_id: UUID) -> dict[UUID, Expectation]:
    """What each of the two expects, as far as the wall shows it: one's own, and after both have said it the other's."""
    rows = await tx.fetch(
        "SELECT person_id, goals, words, " + _TERMS + " FROM expectations WHERE pair_id = $1", pair_id
    )
    return {row["person_id"]: Expectation(_terms(row), tuple(row["goals"]), row["words"]) for row in rows}


async def add_goals(tx: Transaction, compact: Compact, number: int, author_id: UUID, goals: Sequence[Goal]) -> None:
    """The goals of a version, in their order."""
    await tx.execute(
        """
        INSERT INTO compact_goals (pair_id, number, goal_id, person_id, partner_id, mentor_institution_id,
            mentee_institution_id, place, text, support)
        SELECT $1, $2, g.goal_id, $3, $4, $5, $6, g.place, g.text, g.support
        FROM unnest($7::uuid[], $8::text[], $9::text[]) WITH ORDINALITY g (goal_id, text, support, place)
        """,
        compact.pair_id,
        number,
        author_id,
        compact.mentee_id if author_id == compact.mentor_id else compact.mentor_id,
        compact.mentor_institution_id,
        compact.mentee_institution_id,
        [goal.goal_id for goal in goals],
        [goal.text for goal in goals],
        [goal.support for goal in goals],
    )


async def list_goals(tx: Transaction, pair_id: UUID, numbers: Sequence[int]) -> dict[int, list[Goal]]:
    """The goals of some versions, in their order."""
    rows = await tx.fetch(
        """
        SELECT number, goal_id, text, support FROM compact_goals
        WHERE pair_id = $1 AND number = ANY($2) ORDER BY number, place
        """,
        pair_id,
        list(numbers),
    )
    goals: dict[int, list[Goal]] = {number: [] for number in numbers}
    for row in rows:
        goals[row["number"]].append(Goal(row["goal_id"], row["text"], row["support"]))
    return goals


async def list_known_goals(tx: Transaction, pair_id: UUID) -> dict[UUID, Support]:
    """Every goal that the compact has had, with the support that was set last."""
    rows = await tx.fetch("SELECT goal_id, support FROM compact_goals WHERE pair_id = $1 ORDER BY number", pair_id)
    return {row["goal_id"]: row["support"] for row in rows}


async def save_support(tx: Transaction, pair_id: UUID, numbers: Sequence[int], goal_id: UUID, support: Support) -> bool:
    """How a goal is supported in these versions; False where none of them has it."""
    saved = await tx.fetch(
        """
        UPDATE compact_goals SET support = $4 WHERE pair_id = $1 AND number = ANY($2) AND goal_id = $3
        RETURNING number
        """,
        pair_id,
        list(numbers),
        goal_id,
        support,
    )
    return bool(saved)


async def delete_expectations_of(tx: Transaction, person_id: UUID) -> None:
    """What a person expected, and what was expected of them."""
    await tx.execute("DELETE FROM expectations WHERE person_id = $1 OR partner_id = $1", person_id)


async def delete_goals_of(tx: Transaction, person_id: UUID) -> None:
    """The words of every goal in a person's compacts."""
    await tx.execute("DELETE FROM compact_goals WHERE person_id = $1 OR partner_id = $1", person_id)


async def delete_expectations_of_pair(tx: Transaction, pair_id: UUID) -> None:
    """What the two of a pair expected of each other."""
    await tx.execute("DELETE FROM expectations WHERE pair_id = $1", pair_id)


async def delete_goals_of_pair(tx: Transaction, pair_id: UUID) -> None:
    """The words of every goal in a pair's compact."""
    await tx.execute("DELETE FROM compact_goals WHERE pair_id = $1", pair_id)


async def _list_open_versions(tx: Transaction, pair_id: UUID) -> list[Version]:
    rows = await tx.fetch(
        "SELECT " + _VERSION + " FROM compact_versions WHERE pair_id = $1 AND closed_at IS NULL", pair_id
    )
    return [_version(row) for row in rows]


def _version(row: Row) -> Version:
    return Version(
        row["number"],
        _terms(row),
        row["wording"],
        row["offered_by"],
        row["offered_at"],
        row["state"],
        row["mentor_signed_at"],
        row["mentee_signed_at"],
        row["in_force_at"],
        row["closed_at"],
    )


def _terms(row: Row) -> Terms:
    return Terms(
        row["starts_on"],
        row["ends_on"],
        row["meeting_interval"],
        row["meeting_minutes"],
        row["touchpoint_interval"],
    )

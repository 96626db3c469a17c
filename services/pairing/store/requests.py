"""The statements about requests and their choices; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Asked, Choice, ChoiceNotFound, ChoiceState, Request, RequestNotFound, RequestState
from shared.platform.database import Row, Transaction

_REQUEST: Final[LiteralString] = """
    request_id, institution_id, mentee_id, sent_at, state, closed_at, reason, version, revision
"""
_ASKED: Final[LiteralString] = """
    choice_id, request_id, mentor_id, mentor_institution_id, mentee_id, mentee_institution_id, state, asked_at,
    answer_by, closed_at, pair_id, revision,
    (SELECT r.reason FROM decline_reasons r WHERE r.choice_id = choices.choice_id) AS reason
"""


async def see_as(tx: Transaction, institution_id: UUID | None) -> UUID | None:
    """See and change what is this institution's from now on, and nobody else's; give whose it was until now."""
    row = await tx.get(
        """
        WITH before AS MATERIALIZED (SELECT ctx_institution() AS institution_id)
        SELECT before.institution_id, set_config('osler.institution_id', $1, true) FROM before
        """,
        str(institution_id or ""),
    )
    return row["institution_id"]


async def add_request(tx: Transaction, request: Request) -> bool:
    """False where the mentee has an open request already."""
    added = await tx.find(
        """
        INSERT INTO requests (request_id, institution_id, mentee_id, sent_at, state, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING RETURNING request_id
        """,
        request.request_id,
        request.institution_id,
        request.mentee_id,
        request.sent_at,
        request.state,
        request.version,
        request.revision,
    )
    return added is not None


def add_choices(tx: Transaction, request: Request) -> None:
    """The whole list of a request that has asked nobody yet."""
    for choice in request.choices:
        tx.later(
            """
            INSERT INTO choices (choice_id, request_id, rank, mentor_id, mentee_id, mentor_institution_id,
                mentee_institution_id, state, revision)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            choice.choice_id,
            request.request_id,
            choice.rank,
            choice.mentor_id,
            request.mentee_id,
            choice.mentor_institution_id,
            request.institution_id,
            choice.state,
            choice.revision,
        )


async def save_request(tx: Transaction, request: Request) -> None:
    """Everything of a request that changes, without its choices."""
    await tx.execute(
        """
        UPDATE requests SET state = $2, closed_at = $3, reason = $4, version = $5, revision = $6 WHERE request_id = $1
        """,
        request.request_id,
        request.state,
        request.closed_at,
        request.reason,
        request.version,
        request.revision,
    )


async def save_choice(tx: Transaction, choice: Choice) -> None:
    """Everything of a choice that changes."""
    await tx.execute(
        """
        UPDATE choices SET state = $2, asked_at = $3, answer_by = $4, closed_at = $5, reason = $6, pair_id = $7,
            revision = $8
        WHERE choice_id = $1
        """,
        choice.choice_id,
        choice.state,
        choice.asked_at,
        choice.answer_by,
        choice.closed_at,
        choice.reason,
        choice.pair_id,
        choice.revision,
    )


async def get_request(tx: Transaction, request_id: UUID) -> Request:
    """Raises RequestNotFound for a request that is not there or behind the wall."""
    return await _request(tx, await tx.find("SELECT " + _REQUEST + " FROM requests WHERE request_id = $1", request_id))


async def get_request_for_update(tx: Transaction, request_id: UUID) -> Request:
    """The same, locked."""
    return await _request(
        tx, await tx.find("SELECT " + _REQUEST + " FROM requests WHERE request_id = $1 FOR UPDATE", request_id)
    )


async def find_open_request_for_update(tx: Transaction, mentee_id: UUID) -> Request | None:
    """The request that a mentee has open, locked."""
    row = await tx.find(
        "SELECT " + _REQUEST + " FROM requests WHERE mentee_id = $1 AND closed_at IS NULL FOR UPDATE", mentee_id
    )
    return None if row is None else await _request(tx, row)


async def list_open_requests_about_for_update(tx: Transaction, person_id: UUID) -> list[Request]:
    """Open requests of a person, and those that ask them or may ask them yet, locked in order of id."""
    rows = await tx.fetch(
        "SELECT "
        + _REQUEST
        + """
        FROM requests WHERE closed_at IS NULL AND (mentee_id = $1 OR request_id IN (
            SELECT request_id FROM choices WHERE mentor_id = $1 AND state IN ('not_asked', 'asked')
        )) ORDER BY request_id FOR UPDATE
        """,
        person_id,
    )
    return await _requests(tx, rows)


async def list_open_requests_between_for_update(
    tx: Transaction, mentor_institution_id: UUID, mentee_institution_id: UUID
) -> list[Request]:
    """Open requests of one institution's mentees that name a mentor of the other one, locked in order of id."""
    rows = await tx.fetch(
        "SELECT "
        + _REQUEST
        + """
        FROM requests WHERE closed_at IS NULL AND request_id IN (
            SELECT request_id FROM choices WHERE mentor_institution_id = $1 AND mentee_institution_id = $2
              AND state IN ('not_asked', 'asked')
        ) ORDER BY request_id FOR UPDATE
        """,
        mentor_institution_id,
        mentee_institution_id,
    )
    return await _requests(tx, rows)


async def list_open_requests_of_two_for_update(tx: Transaction, one_id: UUID, other_id: UUID) -> list[Request]:
    """Open requests in which one of two people asks the other, or may ask them yet, locked in order of id."""
    rows = await tx.fetch(
        "SELECT "
        + _REQUEST
        + """
        FROM requests WHERE closed_at IS NULL AND request_id IN (
            SELECT request_id FROM choices WHERE state IN ('not_asked', 'asked')
              AND ((mentor_id = $1 AND mentee_id = $2) OR (mentor_id = $2 AND mentee_id = $1))
        ) ORDER BY request_id FOR UPDATE
        """,
        one_id,
        other_id,
    )
    return await _requests(tx, rows)


async def list_requests(
    tx: Transaction,
    mentee_id: UUID | None,
    state: RequestState | None,
    after: tuple[datetime, UUID] | None,
    limit: int | None,
) -> list[Request]:
    """Newest first; of one mentee, or with None of everyone whom the wall shows."""
    sent_at, request_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT "
        + _REQUEST
        + """
        FROM requests
        WHERE ($1::uuid IS NULL OR mentee_id = $1) AND ($2::text IS NULL OR state = $2)
          AND ($3::timestamptz IS NULL OR (sent_at, request_id) < ($3, $4::uuid))
        ORDER BY sent_at DESC, request_id DESC LIMIT $5
        """,
        mentee_id,
        state,
        sent_at,
        request_id,
        limit,
    )
    return await _requests(tx, rows)


async def get_asked(tx: Transaction, choice_id: UUID) -> Asked:
    """A choice that was asked. Raises ChoiceNotFound for one that is not there, behind the wall, or not asked yet."""
    row = await tx.find("SELECT " + _ASKED + " FROM choices WHERE choice_id = $1 AND asked_at IS NOT NULL", choice_id)
    if row is None:
        raise ChoiceNotFound
    return Asked(**row)


async def list_asked(
    tx: Transaction, mentor_id: UUID, state: ChoiceState | None, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[Asked]:
    """What asks a mentor, or asked them, the latest first."""
    asked_at, choice_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT "
        + _ASKED
        + """
        FROM choices
        WHERE mentor_id = $1 AND asked_at IS NOT NULL AND ($2::text IS NULL OR state = $2)
          AND ($3::timestamptz IS NULL OR (asked_at, choice_id) < ($3, $4::uuid))
        ORDER BY asked_at DESC, choice_id DESC LIMIT $5
        """,
        mentor_id,
        state,
        asked_at,
        choice_id,
        limit,
    )
    return [Asked(**row) for row in rows]


async def add_decline_reason(tx: Transaction, asked: Asked, reason: str) -> None:
    """Why the mentor said no, for the mentor alone."""
    await tx.execute(
        "INSERT INTO decline_reasons (choice_id, institution_id, person_id, reason) VALUES ($1, $2, $3, $4)",
        asked.choice_id,
        asked.mentor_institution_id,
        asked.mentor_id,
        reason,
    )


async def delete_decline_reasons(tx: Transaction, person_id: UUID) -> None:
    """What a mentor said to themself is nobody's once they are forgotten."""
    await tx.execute("DELETE FROM decline_reasons WHERE person_id = $1", person_id)


async def _request(tx: Transaction, row: Row | None) -> Request:
    if row is None:
        raise RequestNotFound
    [request] = await _requests(tx, [row])
    return request


async def _requests(tx: Transaction, rows: Sequence[Row]) -> list[Request]:
    """With their choices, read after the locks: a statement of its own sees what was committed while it waited."""
    if not rows:
        return []
    choices = await tx.fetch(
        """
        SELECT request_id, choice_id, rank, mentor_id, mentor_institution_id, state, asked_at, answer_by, closed_at,
            reason, pair_id, revision
        FROM choices WHERE request_id = ANY($1::uuid[]) ORDER BY request_id, rank
        """,
        [row["request_id"] for row in rows],
    )
    lists: dict[UUID, list[Choice]] = {row["request_id"]: [] for row in rows}
    for choice in choices:
        facts = dict(choice)
        lists[facts.pop("request_id")].append(Choice(**facts))
    return [Request(**row, choices=lists[row["request_id"]]) for row in rows]

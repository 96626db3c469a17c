"""Every SQL statement of feedback; no rule, and no statement that shows an answer to anyone but its two people."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from services.feedback.domain import Answers, FeedbackRequest, Pair, RequestNotFound
from shared.platform.database import Row, Transaction
from shared.platform.errors import NotYet

Position = tuple[datetime, UUID] | None
"""Where a list goes on: the `asked_at` and the id of the last request seen, or None from the start."""

_REQUEST: Final[LiteralString] = """
    request_id, pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, form, form_version,
    asked_at, closes_at, state, mentor_answered_at, mentee_answered_at, reveals_at, over_at, erased_ids, version,
    revision
"""
_A_PAGE: Final[LiteralString] = """
    AND ($2::timestamptz IS NULL OR (asked_at, request_id) < ($2, $3::uuid))
    ORDER BY asked_at DESC, request_id DESC LIMIT $4
"""


async def add_pair(tx: Transaction, pair: Pair) -> None:
    await tx.execute(
        """
        INSERT INTO pairs (pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
        """,
        pair.pair_id,
        pair.mentor_id,
        pair.mentee_id,
        pair.mentor_institution_id,
        pair.mentee_institution_id,
    )


async def get_pair_for_update(tx: Transaction, pair_id: UUID) -> Pair:
    row = await tx.find(
        """
        SELECT pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, ended_at, held_meeting_ids
        FROM pairs WHERE pair_id = $1 FOR UPDATE
        """,
        pair_id,
    )
    if row is None:  # meetings spoke of the pair before pairing was heard
        raise NotYet
    return Pair(**_fields(row))


async def save_pair(tx: Transaction, pair: Pair) -> None:
    await tx.execute(
        "UPDATE pairs SET ended_at = $2, held_meeting_ids = $3 WHERE pair_id = $1",
        pair.pair_id,
        pair.ended_at,
        pair.held_meeting_ids,
    )


async def save_pair_ended(tx: Transaction, pair_id: UUID, ended_at: datetime) -> None:
    await tx.execute("UPDATE pairs SET ended_at = $2 WHERE pair_id = $1", pair_id, ended_at)


async def add_cut_off(tx: Transaction, pair_id: UUID, mentor_institution_id: UUID, mentee_institution_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO cut_offs (pair_id, mentor_institution_id, mentee_institution_id) VALUES ($1, $2, $3)",
        pair_id,
        mentor_institution_id,
        mentee_institution_id,
    )


async def add_request(tx: Transaction, request: FeedbackRequest) -> None:
    await tx.execute(
        """
        INSERT INTO feedback_requests (request_id, pair_id, mentor_id, mentee_id, mentor_institution_id,
            mentee_institution_id, form, form_version, asked_at, closes_at, state, version, revision,
            mentor_answered_at, mentee_answered_at, reveals_at, over_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """,
        request.request_id,
        request.pair_id,
        request.mentor_id,
        request.mentee_id,
        request.mentor_institution_id,
        request.mentee_institution_id,
        request.form,
        request.form_version,
        request.asked_at,
        request.closes_at,
        request.state,
        request.version,
        request.revision,
        request.mentor_answered_at,
        request.mentee_answered_at,
        request.reveals_at,
        request.over_at,
    )


async def find_request(tx: Transaction, request_id: UUID) -> FeedbackRequest | None:
    return _request(
        await tx.find("SELECT" + _REQUEST + "FROM feedback_requests WHERE request_id = $1", request_id),
    )


async def get_request_for_update(tx: Transaction, request_id: UUID) -> FeedbackRequest:
    request = _request(
        await tx.find("SELECT" + _REQUEST + "FROM feedback_requests WHERE request_id = $1 FOR UPDATE", request_id)
    )
    if request is None:
        raise RequestNotFound
    return request


async def find_unfinished_request_for_update(tx: Transaction, pair_id: UUID) -> FeedbackRequest | None:
    return _request(
        await tx.find(
            "SELECT"
            + _REQUEST
            + "FROM feedback_requests WHERE pair_id = $1 AND state IN ('open', 'one_answered') FOR UPDATE",
            pair_id,
        )
    )


async def list_requests_of_person(
    tx: Transaction, person_id: UUID, after: Position, limit: int
) -> list[FeedbackRequest]:
    rows = await tx.fetch(
        "SELECT" + _REQUEST + "FROM feedback_requests WHERE (mentor_id = $1 OR mentee_id = $1)" + _A_PAGE,
        person_id,
        *(after or (None, None)),
        limit,
    )
    return [FeedbackRequest(**_fields(row)) for row in rows]


async def list_requests_of_institution(
    tx: Transaction, institution_id: UUID, administrator_id: UUID, after: Position, limit: int
) -> list[FeedbackRequest]:
    rows = await tx.fetch(
        "SELECT"
        + _REQUEST
        + """
        FROM feedback_requests f WHERE (mentor_institution_id = $1 OR mentee_institution_id = $1) AND (
            $5 IN (mentor_id, mentee_id) OR NOT EXISTS (SELECT FROM cut_offs c WHERE c.pair_id = f.pair_id)
        )
        """
        + _A_PAGE,
        institution_id,
        *(after or (None, None)),
        limit,
        administrator_id,
    )
    return [FeedbackRequest(**_fields(row)) for row in rows]


async def save_request(tx: Transaction, request: FeedbackRequest) -> None:
    await tx.execute(
        """
        UPDATE feedback_requests
        SET state = $2, mentor_answered_at = $3, mentee_answered_at = $4, reveals_at = $5, over_at = $6, version = $7,
            revision = $8
        WHERE request_id = $1
        """,
        request.request_id,
        request.state,
        request.mentor_answered_at,
        request.mentee_answered_at,
        request.reveals_at,
        request.over_at,
        request.version,
        request.revision,
    )


async def add_answers(
    tx: Transaction, request: FeedbackRequest, author_id: UUID, institution_id: UUID, answers: Answers
) -> None:
    await tx.execute(
        """
        INSERT INTO answers (institution_id, request_id, author_id, reader_id, answers, answered_at)
        VALUES ($1, $2, $3, $4, $5::text::jsonb, $6)
        """,
        institution_id,
        request.request_id,
        author_id,
        request.other_than(author_id),
        json.dumps(answers),
        tx.now,
    )


async def save_answers(tx: Transaction, request_id: UUID, author_id: UUID, answers: Answers) -> bool:
    """Whether there were answers to change: those of an emptied schema are nowhere else."""
    tag = await tx.execute(
        "UPDATE answers SET answers = $3::text::jsonb, answered_at = $4 WHERE request_id = $1 AND author_id = $2",
        request_id,
        author_id,
        json.dumps(answers),
        tx.now,
    )
    return tag != "UPDATE 0"


async def list_erased(tx: Transaction, person_ids: Collection[UUID]) -> list[UUID]:
    """Those of these people who were erased, from what the platform keeps for sign-in."""
    rows = await tx.fetch(
        "SELECT person_id FROM members WHERE person_id = ANY($1::uuid[]) AND status = 'erased'", list(person_ids)
    )
    return [row["person_id"] for row in rows]


async def list_answers(tx: Transaction, request_id: UUID) -> dict[UUID, Answers]:
    """By author; row-level security leaves out what the person of the context may not read yet, or ever."""
    rows = await tx.fetch("SELECT author_id, answers::text FROM answers WHERE request_id = $1", request_id)
    return {row["author_id"]: json.loads(row["answers"]) for row in rows}


async def note_erasure(tx: Transaction, person_id: UUID) -> None:
    await tx.execute(
        """
        UPDATE feedback_requests SET erased_ids = array_append(erased_ids, $1), revision = revision + 1
        WHERE (mentor_id = $1 OR mentee_id = $1) AND $1 <> ALL (erased_ids)
        """,
        person_id,
    )


async def remove_answers(tx: Transaction, author_id: UUID) -> None:
    await tx.execute("DELETE FROM answers WHERE author_id = $1", author_id)


def _request(row: Row | None) -> FeedbackRequest | None:
    return None if row is None else FeedbackRequest(**_fields(row))


def _fields(row: Row) -> dict[str, Any]:
    return dict(row)

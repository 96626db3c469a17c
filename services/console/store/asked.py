"""Statements about whom mentees ask, and about who somebody is whose id the viewer was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.console.domain import SHOWN, Who
from shared.contracts.pairing import RequestSent
from shared.platform.database import Transaction

Closed = Literal["accepted", "declined", "lapsed", "passed_over", "withdrawn"]


@dataclass(frozen=True)
class Ask:
    """A mentee asks a mentor, who has not answered yet; the request goes on without them at `ends_at`."""

    choice_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    ends_at: datetime


def add_choice(tx: Transaction, event: RequestSent) -> None:
    """A mentor is asked."""
    tx.later(
        """
        INSERT INTO choices
            (choice_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state, answer_by)
        VALUES ($1, $2, $3, $4, $5, 'asked', $6)
        """,
        event.choice_id,
        event.mentor_id,
        event.mentee_id,
        event.mentor_institution_id,
        event.mentee_institution_id,
        event.answer_by,
    )


def close_choice(tx: Transaction, choice_id: UUID, state: Closed) -> None:
    """A mentor is asked no more; one who never was is not here."""
    tx.later("UPDATE choices SET state = $2 WHERE choice_id = $1", choice_id, state)


async def list_asks(tx: Transaction, of: UUID) -> tuple[Ask, ...]:
    """Requests that wait for a person's answer, and their own that wait for another's, the first to end first."""
    rows = await tx.fetch(
        """
        SELECT choice_id, mentor_id, mentee_id, answer_by AS ends_at FROM choices
        WHERE state = 'asked' AND (mentor_id = $1 OR mentee_id = $1) ORDER BY answer_by, choice_id LIMIT $2
        """,
        of,
        SHOWN,
    )
    return tuple(Ask(**row) for row in rows)


async def list_known(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, Who]:
    """Those of these people whom the viewer may know, by id."""
    rows = await tx.fetch(
        "SELECT person_id, name, locale, institution_id, institution FROM name_people($1, $2)",
        list(person_ids),
        tx.now,
    )
    return {row["person_id"]: Who(**row) for row in rows}

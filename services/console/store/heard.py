"""Statements that keep the read model as the events say; they run as the worker, whom no institution's wall binds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.console.domain import PairState
from shared.contracts.directory import AgreementSigned
from shared.contracts.pairing import PairEvent
from shared.platform.database import Transaction


@dataclass(frozen=True)
class Known:
    """What is known of a person whom an event names; the name goes into the person's pairs."""

    name: str | None
    locale: str | None
    status: Literal["here", "on_leave", "left", "erased"]
    contact_version: int


def bump_revisions(tx: Transaction, institution_ids: Sequence[UUID], topic: str) -> None:
    """Tell that pages of these institutions changed: one step in a transaction, however many events it applies."""
    for institution_id in sorted(set(institution_ids)):
        tx.later(
            """
            INSERT INTO institution_revisions AS r (institution_id, topic, revision, changed_in)
            VALUES ($1, $2, 1, pg_current_xact_id())
            ON CONFLICT (institution_id, topic) DO UPDATE
            SET revision = r.revision + 1, changed_in = EXCLUDED.changed_in
            WHERE r.changed_in <> EXCLUDED.changed_in
            """,
            institution_id,
            topic,
        )


def add_institution(tx: Transaction, institution_id: UUID, name: str, time_zone: str) -> None:
    """An institution."""
    tx.later(
        "INSERT INTO institutions (institution_id, name, time_zone) VALUES ($1, $2, $3)",
        institution_id,
        name,
        time_zone,
    )


async def add_person(tx: Transaction, institution_id: UUID, person_id: UUID, contact_id: UUID, time_zone: str) -> bool:
    """A person of a known institution; whether the institution is known."""
    tag = await tx.execute(
        """
        INSERT INTO people (institution_id, person_id, contact_id, time_zone, status)
        SELECT institution_id, $2, $3, $4, 'here' FROM institutions WHERE institution_id = $1
        """,
        institution_id,
        person_id,
        contact_id,
        time_zone,
    )
    return tag != "INSERT 0 0"


def set_person_status(
    tx: Transaction, institution_id: UUID, person_id: UUID, status: Literal["here", "on_leave", "left"]
) -> None:
    """Whether a person is here; an erased one stays erased."""
    tx.later(
        "UPDATE people SET status = $3 WHERE institution_id = $1 AND person_id = $2 AND status <> 'erased'",
        institution_id,
        person_id,
        status,
    )


def set_places(tx: Transaction, institution_id: UUID, person_id: UUID, places: int, shared_places: int) -> None:
    """How many mentees a person can take, in all and of other institutions."""
    tx.later(
        "UPDATE people SET places = $3, shared_places = $4 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        places,
        shared_places,
    )


async def find_person_for_update(tx: Transaction, institution_id: UUID, person_id: UUID) -> Known | None:
    """A person, locked, so that a name and a new pair of theirs cannot miss each other."""
    row = await tx.find(
        """
        SELECT name, locale, status, contact_version FROM people
        WHERE institution_id = $1 AND person_id = $2 FOR NO KEY UPDATE
        """,
        institution_id,
        person_id,
    )
    return None if row is None else Known(row["name"], row["locale"], row["status"], row["contact_version"])


async def is_erased(tx: Transaction, person_id: UUID) -> bool:
    """Whether a person was erased who is not in the read model, from what the platform keeps for sign-in."""
    return await tx.find("SELECT FROM members WHERE person_id = $1 AND status = 'erased'", person_id) is not None


async def find_person_by_contact(tx: Transaction, contact_id: UUID) -> tuple[UUID, UUID] | None:
    """Institution and person whose contact details have this id."""
    row = await tx.find("SELECT institution_id, person_id FROM people WHERE contact_id = $1", contact_id)
    return None if row is None else (row["institution_id"], row["person_id"])


async def save_contact(
    tx: Transaction, institution_id: UUID, person_id: UUID, version: int, *, name: str, locale: str, time_zone: str
) -> None:
    """The newest contact details of a person."""
    await tx.execute(
        """
        UPDATE people SET contact_version = $3, name = $4, locale = $5, time_zone = $6
        WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
        version,
        name,
        locale,
        time_zone,
    )


async def erase_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Keep of a person that there was one."""
    await tx.execute(
        """
        UPDATE people SET status = 'erased', name = NULL, locale = NULL, time_zone = 'UTC',
            places = 0, shared_places = 0, contact_version = 0
        WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
    )


async def name_in_pairs(tx: Transaction, person_id: UUID, name: str | None, locale: str | None) -> list[UUID]:
    """Write a person's name, or its absence, into their pairs; give the institutions that see it there."""
    rows = await tx.fetch(
        """
        WITH named AS (
            UPDATE pairs SET
                mentor_name = CASE WHEN mentor_id = $1 THEN $2 ELSE mentor_name END,
                mentor_locale = CASE WHEN mentor_id = $1 THEN $3 ELSE mentor_locale END,
                mentee_name = CASE WHEN mentee_id = $1 THEN $2 ELSE mentee_name END,
                mentee_locale = CASE WHEN mentee_id = $1 THEN $3 ELSE mentee_locale END
            WHERE mentor_id = $1 OR mentee_id = $1
            RETURNING mentor_institution_id, mentee_institution_id
        )
        SELECT mentor_institution_id AS institution_id FROM named UNION SELECT mentee_institution_id FROM named
        """,
        person_id,
        name,
        locale,
    )
    return [row["institution_id"] for row in rows]


async def add_pair(
    tx: Transaction, event: PairEvent, mentor: Known, mentee: Known, state: PairState, ends_at: datetime
) -> None:
    """A pair that waits for a yes until `ends_at`, with what is known of its two people."""
    await tx.execute(
        """
        INSERT INTO pairs (pair_id, mentor_institution_id, mentor_id, mentor_name, mentor_locale,
            mentee_institution_id, mentee_id, mentee_name, mentee_locale, state, state_since, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        event.pair_id,
        event.mentor_institution_id,
        event.mentor_id,
        mentor.name,
        mentor.locale,
        event.mentee_institution_id,
        event.mentee_id,
        mentee.name,
        mentee.locale,
        state,
        event.occurred_at,
        ends_at,
    )


def cut_administrators_off(tx: Transaction, pair_id: UUID) -> None:
    """A pair is its two people's alone."""
    tx.later("UPDATE pairs SET is_cut_off = true WHERE pair_id = $1", pair_id)


def set_pair_state(
    tx: Transaction,
    pair_id: UUID,
    state: PairState,
    since: datetime,
    *,
    ends_at: datetime | None = None,
    review_at: datetime | None = None,
) -> None:
    """A pair's state; `ends_at` while it waits for a yes, `review_at` while it rests."""
    tx.later(
        "UPDATE pairs SET state = $2, state_since = $3, ends_at = $4, review_at = $5 WHERE pair_id = $1",
        pair_id,
        state,
        since,
        ends_at,
        review_at,
    )


def set_review(tx: Transaction, pair_id: UUID, review_by: datetime | None) -> None:
    """Until when a pair's conflict of interest has to be resolved; None where nothing stands between the two."""
    tx.later("UPDATE pairs SET coi_review_by = $2 WHERE pair_id = $1", pair_id, review_by)


async def add_contact(tx: Transaction, pair_id: UUID, at: datetime) -> bool:
    """The two of a pair were in contact; whether the pair is known."""
    tag = await tx.execute(
        "UPDATE pairs SET last_contact_at = greatest(last_contact_at, $2) WHERE pair_id = $1", pair_id, at
    )
    return tag != "UPDATE 0"


async def set_compact(tx: Transaction, pair_id: UUID) -> bool:
    """The two have a compact in force; whether the pair is known."""
    return await tx.execute("UPDATE pairs SET has_compact = true WHERE pair_id = $1", pair_id) != "UPDATE 0"


async def set_drift(tx: Transaction, pair_id: UUID, since: datetime | None) -> bool:
    """Since when the silence of the two has lasted too long, or that it is over; whether the pair is known."""
    return await tx.execute("UPDATE pairs SET drifts_since = $2 WHERE pair_id = $1", pair_id, since) != "UPDATE 0"


async def add_meeting(
    tx: Transaction, meeting_id: UUID, pair_id: UUID, proposed_by: UUID, expires_at: datetime
) -> bool:
    """An offered meeting of a known pair; whether the pair is known."""
    tag = await tx.execute(
        """
        INSERT INTO meetings
            (meeting_id, pair_id, mentor_institution_id, mentee_institution_id, state, proposed_by, expires_at)
        SELECT $1, p.pair_id, p.mentor_institution_id, p.mentee_institution_id, 'proposed', $3, $4
        FROM pairs p WHERE p.pair_id = $2
        """,
        meeting_id,
        pair_id,
        proposed_by,
        expires_at,
    )
    return tag != "INSERT 0 0"


def schedule_meeting(tx: Transaction, meeting_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """A meeting's time, first or new."""
    tx.later(
        "UPDATE meetings SET state = 'scheduled', starts_at = $2, ends_at = $3 WHERE meeting_id = $1",
        meeting_id,
        starts_at,
        ends_at,
    )


def set_meeting_state(
    tx: Transaction, meeting_id: UUID, state: Literal["held", "missed", "cancelled", "expired"]
) -> None:
    """How a meeting ended."""
    tx.later("UPDATE meetings SET state = $2 WHERE meeting_id = $1", meeting_id, state)


async def add_feedback_request(
    tx: Transaction, request_id: UUID, pair_id: UUID, asked_at: datetime, closes_at: datetime
) -> bool:
    """An open request to the two of a known pair; whether the pair is known."""
    tag = await tx.execute(
        """
        INSERT INTO feedback_requests
            (request_id, pair_id, mentor_institution_id, mentee_institution_id, state, asked_at, closes_at)
        SELECT $1, p.pair_id, p.mentor_institution_id, p.mentee_institution_id, 'open', $3, $4
        FROM pairs p WHERE p.pair_id = $2
        """,
        request_id,
        pair_id,
        asked_at,
        closes_at,
    )
    return tag != "INSERT 0 0"


async def set_answered(tx: Transaction, request_id: UUID, person_id: UUID, at: datetime, reveals_at: datetime) -> None:
    """One of the two answered; a changed answer keeps the first time."""
    await tx.execute(
        """
        UPDATE feedback_requests f SET reveals_at = $4,
            mentor_answered_at = coalesce(f.mentor_answered_at, CASE WHEN p.mentor_id = $2 THEN $3::timestamptz END),
            mentee_answered_at = coalesce(f.mentee_answered_at, CASE WHEN p.mentee_id = $2 THEN $3::timestamptz END)
        FROM pairs p WHERE p.pair_id = f.pair_id AND f.request_id = $1
        """,
        request_id,
        person_id,
        at,
        reveals_at,
    )


def end_feedback(tx: Transaction, request_id: UUID, state: Literal["revealed", "closed", "withdrawn"]) -> None:
    """A request asks nobody any more."""
    tx.later("UPDATE feedback_requests SET state = $2 WHERE request_id = $1", request_id, state)


def add_agreement(tx: Transaction, event: AgreementSigned) -> None:
    """A sharing agreement."""
    tx.later(
        """
        INSERT INTO agreements (agreement_id, lender_institution_id, borrower_institution_id, starts_at, ends_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        event.agreement_id,
        event.lender_institution_id,
        event.borrower_institution_id,
        event.starts_at,
        event.ends_at,
    )


def end_agreement(tx: Transaction, agreement_id: UUID) -> None:
    """A sharing agreement is over."""
    tx.later("UPDATE agreements SET has_ended = true WHERE agreement_id = $1", agreement_id)

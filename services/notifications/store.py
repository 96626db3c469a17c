"""Every SQL statement of notifications; no rule, and no name or address outside its seal."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from services.notifications.domain import PRIVATE, Category, Cause, Delivery, Message, PersonStatus
from shared.contracts.contacts import ContactRecorded, contact_id
from shared.platform.database import Row, Transaction
from shared.platform.errors import NotYet

Position = tuple[datetime, UUID] | None
"""Where a list goes on: the `caused_at` and the id of the last message seen, or None from the start."""

_CAUSE: Final[LiteralString] = """
    cause_id, kind, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state, asked_by, answer_by,
    slot_starts, slot_ends, starts_at, ends_at, booked_by, followed_at, closed_at, since, reason, part_of
"""
_MESSAGE: Final[LiteralString] = """
    notification_id, institution_id, person_id, category, cause_id, caused_at, expires_at, about_starts_at, state,
    reason, decided_at, attempts, version
"""
_DELIVERY: Final[LiteralString] = """
    notification_id, person_id, category, channel, caused_at, state, reason, decided_at
"""
_A_PAGE: Final[LiteralString] = """
    AND ($2::timestamptz IS NULL OR (caused_at, notification_id) < ($2, $3::uuid))
    ORDER BY caused_at DESC, notification_id DESC LIMIT $4
"""

ANYTHING_WAITS: Final[LiteralString] = """
    SELECT 1 FROM messages
    WHERE state = 'waiting' AND next_try_at <= clock_timestamp()
        AND (lease_until IS NULL OR lease_until <= clock_timestamp())
    LIMIT 1
"""
"""Whether a sender has anything to take now."""


async def add_beginning(tx: Transaction) -> None:
    await tx.execute("INSERT INTO beginnings (began_at) VALUES ($1) ON CONFLICT DO NOTHING", tx.now)


async def find_beginning(tx: Transaction) -> datetime | None:
    row = await tx.find("SELECT began_at FROM beginnings")
    return None if row is None else row["began_at"]


async def save_contact(tx: Transaction, record: ContactRecorded) -> None:
    await tx.execute(
        """
        INSERT INTO contacts AS held (contact_id, version, person_id, institution_id, key_id, sealed)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (contact_id) DO UPDATE
        SET version = EXCLUDED.version, person_id = EXCLUDED.person_id, institution_id = EXCLUDED.institution_id,
            key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed
        WHERE held.version < EXCLUDED.version AND NOT held.erased
        """,
        record.contact_id,
        record.version,
        record.person_id,
        record.institution_id,
        record.key_id,
        record.sealed,
    )


async def erase_contact(tx: Transaction, contact: UUID) -> None:
    await tx.execute(
        """
        INSERT INTO contacts (contact_id, version, erased) VALUES ($1, 0, true)
        ON CONFLICT (contact_id) DO UPDATE
        SET version = 0, person_id = NULL, institution_id = NULL, key_id = NULL, sealed = NULL, erased = true
        """,
        contact,
    )


async def list_contacts(tx: Transaction, person_ids: Collection[UUID]) -> dict[UUID, ContactRecorded]:
    """By person; who is unknown or erased is left out."""
    rows = await tx.fetch(
        """
        SELECT contact_id, version, person_id, institution_id, key_id, sealed
        FROM contacts WHERE contact_id = ANY($1::uuid[]) AND NOT erased
        """,
        [contact_id(person_id) for person_id in person_ids],
    )
    return {
        row["person_id"]: ContactRecorded(**_fields(row), occurred_at=tx.now, institution_ids=(row["institution_id"],))
        for row in rows
    }


async def list_statuses(tx: Transaction, person_ids: Collection[UUID]) -> dict[UUID, PersonStatus]:
    """By person, from what the platform keeps for sign-in."""
    rows = await tx.fetch("SELECT person_id, status FROM members WHERE person_id = ANY($1::uuid[])", list(person_ids))
    return {row["person_id"]: row["status"] for row in rows}


async def list_administrators(tx: Transaction, institution_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Who administers one of these institutions now, each with their own."""
    rows = await tx.fetch(
        """
        SELECT person_id, institution_id FROM members
        WHERE institution_id = ANY($1::uuid[]) AND 'administrator' = ANY(roles) AND status IN ('here', 'on_leave')
        ORDER BY person_id
        """,
        list(institution_ids),
    )
    return [(row["person_id"], row["institution_id"]) for row in rows]


async def add_cut_off(tx: Transaction, pair_id: UUID, mentor_institution_id: UUID, mentee_institution_id: UUID) -> None:
    """A pair is its two people's, and no administrator's."""
    await tx.execute(
        "INSERT INTO cut_offs (pair_id, mentor_institution_id, mentee_institution_id) VALUES ($1, $2, $3)",
        pair_id,
        mentor_institution_id,
        mentee_institution_id,
    )


async def is_cut_off(tx: Transaction, pair_id: UUID) -> bool:
    """Whether no administrator is told of a pair any more."""
    return await tx.find("SELECT FROM cut_offs WHERE pair_id = $1", pair_id) is not None


async def list_past_recipients(tx: Transaction, category: Category) -> list[tuple[UUID, UUID, UUID]]:
    """Who was mailed about a category in another life: person, their institution, the message's id."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT (said.body->>'person_id')::uuid AS person_id,
            (said.body->'institution_ids'->>0)::uuid AS institution_id, said.aggregate_id
        FROM (SELECT aggregate_id, convert_from(body, 'UTF8')::jsonb AS body FROM past) said
        WHERE said.body->>'category' = $1 ORDER BY person_id
        """,
        category,
    )
    return [(row["person_id"], row["institution_id"], row["aggregate_id"]) for row in rows]


async def add_cause(tx: Transaction, cause: Cause) -> None:
    await tx.execute(
        """
        INSERT INTO causes (cause_id, kind, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state,
            asked_by, answer_by, slot_starts, slot_ends, reason, part_of)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        cause.cause_id,
        cause.kind,
        cause.mentor_id,
        cause.mentee_id,
        cause.mentor_institution_id,
        cause.mentee_institution_id,
        cause.state,
        cause.asked_by,
        cause.answer_by,
        cause.slot_starts,
        cause.slot_ends,
        cause.reason,
        cause.part_of,
    )


async def follow_cause(tx: Transaction, cause: Cause) -> bool:
    """Keep a cause that may come again, new or after it was over; False where it is kept already."""
    row = await tx.find(
        """
        INSERT INTO causes AS held (cause_id, kind, mentor_id, mentee_id, mentor_institution_id,
            mentee_institution_id, state, answer_by, followed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (cause_id) DO UPDATE
        SET state = EXCLUDED.state, answer_by = EXCLUDED.answer_by, followed_at = EXCLUDED.followed_at
        WHERE held.state = 'over'
        RETURNING true
        """,
        cause.cause_id,
        cause.kind,
        cause.mentor_id,
        cause.mentee_id,
        cause.mentor_institution_id,
        cause.mentee_institution_id,
        cause.state,
        cause.answer_by,
        cause.followed_at,
    )
    return row is not None


async def turn_cause(tx: Transaction, cause: Cause) -> None:
    """Keep that a cause began at `followed_at`, or was over at `closed_at`, in whichever order that is heard.

    The later one counts, and of the same instant the end.
    """
    await tx.execute(
        """
        INSERT INTO causes AS held (cause_id, kind, mentor_id, mentee_id, mentor_institution_id,
            mentee_institution_id, state, asked_by, answer_by, followed_at, closed_at, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (cause_id) DO UPDATE
        SET followed_at = greatest(held.followed_at, EXCLUDED.followed_at),
            closed_at = greatest(held.closed_at, EXCLUDED.closed_at),
            asked_by = coalesce(EXCLUDED.asked_by, held.asked_by),
            answer_by = coalesce(EXCLUDED.answer_by, held.answer_by),
            since = coalesce(EXCLUDED.since, held.since),
            state = CASE
                WHEN greatest(held.followed_at, EXCLUDED.followed_at)
                    > coalesce(greatest(held.closed_at, EXCLUDED.closed_at), '-infinity')
                THEN CASE WHEN EXCLUDED.followed_at IS NULL THEN held.state ELSE EXCLUDED.state END
                ELSE 'over'
            END
        """,
        cause.cause_id,
        cause.kind,
        cause.mentor_id,
        cause.mentee_id,
        cause.mentor_institution_id,
        cause.mentee_institution_id,
        cause.state,
        cause.asked_by,
        cause.answer_by,
        cause.followed_at,
        cause.closed_at,
        cause.since,
    )


async def get_cause_for_update(tx: Transaction, cause_id: UUID) -> Cause:
    row = await tx.find("SELECT" + _CAUSE + "FROM causes WHERE cause_id = $1 FOR UPDATE", cause_id)
    if row is None:  # another publisher spoke of it before its own was heard
        raise NotYet
    return Cause(**_fields(row))


async def list_causes(tx: Transaction, cause_ids: Collection[UUID]) -> dict[UUID, Cause]:
    rows = await tx.fetch("SELECT" + _CAUSE + "FROM causes WHERE cause_id = ANY($1::uuid[])", list(cause_ids))
    return {row["cause_id"]: Cause(**_fields(row)) for row in rows}


async def save_cause(tx: Transaction, cause: Cause) -> None:
    await tx.execute(
        """
        UPDATE causes SET state = $2, answer_by = $3, starts_at = $4, ends_at = $5, booked_by = $6 WHERE cause_id = $1
        """,
        cause.cause_id,
        cause.state,
        cause.answer_by,
        cause.starts_at,
        cause.ends_at,
        cause.booked_by,
    )


async def save_cause_over(tx: Transaction, cause_id: UUID) -> None:
    await tx.execute("UPDATE causes SET state = 'over' WHERE cause_id = $1", cause_id)


async def save_parts_over(tx: Transaction, part_of: UUID) -> None:
    await tx.execute("UPDATE causes SET state = 'over' WHERE part_of = $1", part_of)


async def add_message(tx: Transaction, message: Message) -> bool:
    """Whether it was new: a message that is known already is left as it is."""
    row = await tx.find(
        """
        INSERT INTO messages (notification_id, institution_id, person_id, category, cause_id, caused_at, expires_at,
            about_starts_at, state, reason, decided_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT DO NOTHING RETURNING true
        """,
        message.notification_id,
        message.institution_id,
        message.person_id,
        message.category,
        message.cause_id,
        message.caused_at,
        message.expires_at,
        message.about_starts_at,
        message.state,
        message.reason,
        message.decided_at,
        message.version,
    )
    return row is not None


async def lease_messages(tx: Transaction, owner: str, lease: timedelta, limit: int) -> list[Message]:
    """Take waiting messages that nobody else is sending, the longest waiting first; they stay locked in this `tx`."""
    rows = await tx.fetch(
        """
        UPDATE messages m SET leased_by = $1, lease_until = clock_timestamp() + $2
        FROM (
            SELECT notification_id, institution_id FROM messages
            WHERE state = 'waiting' AND next_try_at <= clock_timestamp()
                AND (lease_until IS NULL OR lease_until <= clock_timestamp())
            ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED
        ) free
        WHERE m.notification_id = free.notification_id AND m.institution_id = free.institution_id
        RETURNING m.notification_id, m.institution_id, m.person_id, m.category, m.cause_id, m.caused_at, m.expires_at,
            m.about_starts_at, m.state, m.reason, m.decided_at, m.attempts, m.version
        """,
        owner,
        lease,
        limit,
    )
    return [Message(**_fields(row)) for row in rows]


async def free_leases_of(tx: Transaction, owner: str) -> None:
    await tx.execute("UPDATE messages SET leased_by = NULL, lease_until = NULL WHERE leased_by = $1", owner)


async def find_message_for_update(tx: Transaction, notification_id: UUID) -> Message | None:
    row = await tx.find(
        "SELECT" + _MESSAGE + "FROM messages WHERE notification_id = $1 AND state = 'waiting' FOR UPDATE",
        notification_id,
    )
    return None if row is None else Message(**_fields(row))


async def save_message(tx: Transaction, message: Message) -> None:
    await tx.execute(
        """
        UPDATE messages
        SET state = $2, reason = $3, decided_at = $4, version = $5, attempts = attempts + 1, leased_by = NULL,
            lease_until = NULL
        WHERE notification_id = $1
        """,
        message.notification_id,
        message.state,
        message.reason,
        message.decided_at,
        message.version,
    )


async def postpone_message(tx: Transaction, notification_id: UUID, pause: timedelta) -> None:
    await tx.execute(
        """
        UPDATE messages
        SET attempts = attempts + 1, next_try_at = clock_timestamp() + $2, leased_by = NULL, lease_until = NULL
        WHERE notification_id = $1 AND state = 'waiting'
        """,
        notification_id,
        pause,
    )


async def list_deliveries_to_person(tx: Transaction, person_id: UUID, after: Position, limit: int) -> list[Delivery]:
    rows = await tx.fetch(
        "SELECT" + _DELIVERY + "FROM messages WHERE person_id = $1" + _A_PAGE,
        person_id,
        *(after or (None, None)),
        limit,
    )
    return [Delivery(**_fields(row)) for row in rows]


async def list_deliveries_of_institution(
    tx: Transaction, institution_id: UUID, reader_id: UUID, after: Position, limit: int
) -> list[Delivery]:
    """Without what is private to somebody else, or about two who are no administrator's any more."""
    rows = await tx.fetch(
        "SELECT"
        + _DELIVERY
        + """
        FROM messages WHERE institution_id = $1
          AND (person_id = $6 OR (category <> ALL($5) AND NOT is_the_twos_alone(notification_id)))
        """
        + _A_PAGE,
        institution_id,
        *(after or (None, None)),
        limit,
        sorted(PRIVATE),
        reader_id,
    )
    return [Delivery(**_fields(row)) for row in rows]


def _fields(row: Row) -> dict[str, Any]:
    return dict(row)

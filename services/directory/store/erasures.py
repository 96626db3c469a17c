"""SQL about erasures and about looks at the contacts topic; one function, one statement."""

from datetime import datetime
from uuid import UUID, uuid4

from services.directory.domain.erasure import Check, CheckNotFound
from services.directory.domain.people import Person
from shared.platform.database import Transaction


async def add_erasure(tx: Transaction, person: Person, reason: str, erased_by: UUID, awaits: list[str]) -> None:
    """Record that somebody was erased, by whom and why, and which services shall say that they are done."""
    await tx.execute(
        """
        INSERT INTO erasures (institution_id, person_id, reason, erased_by, erased_at, awaits)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        person.institution_id,
        person.person_id,
        reason,
        erased_by,
        tx.now,
        awaits,
    )


async def find_erasure_completed_at(tx: Transaction, institution_id: UUID, person_id: UUID) -> datetime | None:
    """When an erasure was found complete, or None."""
    row = await tx.find(
        "SELECT completed_at FROM erasures WHERE institution_id = $1 AND person_id = $2", institution_id, person_id
    )
    return None if row is None else row["completed_at"]


async def list_erased_contacts(tx: Transaction) -> list[tuple[UUID, UUID, bool]]:
    """Everybody who was erased: institution, person, and whether it was found complete."""
    rows = await tx.fetch("SELECT institution_id, person_id, completed_at IS NOT NULL AS completed FROM erasures")
    return [(row["institution_id"], row["person_id"], row["completed"]) for row in rows]


async def list_waiting_in_outbox(tx: Transaction, aggregate_ids: list[UUID]) -> set[UUID]:
    """Which of these aggregates have something that Kafka has not acknowledged."""
    rows = await tx.fetch(
        "SELECT DISTINCT aggregate_id FROM outbox WHERE aggregate_id = ANY($1::uuid[])", aggregate_ids
    )
    return {row["aggregate_id"] for row in rows}


def save_erasure_completed_at(tx: Transaction, institution_id: UUID, person_id: UUID, at: datetime | None) -> None:
    """Call an erasure complete, or no longer."""
    tx.later(
        "UPDATE erasures SET completed_at = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        at,
    )


async def add_check(tx: Transaction, cause: str, seconds: int = 0) -> UUID:
    """Ask for a look at the topic, due `seconds` of real time from now."""
    check_id = uuid4()
    await tx.execute(
        """
        INSERT INTO contact_checks (check_id, cause, due_at)
        VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second')
        """,
        check_id,
        cause,
        seconds,
    )
    return check_id


async def add_daily_check(tx: Transaction) -> None:
    """Ask for a look when somebody was ever erased and none was asked for within a day."""
    await tx.execute(
        """
        INSERT INTO contact_checks (check_id, cause)
        SELECT gen_random_uuid(), 'daily'
        WHERE EXISTS (SELECT FROM erasures)
            AND NOT EXISTS (SELECT FROM contact_checks WHERE due_at > clock_timestamp() - interval '24 hours')
        """
    )


async def claim_check(tx: Transaction, seconds: int) -> UUID | None:
    """Take the first check that is due, for `seconds`; a worker that dies gives it back by not renewing."""
    row = await tx.find(
        """
        UPDATE contact_checks SET claimed_until = clock_timestamp() + $1 * interval '1 second'
        WHERE check_id = (
            SELECT check_id FROM contact_checks
            WHERE finished_at IS NULL AND due_at <= clock_timestamp()
                AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING check_id
        """,
        seconds,
    )
    return None if row is None else row["check_id"]


async def finish_check(tx: Transaction, check_id: UUID, tombstones: int, completed: int) -> None:
    """Record what a look found."""
    await tx.execute(
        """
        UPDATE contact_checks
        SET finished_at = clock_timestamp(), tombstones_sent = $2, erasures_completed = $3 WHERE check_id = $1
        """,
        check_id,
        tombstones,
        completed,
    )


async def get_check(tx: Transaction, check_id: UUID) -> Check:
    """One check; raises CheckNotFound."""
    row = await tx.find(
        "SELECT check_id, finished_at, tombstones_sent, erasures_completed FROM contact_checks WHERE check_id = $1",
        check_id,
    )
    if row is None:
        raise CheckNotFound
    return Check(**dict(row))

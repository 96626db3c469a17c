"""SQL about duties in programmes; one function, one statement."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.directory.domain.duties import DutyNotFound, HeldDuty
from shared.contracts.directory import Duty
from shared.platform.database import Row, Transaction

_DUTY: Final = "SELECT duty_id, institution_id, person_id, programme, duty, ends_at FROM duties "


async def add_duty(tx: Transaction, one: HeldDuty) -> None:
    """Keep a new duty of a person who is locked."""
    await tx.execute(
        """
        INSERT INTO duties (duty_id, institution_id, person_id, programme, duty, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        one.duty_id,
        one.institution_id,
        one.person_id,
        one.programme,
        one.duty,
        one.ends_at,
    )


async def save_duty_end(tx: Transaction, one: HeldDuty) -> None:
    """Keep until when a duty is held."""
    await tx.execute("UPDATE duties SET ends_at = $2 WHERE duty_id = $1", one.duty_id, one.ends_at)


async def delete_duty(tx: Transaction, duty_id: UUID) -> None:
    """Forget a duty."""
    await tx.execute("DELETE FROM duties WHERE duty_id = $1", duty_id)


async def get_duty(tx: Transaction, duty_id: UUID) -> HeldDuty:
    """One duty; raises DutyNotFound."""
    return _duty(await tx.find(_DUTY + "WHERE duty_id = $1", duty_id))


async def find_duty(
    tx: Transaction, institution_id: UUID, person_id: UUID, programme: str, duty: Duty
) -> HeldDuty | None:
    """This duty of a person who is locked, or None."""
    row = await tx.find(
        _DUTY + "WHERE institution_id = $1 AND person_id = $2 AND programme = $3 AND duty = $4",
        institution_id,
        person_id,
        programme,
        duty,
    )
    return None if row is None else _duty(row)


async def list_duties_of(tx: Transaction, institution_id: UUID, person_id: UUID) -> list[HeldDuty]:
    """Every duty of a person."""
    rows = await tx.fetch(
        _DUTY + "WHERE institution_id = $1 AND person_id = $2 ORDER BY duty_id", institution_id, person_id
    )
    return [_duty(row) for row in rows]


async def list_duties_of_people(tx: Transaction, institution_id: UUID, person_ids: Sequence[UUID]) -> list[HeldDuty]:
    """Every duty of these people, who are locked or only looked at."""
    rows = await tx.fetch(
        _DUTY + "WHERE institution_id = $1 AND person_id = ANY($2::uuid[]) ORDER BY duty_id", institution_id, person_ids
    )
    return [_duty(row) for row in rows]


async def save_evaluator(tx: Transaction, one: HeldDuty) -> UUID:
    """Keep until when somebody who is locked is an evaluator; gives the duty's id, which stays where there was one."""
    row = await tx.get(
        """
        INSERT INTO duties (duty_id, institution_id, person_id, programme, duty, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (institution_id, person_id, programme, duty) DO UPDATE SET ends_at = EXCLUDED.ends_at
        RETURNING duty_id
        """,
        one.duty_id,
        one.institution_id,
        one.person_id,
        one.programme,
        one.duty,
        one.ends_at,
    )
    return row["duty_id"]


async def list_duties(
    tx: Transaction, institution_id: UUID, programme: str | None, after: tuple[str, UUID] | None, limit: int
) -> list[HeldDuty]:
    """A page of an institution's duties by programme, of one programme or of all."""
    last_programme, last = after or ("", UUID(int=0))
    rows = await tx.fetch(
        _DUTY
        + """
        WHERE institution_id = $1 AND ($2::text IS NULL OR programme = $2) AND (programme, duty_id) > ($3, $4)
        ORDER BY programme, duty_id LIMIT $5
        """,
        institution_id,
        programme,
        last_programme,
        last,
        limit,
    )
    return [_duty(row) for row in rows]


def _duty(row: Row | None) -> HeldDuty:
    if row is None:
        raise DutyNotFound
    return HeldDuty(**row)

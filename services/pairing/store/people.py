"""The statements about institutions and people; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Person, Status
from shared.platform.database import Row, Transaction

_PERSON: Final[LiteralString] = (
    "person_id, institution_id, status, is_mentor, is_mentee, places, shared_places, accepting"
)


_QUOTING: Final = [
    "pairing.answer_introduction",
    "pairing.drop_opportunity",
    "pairing.join_circle",
    "pairing.save_opportunity",
    "pairing.wish_introduction",
    "pairing.withdraw_opportunity",
]
"""Whose answers show somebody else's words."""


def add_institution(tx: Transaction, institution_id: UUID, time_zone: str) -> None:
    """A member of the consortium, and in which zone its days end."""
    tx.later("INSERT INTO institutions (institution_id, time_zone) VALUES ($1, $2)", institution_id, time_zone)


async def find_institution_for_update(tx: Transaction, institution_id: UUID) -> bool:
    """Whether it is known; locked against whoever is about to write cards of its mentors."""
    sql: LiteralString = "SELECT 1 FROM institutions WHERE institution_id = $1 FOR UPDATE"
    return await tx.find(sql, institution_id) is not None


async def find_institution_for_share(tx: Transaction, institution_id: UUID) -> bool:
    """Whether it is known; locked against agreements that are being signed."""
    sql: LiteralString = "SELECT 1 FROM institutions WHERE institution_id = $1 FOR SHARE"
    return await tx.find(sql, institution_id) is not None


async def save_caps(tx: Transaction, institution_id: UUID, lend_cap: int | None, borrow_cap: int | None) -> None:
    """How many cross pairs an institution lends and borrows at most."""
    await tx.execute(
        "UPDATE institutions SET lend_cap = $2, borrow_cap = $3 WHERE institution_id = $1",
        institution_id,
        lend_cap,
        borrow_cap,
    )


def add_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Someone without a role yet."""
    tx.later(
        "INSERT INTO people (institution_id, person_id, status) VALUES ($1, $2, 'here')", institution_id, person_id
    )


async def find_person_for_update(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person | None:
    """Someone of the institution, locked; of a mentor the lock under which places are counted."""
    row = await tx.find(
        "SELECT " + _PERSON + " FROM people WHERE institution_id = $1 AND person_id = $2 FOR UPDATE",
        institution_id,
        person_id,
    )
    return None if row is None else _person(row)


async def find_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person | None:
    """Someone of the institution, as they are now."""
    row = await tx.find(
        "SELECT " + _PERSON + " FROM people WHERE institution_id = $1 AND person_id = $2", institution_id, person_id
    )
    return None if row is None else _person(row)


async def list_people_for_share(tx: Transaction, institution_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Those of the ids who are of the institution, kept as they are until the end of the transaction."""
    rows = await tx.fetch(
        "SELECT "
        + _PERSON
        + " FROM people WHERE institution_id = $1 AND person_id = ANY($2::uuid[]) ORDER BY person_id FOR SHARE",
        institution_id,
        ids,
    )
    return {row["person_id"]: _person(row) for row in rows}


async def list_mentors_of_for_update(tx: Transaction, institution_id: UUID) -> list[UUID]:
    """The ids of an institution's mentors, locked in order."""
    rows = await tx.fetch(
        "SELECT person_id FROM people WHERE institution_id = $1 AND is_mentor ORDER BY person_id FOR UPDATE",
        institution_id,
    )
    return [row["person_id"] for row in rows]


async def save_status(tx: Transaction, institution_id: UUID, person_id: UUID, status: Status) -> None:
    """Here, on leave, left or erased."""
    await tx.execute(
        "UPDATE people SET status = $3 WHERE institution_id = $1 AND person_id = $2", institution_id, person_id, status
    )


async def save_mentor(
    tx: Transaction, institution_id: UUID, person_id: UUID, *, specialty: str | None, places: int, shared_places: int
) -> None:
    """A mentor with so many places."""
    await tx.execute(
        """
        UPDATE people SET is_mentor = true, specialty = $3, places = $4, shared_places = $5
        WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
        specialty,
        places,
        shared_places,
    )


async def save_mentee(tx: Transaction, institution_id: UUID, person_id: UUID, programme: str | None) -> None:
    """A mentee, of a programme where one is known."""
    await tx.execute(
        "UPDATE people SET is_mentee = true, programme = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        programme,
    )


async def save_no_mentee(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """A mentee no more."""
    await tx.execute(
        "UPDATE people SET is_mentee = false, programme = NULL WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
    )


async def save_languages(tx: Transaction, institution_id: UUID, person_id: UUID, languages: Sequence[str]) -> None:
    """What somebody speaks."""
    await tx.execute(
        "UPDATE people SET languages = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        languages,
    )


async def save_accepting(tx: Transaction, institution_id: UUID, person_id: UUID, *, accepting: bool) -> None:
    """Whether a mentor takes anybody new."""
    await tx.execute(
        "UPDATE people SET accepting = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        accepting,
    )


async def save_no_mentor(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """A mentor no more."""
    await tx.execute(
        """
        UPDATE people SET is_mentor = false, specialty = NULL, places = 0, shared_places = 0, accepting = true,
            introduces_in = '{}'
        WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
    )


async def delete_kept_answers_about(tx: Transaction, person_id: UUID) -> None:
    """What others were answered may quote words of somebody who was erased; their id stands beside them there.

    Whoever asks the same again is answered by how things stand.
    """
    await tx.execute(
        """
        DELETE FROM idempotency_keys
        WHERE operation = ANY($2::text[]) AND position(convert_to($1::text, 'UTF8') IN body) > 0
        """,
        str(person_id),
        _QUOTING,
    )


def _person(row: Row) -> Person:
    return Person(**row)

"""SQL about people and the roles they hold; one function, one statement."""

from collections.abc import Iterable
from typing import Final, LiteralString
from uuid import UUID

from services.directory.domain.identity import fold_name
from services.directory.domain.people import (
    Details,
    ErasedPersonNotFound,
    HeldRole,
    Person,
    PersonNotFound,
    RoleFacts,
)
from shared.contracts.event import Role
from shared.platform.database import Row, Transaction

_PERSON: Final = """
SELECT institution_id, person_id, sign_in_key, external_id, name, email, locale, time_zone, status, status_since,
       next_status, next_status_at, version, contact_version, revision
FROM people
"""


def add_person(tx: Transaction, one: Person) -> None:
    """Collect a new person, without their roles."""
    _write_person(
        tx,
        one,
        """
        INSERT INTO people (institution_id, person_id, external_id, name, email, locale, time_zone, status,
                            status_since, next_status, next_status_at, version, contact_version, revision, name_key,
                            sign_in_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        one.sign_in_key,
    )


def save_person(tx: Transaction, one: Person) -> None:
    """Collect how a person stands now, without their roles."""
    _write_person(
        tx,
        one,
        """
        UPDATE people
        SET external_id = $3, name = $4, email = $5, locale = $6, time_zone = $7, status = $8, status_since = $9,
            next_status = $10, next_status_at = $11, version = $12, contact_version = $13, revision = $14,
            name_key = $15
        WHERE institution_id = $1 AND person_id = $2
        """,
    )


def _write_person(tx: Transaction, one: Person, sql: LiteralString, *more: object) -> None:
    known = one.details
    tx.later(
        sql,
        one.institution_id,
        one.person_id,
        known and known.external_id,
        known and known.name,
        known and known.email,
        known and known.locale,
        known and known.time_zone,
        one.status,
        one.status_since,
        one.next_status,
        one.next_status_at,
        one.version,
        one.contact_version,
        one.revision,
        known and fold_name(known.name),
        *more,
    )


async def find_person_of_external_id(tx: Transaction, institution_id: UUID, external_id: str) -> Person | None:
    """The person of an institution with this external id, in any letters, or None."""
    row = await tx.find(
        _PERSON + "WHERE institution_id = $1 AND external_key = $2", institution_id, external_id.lower()
    )
    return None if row is None else _person(row)


async def get_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person:
    """One person, without their roles; raises PersonNotFound."""
    return _person(await tx.find(_PERSON + "WHERE institution_id = $1 AND person_id = $2", institution_id, person_id))


async def get_person_for_update(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person:
    """One person, locked, without their roles; raises PersonNotFound."""
    return _person(
        await tx.find(_PERSON + "WHERE institution_id = $1 AND person_id = $2 FOR UPDATE", institution_id, person_id)
    )


async def get_person_of_any_institution(tx: Transaction, person_id: UUID) -> Person:
    """For timers, which know no institution; the timer pass has locked the row."""
    return _person(await tx.find(_PERSON + "WHERE person_id = $1", person_id))


async def list_people(
    tx: Transaction, institution_id: UUID, after: tuple[str, UUID] | None, limit: int
) -> list[Person]:
    """A page of people by name; whoever was erased has none."""
    name, last = after or ("", UUID(int=0))
    rows = await tx.fetch(
        _PERSON
        + """
        WHERE institution_id = $1 AND status <> 'erased' AND (name, person_id) > ($2, $3)
        ORDER BY name, person_id LIMIT $4
        """,
        institution_id,
        name,
        last,
        limit,
    )
    return [_person(row) for row in rows]


async def list_administrators(tx: Transaction, institution_id: UUID) -> list[Person]:
    """Who may sign in as an administrator of an institution, without their roles."""
    rows = await tx.fetch(
        _PERSON
        + """
        WHERE institution_id = $1 AND status IN ('active', 'on_leave')
            AND person_id IN (SELECT person_id FROM roles WHERE institution_id = $1 AND role = 'administrator')
        """,
        institution_id,
    )
    return [_person(row) for row in rows]


_MEANT: Final = """
    WHERE institution_id = $1
        AND (external_key = ANY($2::text[]) OR email_key = ANY($3::text[]) OR name_key = ANY($4::text[]))
    """


async def list_people_meant(
    tx: Transaction, institution_id: UUID, external_keys: list[str], email_keys: list[str], name_keys: list[str]
) -> list[Person]:
    """The people with these external ids or addresses in lower case, or with these folded names."""
    rows = await tx.fetch(_PERSON + _MEANT, institution_id, external_keys, email_keys, name_keys)
    return [_person(row) for row in rows]


async def lock_people_meant(
    tx: Transaction, institution_id: UUID, external_keys: list[str], email_keys: list[str], name_keys: list[str]
) -> list[Person]:
    """The same, locked in order of id."""
    rows = await tx.fetch(
        _PERSON + _MEANT + "ORDER BY person_id FOR UPDATE", institution_id, external_keys, email_keys, name_keys
    )
    return [_person(row) for row in rows]


async def list_people_of_ids(tx: Transaction, institution_id: UUID, person_ids: list[UUID]) -> list[Person]:
    """The people with these ids, without their roles."""
    rows = await tx.fetch(
        _PERSON + "WHERE institution_id = $1 AND person_id = ANY($2::uuid[])", institution_id, person_ids
    )
    return [_person(row) for row in rows]


async def lock_people_of_ids(tx: Transaction, institution_id: UUID, person_ids: list[UUID]) -> list[Person]:
    """The people with these ids, locked in order of id, without their roles."""
    rows = await tx.fetch(
        _PERSON + "WHERE institution_id = $1 AND person_id = ANY($2::uuid[]) ORDER BY person_id FOR UPDATE",
        institution_id,
        person_ids,
    )
    return [_person(row) for row in rows]


async def list_erased_keys(tx: Transaction, institution_id: UUID) -> frozenset[str]:
    """The sign-in keys of everybody of an institution who was erased."""
    rows = await tx.fetch(
        "SELECT sign_in_key FROM people WHERE institution_id = $1 AND status = 'erased'", institution_id
    )
    return frozenset(row["sign_in_key"] for row in rows)


async def forget_erased_key(tx: Transaction, institution_id: UUID, sign_in_key: str) -> None:
    """Keep nothing by which an erased person could be recognized; raises ErasedPersonNotFound."""
    row = await tx.find(
        """
        UPDATE people SET sign_in_key = 'erased ' || person_id, revision = revision + 1
        WHERE institution_id = $1 AND sign_in_key = $2 AND status = 'erased' RETURNING true
        """,
        institution_id,
        sign_in_key,
    )
    if row is None:
        raise ErasedPersonNotFound


async def list_roles(
    tx: Transaction, institution_id: UUID, people: Iterable[UUID]
) -> list[tuple[UUID, Role, HeldRole]]:
    """The roles that these people hold."""
    rows = await tx.fetch(
        """
        SELECT person_id, role, from_roster, programme, level, specialty, places, shared_places
        FROM roles WHERE institution_id = $1 AND person_id = ANY($2::uuid[]) ORDER BY person_id, role
        """,
        institution_id,
        list(people),
    )
    return [(row["person_id"], row["role"], _held(row)) for row in rows]


def add_role(tx: Transaction, person: Person, role: Role) -> None:
    """Collect a role that somebody holds newly."""
    _write_role(
        tx,
        person,
        role,
        """
        INSERT INTO roles (institution_id, person_id, role, from_roster, programme, level, specialty, places,
                           shared_places)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
    )


def save_role(tx: Transaction, person: Person, role: Role) -> None:
    """Collect what is known of somebody in a role."""
    _write_role(
        tx,
        person,
        role,
        """
        UPDATE roles
        SET from_roster = $4, programme = $5, level = $6, specialty = $7, places = $8, shared_places = $9
        WHERE institution_id = $1 AND person_id = $2 AND role = $3
        """,
    )


def _write_role(tx: Transaction, person: Person, role: Role, sql: LiteralString) -> None:
    held = person.roles[role]
    facts = held.facts
    tx.later(
        sql,
        person.institution_id,
        person.person_id,
        role,
        held.from_roster,
        facts.programme,
        facts.level,
        facts.specialty,
        facts.places,
        facts.shared_places,
    )


def remove_role(tx: Transaction, person: Person, role: Role) -> None:
    """Collect the end of a role."""
    tx.later(
        "DELETE FROM roles WHERE institution_id = $1 AND person_id = $2 AND role = $3",
        person.institution_id,
        person.person_id,
        role,
    )


def _person(row: Row | None) -> Person:
    """A row without its roles, which are read after it is locked: in one statement they could be older than it."""
    if row is None:
        raise PersonNotFound
    details = None
    if row["status"] != "erased":
        details = Details(row["external_id"], row["name"], row["email"], row["locale"], row["time_zone"])
    return Person(
        person_id=row["person_id"],
        institution_id=row["institution_id"],
        sign_in_key=row["sign_in_key"],
        details=details,
        status=row["status"],
        status_since=row["status_since"],
        next_status=row["next_status"],
        next_status_at=row["next_status_at"],
        version=row["version"],
        contact_version=row["contact_version"],
        revision=row["revision"],
    )


def _held(row: Row) -> HeldRole:
    facts = RoleFacts(row["programme"], row["level"], row["specialty"], row["places"], row["shared_places"])
    return HeldRole(facts, row["from_roster"])

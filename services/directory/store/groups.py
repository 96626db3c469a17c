"""SQL about groups of an identity provider and who is in them; one function, one statement."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from services.directory.domain.provisioning import Group, GroupNotFound, GroupSearch, fold
from shared.platform.database import Row, Transaction

_GROUP: Final = """
SELECT g.group_id, g.institution_id, g.display_name, g.external_id, g.revision,
       (SELECT coalesce(array_agg(m.person_id), '{}') FROM group_members m
        WHERE m.institution_id = g.institution_id AND m.group_id = g.group_id) AS members
FROM provisioned_groups g
"""
_OF_GROUPS: Final = """
    WHERE g.institution_id = $1 AND ($2::uuid IS NULL OR g.group_id = $2) AND ($3::text IS NULL OR g.name_key = $3)
        AND ($4::text IS NULL OR g.external_id = $4)
        AND ($5::uuid IS NULL OR EXISTS (
            SELECT FROM group_members m
            WHERE m.institution_id = g.institution_id AND m.group_id = g.group_id AND m.person_id = $5
        ))
    """


async def count_groups(tx: Transaction, institution_id: UUID, search: GroupSearch) -> int:
    """How many groups an identity provider finds by this."""
    row = await tx.get(
        "SELECT count(*) AS groups FROM provisioned_groups g" + _OF_GROUPS,
        institution_id,
        search.group_id,
        search.display_name and fold(search.display_name),
        search.external_id,
        search.member_id,
    )
    return row["groups"]


async def list_groups(
    tx: Transaction, institution_id: UUID, search: GroupSearch, offset: int, limit: int
) -> list[Group]:
    """A page of the groups that an identity provider finds by this, by id."""
    rows = await tx.fetch(
        _GROUP + _OF_GROUPS + "ORDER BY g.group_id OFFSET $6 LIMIT $7",
        institution_id,
        search.group_id,
        search.display_name and fold(search.display_name),
        search.external_id,
        search.member_id,
        offset,
        limit,
    )
    return [_group(row) for row in rows]


async def get_group(tx: Transaction, institution_id: UUID, group_id: UUID) -> Group:
    """One group with its members; raises GroupNotFound."""
    row = await tx.find(_GROUP + "WHERE g.institution_id = $1 AND g.group_id = $2", institution_id, group_id)
    if row is None:
        raise GroupNotFound
    return _group(row)


async def find_owner_of_name(tx: Transaction, institution_id: UUID, name_key: str) -> UUID | None:
    """Which group has this name, or None."""
    row = await tx.find(
        "SELECT group_id FROM provisioned_groups WHERE institution_id = $1 AND name_key = $2", institution_id, name_key
    )
    return None if row is None else row["group_id"]


async def save_group(tx: Transaction, one: Group) -> None:
    """Keep a group, new or changed, without its members."""
    await tx.execute(
        """
        INSERT INTO provisioned_groups (institution_id, group_id, display_name, name_key, external_id, revision)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (institution_id, group_id) DO UPDATE
        SET display_name = EXCLUDED.display_name, name_key = EXCLUDED.name_key, external_id = EXCLUDED.external_id,
            revision = EXCLUDED.revision
        """,
        one.institution_id,
        one.group_id,
        one.display_name,
        one.name_key,
        one.external_id,
        one.revision,
    )


async def delete_group(tx: Transaction, one: Group) -> None:
    """Forget a group that has no members."""
    await tx.execute(
        "DELETE FROM provisioned_groups WHERE institution_id = $1 AND group_id = $2", one.institution_id, one.group_id
    )


async def add_members(tx: Transaction, one: Group, person_ids: Iterable[UUID]) -> None:
    """Put people into a group."""
    await tx.execute(
        "INSERT INTO group_members (institution_id, group_id, person_id) SELECT $1, $2, unnest($3::uuid[])",
        one.institution_id,
        one.group_id,
        sorted(person_ids),
    )


async def delete_members(tx: Transaction, one: Group, person_ids: Iterable[UUID]) -> None:
    """Take people out of a group."""
    await tx.execute(
        "DELETE FROM group_members WHERE institution_id = $1 AND group_id = $2 AND person_id = ANY($3::uuid[])",
        one.institution_id,
        one.group_id,
        sorted(person_ids),
    )


async def delete_memberships(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Take somebody out of every group, which changes none of their roles yet."""
    await tx.execute(
        """
        WITH left_groups AS (
            DELETE FROM group_members WHERE institution_id = $1 AND person_id = $2 RETURNING group_id
        )
        UPDATE provisioned_groups SET revision = revision + 1
        WHERE institution_id = $1 AND group_id IN (SELECT group_id FROM left_groups)
        """,
        institution_id,
        person_id,
    )


async def list_names_of_groups(
    tx: Transaction, institution_id: UUID, person_ids: Iterable[UUID]
) -> list[tuple[UUID, str]]:
    """In which groups these people are: person and the group's name as it is compared."""
    rows = await tx.fetch(
        """
        SELECT m.person_id, g.name_key FROM group_members m JOIN provisioned_groups g USING (institution_id, group_id)
        WHERE m.institution_id = $1 AND m.person_id = ANY($2::uuid[])
        """,
        institution_id,
        sorted(person_ids),
    )
    return [(row["person_id"], row["name_key"]) for row in rows]


def _group(row: Row) -> Group:
    return Group(
        row["group_id"],
        row["institution_id"],
        row["display_name"],
        row["external_id"],
        frozenset(row["members"]),
        row["revision"],
    )

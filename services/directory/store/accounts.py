"""SQL about what an identity provider says of people; one function, one statement."""

from typing import Final
from uuid import UUID

from services.directory.domain.people import Person
from services.directory.domain.provisioning import Account, UserSearch
from shared.platform.database import Transaction

# Somebody whom no identity provider named yet is found by what their userName would be: their sign-in name, or else
# their address.
_OF_USERS: Final = """
    FROM people p LEFT JOIN accounts a USING (institution_id, person_id)
    WHERE p.institution_id = $1 AND p.status <> 'erased' AND a.removed_at IS NULL
        AND ($2::uuid IS NULL OR p.person_id = $2)
        AND ($3::text IS NULL OR p.external_key = $3)
        AND ($4::text IS NULL OR a.user_key = $4
            OR (a.user_key IS NULL AND (p.external_key || '@' || $5 = $4 OR p.email_key = $4)))
    """


async def count_users(tx: Transaction, institution_id: UUID, mail_domain: str, search: UserSearch) -> int:
    """How many people an identity provider finds by this."""
    row = await tx.get(
        "SELECT count(*) AS users" + _OF_USERS,
        institution_id,
        search.person_id,
        search.external_id and search.external_id.lower(),
        search.user_name and search.user_name.lower(),
        mail_domain,
    )
    return row["users"]


async def list_users(
    tx: Transaction, institution_id: UUID, mail_domain: str, search: UserSearch, offset: int, limit: int
) -> list[UUID]:
    """A page of the people whom an identity provider finds by this, by id."""
    rows = await tx.fetch(
        "SELECT p.person_id" + _OF_USERS + "ORDER BY p.person_id OFFSET $6 LIMIT $7",
        institution_id,
        search.person_id,
        search.external_id and search.external_id.lower(),
        search.user_name and search.user_name.lower(),
        mail_domain,
        offset,
        limit,
    )
    return [row["person_id"] for row in rows]


async def list_accounts(tx: Transaction, institution_id: UUID, person_ids: list[UUID]) -> dict[UUID, Account]:
    """What the identity provider said of these people, by person; nothing of whom it never named."""
    rows = await tx.fetch(
        """
        SELECT person_id, user_name, email_type, email_primary, is_deactivated, removed_at
        FROM accounts WHERE institution_id = $1 AND person_id = ANY($2::uuid[])
        """,
        institution_id,
        person_ids,
    )
    return {
        row["person_id"]: Account(
            row["user_name"], row["email_type"], row["email_primary"], row["is_deactivated"], row["removed_at"]
        )
        for row in rows
    }


async def find_owner_of_user_name(tx: Transaction, institution_id: UUID, user_name: str) -> UUID | None:
    """Whose account has this userName, in any letters, or None."""
    row = await tx.find(
        "SELECT person_id FROM accounts WHERE institution_id = $1 AND user_key = $2", institution_id, user_name.lower()
    )
    return None if row is None else row["person_id"]


async def save_account(tx: Transaction, person: Person, account: Account) -> None:
    """Keep what the identity provider says of somebody who is locked."""
    await tx.execute(
        """
        INSERT INTO accounts (institution_id, person_id, user_name, email_type, email_primary, is_deactivated,
                              removed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (institution_id, person_id) DO UPDATE
        SET user_name = EXCLUDED.user_name, email_type = EXCLUDED.email_type, email_primary = EXCLUDED.email_primary,
            is_deactivated = EXCLUDED.is_deactivated, removed_at = EXCLUDED.removed_at
        """,
        person.institution_id,
        person.person_id,
        account.user_name,
        account.email_type,
        account.email_primary,
        account.is_deactivated,
        account.removed_at,
    )


async def delete_account(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Forget what an identity provider said of somebody."""
    await tx.execute("DELETE FROM accounts WHERE institution_id = $1 AND person_id = $2", institution_id, person_id)

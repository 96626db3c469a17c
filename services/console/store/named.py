"""Names of whom another service gives by id, behind row-level security; a name that is not here is none."""

from collections.abc import Iterable
from uuid import UUID

from services.console.domain import Name
from shared.platform.database import Transaction
from shared.platform.person import Person


async def list_names_of_mentees(tx: Transaction, mentor: Person, mentee_ids: Iterable[UUID]) -> dict[UUID, Name]:
    """What somebody's own mentees are called, of those that are asked for."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT mentee_id, mentee_name, mentee_locale FROM pairs
        WHERE mentor_id = $1 AND mentee_id = ANY($2::uuid[]) AND mentee_name IS NOT NULL
        """,
        mentor.person_id,
        list(mentee_ids),
    )
    return {row["mentee_id"]: (row["mentee_name"], row["mentee_locale"]) for row in rows}


async def list_names_of_institutions(tx: Transaction, institution_ids: Iterable[UUID]) -> dict[UUID, Name]:
    """What members of the consortium are called."""
    rows = await tx.fetch(
        "SELECT institution_id, name FROM institutions WHERE institution_id = ANY($1::uuid[])", list(institution_ids)
    )
    return {row["institution_id"]: (row["name"], None) for row in rows}

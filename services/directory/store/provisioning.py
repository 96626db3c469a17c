"""SQL about provisioning tokens, and about whose request a secret opens; one function, one statement."""

from typing import Final, LiteralString
from uuid import UUID

from services.directory.domain.provisioning import ProvisioningToken, ProvisioningTokenNotFound
from shared.platform.clock import NOW_SQL, ClockKind
from shared.platform.database import Opening, Row, Transaction

_KNOWN: Final = """
SELECT token_id, institution_id, name, created_by, created_at, secret_hash, issued_at, revoked_at, revision
FROM provisioning_tokens
"""

# One round trip, as for a person who signs in: whose rows are visible (nobody's to a stranger), how long a lock is
# waited for, that a look-up changes nothing, and what time it is. The token acts in its own name.
_CLIENT: Final = """
    SELECT token_id, institution_id,
           set_config('osler.institution_id', coalesce(institution_id::text, ''), true),
           set_config('osler.person_id', coalesce(token_id::text, ''), true),
           set_config('lock_timeout', '2s', true), set_config('transaction_read_only', $2, true),
"""
_FOUND: Final = " AS now FROM (SELECT) always LEFT JOIN find_provisioning_token($1) ON true"
_ADMIT: Final[dict[ClockKind, LiteralString]] = {
    "real": _CLIENT + NOW_SQL["real"] + _FOUND,
    "stepped": _CLIENT + NOW_SQL["stepped"] + _FOUND,
}


def admission(secret_hash: bytes, *, read_only: bool) -> Opening:
    """Opens a transaction that sees what is the institution's whose secret has this hash."""
    return Opening(_ADMIT, (secret_hash, "on" if read_only else "off"))


def admitted(tx: Transaction) -> tuple[UUID, UUID] | None:
    """The token and the institution that an `admission` let in, or None."""
    row = tx.opened
    return None if row["token_id"] is None else (row["token_id"], row["institution_id"])


async def add_token(tx: Transaction, one: ProvisioningToken) -> None:
    """Keep a new token, which has no secret yet."""
    await tx.execute(
        """
        INSERT INTO provisioning_tokens (token_id, institution_id, name, created_by, created_at, revision)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        one.token_id,
        one.institution_id,
        one.name,
        one.created_by,
        one.created_at,
        one.revision,
    )


async def save_token(tx: Transaction, one: ProvisioningToken) -> None:
    """Keep how a token stands now."""
    await tx.execute(
        """
        UPDATE provisioning_tokens SET secret_hash = $3, issued_at = $4, revoked_at = $5, revision = $6
        WHERE institution_id = $1 AND token_id = $2
        """,
        one.institution_id,
        one.token_id,
        one.secret_hash,
        one.issued_at,
        one.revoked_at,
        one.revision,
    )


async def get_token(tx: Transaction, institution_id: UUID, token_id: UUID) -> ProvisioningToken:
    """One token; raises ProvisioningTokenNotFound."""
    return _token(await tx.find(_KNOWN + "WHERE institution_id = $1 AND token_id = $2", institution_id, token_id))


async def get_token_for_update(tx: Transaction, institution_id: UUID, token_id: UUID) -> ProvisioningToken:
    """One token, locked; raises ProvisioningTokenNotFound."""
    return _token(
        await tx.find(_KNOWN + "WHERE institution_id = $1 AND token_id = $2 FOR UPDATE", institution_id, token_id)
    )


async def list_tokens(tx: Transaction, institution_id: UUID, after: UUID, limit: int) -> list[ProvisioningToken]:
    """A page of an institution's tokens by id."""
    rows = await tx.fetch(
        _KNOWN + "WHERE institution_id = $1 AND token_id > $2 ORDER BY token_id LIMIT $3", institution_id, after, limit
    )
    return [_token(row) for row in rows]


def _token(row: Row | None) -> ProvisioningToken:
    if row is None:
        raise ProvisioningTokenNotFound
    return ProvisioningToken(**dict(row))

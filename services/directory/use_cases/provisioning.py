"""Who may provision an institution's people: tokens that administrators make, whose secrets nobody can look up."""

from uuid import UUID, uuid4

from services.directory.domain.provisioning import ProvisioningToken, hash_of
from services.directory.store import provisioning as store
from shared.platform.database import Opening, Transaction
from shared.platform.members import Person as Member


def provisioning_admission(secret: str, *, read_only: bool) -> Opening:
    """Opens a transaction for whoever shows this secret; it sees its own institution's rows, or none."""
    return store.admission(hash_of(secret), read_only=read_only)


def find_provisioner(tx: Transaction) -> Member | None:
    """Whom an admission let in: the token as an actor without roles. Where it is nobody, the transaction must end."""
    found = store.admitted(tx)
    return None if found is None else Member(*found, frozenset())


async def add_provisioning_token(tx: Transaction, name: str, by: Member) -> ProvisioningToken:
    """Make a token, which opens nothing before a secret is issued for it."""
    token = ProvisioningToken(uuid4(), by.institution_id, name, by.person_id, tx.now)
    await store.add_token(tx, token)
    return token


async def issue_provisioning_secret(tx: Transaction, token_id: UUID, by: Member) -> tuple[ProvisioningToken, str]:
    """Give a token a new secret, which is told once; the one before opens nothing any more.

    Raises ProvisioningTokenNotFound, ProvisioningTokenRevoked.
    """
    token = await store.get_token_for_update(tx, by.institution_id, token_id)
    secret = token.issue(tx.now)
    await store.save_token(tx, token)
    return token, secret


async def revoke_provisioning_token(tx: Transaction, token_id: UUID, by: Member) -> ProvisioningToken:
    """Let a token open nothing any more. Raises ProvisioningTokenNotFound."""
    token = await store.get_token_for_update(tx, by.institution_id, token_id)
    token.revoke(tx.now)
    await store.save_token(tx, token)
    return token


async def get_provisioning_token(tx: Transaction, institution_id: UUID, token_id: UUID) -> ProvisioningToken:
    """One token; raises ProvisioningTokenNotFound."""
    return await store.get_token(tx, institution_id, token_id)


async def list_provisioning_tokens(
    tx: Transaction, institution_id: UUID, after: UUID, limit: int
) -> list[ProvisioningToken]:
    """The tokens of an institution, revoked ones too."""
    return await store.list_tokens(tx, institution_id, after, limit)

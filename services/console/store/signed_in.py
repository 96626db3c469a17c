"""Sessions: looked up by the cookie's hash before any context exists, otherwise by their own person only."""

from datetime import datetime, timedelta
from uuid import UUID

from services.console.domain import Session
from shared.platform.database import Transaction
from shared.platform.members import Person


async def find_session(tx: Transaction, session_hash: bytes) -> Session | None:
    """The living session of a cookie, with its person's roles of this moment."""
    row = await tx.find(
        """
        SELECT institution_id, person_id, roles, sealed_token, token_obtained_at, token_ends_at
        FROM find_session($1)
        """,
        session_hash,
    )
    if row is None:
        return None
    return Session(
        session_hash,
        Person(row["person_id"], row["institution_id"], frozenset(row["roles"])),
        row["sealed_token"],
        row["token_obtained_at"],
        row["token_ends_at"],
    )


async def add_session(tx: Transaction, session: Session, lasts: timedelta) -> None:
    """A new session that ends at the latest after `lasts`."""
    await tx.execute(
        """
        INSERT INTO sessions
            (institution_id, session_hash, person_id, sealed_token, token_obtained_at, token_ends_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7)
        """,
        session.person.institution_id,
        session.session_hash,
        session.person.person_id,
        session.sealed_token,
        session.token_obtained_at,
        session.token_ends_at,
        lasts,
    )


async def touch_session(tx: Transaction, institution_id: UUID, session_hash: bytes) -> None:
    """Note that a session is used, at most once a minute."""
    await tx.execute(
        """
        UPDATE sessions SET seen_at = clock_timestamp()
        WHERE institution_id = $1 AND session_hash = $2 AND seen_at < clock_timestamp() - interval '1 minute'
        """,
        institution_id,
        session_hash,
    )


async def save_token(tx: Transaction, session: Session) -> None:
    """The renewed token of a session."""
    await tx.execute(
        """
        UPDATE sessions SET sealed_token = $3, token_obtained_at = $4, token_ends_at = $5
        WHERE institution_id = $1 AND session_hash = $2
        """,
        session.person.institution_id,
        session.session_hash,
        session.sealed_token,
        session.token_obtained_at,
        session.token_ends_at,
    )


async def remove_session(tx: Transaction, institution_id: UUID, session_hash: bytes) -> None:
    """Sign out."""
    await tx.execute(
        "DELETE FROM sessions WHERE institution_id = $1 AND session_hash = $2", institution_id, session_hash
    )


async def remove_ended_sessions(tx: Transaction) -> None:
    """Forget the sessions that nobody can use any more."""
    await tx.execute("DELETE FROM sessions WHERE ends_at < clock_timestamp()")


async def list_own_sessions(tx: Transaction) -> list[dict[str, datetime]]:
    """When the person of the context signed in, was last seen and is signed out; the wall hides everybody else's."""
    rows = await tx.fetch("SELECT created_at, seen_at, ends_at FROM sessions ORDER BY created_at")
    return [dict(row) for row in rows]


async def delete_sessions_of(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Somebody is erased: the tokens that their sessions hold under seal name them."""
    await tx.execute("DELETE FROM sessions WHERE institution_id = $1 AND person_id = $2", institution_id, person_id)

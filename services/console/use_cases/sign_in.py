"""Sessions: begun for people the directory knows, found by a hash, ended by their person or by time."""

from datetime import timedelta
from typing import Final

from services.console.domain import Session
from services.console.domain.refusals import UnknownHere
from services.console.store import signed_in
from shared.platform.database import Transaction
from shared.platform.members import Person, find_member

LASTS: Final = timedelta(hours=10)
"""The longest session; it ends sooner after two hours without use."""


async def find_person(tx: Transaction, sign_in_key: str) -> Person:
    """Who signs in with this key; raises UnknownHere for strangers and for people who left."""
    person = await find_member(tx, sign_in_key)
    if person is None:
        raise UnknownHere
    return person


async def begin_session(tx: Transaction, session: Session) -> None:
    """Let a browser in; `tx` must carry the person's own context."""
    await signed_in.add_session(tx, session, LASTS)


async def find_session(tx: Transaction, session_hash: bytes) -> Session | None:
    """The session behind a cookie, while it lives."""
    return await signed_in.find_session(tx, session_hash)


async def touch_session(tx: Transaction, session: Session) -> None:
    """Note that somebody used the page."""
    await signed_in.touch_session(tx, session.person.institution_id, session.session_hash)


async def keep_token(tx: Transaction, session: Session) -> None:
    """Keep the token that took the place of an older one."""
    await signed_in.save_token(tx, session)


async def end_session(tx: Transaction, session: Session) -> None:
    """Sign out: the cookie opens nothing any more, and the token is gone."""
    await signed_in.remove_session(tx, session.person.institution_id, session.session_hash)


async def forget_ended_sessions(tx: Transaction) -> None:
    """Forget what nobody can use any more; for the worker, whom no context binds."""
    await signed_in.remove_ended_sessions(tx)

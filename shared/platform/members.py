"""Who may sign in to a service and as what, learned from the directory; it holds no name and no address."""

import hashlib
import hmac
from typing import Final, Literal, LiteralString
from uuid import UUID

from shared.contracts.directory import (
    PersonErased,
    PersonJoined,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    RoleAssigned,
    RoleRemoved,
)
from shared.platform.clock import NOW_SQL, ClockKind
from shared.platform.consumer.handlers import EventConsumer
from shared.platform.database import Opening, Row, Transaction
from shared.platform.person import Person

__all__ = ["Person", "Status", "admission", "admitted", "find_member", "listener", "sign_in_key"]

Status = Literal["here", "on_leave", "left", "erased"]

# One round trip: who it is, whose rows are visible (nobody's to a stranger), how long a lock is waited for, that a
# look-up changes nothing, and what time it is.
_MEMBER: Final = """
    SELECT person_id, institution_id, roles,
           set_config('osler.institution_id', coalesce(institution_id::text, ''), true),
           set_config('osler.person_id', coalesce(person_id::text, ''), true),
           set_config('lock_timeout', '2s', true), set_config('transaction_read_only', $2, true),
"""
_FOUND: Final = " AS now FROM (SELECT) always LEFT JOIN find_member($1) ON true"
_ADMIT: Final[dict[ClockKind, LiteralString]] = {
    "real": _MEMBER + NOW_SQL["real"] + _FOUND,
    "stepped": _MEMBER + NOW_SQL["stepped"] + _FOUND,
}


def sign_in_key(secret: str, scoped_subject: str) -> str:
    """The keyed hash by which services recognize a token's subject, `<external id>@<institution's mail domain>`.

    HMAC-SHA256, first 128 bits, in hex. Only who holds the secret can tell whose it is.
    """
    return hmac.new(secret.encode(), scoped_subject.casefold().encode(), hashlib.sha256).hexdigest()[:32]


async def find_member(tx: Transaction, key: str) -> Person | None:
    """Who signs in with this key; None for strangers, and for people who left or were erased.

    None also while two hold one key: somebody came back after an erasure of which this service has not heard yet.
    """
    return _person(await tx.find("SELECT person_id, institution_id, roles FROM find_member($1)", key))


def admission(key: str, *, read_only: bool) -> Opening:
    """Opens a transaction that sees what is theirs who sign in with this key, and changes nothing if `read_only`."""
    return Opening(_ADMIT, (key, "on" if read_only else "off"))


def admitted(tx: Transaction) -> Person | None:
    """Who an `admission` let in, by the rules of `find_member`; where it is nobody, the transaction must end."""
    return _person(tx.opened)


def _person(row: Row | None) -> Person | None:
    if row is None or row["person_id"] is None:
        return None
    return Person(row["person_id"], row["institution_id"], frozenset(row["roles"]))


def listener() -> EventConsumer:  # noqa: C901 - a list of seven small handlers, not a branching
    """The handlers that keep `members` true; a service includes them in its own consumer."""
    events = EventConsumer("members")

    @events.on(PersonJoined)
    async def on_person_joined(tx: Transaction, event: PersonJoined) -> None:
        """A person may sign in."""
        tx.later(
            "INSERT INTO members (person_id, institution_id, sign_in_key, status) VALUES ($1, $2, $3, 'here')",
            event.person_id,
            event.institution_id,
            event.sign_in_key,
        )

    async def set_status(tx: Transaction, person_id: UUID, status: Status) -> None:
        await tx.execute("UPDATE members SET status = $2 WHERE person_id = $1", person_id, status)

    @events.on(PersonWentOnLeave)
    async def on_person_went_on_leave(tx: Transaction, event: PersonWentOnLeave) -> None:
        """Who is on leave may still sign in."""
        await set_status(tx, event.person_id, "on_leave")

    @events.on(PersonReturned)
    async def on_person_returned(tx: Transaction, event: PersonReturned) -> None:
        """Back, or back again after having left."""
        await set_status(tx, event.person_id, "here")

    @events.on(PersonLeft)
    async def on_person_left(tx: Transaction, event: PersonLeft) -> None:
        """Who left may not sign in."""
        await set_status(tx, event.person_id, "left")

    @events.on(RoleAssigned)
    async def on_role_assigned(tx: Transaction, event: RoleAssigned) -> None:
        """A role is held once, however often it is said."""
        await tx.execute(
            "UPDATE members SET roles = array_append(array_remove(roles, $2), $2) WHERE person_id = $1",
            event.person_id,
            event.role,
        )

    @events.on(RoleRemoved)
    async def on_role_removed(tx: Transaction, event: RoleRemoved) -> None:
        """The role opens nothing any more."""
        await tx.execute(
            "UPDATE members SET roles = array_remove(roles, $2) WHERE person_id = $1", event.person_id, event.role
        )

    @events.on(PersonErased)
    async def on_person_erased(tx: Transaction, event: PersonErased) -> None:
        """Nothing remains that the person's sign-in could be compared with; nor where their joining was passed over."""
        await tx.execute(
            """
            INSERT INTO members (person_id, institution_id, sign_in_key, status)
            VALUES ($1, $2, 'erased ' || $1::uuid, 'erased')
            ON CONFLICT (person_id) DO UPDATE
            SET status = EXCLUDED.status, roles = '{}', sign_in_key = EXCLUDED.sign_in_key
            """,
            event.person_id,
            event.institution_id,
        )
        # Answers that were kept for repeated requests may show what the person sent.
        await tx.execute("DELETE FROM idempotency_keys WHERE person_id = $1", event.person_id)

    return events

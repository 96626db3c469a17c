"""From waiting messages to what became of each: taken under a lease, looked at once more, settled once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifications import store
from services.notifications.domain import Cause, Delivery, Message, PersonStatus
from services.notifications.store import Position
from shared.contracts.contacts import ContactDetails, ContactRecorded
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.errors import OslerError
from shared.platform.members import Person
from shared.platform.seal import ContactsKey, open_sealed
from shared.platform.telemetry import logger

LEASE: Final = timedelta(minutes=2)
"""Real time; longer than the sender works on what it took at once."""
NO_CONTACT_YET: Final = timedelta(seconds=2)
"""Real time until the contacts' topic is expected to have said more."""

_EVERYTHING: Final = 1_000_000
"""More messages than a person can get."""

ANYTHING_WAITS: Final = store.ANYTHING_WAITS

_log = logger("deliveries")


@dataclass(frozen=True)
class Letter:
    """Everything that one mail needs; it is never stored and never logged."""

    message: Message
    cause: Cause
    to: ContactDetails
    other: ContactDetails | None
    """The other one of the two; None while unknown."""


async def take_letters(tx: Transaction, key: ContactsKey, owner: str, limit: int) -> list[Letter]:
    """Take waiting messages under a lease, and look once more whether each still holds; what does not is suppressed.

    A message to someone who cannot be reached yet waits on, until its life ends.
    """
    messages = await store.lease_messages(tx, owner, LEASE, limit)
    causes = await store.list_causes(tx, {message.cause_id for message in messages})
    others = {message.notification_id: causes[message.cause_id].other_than(message.person_id) for message in messages}
    people = {message.person_id for message in messages}
    statuses = await store.list_statuses(tx, people)
    contacts = await _open_contacts(tx, key, people | set(others.values()))
    letters: list[Letter] = []
    for message in messages:
        cause, to = causes[message.cause_id], contacts.get(message.person_id)
        reason = _stopped_by(message, cause, statuses.get(message.person_id), to, tx.now)
        if reason is not None:
            said = message.suppress(reason, tx.now)
            await store.save_message(tx, message)
            await outbox.publish(tx, said)
        elif pause := _pause(message, cause, to, tx.now):
            await store.postpone_message(tx, message.notification_id, pause)
        elif to is not None:
            letters.append(Letter(message, cause, to, contacts.get(others[message.notification_id])))
    return letters


async def mark_sent(tx: Transaction, notification_id: UUID) -> None:
    """The mail server took the message."""
    message = await store.find_message_for_update(tx, notification_id)
    if message is not None:  # else its lease had run out and another sender was faster
        said = message.send(tx.now)
        await store.save_message(tx, message)
        await outbox.publish(tx, said)


async def fail_message(tx: Transaction, notification_id: UUID, reason: str) -> None:
    """The message can never be sent; `reason` is a code."""
    message = await store.find_message_for_update(tx, notification_id)
    if message is not None:
        said = message.fail(reason, tx.now)
        await store.save_message(tx, message)
        await outbox.publish(tx, said)


async def postpone(tx: Transaction, pauses: dict[UUID, timedelta]) -> None:
    """These messages wait again, each for its pause of real time."""
    for notification_id, pause in sorted(pauses.items()):
        await store.postpone_message(tx, notification_id, pause)


async def free_leases(tx: Transaction, owner: str) -> None:
    """Give back what a process of this place held when it died."""
    await store.free_leases_of(tx, owner)


async def list_deliveries(tx: Transaction, reader: Person, after: Position, limit: int) -> list[Delivery]:
    """An administrator's institution's messages but others' private ones, anyone else's own; the newest first."""
    if "administrator" in reader.roles:
        return await store.list_deliveries_of_institution(tx, reader.institution_id, reader.person_id, after, limit)
    return await store.list_deliveries_to_person(tx, reader.person_id, after, limit)


def _stopped_by(
    message: Message, cause: Cause, status: PersonStatus | None, to: ContactDetails | None, now: datetime
) -> str | None:
    """Why it is not sent, also where its own hour has passed, which is known only of a person who can be reached."""
    reason = message.stopped_by(cause, status, now, can_be_reached=to is not None)
    return reason if reason is not None or to is None else message.missed(cause, to.time_zone, now)


def _pause(message: Message, cause: Cause, to: ContactDetails | None, now: datetime) -> timedelta | None:
    """For how long of real time it waits: for a way to reach the person, or until it is their own hour."""
    if to is None:
        return NO_CONTACT_YET
    due_at = message.own_time(cause, to.time_zone)
    return due_at - now if due_at is not None and now < due_at else None


async def gather_own(tx: Transaction, me: Person) -> list[Delivery]:
    """Every message to a person; an administrator's institution's left out."""
    return await store.list_deliveries_to_person(tx, me.person_id, None, _EVERYTHING)


async def _open_contacts(tx: Transaction, key: ContactsKey, people: Collection[UUID]) -> dict[UUID, ContactDetails]:
    opened: dict[UUID, ContactDetails] = {}
    for person_id, record in (await store.list_contacts(tx, people)).items():
        details = _open(key, record)
        if details is not None:
            opened[person_id] = details
    return opened


def _open(key: ContactsKey, record: ContactRecorded) -> ContactDetails | None:
    try:
        return open_sealed(key, record)
    except OslerError as error:  # another key or a broken seal: a later record, or the right key, may still come
        _log.error("contact_not_opened", person_id=str(record.person_id), reason=error.code())
        return None

"""A service's receipt for an erasure, said in the transaction that erased; refuses to say it twice, in any life."""

from uuid import UUID

from shared.contracts.contacts import ContactRecorded, contact_id
from shared.contracts.directory import PersonErased
from shared.contracts.erasure import ErasureReceipt, receipt_id
from shared.platform import outbox, past
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.inbox import lock, save
from shared.platform.database import Transaction


def listener(service: str, receipt: type[ErasureReceipt]) -> EventConsumer:
    """The handler that says `receipt`; a service includes it in its own consumer, beside what erases.

    All handlers of an event share a transaction: there is no receipt without the erasure, and none before it.
    """
    events = EventConsumer("receipts")

    @events.on(PersonErased)
    async def on_person_erased(tx: Transaction, event: PersonErased) -> None:
        """What was parked of the person's contact goes too, and then the directory is told."""
        await _forget_parked(tx, service, contact_id(event.person_id))
        said = receipt(
            version=1,
            occurred_at=tx.now,
            institution_ids=(event.institution_id,),
            receipt_id=receipt_id(event.person_id, service),
            person_id=event.person_id,
            institution_id=event.institution_id,
        )
        if not await past.take(tx, said.receipt_id, [receipt]):
            await outbox.publish(tx, said)

    return events


async def _forget_parked(tx: Transaction, consumer: str, aggregate_id: UUID) -> None:
    """Discard contact details that wait under seal; the tombstone behind them needs none of them to be applied."""
    waiting = await tx.find("SELECT FROM parked WHERE consumer = $1 AND aggregate_id = $2", consumer, aggregate_id)
    if waiting is None:
        return
    held = await lock(tx, consumer, [aggregate_id])  # whoever removes a parked row holds its aggregate's row
    gone = await tx.fetch(
        "DELETE FROM parked WHERE consumer = $1 AND aggregate_id = $2 AND type = $3 RETURNING version",
        consumer,
        aggregate_id,
        ContactRecorded.type,
    )
    applied = held[aggregate_id]
    applied.waiting -= len(gone)
    # As when a person discards them: what was passed over has no event id to compare with.
    passed = max((row["version"] for row in gone), default=0)
    if passed > applied.version:
        applied.version, applied.event_id = passed, None
    await save(tx, consumer, held)

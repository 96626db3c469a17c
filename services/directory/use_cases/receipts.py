"""What the other services say of an erasure: collected, shown, and missed after 72 hours."""

from datetime import datetime
from typing import ClassVar, LiteralString
from uuid import UUID

from services.directory.domain.receipts import RECEIPT_WITHIN, RECEIPTS, Erasure, ErasureNotFound, service_of
from services.directory.store import receipts as store
from shared.contracts.erasure import ErasureReceipt
from shared.platform import timers
from shared.platform.database import Transaction
from shared.platform.telemetry import logger

_log = logger("erasures")


class ErasureOverdue(timers.Timer):
    """72 hours have passed since an erasure; it fires however late, because what is missing is missing still."""

    kind: ClassVar[str] = "erasure_overdue"
    lock: ClassVar[LiteralString] = (
        "SELECT person_id FROM erasures WHERE person_id = ANY($1) ORDER BY person_id FOR UPDATE SKIP LOCKED"
    )


async def await_receipts(tx: Transaction, person_id: UUID) -> list[str]:
    """Wait for every service's receipt of an erasure that is made now; gives their names."""
    await timers.schedule(tx, ErasureOverdue(subject_id=person_id), tx.now + RECEIPT_WITHIN)
    return sorted(RECEIPTS)


async def take_receipt(tx: Transaction, receipt: ErasureReceipt) -> None:
    """A service has erased; with the last receipt nobody is alarmed any more."""
    place = receipt.institution_id, receipt.person_id
    known = await store.lock_erasure(tx, *place)
    await store.add_receipt(tx, *place, service_of(receipt), receipt.occurred_at)
    erasure = await store.find_erasure(tx, *place)
    if known and erasure is not None and not erasure.missing:
        await store.save_receipts_complete_at(tx, *place, tx.now)
        await timers.cancel(tx, ErasureOverdue, receipt.person_id)


async def alarm_of_missing_receipts(tx: Transaction, person_id: UUID) -> None:
    """Say in the log which services have not said that they are done with somebody."""
    erasure = await store.find_erasure_of_any_institution(tx, person_id)
    if erasure is not None and erasure.missing:
        _log.error("erasure_overdue", person_id=str(person_id), missing=erasure.missing)


async def count_overdue_erasures(tx: Transaction) -> int:
    """How many erasures have waited longer than 72 hours for a receipt."""
    return await store.count_overdue(tx, RECEIPT_WITHIN)


async def get_erasure(tx: Transaction, institution_id: UUID, person_id: UUID) -> Erasure:
    """How far somebody's erasure is; raises ErasureNotFound."""
    erasure = await store.find_erasure(tx, institution_id, person_id)
    if erasure is None:
        raise ErasureNotFound
    return erasure


async def list_erasures(
    tx: Transaction, institution_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Erasure]:
    """An institution's erasures, the latest that was asked for first."""
    return await store.list_erasures(tx, institution_id, after, limit)

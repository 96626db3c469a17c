"""How far an erasure is, by the receipts of the other services; refuses to call it complete while one is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from services.directory.domain.people import ErasureReason
from shared.contracts import console, feedback, meetings, notifications, pairing
from shared.contracts.erasure import ErasureReceipt
from shared.platform.errors import NotFound

RECEIPT_WITHIN: Final = timedelta(hours=72)
"""From an erasure until a receipt that is missing is an alarm."""

RECEIPTS: Final[Mapping[str, type[ErasureReceipt]]] = {
    "console": console.ErasureDone,
    "feedback": feedback.ErasureDone,
    "meetings": meetings.ErasureDone,
    "notifications": notifications.ErasureDone,
    "pairing": pairing.ErasureDone,
}
"""Every service that holds something of people, with what it says after it has deleted that."""

ErasureState = Literal["delayed", "under_way", "overdue", "complete"]


class ErasureNotFound(NotFound):
    """Nobody of your institution with this id was erased, or is to be."""


@dataclass(frozen=True)
class Erasure:
    """An erasure that was asked for: `erased_at` is None while a legal hold delays it.

    `receipts` tells for each service that is waited for when it had erased; `contacts_gone_at` when the log of contacts
    was seen without the person.
    """

    person_id: UUID
    reason: ErasureReason
    asked_by: UUID
    asked_at: datetime
    erased_at: datetime | None
    contacts_gone_at: datetime | None
    receipts: Mapping[str, datetime | None]

    @property
    def missing(self) -> list[str]:
        """The services that have not said that they are done, sorted."""
        return sorted(service for service, done_at in self.receipts.items() if done_at is None)

    @property
    def receipts_due_at(self) -> datetime | None:
        """When a missing receipt becomes an alarm."""
        return None if self.erased_at is None else self.erased_at + RECEIPT_WITHIN

    def state(self, now: datetime) -> ErasureState:
        """How far it is; judged by the time, so that it is overdue at its instant even where no timer has fired."""
        due_at = self.receipts_due_at
        if due_at is None:
            return "delayed"
        if self.missing:
            return "overdue" if now >= due_at else "under_way"
        return "under_way" if self.contacts_gone_at is None else "complete"


def service_of(receipt: ErasureReceipt) -> str:
    """Which service says a receipt."""
    return next(service for service, kind in RECEIPTS.items() if isinstance(receipt, kind))

"""Notifications over HTTP: what became of each message; refuses to show what a mail said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.notifications import use_cases
from services.notifications.domain import Category, Delivery, State
from shared.platform.http import Listing, Me, Now, Page, Routes, Tx

routes = Routes("notifications")


class NotificationView(BaseModel):
    """A message: to whom, of which category, and what became of it; `reason` is a code where it was not sent."""

    notification_id: UUID
    person_id: UUID
    category: Category
    channel: Literal["mail"]
    caused_at: AwareDatetime
    state: State
    reason: str | None
    decided_at: AwareDatetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """The message as its person and administrators of the institution see it."""
        return cls(
            notification_id=delivery.notification_id,
            person_id=delivery.person_id,
            category=delivery.category,
            channel=delivery.channel,
            caused_at=delivery.caused_at,
            state=delivery.state,
            reason=delivery.reason,
            decided_at=delivery.decided_at,
        )


class ExportView(BaseModel):
    """Every message to you, the newest first."""

    as_of: AwareDatetime
    notifications: Sequence[NotificationView]


@routes.get("/notifications")
async def list_notifications(page: Page, me: Me, tx: Tx) -> Listing[NotificationView]:
    """Your messages, or for an administrator the institution's, the newest first, each with what became of it."""
    deliveries = await use_cases.list_deliveries(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(deliveries, lambda delivery: (delivery.caused_at, delivery.notification_id))
    return Listing(items=[NotificationView.of(delivery) for delivery in listing.items], next=listing.next)


@routes.get("/me/export")
async def export_me(me: Me, tx: Tx, now: Now) -> ExportView:
    """Everything of you that notifications keeps and can read: that each message went, or why not."""
    deliveries = await use_cases.gather_own(tx, me)
    return ExportView(as_of=now, notifications=[NotificationView.of(delivery) for delivery in deliveries])

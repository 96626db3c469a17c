"""Notifications over HTTP: what became of each message; refuses to show what a mail said."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.notifications import use_cases
from services.notifications.domain import Category, Delivery, State
from shared.platform.http import Listing, Me, Page, Routes, Tx

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


@routes.get("/notifications")
async def list_notifications(page: Page, me: Me, tx: Tx) -> Listing[NotificationView]:
    """Your messages, or for an administrator the institution's, the newest first, each with what became of it."""
    deliveries = await use_cases.list_deliveries(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(deliveries, lambda delivery: (delivery.caused_at, delivery.notification_id))
    return Listing(items=[NotificationView.of(delivery) for delivery in listing.items], next=listing.next)

"""Who administers some institutions at the time of an event; refuses to tell others of it in another life."""

from collections.abc import Collection
from uuid import UUID

from services.notifications import store
from services.notifications.domain import START_UP, Category, message_id
from services.notifications.use_cases.causes import get_beginning
from shared.contracts.event import Event
from shared.platform.database import Transaction


async def list_administrators_then(
    tx: Transaction, category: Category, event: Event, institution_ids: Collection[UUID]
) -> list[tuple[UUID, UUID]]:
    """Whom a mail of this category about this event goes to, each with their institution.

    Who administered then is not known in another life: whoever was told has their message again, and nobody else.
    """
    said = await store.list_past_recipients(tx, category)
    told = [(one, house) for one, house, told in said if message_id(event.event_id, category, one) == told]
    if told or event.occurred_at < await get_beginning(tx) - START_UP:
        return told
    return await store.list_administrators(tx, institution_ids)

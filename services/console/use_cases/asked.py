"""Whom mentees ask and who waits for an answer, as events told it; and who somebody is, for whoever may know."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.console.domain import Who
from services.console.store import asked, heard
from services.console.store.asked import Ask, Closed
from shared.contracts.pairing import ChoiceEvent, RequestSent
from shared.platform.database import Transaction
from shared.platform.members import Person

__all__ = [
    "Ask",
    "ask_mentor",
    "close_choice",
    "list_asks",
    "list_known",
]


async def ask_mentor(tx: Transaction, event: RequestSent) -> None:
    """A mentee's request waits for a mentor."""
    asked.add_choice(tx, event)
    heard.bump_revisions(tx, event.institution_ids, event.topic)


async def close_choice(tx: Transaction, event: ChoiceEvent, state: Closed) -> None:
    """A mentor answered, or is asked no more."""
    asked.close_choice(tx, event.choice_id, state)
    heard.bump_revisions(tx, event.institution_ids, event.topic)


async def list_asks(tx: Transaction, person: Person) -> tuple[tuple[Ask, ...], Mapping[UUID, Who]]:
    """What waits for a person's answer and what of theirs waits for another's, with who these people are."""
    asks = await asked.list_asks(tx, person.person_id)
    people = {person_id for ask in asks for person_id in (ask.mentor_id, ask.mentee_id)}
    return asks, await asked.list_known(tx, sorted(people)) if people else {}


async def list_known(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, Who]:
    """Those of these people whom the viewer may know: their own institution's, shared mentors, and who asks whom."""
    return await asked.list_known(tx, person_ids)

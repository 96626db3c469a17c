"""From a request's turns to mails for the mentee: why a mentor was passed over, and that nobody is left."""

from dataclasses import replace
from uuid import uuid5

from services.notifications import store
from services.notifications.domain import LIFE, Cause
from services.notifications.use_cases.causes import close_cause, of_two, write
from shared.contracts.pairing import RequestAccepted, RequestExhausted, RequestPassedOver, RequestWithdrawn
from shared.platform.database import Transaction


async def pass_over(tx: Transaction, event: RequestPassedOver) -> None:
    """The mentor is asked no more, or never was; the mentee hears why, and that the next is asked."""
    await close_cause(tx, event.choice_id)
    cause = of_two(event, uuid5(event.choice_id, "passed_over"), "passed_over", "open")
    cause = replace(cause, reason=event.reason, part_of=event.request_id)
    await store.add_cause(tx, cause)
    await write(tx, cause, event.mentee_id, "request_passed_over", event, ends_at=event.occurred_at + LIFE)


async def exhaust_request(tx: Transaction, event: RequestExhausted) -> None:
    """The mentee hears that nobody is left to ask; what waits about single mentors says no more than that."""
    await store.save_parts_over(tx, event.request_id)
    cause = Cause.of_one(event.request_id, "request", event.mentee_id, event.mentee_institution_id)
    await store.add_cause(tx, cause)
    await write(tx, cause, event.mentee_id, "request_exhausted", event, ends_at=event.occurred_at + LIFE)


async def close_request(tx: Transaction, event: RequestAccepted | RequestWithdrawn) -> None:
    """The request is over: the mentor is asked no more, and the mentee waits for nobody."""
    await close_cause(tx, event.choice_id)
    await store.save_parts_over(tx, event.request_id)

"""What follows every step of a request: the next mentor is asked at once; refuses to leave an open one without."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import ClassVar, Final, LiteralString, TypeVar
from uuid import UUID

from services.pairing import store
from services.pairing.domain import ConflictOfInterest, NotAccepting, Request, Who
from services.pairing.use_cases.offers import is_conflicted, why_not
from shared.contracts.pairing import ChoiceEvent, RequestEvent
from shared.platform import outbox, timers
from shared.platform.database import Transaction
from shared.platform.timers import Timer

T = TypeVar("T")
BY_CLOCK: Final = frozenset[Who]({"clock"})
BY_DIRECTORY: Final = frozenset[Who]({"directory"})
BY_MENTEE: Final = frozenset[Who]({"mentee"})
BY_MENTOR: Final = frozenset[Who]({"mentor"})
_TAKEN_BACK: Final = frozenset({"no_agreement", "agreement_ending"})


class ChoiceLapses(Timer):
    """72 hours after a mentor was asked; it fires however late, since no answer is taken after them."""

    kind: ClassVar[str] = "choice_lapses"
    lock: ClassVar[LiteralString] = (
        "SELECT request_id FROM requests WHERE request_id = ANY($1) ORDER BY request_id FOR UPDATE SKIP LOCKED"
    )


@asynccontextmanager
async def standing_in(tx: Transaction, institution_id: UUID) -> AsyncGenerator[None]:
    """See what the mentee's institution sees, as long as its request is moved.

    Whom it asks next is behind the wall of whose mentor said no, and of time, which belongs to nobody.
    """
    before = await store.see_as(tx, institution_id)
    yield
    await store.see_as(tx, before)


async def get_at_home(
    tx: Transaction,
    homes: Mapping[UUID, UUID],
    get: Callable[[Transaction, Sequence[UUID]], Awaitable[dict[UUID, T]]],
) -> dict[UUID, T]:
    """What has these ids, each seen as the institution beside it; read at once from each institution."""
    found: dict[UUID, T] = {}
    for home_id in sorted(set(homes.values())):
        async with standing_in(tx, home_id):
            found |= await get(tx, [id_ for id_, its_home_id in homes.items() if its_home_id == home_id])
    return found


async def move_on(
    tx: Transaction, request: Request, said: Sequence[RequestEvent], by: frozenset[Who], now: datetime
) -> None:
    """Ask the next mentor who is possible, and pass over those who are not; `said` is what made room for it."""
    events = list(said)
    while request.state == "open" and request.asked is None:
        choice = request.following
        refusal = None if choice is None else await why_not(tx, request, choice, now)
        events.append(request.go_on(refusal, by, now))
    await tell(tx, request, events)


async def tell(tx: Transaction, request: Request, said: Sequence[RequestEvent]) -> None:
    """Store what happened to a request that this transaction locked, publish it, and set its timer."""
    await store.save_request(tx, request)
    moved = {event.choice_id for event in said if isinstance(event, ChoiceEvent)}
    for choice in request.choices:  # by rank: the database takes no two that are asked at one time
        if choice.choice_id in moved:
            await store.save_choice(tx, choice)
    for event in said:
        await outbox.publish(tx, event)
    asked = request.asked
    if asked is not None and asked.answer_by is not None:
        await timers.schedule(tx, ChoiceLapses(subject_id=request.request_id), asked.answer_by)
    else:
        await timers.cancel(tx, ChoiceLapses, request.request_id)


async def take_mentor_away(
    tx: Transaction, requests: Sequence[Request], mentor_id: UUID, now: datetime, by: frozenset[Who] = BY_DIRECTORY
) -> None:
    """A mentor takes nobody any more: those of these requests that ask them go on to the next one."""
    for request in requests:
        asked = request.asked
        if asked is not None and asked.mentor_id == mentor_id:
            async with standing_in(tx, request.institution_id):
                said = request.pass_over(asked, NotAccepting.code(), by, now)
                await move_on(tx, request, [said], by, now)


async def pass_over_conflicted(tx: Transaction, requests: Sequence[Request], now: datetime) -> None:
    """What makes a conflict of interest changed: those of these requests that ask a mentor who has one go on."""
    for request in requests:
        asked = request.asked
        if asked is not None and await is_conflicted(tx, asked.mentor_id, request.mentee_id):
            async with standing_in(tx, request.institution_id):
                said = request.pass_over(asked, ConflictOfInterest.code(), BY_DIRECTORY, now)
                await move_on(tx, request, [said], BY_DIRECTORY, now)


async def withdraw_of(
    tx: Transaction, requests: Sequence[Request], mentee_id: UUID, reason: str, now: datetime
) -> None:
    """A mentee is gone: their request among these is over, and `reason` says why."""
    for request in requests:
        if request.mentee_id == mentee_id:
            await tell(tx, request, [request.withdraw(BY_DIRECTORY, reason, now)])


async def review_lending(tx: Transaction, lender_id: UUID, borrower_id: UUID, now: datetime) -> None:
    """An agreement is ending or over: requests that ask a mentor whom none in force lends go on to the next one."""
    for request in await store.list_open_requests_between_for_update(tx, lender_id, borrower_id):
        asked = request.asked
        if asked is None or asked.mentor_institution_id != lender_id:
            continue
        async with standing_in(tx, request.institution_id):
            refusal = await why_not(tx, request, asked, now)
            if refusal in _TAKEN_BACK:
                said = request.pass_over(asked, refusal, BY_DIRECTORY, now)
                await move_on(tx, request, [said], BY_DIRECTORY, now)

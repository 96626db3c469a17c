"""Events that wait, by HTTP: what each service answers to whoever operates it; never what an event says."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from shared.platform.consumer import operators
from shared.platform.consumer.operators import AnotherHead, Decision, NotAGap, NothingParked
from shared.platform.database import Transaction
from shared.platform.http.context import Me, Tx
from shared.platform.http.forms import Form, Line
from shared.platform.http.problem import problems
from shared.platform.http.routes import Routes
from shared.platform.person import Person

_MOST: Final = 1000  # a consumer stops reading before more of its aggregates wait

Act = Callable[[Transaction, str, UUID, int, Decision], Awaitable[None]]
Consumer = Annotated[Line | None, Query(description="The consumer's name, where it is not the service's.")]


class DecisionForm(Form):
    """Which event is meant, and why."""

    version: Annotated[int, Field(ge=1, lt=2**63, description="The lowest waiting version, as it was shown.")]
    reason: Line


class GapsForm(Form):
    """Whose gaps are meant, and why."""

    topic: Line
    reason: Line


class WaitingAggregate(BaseModel):
    """An aggregate with waiting events, and the lowest of them."""

    consumer: str
    aggregate_id: UUID
    version: int
    type: str
    reason: str
    attempts: int
    parked_at: datetime
    next_try_at: datetime | None
    waiting: int


class UnreadRecord(BaseModel):
    """A record that nobody could read, by its place in the log."""

    consumer: str
    topic: str
    partition: int
    offset: int
    reason: str
    parked_at: datetime


class WaitingTimer(BaseModel):
    """A timer whose effect failed."""

    kind: str
    subject_id: UUID
    due_at: datetime
    attempts: int
    reason: str | None
    next_try_at: datetime | None


class WaitingView(BaseModel):
    """What waits: the first 1,000 of `count`."""

    items: Sequence[WaitingAggregate | UnreadRecord | WaitingTimer]
    count: int


class WaitingEvent(BaseModel):
    """An event that waits: its place in the log and its size in bytes."""

    version: int
    event_id: UUID
    type: str
    topic: str
    partition: int
    offset: int
    reason: str
    attempts: int
    parked_at: datetime
    next_try_at: datetime | None
    bytes: int | None


class AggregateView(BaseModel):
    """An aggregate's waiting events, lowest version first."""

    items: Sequence[WaitingEvent]


class GapsView(BaseModel):
    """How many gaps were accepted."""

    accepted: int


def make_routes(service: str) -> Routes:
    """What every service with a consumer answers about what waits in it."""
    routes = Routes(service, login="worker")  # what waits is of all institutions, so the app login cannot see it
    _declare_look_ups(routes)
    _declare_decisions(routes)
    return routes


def _declare_look_ups(routes: Routes) -> None:
    @routes.get("/parked")
    async def list_parked(tx: Tx, consumer: Consumer = None) -> WaitingView:
        """See what waits, why and since when: aggregates, records that nobody could read, timers that failed."""
        rows = await operators.list_parked(tx, consumer)
        return WaitingView.model_validate({"items": rows[:_MOST], "count": len(rows)})

    @routes.get("/parked/{aggregate_id}", responses=problems(NothingParked))
    async def show_parked(aggregate_id: UUID, tx: Tx, consumer: Consumer = None) -> AggregateView:
        """See an aggregate's waiting events in order; never what they say."""
        rows = await operators.show_parked(tx, consumer or routes.service, aggregate_id)
        return AggregateView.model_validate({"items": rows})


def _declare_decisions(routes: Routes) -> None:
    async def decide(act: Act, tx: Transaction, by: Person, form: DecisionForm, where: tuple[UUID, str | None]) -> None:
        aggregate_id, consumer = where
        decision = Decision(str(by.person_id), form.reason)
        await act(tx, consumer or routes.service, aggregate_id, form.version, decision)

    @routes.post("/parked/{aggregate_id}/retry", status_code=204, responses=problems(NothingParked, AnotherHead))
    async def retry_parked(aggregate_id: UUID, form: DecisionForm, me: Me, tx: Tx, consumer: Consumer = None) -> None:
        """Let the lowest waiting event be tried at once."""
        await decide(operators.retry, tx, me, form, (aggregate_id, consumer))

    @routes.post("/parked/{aggregate_id}/discard", status_code=204, responses=problems(NothingParked, AnotherHead))
    async def discard_parked(aggregate_id: UUID, form: DecisionForm, me: Me, tx: Tx, consumer: Consumer = None) -> None:
        """Drop the lowest waiting event for good, and go on behind it."""
        await decide(operators.discard, tx, me, form, (aggregate_id, consumer))

    @routes.post(
        "/parked/{aggregate_id}/accept", status_code=204, responses=problems(NothingParked, NotAGap, AnotherHead)
    )
    async def accept_gap(aggregate_id: UUID, form: DecisionForm, me: Me, tx: Tx, consumer: Consumer = None) -> None:
        """Go on without the versions that are missing before the lowest waiting event."""
        await decide(operators.accept, tx, me, form, (aggregate_id, consumer))

    @routes.post("/parked/accept-gaps")
    async def accept_gaps(form: GapsForm, me: Me, tx: Tx, consumer: Consumer = None) -> GapsView:
        """Go on without missing versions in every aggregate of a topic."""
        decision = Decision(str(me.person_id), form.reason)
        accepted = await operators.accept_topic(tx, consumer or routes.service, form.topic, decision)
        return GapsView(accepted=accepted)

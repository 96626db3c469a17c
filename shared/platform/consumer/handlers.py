"""What a service listens to, as data; it connects to nothing, so a test can ask it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.contracts.event import Event
from shared.platform.database import Transaction

E = TypeVar("E", bound=Event)
One = Callable[[Transaction, E], Awaitable[None]]
Many = Callable[[Transaction, Sequence[E]], Awaitable[None]]


@dataclass(frozen=True)
class Handler:
    """One function that hears one type of event, singly or as a list in arrival order."""

    event: type[Event]
    function: Callable[..., Awaitable[None]]
    takes_many: bool


class EventConsumer:
    """The events that a consumer hears. Each handler calls one use case with the `tx` it was given.

    `name` is the service's unless a handler needs the past; then a new name, which starts at the first event.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._handlers: dict[str, list[Handler]] = defaultdict(list)

    def on(self, event: type[E]) -> Callable[[One[E]], One[E]]:
        """Hear one type of event, one at a time."""

        def register(function: One[E]) -> One[E]:
            self._handlers[event.type].append(Handler(event, function, takes_many=False))
            return function

        return register

    def on_many(self, event: type[E]) -> Callable[[Many[E]], Many[E]]:
        """Hear one type of event as a list, for set-based SQL; no predecessor of one in the list is still to come."""

        def register(function: Many[E]) -> Many[E]:
            self._handlers[event.type].append(Handler(event, function, takes_many=True))
            return function

        return register

    def include(self, other: "EventConsumer") -> None:
        """Hear what another one hears too, before what is registered after this call."""
        for handlers in other._handlers.values():  # noqa: SLF001 - of its own class
            for handler in handlers:
                self._handlers[handler.event.type].append(handler)

    @property
    def heard(self) -> dict[str, type[Event]]:
        """Every type that has a handler, by its name on the wire."""
        return {name: handlers[0].event for name, handlers in sorted(self._handlers.items())}

    @property
    def topics(self) -> list[str]:
        """The topics to subscribe to, sorted."""
        return sorted({event.topic for event in self.heard.values()})

    def handlers_of(self, wire_type: str) -> list[Handler]:
        """The handlers of one type, in order of registration; empty where nobody listens."""
        return self._handlers.get(wire_type, [])

    async def apply(self, tx: Transaction, events: Sequence[Any]) -> None:
        """Call the handlers of a run of events of one type, then send what they collected."""
        for handler in self.handlers_of(events[0].type):
            if handler.takes_many:
                tx.begin_handler()
                await handler.function(tx, events)
            else:
                for event in events:
                    tx.begin_handler()
                    await handler.function(tx, event)
        await tx.flush()

    async def deliver(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Hand events straight to their handlers, without inbox or Kafka: for unit tests."""
        for event in events:
            await self.apply(tx, [event])

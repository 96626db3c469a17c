"""Kafka records into events: what is not addressed to an aggregate is kept as bytes, and nothing raises past here."""

import json
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from shared.contracts import topics
from shared.contracts.event import Event
from shared.platform.errors import Refused
from shared.platform.fetching import AS_BYTES

Record = ConsumerRecord
_SAMPLED: Final = tuple("13579bdf")
"""Ends of a traceparent with the sampled bit, whatever other flags say: random ids make `-03` (W3C Trace Context 2)."""


class UnreadableEvent(Refused):
    """The record's body is not the event that its headers announce."""


class ForeignType(Refused):
    """The record's type is not one that this topic's publisher may say."""


class Incoming(NamedTuple):
    """A record whose aggregate and version can be read; its body has not been looked at."""

    aggregate_id: UUID
    version: int
    event_id: UUID
    kind: str
    """The type on the wire."""
    traceparent: str
    record: Record

    @property
    def is_sampled(self) -> bool:
        """Whether its writer's trace is kept, so that what it causes here belongs into it."""
        return self.traceparent.endswith(_SAMPLED)

    @property
    def holds_state(self) -> bool:
        """Whether it comes from a topic of states, where the highest version counts and a missing one is no gap."""
        return topics.catalogue().topics[self.record.topic].holds_states

    def decode(self, event: type[Event]) -> Event:
        """The event itself; raises UnreadableEvent, ForeignType."""
        if self.record.value is None:
            return self._tombstone(event)
        try:
            decoded = event.model_validate_json(self.record.value)
        except ValidationError as error:
            raise UnreadableEvent from error
        if decoded.aggregate_id != self.aggregate_id or decoded.version != self.version:
            raise UnreadableEvent
        return decoded

    def check_type(self) -> None:
        """Raise ForeignType unless the topic's own publisher may say this type, known to us or not."""
        if not self.kind.startswith(f"{self.record.topic}."):
            raise ForeignType

    def _tombstone(self, event: type[Event]) -> Event:
        if not self.holds_state:
            raise UnreadableEvent
        headers = _headers(self.record)
        try:
            return event.model_validate(
                {
                    event.aggregate: self.aggregate_id,
                    "version": self.version,
                    "occurred_at": headers.get("ce_time", b"").decode(),
                    "institution_ids": [
                        word for word in headers.get("ce_institutions", b"").decode().split(",") if word
                    ],
                }
            )
        except (ValidationError, UnicodeDecodeError) as error:
            raise UnreadableEvent from error


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that names no aggregate or version; it is kept by its place in the log."""

    reason: str
    record: Record


def read(record: Record) -> Incoming | Unreadable:
    """Read the headers of one record, whatever they hold."""
    headers = _headers(record)
    try:
        aggregate_id = UUID(_text(headers, "ce_subject"))
        version = int(_text(headers, "ce_sequence"))
        event_id = UUID(_text(headers, "ce_id"))
    except (UnicodeDecodeError, ValueError, KeyError) as error:
        is_missing = isinstance(error, KeyError) and AS_BYTES not in headers
        return Unreadable("missing_header" if is_missing else "unreadable_header", record)
    if not 0 < version < 2**63:
        return Unreadable("unreadable_header", record)
    return Incoming(aggregate_id, version, event_id, _kind(headers), _traceparent(headers), record)


def traceparent(record: Record) -> str:
    """The W3C trace context that the event's writer stored; empty where it had none."""
    return _traceparent(_headers(record))


def _traceparent(headers: dict[str, Any]) -> str:
    return (headers.get("traceparent") or b"").decode("ascii", "replace")


def dump_headers(record: Record) -> str:
    """Headers as JSON: [name, value in hex or null] in order, so that nothing of them is lost."""
    return json.dumps([[name, None if value is None else value.hex()] for name, value in record.headers])


def load_headers(dumped: str) -> tuple[tuple[str, bytes | None], ...]:
    """What `dump_headers` kept."""
    return tuple((name, None if value is None else bytes.fromhex(value)) for name, value in json.loads(dumped))


def _kind(headers: dict[str, Any]) -> str:
    # PostgreSQL's text takes no NUL; a type that holds one is nobody's, whatever it is shown as.
    return (headers.get("ce_type") or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")


def _headers(record: Record) -> dict[str, Any]:
    return dict(record.headers)


def _text(headers: dict[str, Any], name: str) -> str:
    value = headers[name]
    if not value:
        raise KeyError(name)
    return value.decode()

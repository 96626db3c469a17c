"""What the topics say, read by a stock client from offset 0; of each aggregate's events every version counts once."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from deploy.local.kafka import SILENT
from deploy.local.problems import LocalProblem
from shared.contracts.topics import catalogue

_SECONDS: Final = 20.0
_PATIENCE_SECONDS: Final = 0.1
_AT_ONCE: Final = 500


class TopicsUnreadable(LocalProblem):
    """The topics could not be read to their ends."""


@dataclass(frozen=True)
class Heard:
    """One event as its headers and body tell it."""

    kind: str
    sequence: int
    body: Mapping[str, Any]


Aggregates = Mapping[str, list[Heard]]
"""Each aggregate's events in order of their versions, by its id."""


def read_all(settings: Mapping[str, str | int | float | bool]) -> tuple[Aggregates, int]:
    """Every topic but the contacts, whose bodies are sealed; and how many records came more than once."""
    consumer = Consumer({**settings, "group.id": "osler-demo", "enable.auto.commit": False}, logger=SILENT)
    try:
        return by_aggregate(_records(consumer))
    finally:
        consumer.close()


def _records(consumer: Consumer) -> list[Message]:
    places = [
        TopicPartition(topic.name, number, OFFSET_BEGINNING)
        for topic in catalogue().topics.values()
        if not topic.holds_states
        for number in range(topic.partitions)
    ]
    ends = {
        (place.topic, place.partition): consumer.get_watermark_offsets(place, timeout=_SECONDS)[1] for place in places
    }
    expected = sum(ends.values())
    consumer.assign(places)
    records: list[Message] = []
    end = monotonic() + _SECONDS
    while len(records) < expected:
        batch = consumer.consume(_AT_ONCE, timeout=_PATIENCE_SECONDS)  # it waits that long for a last, smaller batch
        if not batch and monotonic() > end:
            raise TopicsUnreadable(
                f"Kafka gave {len(records)} of {expected} records, and then none for {_SECONDS:.0f} s."
            )
        for record in batch:
            if error := record.error():
                raise TopicsUnreadable(f"Kafka does not give a record of {record.topic()}: {error.str()}")
        records += batch
    return records


def by_aggregate(records: Sequence[Message]) -> tuple[Aggregates, int]:
    """The events of each aggregate, every version once; and how many records were a version again."""
    found: dict[str, dict[int, Heard]] = defaultdict(dict)
    for record in records:
        headers = dict(record.headers() or ())
        sequence = int(headers["ce_sequence"])
        event = Heard(headers["ce_type"].decode(), sequence, json.loads(record.value() or b"{}"))
        found[headers["ce_subject"].decode()].setdefault(sequence, event)
    kept = sum(len(versions) for versions in found.values())
    return {subject: [versions[n] for n in sorted(versions)] for subject, versions in found.items()}, len(
        records
    ) - kept


# An event's short name, and the state in which it leaves its aggregate.
_PEOPLE: Final = {"person_joined": "here", "person_returned": "here", "person_went_on_leave": "on leave"} | {
    "person_left": "left",
    "person_erased": "erased",
}
_PAIRS: Final = {f"pair_{state}": state for state in ("proposed", "accepted", "declined", "recalled", "lapsed")} | {
    "pair_activated": "active",
    "pair_paused": "paused",
    "pair_resumed": "active",
    "pair_ended": "ended",
}
_MEETINGS: Final = {
    f"meeting_{state}": state for state in ("proposed", "expired", "scheduled", "held", "missed", "cancelled")
} | {"meeting_moved": "scheduled"}
_FEEDBACK: Final = {
    "feedback_requested": "open",
    "feedback_submitted": "one answered",
    "feedback_revealed": "revealed",
    "feedback_closed": "closed",
    "feedback_withdrawn": "withdrawn",
}
_MAILS: Final = {f"notification_{state}": state for state in ("sent", "failed", "suppressed")}


def count(aggregates: Aggregates) -> dict[str, dict[str, int]]:
    """By kind: how many aggregates their last event leaves in each state."""
    kinds: dict[str, tuple[str, Mapping[str, str], Callable[[Heard], str]]] = {
        "people": ("osler.directory.", _PEOPLE, _nothing),
        "pairs": ("osler.pairing.", _PAIRS, _nothing),
        "meetings": ("osler.meetings.", _MEETINGS, _whether_confirmed),
        "feedback": ("osler.feedback.", _FEEDBACK, _nothing),
        "mails": ("osler.notifications.", _MAILS, _reason),
    }
    counted = {kind: _last_states(aggregates, kind, *how) for kind, how in kinds.items()}
    touchpoints = sum(events[0].kind == "osler.meetings.touchpoint_logged.v1" for events in aggregates.values())
    return counted | {"touchpoints": {"touchpoints": touchpoints}}


def _last_states(
    aggregates: Aggregates, kind: str, prefix: str, states: Mapping[str, str], detail: Callable[[Heard], str]
) -> dict[str, int]:
    names = {f"{prefix}{name}.v1": state for name, state in states.items()}
    counted: Counter[str] = Counter()
    for events in aggregates.values():
        last = next((event for event in reversed(events) if event.kind in names), None)
        if last is not None:
            counted[f"{kind}: {names[last.kind]}{detail(last)}"] += 1
    return dict(counted)


def _nothing(_: Heard) -> str:
    return ""


def _whether_confirmed(event: Heard) -> str:
    if "confirmed" not in event.body:
        return ""
    return ", confirmed" if event.body["confirmed"] else ", by silence"


def _reason(event: Heard) -> str:
    reason = event.body.get("reason")
    return f", {reason.replace('_', ' ')}" if reason else ""


def mails_sent(aggregates: Aggregates) -> set[str]:
    """The ids of the notifications of which an event says that the mail server took them."""
    return {
        subject
        for subject, events in aggregates.items()
        if any(event.kind == "osler.notifications.notification_sent.v1" for event in events)
    }


def has_gaps(aggregates: Aggregates) -> list[str]:
    """Aggregates of which a version is missing in the log."""
    return [
        subject
        for subject, events in aggregates.items()
        if [e.sequence for e in events] != list(range(1, len(events) + 1))
    ]

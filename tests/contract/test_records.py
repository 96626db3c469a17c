"""A record as Kafka holds it, read by the official CloudEvents SDK and by the ten lines of the guide."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.schemas.__main__ import ROOT
from deploy.schemas.events import event_schema, leaf_events
from shared.contracts.contacts import ContactErased
from shared.contracts.event import Event
from shared.platform.outbox import headers
from tests.contract.making import bodies

_FULL = [event for event in leaf_events() if not event.tombstone]
_GUIDE = (ROOT / "docs/guide/events.md").read_text(encoding="utf-8")


def _record(event: Event, body: bytes) -> KafkaMessage:
    flat = headers(event)
    own = {name: value.encode() for name, value in zip(flat[::2], flat[1::2], strict=True)}
    return KafkaMessage(headers=own, key=str(event.key).encode(), value=body)


@pytest.mark.parametrize("kind", _FULL, ids=lambda event: event.type)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_the_official_sdk_reads_a_record_and_writes_the_same_again(kind: type[Event], data: st.DataObject) -> None:
    event = kind.model_validate(data.draw(bodies(event_schema(kind))))
    record = _record(event, event.model_dump_json().encode())
    read = from_binary_event(record)
    assert (read.get_id(), read.get_type()) == (str(event.event_id), kind.type)
    assert read.get_source() == "/" + kind.topic.replace(".", "/")
    assert read.get_subject() == str(event.aggregate_id)
    assert read.get_time() == event.occurred_at
    assert read.get_extension("sequence") == f"{event.version:019d}"
    assert read.get_extension("partitionkey") == str(event.key)
    assert read.get_extension("institutions") == ",".join(map(str, event.institution_ids))
    assert read.get_data() == json.loads(event.model_dump_json())

    again = to_binary_event(read)
    assert again.key == str(event.key)
    assert json.loads(again.value) == read.get_data()
    # The SDK writes a time without fractions differently and percent-encodes; what it reads back is the same event.
    assert from_binary_event(again).get_attributes() == read.get_attributes()


def test_the_official_sdk_reads_a_tombstone_by_its_headers() -> None:
    gone = ContactErased(version=7, occurred_at=datetime.now(UTC), institution_ids=(uuid4(),), contact_id=uuid4())  # noqa: TID251 - any time
    read = from_binary_event(_record(gone, b""))
    assert read.get_type() == "osler.contacts.contact_erased.v1"
    assert read.get_subject() == str(gone.contact_id)
    assert read.get_data() is None


def test_versions_sort_as_text() -> None:
    versions = [1, 2, 9, 10, 99, 100, 10**18]
    assert sorted(f"{version:019d}" for version in versions) == [f"{version:019d}" for version in versions]


def _is_new() -> Callable[[dict[str, bytes]], bool]:
    """The function that the guide tells readers to write, as it stands there."""
    found = re.search(r"```python\n(highest.*?)```", _GUIDE, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 - the project's own documentation
    assert len(found[1].strip().splitlines()) <= 10
    return cast("Callable[[dict[str, bytes]], bool]", names["is_new"])


@st.composite
def _logs(draw: st.DrawFn) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """Aggregates with their last versions, and a log: first occurrences in order, and any duplicates between them."""
    last = draw(st.dictionaries(st.uuids().map(str), st.integers(1, 6), min_size=1, max_size=4))
    log: list[tuple[str, int]] = []
    said = dict.fromkeys(last, 0)
    while said != last:
        subject = draw(st.sampled_from(sorted(subject for subject in last if said[subject] < last[subject])))
        said[subject] += 1
        log.append((subject, said[subject]))
        log += draw(st.lists(st.sampled_from(log), max_size=3))
    return last, log


@given(_logs())
def test_the_ten_lines_of_the_guide_apply_every_version_once_and_in_order(
    made: tuple[dict[str, int], list[tuple[str, int]]],
) -> None:
    last, log = made
    is_new = _is_new()
    applied: dict[str, list[int]] = {subject: [] for subject in last}
    for subject, version in log:
        if is_new({"ce_subject": subject.encode(), "ce_sequence": f"{version:019d}".encode()}):
            applied[subject].append(version)
    assert applied == {subject: list(range(1, highest + 1)) for subject, highest in last.items()}


def test_the_guides_examples_are_python() -> None:
    examples = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        compile(example, "docs/guide/events.md", "exec")


def test_the_guide_names_the_headers_that_a_record_has() -> None:
    event = ContactErased(version=1, occurred_at=datetime.now(UTC), institution_ids=(), contact_id=uuid4())  # noqa: TID251 - any time
    assert set(re.findall(r"^\| `([a-z_-]+)` \|", _GUIDE, re.MULTILINE)) == {*headers(event)[::2], "traceparent"}

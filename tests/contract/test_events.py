"""The vocabulary: how events are named, what they may carry, and that a schema and its class mean the same."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deploy.schemas.__main__ import FOLDER, ROOT, generated, services
from deploy.schemas.events import event_schema, file_name, leaf_events
from shared.contracts.event import Event
from shared.contracts.topics import catalogue
from tests.contract.making import bodies

_EVENTS = leaf_events()
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_each = pytest.mark.parametrize("event", _EVENTS, ids=lambda event: event.type)

# What is neither an id, a time, a number nor a word of a fixed vocabulary, and why it may be there nevertheless.
_ALLOWED = {
    "InstitutionJoined.name": "an institution is no person, and its name is public",
    "InstitutionJoined.mail_domain": "an institution's own domain, without anybody's address",
    "InstitutionJoined.time_zone": "names a zone of the IANA database",
    "PersonJoined.time_zone": "names a zone of the IANA database",
    "ProfileChanged.time_zone": "names a zone of the IANA database",
    "ContactRecorded.sealed": "encrypted; only three services hold the key",
}
# Who may read a topic and has no handler for its events, and why.
_READ_WITHOUT_HEARING = {
    ("directory", "osler.contacts"): "it reads its own topic to its end, to see that what was erased is gone",
}
_PERSONAL = ("Jane Doe", "jane@hospital.example", "+48 600 100 200", "a note about somebody")


@_each
def test_the_name_on_the_wire_is_the_class_in_its_publishers_module(event: type[Event]) -> None:
    module = event.__module__.removeprefix("shared.contracts.")
    name, _, version = event.__name__.partition("V")
    assert event.type == f"osler.{module}.{_WORD.sub('_', name).lower()}.v{version or 1}"
    assert event.topic == f"osler.{module}"
    assert event.topic in catalogue().topics


@_each
def test_an_event_says_in_one_sentence_what_happened(event: type[Event]) -> None:
    said = event.__dict__.get("__doc__") or ""
    assert said[:1].isupper()
    assert said.strip().endswith(".")
    assert "\n" not in said.strip()


@_each
def test_an_event_names_its_aggregate_and_its_key(event: type[Event]) -> None:
    for field in {event.aggregate, event.keyed_by or event.aggregate}:
        assert event.model_fields[field].annotation is UUID
        assert event.model_fields[field].is_required()


def test_no_two_events_share_a_name() -> None:
    assert len({event.type for event in _EVENTS}) == len(_EVENTS) > 30


@_each
def test_an_event_carries_ids_times_codes_and_numbers(event: type[Event]) -> None:
    schema = event.model_json_schema(mode="serialization")
    for field, leaf in _leaves(schema, schema, ""):
        if f"{event.__name__}.{field}" not in _ALLOWED:
            assert _is_plain(leaf), f"{event.__name__}.{field} could carry free text or personal data: {leaf}"


def test_the_list_of_exceptions_holds_nothing_that_is_gone() -> None:
    fields = {f"{event.__name__}.{field}" for event in _EVENTS for field in event.model_fields}
    assert _ALLOWED.keys() <= fields


@pytest.mark.parametrize(
    "leaf",
    [
        {"type": "string"},
        {"type": "string", "maxLength": 20},
        {"type": "string", "pattern": r"^[A-Za-z ]+$"},
        {"type": "string", "pattern": r"^\S+@\S+$"},
        {"type": "string", "pattern": r"[a-z]"},
        {"type": "number"},
        {},
    ],
)
def test_a_field_for_free_text_would_be_found(leaf: dict[str, Any]) -> None:
    assert not _is_plain(leaf)


def _leaves(part: dict[str, Any], whole: dict[str, Any], field: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each value that an event may hold, with the top-level field that it is in."""
    if "$ref" in part:
        part = whole["$defs"][part["$ref"].removeprefix("#/$defs/")]
    if "properties" in part:
        for name, below in part["properties"].items():
            yield from _leaves(below, whole, field or name)
    elif "items" in part or "anyOf" in part:
        for below in [part["items"]] if "items" in part else part["anyOf"]:
            yield from _leaves(below, whole, field)
    else:
        yield field, part


def _is_plain(leaf: dict[str, Any]) -> bool:
    if "const" in leaf or "enum" in leaf or leaf.get("type") in {"integer", "boolean", "null"}:
        return True
    if leaf.get("type") != "string":
        return False
    if leaf.get("format") in {"uuid", "date-time"}:
        return True
    pattern = leaf.get("pattern", "")
    bounded = pattern.startswith("^") and pattern.endswith("$")
    return bounded and not any(re.search(pattern, text) for text in _PERSONAL)


@_each
def test_the_committed_schema_is_a_json_schema_and_says_what_the_class_says(event: type[Event]) -> None:
    committed = json.loads((ROOT / FOLDER / "events" / file_name(event)).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(committed)
    assert committed == event_schema(event)


@pytest.mark.parametrize("event", [event for event in _EVENTS if not event.tombstone], ids=lambda event: event.type)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_a_schema_allows_the_class_reads_and_says_again(event: type[Event], data: st.DataObject) -> None:
    schema = event_schema(event)
    body = data.draw(bodies(schema))
    read = event.model_validate_json(json.dumps(body))
    said = json.loads(read.model_dump_json())
    jsonschema.validate(said, schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert event.model_validate(said) == read


@_each
def test_a_reader_passes_over_fields_that_it_does_not_know(event: type[Event]) -> None:
    assert event.model_config.get("extra") == "ignore"
    assert "additionalProperties" not in event_schema(event)


def test_every_event_is_said_by_its_topics_publisher_and_by_nobody_else() -> None:
    said = {service.name: {event.type for event in service.says} for service in services()}
    for name, types in said.items():
        own = {event.type for event in _EVENTS if catalogue().topics[event.topic].publisher == name}
        assert types == own


def test_the_readers_in_the_catalogue_are_those_that_hear() -> None:
    granted = {(reader, topic.name) for topic in catalogue().topics.values() for reader in topic.readers}
    outside = {(reader, topic) for reader, topic in granted if reader in catalogue().principals}
    hear = {(service.name, topic) for service in services() for events in service.events for topic in events.topics}
    recall = {(service.name, service.recalls) for service in services() if service.recalls}
    assert granted - outside == hear | recall | _READ_WITHOUT_HEARING.keys()


def test_everything_generated_is_committed() -> None:
    stale = [path for path, text in generated().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run `make schemas`"

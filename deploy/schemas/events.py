"""One JSON Schema (2020-12) per event; refuses a leaf event without a wire type, because no reader could hear it."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

import shared.contracts
from shared.contracts.event import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Without the titles that pydantic makes of field names: they repeat the name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def get_title_from_name(self, name: str) -> str:
        return name

    def generate(self, schema: CoreSchema, mode: Any = "serialization") -> dict[str, Any]:
        return {"$schema": DIALECT, **super().generate(schema, mode)}


def leaf_events() -> list[type[Event]]:
    """Every event of the vocabulary, sorted by its name on the wire; raises TypeError for one that has none."""
    for module in pkgutil.iter_modules(shared.contracts.__path__):
        import_module(f"shared.contracts.{module.name}")
    leaves = [event for event in _descendants(Event) if event.__module__.startswith("shared.contracts.")]
    for event in leaves:
        if not hasattr(event, "type"):
            message = f"{event.__name__} has no `type`: nobody can hear it."
            raise TypeError(message)
    return sorted(leaves, key=lambda event: event.type)


def _descendants(kind: type[Event]) -> Iterator[type[Event]]:
    below = kind.__subclasses__()
    if not below and kind is not Event:
        yield kind
    for each in below:
        yield from _descendants(each)


def sentence(model: type[BaseModel]) -> str:
    """What its docstring says, in one line."""
    return " ".join(cleandoc(model.__doc__ or "").split("\n\n")[0].split())


def file_name(event: type[Event]) -> str:
    """The file of an event's schema, which is its `$id` too."""
    return f"{event.type}.json"


def event_schema(event: type[Event]) -> dict[str, Any]:
    """What the body of an event's record is; for a tombstone, that there is none."""
    head = {"$schema": DIALECT, "$id": file_name(event), "title": event.__name__, "description": sentence(event)}
    if event.tombstone:
        return {**head, "type": "null"}
    return {**head, **event.model_json_schema(mode="serialization", schema_generator=_Plain), **head}

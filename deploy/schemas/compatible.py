"""Whether a schema still means what it meant: within a version an event gains optional fields, and nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

_WORDS = frozenset({"$schema", "$id", "$comment", "$defs", "title", "description", "examples"})


def incompatibilities(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What a reader of one schema could no longer rely on in the other, as sentences; empty when nothing.

    The log is kept for ever, so a schema must fit what was said before it and what will be said after it. That is why
    a wider enumeration counts too: readers that are there already would refuse the new word.
    """
    return list(_differences(_Schema(old, old), _Schema(new, new), "the body"))


class _Schema:
    """A part of a schema, with the whole that its references point into."""

    def __init__(self, part: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        while "$ref" in part:
            part = whole["$defs"][part["$ref"].removeprefix("#/$defs/")]
        self.part = part
        self.whole = whole

    @property
    def properties(self) -> dict[str, "_Schema"]:
        """The fields of an object."""
        return {name: _Schema(part, self.whole) for name, part in self.part.get("properties", {}).items()}

    @property
    def nested(self) -> dict[str, list["_Schema"]]:
        """The parts under keywords that hold schemas, besides the fields."""
        found = {key: [_Schema(self.part[key], self.whole)] for key in ("items",) if key in self.part}
        for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
            if key in self.part:
                found[key] = [_Schema(part, self.whole) for part in self.part[key]]
        return found

    @property
    def rest(self) -> dict[str, Any]:
        """Everything else that a reader could notice."""
        passed = _WORDS | {"properties", "required"} | self.nested.keys()
        return {key: value for key, value in self.part.items() if key not in passed}


def _differences(old: _Schema, new: _Schema, where: str) -> Iterator[str]:
    yield from _field_differences(old, new, where)
    before, after = old.rest, new.rest
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{where}: {key} was {before.get(key)!r} and is {after.get(key)!r}"
    for key in sorted(old.nested.keys() | new.nested.keys()):
        befores, afters = old.nested.get(key, []), new.nested.get(key, [])
        if len(befores) != len(afters):
            yield f"{where}: {key} has changed"
            continue
        for number, (one, other) in enumerate(zip(befores, afters, strict=True)):
            yield from _differences(one, other, f"{where}/{key}/{number}")


def _field_differences(old: _Schema, new: _Schema, where: str) -> Iterator[str]:
    before, after = old.properties, new.properties
    had, has = set(old.part.get("required", [])), set(new.part.get("required", []))
    for name in sorted(before.keys() - after.keys()):
        yield f"{where}: {name} was removed"
    for name in sorted(has - had):
        yield f"{where}: {name} is required and was not"
    for name in sorted((had - has) & after.keys()):
        yield f"{where}: {name} was required and is not"
    for name in sorted(before.keys() & after.keys()):
        yield from _differences(before[name], after[name], f"{where}/{name}")

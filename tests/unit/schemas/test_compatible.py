"""What may change in an event without a new version: optional fields may come, and nothing else."""

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.schemas.__main__ import BREAKS, FOLDER, breaks
from deploy.schemas.committed import fingerprint
from deploy.schemas.compatible import incompatibilities

_UUID = {"type": "string", "format": "uuid"}
_SCHEMA: dict[str, Any] = {
    "$id": "osler.garden.plant_watered.v1.json",
    "title": "PlantWatered",
    "description": "A plant was watered.",
    "$defs": {
        "Spot": {"type": "object", "properties": {"row": {"type": "integer"}}, "required": ["row"], "title": "Spot"}
    },
    "type": "object",
    "properties": {
        "plant_id": _UUID,
        "litres": {"type": "integer", "minimum": 1},
        "by": {"enum": ["hand", "rain"], "type": "string"},
        "spots": {"type": "array", "items": {"$ref": "#/$defs/Spot"}},
        "note": {"anyOf": [{"type": "string", "pattern": "^[a-z]+$"}, {"type": "null"}], "default": None},
    },
    "required": ["plant_id", "litres", "by", "spots"],
}


def _changed(*path: str, to: Any) -> dict[str, Any]:
    """The schema with one thing put, or with None taken away."""
    schema = copy.deepcopy(_SCHEMA)
    place: Any = schema
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return schema


@pytest.mark.parametrize(
    "new",
    [
        _SCHEMA,
        _changed("properties", "colour", to={"type": "string", "default": "green"}),
        _changed("description", to="A plant got water."),
        _changed("title", to="Watered"),
        _changed("$defs", "Spot", "title", to="Place"),
        _changed("properties", "litres", to={"type": "integer", "minimum": 1, "description": "Rounded up."}),
        _changed("properties", "spots", "items", to=_SCHEMA["$defs"]["Spot"]),
    ],
)
def test_what_no_reader_can_notice_is_compatible(new: dict[str, Any]) -> None:
    assert incompatibilities(_SCHEMA, new) == []


@pytest.mark.parametrize(
    ("new", "difference"),
    [
        (_changed("properties", "note", to=None), "the body: note was removed"),
        (
            _changed("required", to=["plant_id", "litres", "by", "spots", "note"]),
            "the body: note is required and was not",
        ),
        (_changed("required", to=["plant_id", "litres", "by"]), "the body: spots was required and is not"),
        (_changed("properties", "litres", "type", to="string"), "type was 'integer' and is 'string'"),
        (_changed("properties", "litres", "minimum", to=2), "minimum was 1 and is 2"),
        (_changed("properties", "litres", "minimum", to=None), "minimum was 1 and is None"),
        (_changed("properties", "by", "enum", to=["hand"]), "enum was ['hand', 'rain'] and is ['hand']"),
        (_changed("properties", "by", "enum", to=["hand", "rain", "hose"]), "is ['hand', 'rain', 'hose']"),
        (_changed("properties", "plant_id", "format", to=None), "format was 'uuid' and is None"),
        (_changed("properties", "note", "default", to="none"), "default was None and is 'none'"),
        (_changed("properties", "note", "anyOf", to=[{"type": "null"}]), "the body/note: anyOf has changed"),
        (_changed("properties", "spots", "maxItems", to=3), "maxItems was None and is 3"),
        (_changed("$defs", "Spot", "properties", "row", "type", to="string"), "the body/spots/items/0/row: type was"),
        (_changed("$defs", "Spot", "properties", "row", to=None), "the body/spots/items/0: row was removed"),
        (_changed("properties", "spots", "items", to=_UUID), "the body/spots/items/0"),
        (_changed("type", to="null"), "type was 'object' and is 'null'"),
    ],
)
def test_what_a_reader_could_notice_is_not(new: dict[str, Any], difference: str) -> None:
    assert any(difference in line for line in incompatibilities(_SCHEMA, new))


class Repository:
    """A repository with one committed event."""

    folder = f"{FOLDER}/events"
    file = f"{folder}/osler.garden.plant_watered.v1.json"

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / self.folder).mkdir(parents=True)
        self.git("init", "--quiet")
        self.commit(_SCHEMA)

    def git(self, *arguments: str) -> None:
        """Run git as nobody in particular."""
        program = shutil.which("git")
        assert program is not None
        who = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run([program, *who, *arguments], cwd=self.root, check=True, timeout=20)

    def commit(self, schema: dict[str, Any]) -> None:
        """Commit another schema of the event."""
        (self.root / self.file).write_text(json.dumps(schema))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "A change")

    def breaks(self, schema: dict[str, Any] | None) -> list[str]:
        """What is wrong with generating this schema now; None is without the event."""
        return breaks({} if schema is None else {self.file: json.dumps(schema)}, self.root)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one committed event."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed, so nothing is committed to compare with")
    return Repository(tmp_path)


_BROKEN = _changed("properties", "litres", "type", to="string")


def test_a_broken_event_is_found_before_it_is_committed(repository: Repository) -> None:
    assert repository.breaks(_SCHEMA) == []
    found = repository.breaks(_BROKEN)
    assert found[0].startswith("osler.garden.plant_watered.v1 ")
    assert found[1:] == ["  the body/litres: type was 'integer' and is 'string'"]


def test_a_broken_event_is_found_when_it_was_just_committed(repository: Repository) -> None:
    repository.commit(_BROKEN)
    assert repository.breaks(_BROKEN)[1:] == ["  the body/litres: type was 'integer' and is 'string'"]


def test_an_event_that_disappears_is_found(repository: Repository) -> None:
    assert repository.breaks(None)[1:] == ["  the event was removed"]


def test_a_decided_break_counts_for_that_schema_alone(repository: Repository) -> None:
    decision = f'["osler.garden.plant_watered.v1"]\nschema = "{fingerprint(_BROKEN)}"\nbecause = "Never released."\n'
    (repository.root / BREAKS).write_text(decision)
    assert repository.breaks(_BROKEN) == []
    assert repository.breaks(_changed("properties", "note", to=None)) != []


def test_without_a_repository_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    assert breaks({}, tmp_path) == []

"""Each service's README against the service as data: what it hears, says and answers, and where that is told."""

import re
from importlib import import_module
from typing import Final

import pytest

from shared.platform.http import operations
from shared.platform.service import Service
from tests.docs.repository import ROOT, SERVICES, headings, read, section, table

_FIVE: Final = ["Owns", "Hears", "Says", "Answers", "Fails"]
_each = pytest.mark.parametrize("name", SERVICES)


def _service(name: str) -> Service:
    return import_module(f"services.{name}.app").build()


def _readme(name: str) -> str:
    file = ROOT / f"services/{name}/README.md"
    assert file.is_file(), f"services/{name} has no README.md"
    return read(file)


def _wire_types(name: str, heading: str) -> list[str]:
    return re.findall(r"^- (osler\.\S+)$", section(_readme(name), heading), re.MULTILINE)


@_each
def test_a_readme_has_the_services_name_and_five_headings(name: str) -> None:
    assert headings(_readme(name)) == [name, *_FIVE]


@_each
def test_a_readme_lists_exactly_what_is_heard(name: str) -> None:
    assert _wire_types(name, "Hears") == sorted({wire for events in _service(name).events for wire in events.heard})


@_each
def test_a_readme_lists_exactly_what_is_said(name: str) -> None:
    assert _wire_types(name, "Says") == sorted(event.type for event in _service(name).says)


@_each
def test_a_readme_names_every_operation_and_no_other(name: str) -> None:
    """A path that begins like the one before it may be cut to its end: `/pairs/{pair_id}/accept`, `/decline`."""
    text = section(_readme(name), "Answers")
    # What every service has stands in the guide.
    offered = [each for each in operations(_service(name)) if each.login == "app"]
    known = {(operation.method, operation.path) for operation in offered}
    for method, path in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s`]+)`", text):
        assert (method, path) in known or not offered, f"{name} does not answer {method} {path}"
    for operation in offered:
        ending = f"`/{operation.path.rpartition('/')[2]}`"
        assert operation.path in text or ending in text, f"{name} answers {operation.path} too"


def test_the_projects_readme_names_every_service() -> None:
    rows = table(read(ROOT / "README.md"), "folder", "holds")
    [holds] = [text for folder, text in rows if folder == "services/"]
    assert sorted(holds.split(";")[0].split(", ")) == list(SERVICES)


def test_the_projects_readme_names_only_tests_that_there_are() -> None:
    rows = table(read(ROOT / "README.md"), "folder", "holds")
    [holds] = [text for folder, text in rows if folder == "tests/"]
    named = re.sub(r" \([^)]*\)", "", holds).split(", ")
    assert not [name for name in named if not (ROOT / "tests" / name / "__init__.py").is_file()]


def test_every_service_is_drawn_and_has_a_folder() -> None:
    rows = table(read(ROOT / "README.md"), "folder", "holds")
    assert all((ROOT / folder).is_dir() for folder, _ in rows)
    [picture] = re.findall(r"^## The architecture\n\n```\n(.*?)```", read(ROOT / "README.md"), re.DOTALL | re.MULTILINE)
    assert not [name for name in SERVICES if name not in picture]

"""Whatever a document names is there: commands, targets, links, files, tests, settings and metrics."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from deploy.cli import app
from shared.platform.settings import PlatformSettings
from tests.docs.repository import ROOT, commands, documents, files, headings, name_of, read, spans

_OSLER: Final = re.compile(r"(?:\.venv/bin/)?osler ([a-z].*)")
_MAKE: Final = re.compile(r"make ([a-z][a-z-]*)")
_IN_CODE: Final = re.compile(r"`((?:\.venv/bin/)?osler [a-z][^`\n]*)`")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PATH: Final = re.compile(r"\.?[\w-]+(?:/[\w.*-]+)*(?:/|\.(?:html|json|md|py|sh|sql|toml|txt))|tests/[\w/]+|\.ci/run")
_SETTING: Final = re.compile(r"\bOSLER_[A-Z][A-Z_]*[A-Z]\b")
_METRIC: Final = re.compile(r"osler_[a-z_]+")

# Read from the environment where it is needed, because it is no setting of a service.
_OTHER_SETTINGS: Final = frozenset({"OSLER_DATA"})
# What is no file of the repository, but made where Osler is installed or runs.
_MADE: Final = frozenset({".osler", ".venv", "logs"})

_each = pytest.mark.parametrize("document", documents(), ids=name_of)


def _refuse_unknown(words: list[str]) -> None:
    """Fail where `osler` followed by these words is no command, or has no such option."""
    found: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(found, "commands"):
        assert rest, f"`osler {' '.join(words)}` is no whole command"
        assert rest[0] in found.commands, f"there is no `osler {' '.join(words)}`"
        found = found.commands[rest.pop(0)]
    known = set(_options(found))
    options = {word.strip("[],.;") for word in rest if word.strip("[").startswith("--")}
    assert options <= known, f"`osler {' '.join(words)}` has no {options - known}"


@_each
def test_every_osler_command_of_a_document_exists(document: Path) -> None:
    for typed in commands(read(document)):
        if found := _OSLER.fullmatch(typed):
            _refuse_unknown(found[1].split())


def test_every_osler_command_that_the_code_tells_people_to_type_exists() -> None:
    told = {typed for file in files() if file.suffix in {".py", ".toml"} for typed in _IN_CODE.findall(read(file))}
    assert told
    for typed in told:
        _refuse_unknown(typed.removeprefix(".venv/bin/").split()[1:])


def test_an_option_alone_is_an_option_of_some_command() -> None:
    known = set(_every_option(typer.main.get_command(app)))
    for document in documents():
        alone = {span for span in spans(read(document)) if re.fullmatch(r"--[a-z-]+", span)}
        assert alone <= known, f"{name_of(document)}: no command has {alone - known}"


def _options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)


def _every_option(command: Any) -> Iterator[str]:
    yield from _options(command)
    for inner in getattr(command, "commands", {}).values():
        yield from _every_option(inner)


@_each
def test_every_make_target_of_a_document_exists(document: Path) -> None:
    targets = {
        name
        for line in re.findall(r"^([a-z][a-z -]*):", read(ROOT / "Makefile"), re.MULTILINE)
        for name in line.split()
    }
    for typed in commands(read(document)):
        if found := _MAKE.match(typed):
            assert found[1] in targets, f"there is no `make {found[1]}`"


@_each
def test_every_relative_link_of_a_document_leads_somewhere(document: Path) -> None:
    for link in _LINK.findall(read(document)):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert not anchor or anchor in {_anchor(title) for title in headings(read(target))}, (
            f"{link} has no such heading"
        )


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@_each
def test_every_file_and_test_that_a_document_names_exists(document: Path) -> None:
    for span in spans(read(document)):
        path, _, test = span.partition("::")
        if not _PATH.fullmatch(path) or path.split("/")[0] in _MADE:
            continue
        found = _find(path, document)
        assert found, f"there is no {path}"
        assert not test or any(f"def {test}(" in read(file) for file in found), f"{path} has no {test}"


def _find(path: str, document: Path) -> list[Path]:
    """Files and folders that a document means: from the root, from beside itself, or by the end of their path."""
    beside = [found for place in (ROOT, document.parent) for found in place.glob(path.rstrip("/"))]
    names = {file: file.as_posix() for file in files()}
    return beside or [
        file for file, name in names.items() if name.endswith(f"/{path}") or (path.endswith("/") and f"/{path}" in name)
    ]


@_each
def test_every_setting_of_a_document_exists(document: Path) -> None:
    known = {f"OSLER_{field.upper()}" for field in PlatformSettings.model_fields} | _OTHER_SETTINGS
    assert set(_SETTING.findall(read(document))) <= known


@_each
def test_every_metric_of_a_document_exists(document: Path) -> None:
    homes = ("shared/platform/", "services/")
    code = [read(file) for file in files() if file.suffix == ".py" and any(home in file.as_posix() for home in homes)]
    for span in spans(read(document)):
        if _METRIC.fullmatch(span):
            assert any(f'"{span}"' in text for text in code), f"there is no metric {span}"

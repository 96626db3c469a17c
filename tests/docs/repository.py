"""The repository's own files and the parts of a Markdown document; it refuses to guess which of two tables is meant."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = tuple(sorted(file.parent.name for file in (ROOT / "services").glob("*/app.py")))

_OWN_HIDDEN: Final = frozenset({".ci", ".editorconfig", ".gitignore", ".pre-commit-config.yaml"})
_MADE: Final = frozenset({"__pycache__", "dist", "test-results"})  # as .gitignore has them
_BINARY: Final = frozenset({".ico", ".jar", ".png", ".pyc", ".woff2"})
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`([^`]+)`")
_HEADING: Final = re.compile(r"^(#+) (.+)$", re.MULTILINE)


@cache
def files() -> tuple[Path, ...]:
    """Every text file of the project, sorted; nothing that was installed or made."""
    return tuple(sorted(file for file in _walk(ROOT) if file.suffix not in _BINARY))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name in _MADE or (entry.name.startswith(".") and entry.name not in _OWN_HIDDEN):
            continue
        if entry.is_dir():
            yield from _walk(entry)
        elif entry.is_file():
            yield entry


@cache
def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def documents() -> list[Path]:
    """Every Markdown document of the project."""
    return [file for file in files() if file.suffix == ".md"]


def name_of(path: Path) -> str:
    """A path from the root, as a person would write it."""
    return path.relative_to(ROOT).as_posix()


def headings(document: str) -> list[str]:
    """The headings of a document at every level, without what stands in code."""
    return [title for _, title in _HEADING.findall(_FENCE.sub("", document))]


def section(document: str, title: str) -> str:
    """What stands under a heading, its own smaller headings included; raises KeyError where there is none."""
    for found in _HEADING.finditer(document):
        if found[2] == title:
            rest = document[found.end() :]
            end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
            return rest[: end.start()] if end else rest
    raise KeyError(title)


def table(text: str, *heads: str) -> list[list[str]]:
    """The rows of the one table with these heads, cells without backticks; raises KeyError, or ValueError for two."""
    tables = [rows for rows in _tables(text) if tuple(rows[0]) == heads]
    if not tables:
        raise KeyError(heads)
    [rows] = tables
    return rows[2:]


def _tables(text: str) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
        elif rows:
            yield rows
            rows = []


def spans(document: str) -> list[str]:
    """What stands between backticks outside of code blocks, each on one line."""
    return [" ".join(span.split()) for span in _SPAN.findall(_FENCE.sub("", document))]


def fences(document: str) -> list[tuple[str, str]]:
    """Code blocks: language and body."""
    return _FENCE.findall(document)


def commands(document: str) -> list[str]:
    """Everything that a reader might type: spans, and the lines of code blocks that name no language."""
    lines = [line for language, body in fences(document) if not language for line in body.splitlines()]
    return spans(document) + [line.split("#")[0].strip() for line in lines]

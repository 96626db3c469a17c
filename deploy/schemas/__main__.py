"""`make schemas` and `make schemas-check`; refuses an event that changed its meaning and kept its version."""

import argparse
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from deploy.schemas.asyncapi import asyncapi
from deploy.schemas.committed import committed, decided_breaks, fingerprint
from deploy.schemas.compatible import incompatibilities
from deploy.schemas.events import event_schema, file_name, leaf_events
from deploy.schemas.guide import with_tables
from shared.contracts.topics import catalogue
from shared.platform.http.application import openapi
from shared.platform.service import Service

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = "shared/contracts/schemas"
BREAKS: Final = f"{FOLDER}/breaks.toml"
_GUIDE: Final = "docs/guide/events.md"


def services() -> list[Service]:
    """Every service whose folder has an `app.py`, sorted by name; building one connects to nothing."""
    names = sorted(file.parent.name for file in (ROOT / "services").glob("*/app.py"))
    return [import_module(f"services.{name}.app").build() for name in names]


def generated() -> dict[str, str]:
    """Everything that is written, as path from the repository's root to text."""
    events = leaf_events()
    files = {f"{FOLDER}/events/{file_name(event)}": _json(event_schema(event)) for event in events}
    for service in services():
        files[f"{FOLDER}/asyncapi/{service.name}.json"] = _json(asyncapi(service))
        files[f"{FOLDER}/openapi/{service.name}.json"] = _json(openapi(service.name, service.routes))
    guide = ROOT / _GUIDE
    files[_GUIDE] = with_tables(guide.read_text(encoding="utf-8"), catalogue(), events)
    return files


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def breaks(files: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """What the committed schemas said and these no longer do, without what somebody decided on."""
    folder = f"{FOLDER}/events"
    decided = decided_breaks(root / BREAKS)
    found: dict[str, list[str]] = {}
    for name, old in committed(root, folder):
        text = files.get(f"{folder}/{name}")
        new: dict[str, Any] = json.loads(text) if text else {}
        wire_type = name.removesuffix(".json")
        if decided.get(wire_type) == fingerprint(new):
            continue
        for difference in incompatibilities(old, new) if text else ["the event was removed"]:
            lines = found.setdefault(f"{wire_type} (schema {fingerprint(new)})", [])
            if difference not in lines:
                lines.append(difference)
    return [line for head, lines in found.items() for line in (head, *(f"  {each}" for each in lines))]


def differing(files: Mapping[str, str]) -> list[str]:
    """Each file that is not as it should be, or should not be."""
    wrong = [path for path, text in files.items() if not (ROOT / path).exists() or _text(path) != text]
    here = [path.relative_to(ROOT).as_posix() for path in (ROOT / FOLDER).rglob("*.json")]
    return sorted([*wrong, *(path for path in here if path not in files)])


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def write(files: Mapping[str, str]) -> list[str]:
    """Write what differs and delete what should not be; gives the paths."""
    changed = differing(files)
    for path in changed:
        if path in files:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(files[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()
    return changed


def main() -> int:
    """Write, or with `--check` only say what is out of date; 1 where something is, or where an event was broken."""
    parser = argparse.ArgumentParser(prog="python -m deploy.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    only_look: bool = parser.parse_args().check
    files = generated()
    broken = breaks(files)
    if broken:
        lines = [
            "Within a version an event gains optional fields, and nothing else. These need a new version:",
            *(f"  {line}" for line in broken),
            f"Where nothing of it was ever released, say so in {BREAKS}:",
            '  ["<type>"]',
            '  schema = "<schema>"',
            '  because = "<why no reader can miss what was there>"',
        ]
        print("\n".join(lines))  # noqa: T201 - a command
    changed = differing(files) if only_look else [] if broken else write(files)
    for path in changed:
        print(f"out of date: {path}" if only_look else f"written: {path}")  # noqa: T201 - a command
    if only_look and changed:
        print("Run `make schemas` and commit what it writes.")  # noqa: T201 - a command
    return 1 if broken or (only_look and changed) else 0


if __name__ == "__main__":
    sys.exit(main())

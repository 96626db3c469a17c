"""Error codes are a contract: each with its kind, its status and its sentence, in a file that a change has to change.

The status is the HTTP edge's; the console's pages answer 401 to `signed_out`.
After a decision to change something run it once with `UPDATE_ERROR_CODES=1` in the environment, and commit the file.
"""

import json
import os
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import services
from shared import platform
from shared.platform import errors
from shared.platform.errors import OslerError
from shared.platform.http.refusals import status_of

GOLDEN: Final = Path(__file__).with_name("error_codes.json")


def _import_all(package: ModuleType) -> None:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith(".__main__"):  # a program, not a vocabulary
            import_module(module.name)


def _descendants(kind: type[OslerError]) -> Iterator[type[OslerError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _descendants(each)


def _owner(kind: type[OslerError]) -> str:
    """The service that may raise it, or `platform`; empty for what a test made."""
    match kind.__module__.split("."):
        case ["services", service, *_]:
            return service
        case ["shared", "platform", *_]:
            return "platform"
        case _:
            return ""


def _known() -> list[type[OslerError]]:
    for package in (services, platform):
        _import_all(package)
    every = {kind for kind in _descendants(OslerError) if _owner(kind)}
    return sorted(every, key=lambda kind: (_owner(kind), kind.code()))


def _kind(error: type[OslerError]) -> str:
    """The nearest of the platform's kinds, which say who acts next."""
    return next(base.__name__ for base in error.__mro__[1:] if base.__module__ == errors.__name__)


def _as_data() -> dict[str, dict[str, Any]]:
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for kind in _known():
        assert kind.code() not in found[_owner(kind)], f"two errors of one owner have the code {kind.code()}"
        entry = {"kind": _kind(kind), "status": int(status_of(kind)), "message": kind.message()}
        found[_owner(kind)][kind.code()] = entry
    return dict(found)


def _flat(data: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {f"{owner} {code}": entry for owner, codes in data.items() for code, entry in codes.items()}


def test_a_change_of_codes_kinds_statuses_or_messages_is_committed() -> None:
    if os.environ.get("UPDATE_ERROR_CODES"):
        GOLDEN.write_text(json.dumps(_as_data(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    now, committed = _flat(_as_data()), _flat(json.loads(GOLDEN.read_text(encoding="utf-8")))
    assert not {code for code in now | committed if now.get(code) != committed.get(code)}


def test_one_code_means_one_kind_and_one_status_whoever_raises_it() -> None:
    meanings: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for codes in _as_data().values():
        for code, entry in codes.items():
            meanings[code].add((entry["kind"], entry["status"]))
    assert not {code: found for code, found in meanings.items() if len(found) > 1}


def test_every_message_is_a_sentence_of_its_own() -> None:
    for kind in _known():
        assert "__doc__" in vars(kind), f"{kind.__name__} has no message of its own"
        message = kind.message()
        assert not message[:1].islower(), message
        assert message.endswith("."), message

"""Each code with which a service refuses is given to some test over HTTP: a whole run that lacks one of them fails.

What the platform refuses may be any service's to say, and partly no operation's; the console's pages say it in words.
"""

import json
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import pytest

from shared.testing.refusals import SAID

_CODES: Final = Path(__file__).with_name("contract") / "error_codes.json"
_OUTPUT: Final = "refusals_said"
_OTHERS: Final = frozenset({"platform", "console"})

NOT_SAID: Final[dict[str, str]] = {
    "directory user_not_provisionable": "SCIM says it as invalidValue: test_scim_bad_input",
    "notifications already_decided": "the sender alone decides messages, and no operation does",
}
"""Codes that no application says to a test's client, each with why."""


def never_said(said: AbstractSet[tuple[str, str]]) -> set[str]:
    """Codes of services that are not among `said`, each with its owner."""
    known: dict[str, dict[str, Any]] = json.loads(_CODES.read_text(encoding="utf-8"))
    owned = {f"{owner} {code}" for owner in known.keys() - _OTHERS for code in known[owner]}
    return owned - {f"{owner} {code}" for owner, code in said} - NOT_SAID.keys()


class EveryRefusal:
    """Gathers what was refused in each of the processes that share the tests, and looks at it when all have run."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()
        self._missing: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """One of the processes has ended; a process that crashed has told nothing."""
        self._said |= {(owner, code) for owner, code in getattr(node, "workeroutput", {}).get(_OUTPUT, ())}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Tell the process that shares the tests out, or be it and judge; part of the tests proves nothing."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = sorted(SAID)
        elif exitstatus == pytest.ExitCode.OK and _is_whole(session.config):
            self._missing = never_said(self._said | SAID)
            if self._missing:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what is missing."""
        if self._missing:
            terminalreporter.section("refusals that no test was given over HTTP")
            terminalreporter.write_line("\n".join(sorted(self._missing)))


def _is_whole(config: pytest.Config) -> bool:
    chosen = [
        config.getoption(name, None) for name in ("keyword", "markexpr", "lf", "ignore", "ignore_glob", "deselect")
    ]
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(chosen)

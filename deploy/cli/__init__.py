"""The `osler` command; refuses to hide an error behind a stack trace when a person can do something about it."""

import errno
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, cast

import typer
from typer.core import TyperGroup
from typer.main import get_group

from deploy.local.problems import LocalProblem

_MODULES: Final = {  # in the order of the help
    "up": "up",
    "demo": "demo",
    "status": "status",
    "token": "token",
    "doctor": "keeping",
    "reset": "keeping",
    "migrate": "operating",
    "rewind": "operating",
    "topics": "operating",
    "parked": "operating",
    "events": "events",
}
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_NO_RIGHT: Final = {errno.EACCES, errno.EPERM}


class _Commands(Mapping[str, Any]):
    """Each command with its module, which is imported when the command is asked for.

    All of them together are the whole platform, and take seconds that a question such as `status` need not.
    """

    def __getitem__(self, name: str) -> Any:
        module = import_module(f"{__name__}.{_MODULES[name]}")
        return cast("Any", get_group(module.app)).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


class _Osler(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("Any", _Commands())


app = typer.Typer(cls=_Osler, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def osler() -> None:
    """Osler on this machine: mentorship across hospitals on real PostgreSQL and Kafka."""


def main() -> None:
    """Run the command line; exit code 1 and one sentence for what a person can do something about."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace", line_buffering=True)  # a terminal without ✓ gets a question mark
    try:
        app()
    except LocalProblem as problem:
        typer.echo(str(problem), err=True)
        sys.exit(1)
    except OSError as failed:
        if failed.errno not in _NO_ROOM and not (failed.errno in _NO_RIGHT and failed.filename):
            raise
        where = failed.filename or "the data folder"
        typer.echo(f"{where}: {failed.strerror}. Make it writable, or name another folder in OSLER_DATA.", err=True)
        sys.exit(1)

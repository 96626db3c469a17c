"""How long work tells what it does: in plain lines, without cursor tricks, the same in a pipe as on a terminal."""

from collections.abc import Callable

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing."""

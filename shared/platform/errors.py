"""Errors that say who acts next; each has a stable code, and its docstring is the message. No I/O here."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from inspect import cleandoc

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class OslerError(Exception):
    """Something was not done; `pointer` says for which part of what was sent, where that is one of several."""

    pointer: str | None = None

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).message())

    @classmethod
    def code(cls) -> str:
        """The stable name of this error on the wire: the class name in snake case."""
        return _WORD.sub("_", cls.__name__).lower()

    @classmethod
    def message(cls) -> str:
        """The sentence a person reads: the first paragraph of the class's docstring."""
        return " ".join(cleandoc(cls.__doc__ or "").split("\n\n")[0].split())


class Refused(OslerError):
    """A rule says no. Nothing was changed."""


class NotFound(Refused):
    """There is nothing here that you may see."""


class Forbidden(Refused):
    """You may not do this."""


class Conflict(Refused):
    """This no longer fits what is stored. Nothing was changed; look again and retry."""


class StaleRevision(Conflict):
    """Somebody changed this after you looked at it. Nothing was changed; look again and retry."""


class Malformed(Refused):
    """The request cannot be read as what it should be. Nothing was changed."""


class NotYet(OslerError):
    """Something this event builds on has not been heard yet; it is tried again by itself."""


class Unavailable(OslerError):
    """Something this needs cannot be reached now. Nothing was lost; it is tried again."""


@contextmanager
def pointing_at(*path: str | int) -> Generator[None]:
    """Have a refusal within say for which part of a request it is: `"body", "mentor_ids", 2`."""
    try:
        yield
    except Refused as refused:
        refused.pointer = "".join(f"/{step}" for step in path)
        raise


class OutcomeUnknown(Unavailable):
    """The database did not answer whether this was stored. Send the same Idempotency-Key again to learn the outcome."""

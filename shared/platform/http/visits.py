"""What the edge learns about a request while it serves it; it holds codes and ids only, because it ends in the log."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request
from starlette.types import Scope

from shared.platform.http.audit import Act
from shared.platform.members import Person

_NAME = "visit"


@dataclass
class Visit:
    """One request: who came, for what, and what became of it."""

    trace_id: str
    operation: str | None = None
    person: Person | None = None
    act: Act | None = None
    code: str | None = None
    """The code of the refusal."""
    why: str | None = None
    """Which check of a token failed."""


def begin(scope: Scope, visit: Visit) -> None:
    """Attach a visit to a request's scope."""
    scope.setdefault("state", {})[_NAME] = visit


def of(request: Request) -> Visit:
    """The visit of a request."""
    return cast("Visit", request.scope["state"][_NAME])

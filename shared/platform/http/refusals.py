"""What the HTTP edge itself refuses, and the one table from kind of error to status; it holds no rule of a service."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from shared.platform.auth import Unauthenticated
from shared.platform.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    NotYet,
    OslerError,
    Refused,
    StaleRevision,
    Unavailable,
)


class UnknownPerson(Refused):
    """You are signed in, but nobody of your institution's roster is known under this sign-in."""


class MalformedHttp(Malformed):
    """This cannot be read as a request of HTTP/1.1, or its head is too long. Nothing was changed."""


class UnknownPath(NotFound):
    """There is nothing at this address."""


class MethodNotAllowed(Refused):
    """This address does not take this method; the header Allow names those that it takes."""


class BodyTooLarge(Refused):
    """The body is larger than this operation takes. Nothing was changed."""


class BodyTooSlow(Refused):
    """The body did not arrive in time. Nothing was changed; send it again."""


class BodyCutShort(Malformed):
    """The connection ended before the whole body had arrived. Nothing was changed."""


class UnsupportedMediaType(Refused):
    """This operation does not take a body of this Content-Type. Nothing was changed."""


class MalformedRequest(Malformed):
    """The request cannot be read as what it should be; `errors` names each place. Nothing was changed."""


class MalformedCursor(Malformed):
    """This is not a cursor that a list gave out. Ask for the list again from its start."""


class MalformedIfMatch(Malformed):
    """If-Match takes one ETag as it was given out, such as "7". Nothing was changed."""


class PreconditionRequired(Refused):
    """Say in If-Match which revision you looked at, so that nobody's change is overwritten. Nothing was changed."""


class MalformedIdempotencyKey(Malformed):
    """Idempotency-Key takes 1 to 255 visible ASCII characters. Nothing was changed."""


class IdempotencyKeyReused(Refused):
    """This Idempotency-Key came before with another request. Nothing was changed; use a new key for a new request."""


class IdempotencyKeyInUse(Conflict):
    """A request with this Idempotency-Key is still being worked on. Send it again in a moment to get its answer."""


class NotReady(Unavailable):
    """This service is not ready yet; `waiting_for` names what it waits for."""

    def __init__(self, waiting_for: Sequence[str] = ()) -> None:
        super().__init__()
        self.waiting_for = tuple(waiting_for)


class InternalError(OslerError):
    """Something went wrong on our side. Nothing was changed; tell your administrator the trace id."""


# The most specific kind wins: a look-up follows the class's own order of bases. What a service raises is placed by the
# platform's own kinds, which come first.
STATUS: Final[dict[type[OslerError], HTTPStatus]] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.FORBIDDEN,
    StaleRevision: HTTPStatus.PRECONDITION_FAILED,
    Conflict: HTTPStatus.CONFLICT,
    Malformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    MalformedHttp: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    UnknownPerson: HTTPStatus.UNAUTHORIZED,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotYet: HTTPStatus.SERVICE_UNAVAILABLE,  # a caller may try again, as a consumer does
}


def status_of(kind: type[OslerError]) -> HTTPStatus:
    """The status that a kind of error answers with; 500 for what has no row in the table."""
    return next((STATUS[base] for base in kind.__mro__ if base in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)

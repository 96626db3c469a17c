"""Errors as problem+json (RFC 9457) and as OpenAPI responses; no answer repeats what was sent or says how it failed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.platform.errors import NotYet, OslerError, Unavailable
from shared.platform.http import refusals
from shared.platform.http.bodies import LastAnswer
from shared.platform.http.complaints import complaints
from shared.platform.http.refusals import (
    InternalError,
    MalformedRequest,
    MethodNotAllowed,
    PreconditionRequired,
    UnknownPath,
    status_of,
)

MEDIA_TYPE: Final = "application/problem+json"
SCHEMA_NAME: Final = "Problem"
_RETRY_AFTER_SECONDS: Final = 1

SCHEMA: Final[dict[str, Any]] = {
    "title": SCHEMA_NAME,
    "description": "Why something was not done (RFC 9457). `code` is stable; `title` is for people.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Where the code is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into {body, query, path, header}."},
                    "message": {"type": "string"},
                },
            },
        },
        "trace_id": {"type": "string", "description": "Tell it to your administrator."},
    },
}


class Problems(dict[int | str, dict[str, Any]]):
    """OpenAPI responses of these errors: one entry per status, the codes as an enumeration."""

    def __init__(self, *errors: type[OslerError]) -> None:
        self.errors = errors
        by_status: defaultdict[int, list[type[OslerError]]] = defaultdict(list)
        for error in sorted(set(errors), key=lambda each: each.code()):
            by_status[status_of(error)].append(error)
        super().__init__({status: _response(kinds) for status, kinds in sorted(by_status.items())})


def problems(*errors: type[OslerError]) -> Problems:
    """What an operation may refuse beyond what every operation may, for its `responses`."""
    return Problems(*errors)


def _response(kinds: Sequence[type[OslerError]]) -> dict[str, Any]:
    codes = {"type": "object", "properties": {"code": {"enum": [kind.code() for kind in kinds]}}}
    return {
        "description": "\n".join(f"- `{kind.code()}`: {kind.message()}" for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": {"allOf": [{"$ref": f"#/components/schemas/{SCHEMA_NAME}"}, codes]}}},
    }


def as_error(raised: Exception) -> OslerError:
    """What an exception is to the caller: itself, a refusal of the edge, or an internal error that says nothing."""
    match raised:
        case OslerError():
            return raised
        case RequestValidationError():
            return PreconditionRequired() if _lacks_if_match(raised) else MalformedRequest()
        case HTTPException(status_code=HTTPStatus.NOT_FOUND):
            return UnknownPath()
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            return MethodNotAllowed()
        case HTTPException(status_code=status) if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return MalformedRequest()
        case _:
            return InternalError()


def answer(raised: Exception, trace_id: str) -> Response:
    """The problem+json answer to an exception, in full: status, body and headers."""
    error = as_error(raised)
    status = status_of(type(error))
    document: dict[str, Any] = {
        "type": f"/problems/{error.code()}",
        "title": error.message(),
        "status": int(status),
        "code": error.code(),
    }
    if str(error) != error.message():
        document["detail"] = str(error)
    if isinstance(raised, RequestValidationError) and isinstance(error, MalformedRequest):
        document["errors"] = complaints(raised)
    if error.pointer is not None:
        document["errors"] = [{"pointer": error.pointer, "message": error.message()}]
    if isinstance(error, refusals.NotReady):
        document["waiting_for"] = list(error.waiting_for)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        document["trace_id"] = trace_id
    # The rest of such a body is not read as one, so the next request on the connection could not be found.
    kind = LastAnswer if isinstance(error, refusals.BodyTooLarge | refusals.BodyTooSlow) else Response
    # Escaped to ASCII: half a character in a field's name would otherwise make the answer itself unwritable.
    return kind(json.dumps(document), status, _headers(raised, error), MEDIA_TYPE)


def _headers(raised: Exception, error: OslerError) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    if isinstance(raised, HTTPException):
        headers |= {name: value for name, value in (raised.headers or {}).items() if name.lower() == "allow"}
    if isinstance(error, Unavailable | NotYet | refusals.IdempotencyKeyInUse):
        headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    if isinstance(error, refusals.Unauthenticated | refusals.UnknownPerson):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _lacks_if_match(error: RequestValidationError) -> bool:
    return any(each["type"] == "missing" and tuple(each["loc"]) == ("header", "If-Match") for each in error.errors())

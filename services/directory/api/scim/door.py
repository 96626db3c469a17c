"""The door of SCIM: opens one institution's transaction to whoever shows its secret; every answer is SCIM's own."""

import asyncio
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from fastapi import Request, Response
from scim2_models import Error, InvalidSyntaxException, Resource, ResourceType, SCIMException
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from services.directory import use_cases
from services.directory.api.fields import ReadKeys
from services.directory.api.scim.models import PROVIDER
from services.directory.api.scim.storage import Storage
from services.directory.domain.provisioning import AccountExists, AddressOfAnother, GroupExists, UserNameTaken
from shared.platform.auth import Unauthenticated, bearer_token
from shared.platform.database import Database, Transaction
from shared.platform.errors import Malformed, OutcomeUnknown, Unavailable
from shared.platform.http import MIB, audit, bodies, problem, visits
from shared.platform.http.audit import Act
from shared.platform.http.refusals import status_of
from shared.platform.http.visits import Visit
from shared.platform.service import Runtime
from shared.platform.telemetry import logger

_LOG: Final = logger("scim")
_ROOT: Final = "/scim/v2"
_AUDIT_SECONDS: Final = 10.0
_LONGEST_QUERY: Final = 4000
_TAKEN: Final = (AccountExists, UserNameTaken, AddressOfAnother, GroupExists)
_LOOK: Final = "directory.scim_look"
_OPERATIONS: Final = {
    "GET": _LOOK,
    "POST": "directory.scim_add",
    "PUT": "directory.scim_replace",
    "PATCH": "directory.scim_change",
    "DELETE": "directory.scim_remove",
}
"""What a request is called in logs, metrics and audit records; any other method is refused."""


class _Service(ScimService):
    """The protocol, with what identity providers leave out of a user filled in from what they say."""

    def read_creation(self, resource_type: ResourceType, body: bytes, content_type: str | None) -> Resource[Any]:
        return super().read_creation(resource_type, self._filled(resource_type, body, content_type), content_type)

    def read_replacement(self, resource_type: ResourceType, body: bytes, content_type: str | None) -> Resource[Any]:
        return super().read_replacement(resource_type, self._filled(resource_type, body, content_type), content_type)

    def _filled(self, resource_type: ResourceType, body: bytes, content_type: str | None) -> bytes:
        """An account is open unless it is said to be closed, and a name in parts is a name."""
        said = self.decode_body(body, content_type)
        if resource_type.name != "User" or not isinstance(said, dict):
            return body
        user = dict(cast("dict[str, Any]", said))
        names = {name.lower() for name in user}
        if "active" not in names:
            user["active"] = True
        if "displayname" not in names and isinstance(user.get("name"), dict):
            parts: dict[str, Any] = user["name"]
            given = [parts[key] for key in ("givenName", "familyName") if isinstance(parts.get(key), str)]
            user["displayName"] = parts.get("formatted") or " ".join(given)
        return json.dumps(user).encode()


class Door:
    """Everything under /scim/v2, for provisioning clients; `keys` are those of the process."""

    def __init__(self, database: Database, keys: ReadKeys) -> None:
        self._database = database
        self._keys = keys
        self._service = _Service(PROVIDER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, after its transaction has ended; every error becomes SCIM's."""
        request = Request(scope, receive)
        visit = visits.of(request)
        try:
            answer = await self._serve(request, visit)
        except Exception as error:  # noqa: BLE001 - the edge: nothing may leave it but an answer
            answer = await self._refuse(visit, error)
        await answer(scope, receive, send)

    async def _serve(self, request: Request, visit: Visit) -> Response:
        is_search = request.scope["path"].endswith("/.search")
        visit.operation = _LOOK if is_search else _OPERATIONS.get(request.method, "directory.scim_other")
        secret = bearer_token(request.headers.getlist("authorization"))
        asked = await _read(request)
        opening = use_cases.provisioning_admission(secret, read_only=visit.operation == _LOOK)
        return await self._database.run(lambda tx: self._work(tx, asked, visit), door="api", opening=opening)

    async def _work(self, tx: Transaction, asked: ScimRequest, visit: Visit) -> Response:
        client = use_cases.find_provisioner(tx)
        if client is None:
            raise Unauthenticated("unknown_token")
        visit.person = client
        act = visit.act = visit.act or Act(client, visit.operation or _LOOK, _ROOT + asked.path)
        changes = act.operation != _LOOK
        if changes:
            await use_cases.lock_provisioning(tx, client.institution_id)
        storage = Storage(tx, client.institution_id, self._keys)
        answer = await AsyncScimHandler(self._service, storage).handle(asked)
        await tx.flush()
        if changes:
            await act.record(tx, "done", None)
        return _response(answer)

    async def _refuse(self, visit: Visit, raised: Exception) -> Response:
        error = _as_scim(raised)
        visit.code = _code_of(raised)
        visit.why = raised.why if isinstance(raised, Unauthenticated) else None
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("bug_in_request", operation=visit.operation, exc_info=raised)
        if visit.act is not None and (visit.operation != _LOOK or error.status == HTTPStatus.NOT_FOUND):
            await self._record(visit.act, _outcome(raised, error.status), visit.code)
        answer = _response(self._service.error_response(error))
        if isinstance(raised, Unavailable):
            answer.headers["Retry-After"] = "1"
        return answer

    async def _record(self, act: Act, outcome: audit.Outcome, code: str) -> None:
        """Record an act whose own transaction is gone."""
        try:
            async with asyncio.timeout(_AUDIT_SECONDS):
                await self._database.run(
                    lambda tx: act.record(tx, outcome, code),
                    institution_id=act.person.institution_id,
                    person_id=act.person.person_id,
                )
        except Exception as error:  # noqa: BLE001 - the caller still gets the answer that explains their request
            _LOG.error("audit_record_lost", operation=act.operation, code=code, exc_info=error)


def make_door(keys: ReadKeys) -> Callable[[Runtime], Sequence[BaseRoute]]:
    """What the service serves beside its operations."""
    return lambda runtime: (Mount(_ROOT, app=Door(runtime.app, keys)),)


async def _read(request: Request) -> ScimRequest:
    whole = await bodies.read(request, MIB)
    body = await whole.body()
    query = request.scope["query_string"].decode("latin-1")
    if len(query) > _LONGEST_QUERY:
        raise InvalidSyntaxException(detail="This query is too long")
    path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).removeprefix(_ROOT)
    return ScimRequest(
        method=request.method,
        base_url=f"{request.url.scheme}://{request.url.netloc}{_ROOT}",
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"]],
        body=body,
    )


def _as_scim(raised: Exception) -> SCIMException:
    if isinstance(raised, SCIMException):
        return raised
    if isinstance(raised, RecursionError):
        return InvalidSyntaxException(detail="This is nested too deeply")
    error = problem.as_error(raised)
    kind = "uniqueness" if isinstance(error, _TAKEN) else "invalidValue" if isinstance(error, Malformed) else None
    status = HTTPStatus.BAD_REQUEST if isinstance(error, Malformed) else status_of(type(error))
    return SCIMException.from_error(Error(status=int(status), scim_type=kind, detail=str(error)))


def _code_of(raised: Exception) -> str:
    """The stable code of a refusal, for the log and the audit record."""
    if isinstance(raised, SCIMException):
        return raised.scim_type or f"scim_{raised.status}"
    return problem.as_error(raised).code()


def _outcome(raised: Exception, status: int) -> audit.Outcome:
    if isinstance(raised, OutcomeUnknown):
        return "unknown"
    return "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"


def _response(answer: ScimResponse) -> Response:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    return Response(body, int(answer.status), answer.headers)

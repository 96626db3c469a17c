"""Puts a service's operations behind the edge; refuses to build one without a policy row, or one name for two."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from shared.contracts import policy as contract
from shared.contracts.policy import Policy
from shared.platform import telemetry
from shared.platform.auth import RecognizesTokens
from shared.platform.database import Database
from shared.platform.errors import OslerError
from shared.platform.http import problem, visits
from shared.platform.http.edge import OperationEdge
from shared.platform.http.observation import Observation
from shared.platform.http.refusals import NotReady, UnknownPath, status_of
from shared.platform.http.routes import Operation, Routes
from shared.platform.settings import PlatformSettings

Check = Callable[[], Awaitable[bool]]

API_VERSION: Final = "1"
_CHECK_SECONDS: Final = 2.0
_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "at+jwt",
    "description": "An access token of the institution's issuer for the audience `osler`, valid for minutes.",
}


class OperationWithoutPolicy(Exception):
    """An operation has no row in shared/contracts/policy.toml, so it is not built."""


class _Service(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document, with the bearer scheme and the one shape of all problems."""
        if not self.openapi_schema:
            document = super().openapi()
            parts = document.setdefault("components", {})
            parts.setdefault("schemas", {})[problem.SCHEMA_NAME] = problem.SCHEMA
            parts["securitySchemes"] = {"bearer": _BEARER}
            document["security"] = [{"bearer": []}]
        return super().openapi()


def build_app(
    service: str,
    routes: Sequence[Routes],
    *,
    database: Database,
    worker: Database | None = None,
    authenticator: RecognizesTokens,
    settings: PlatformSettings,
    ready: Mapping[str, Check] | None = None,
    registry: CollectorRegistry = telemetry.REGISTRY,
    policy: Policy | None = None,
) -> FastAPI:
    """The whole HTTP side of a service: its operations behind the edge, /livez, /readyz, /metrics and /openapi.json.

    `database` is the app login's pool, `worker` the worker login's, which operations on the platform's own tables need;
    `ready` says by name what must answer before the service is ready. Raises OperationWithoutPolicy.
    """
    rows = _rows(routes, policy or contract.load())
    app = _documented(service, routes)
    app.include_router(_operating(ready or {}, registry), include_in_schema=False)
    secret = settings.sign_in_secret.get_secret_value()
    app.state.edge = OperationEdge(database, worker or database, authenticator, secret, rows)
    app.add_middleware(Observation)
    return app


def openapi(service: str, routes: Sequence[Routes]) -> dict[str, Any]:
    """A service's OpenAPI document, without anything that would have to be connected."""
    return _documented(service, routes).openapi()


def _rows(routes: Sequence[Routes], policy: Policy) -> dict[str, Mapping[Any, object]]:
    operations = [operation for each in routes for operation in each.operations]
    _refuse_repetition(operations)
    rows = {operation.id: policy.find_row(operation.id) for operation in operations}
    missing = sorted(operation_id for operation_id, row in rows.items() if row is None)
    if missing:
        message = f"{', '.join(missing)}: add [{missing[0]}] to shared/contracts/policy.toml"
        raise OperationWithoutPolicy(message)
    return {operation_id: row for operation_id, row in rows.items() if row is not None}


def _refuse_repetition(operations: Sequence[Operation]) -> None:
    repeated = [name for name, times in Counter(operation.id for operation in operations).items() if times > 1]
    if repeated:
        message = f"{', '.join(repeated)}: two operations of one name would share a policy row"
        raise ValueError(message)


def _documented(service: str, routes: Sequence[Routes]) -> _Service:
    app = _Service(
        title=f"Osler {service}",
        version=API_VERSION,
        docs_url=None,  # its pages would fetch scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own telemetry records what people sent: exception texts, validation errors with their input.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    for each in routes:
        app.include_router(each.router)
    for kind in (HTTPException, RequestValidationError, OslerError):
        app.add_exception_handler(kind, _answer)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    """Whatever goes wrong outside of an operation: an unknown path, another method."""
    visit = visits.of(request)
    visit.code = problem.as_error(error).code()
    return problem.answer(error, visit.trace_id)


def _operating(ready: Mapping[str, Check], registry: CollectorRegistry) -> APIRouter:
    router = APIRouter()

    async def livez() -> Response:
        """The process answers; it says nothing of what it needs."""
        return JSONResponse({"status": "alive"})

    async def readyz() -> Response:
        """Everything it needs answers too."""
        answers = await asyncio.gather(*map(_holds, ready.values()))
        waiting_for = [name for name, holds in zip(ready, answers, strict=True) if not holds]
        if waiting_for:
            raise NotReady(waiting_for)
        return JSONResponse({"status": "ready"})

    async def metrics() -> Response:
        """What is counted and measured here."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def explain(code: str) -> Response:
        """What a problem's `type` leads to."""
        kind = next((each for each in _kinds(OslerError) if each.code() == code), None)
        if kind is None:
            raise UnknownPath
        return JSONResponse({"code": code, "title": kind.message(), "status": int(status_of(kind))})

    router.add_api_route("/livez", livez)
    router.add_api_route("/readyz", readyz)
    router.add_api_route("/metrics", metrics)
    router.add_api_route("/problems/{code}", explain)
    return router


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check()
    except Exception:  # noqa: BLE001 - whatever stops a check from answering, the service is not ready
        return False


def _kinds(kind: type[OslerError]) -> Iterator[type[OslerError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)

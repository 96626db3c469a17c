"""How a service declares its operations: typed functions with a policy row each; what has no `async` is refused."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, ClassVar, Final, Literal, Protocol, TypeVar, get_type_hints

from fastapi import APIRouter, Request, Response
from fastapi.datastructures import Default
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.platform.errors import Forbidden, OslerError, OutcomeUnknown, StaleRevision, Unavailable
from shared.platform.http import refusals
from shared.platform.http.pages import Page
from shared.platform.http.problem import Problems, problems
from shared.platform.http.revisions import IfMatch
from shared.platform.issuer import SignInUnavailable

MIB: Final = 1024 * 1024
JSON: Final = "application/json"

Login = Literal["app", "worker"]
"""Whose transaction an operation gets: row-level security binds `app`; `worker` is for the platform's own tables."""

Endpoint = Callable[..., Coroutine[Any, Any, Any]]
E = TypeVar("E", bound=Endpoint)
Respond = Callable[[Request], Coroutine[Any, Any, Response]]

_EVERY: Final[tuple[type[OslerError], ...]] = (
    refusals.Unauthenticated,
    refusals.UnknownPerson,
    SignInUnavailable,
    Forbidden,
    refusals.MalformedRequest,
    refusals.InternalError,
    Unavailable,
)
_WITH_BODY: Final = (
    refusals.BodyTooLarge,
    refusals.BodyTooSlow,
    refusals.BodyCutShort,
    refusals.UnsupportedMediaType,
)
_POST: Final = (refusals.MalformedIdempotencyKey, refusals.IdempotencyKeyReused, refusals.IdempotencyKeyInUse)
_WITH_IF_MATCH: Final = (StaleRevision, refusals.PreconditionRequired, refusals.MalformedIfMatch)
_WITH_PAGE: Final = (refusals.MalformedCursor,)

_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request gets the same answer for 7 days, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


@dataclass(frozen=True)
class Operation:
    """One operation of a service, as its policy row, its metrics and its documents know it."""

    service: str
    name: str
    method: str
    path: str
    accepts: tuple[str, ...] = (JSON,)
    max_body_bytes: int = MIB
    login: Login = "app"

    @property
    def id(self) -> str:
        """`<service>.<function name>`: the operation id in OpenAPI and the key of the policy row."""
        return f"{self.service}.{self.name}"

    @property
    def changes_something(self) -> bool:
        """Whether its method is one that may change something; the others run in a read-only transaction."""
        return self.method != "GET"

    @property
    def looks_up_by_id(self) -> bool:
        """Whether its address names one thing."""
        return "{" in self.path


@dataclass(frozen=True)
class Handler:
    """FastAPI's own handler of an operation, and what it knows about the operation's shape."""

    respond: Respond
    takes_form: bool
    shows_revision: bool


class Edge(Protocol):
    """What stands around every operation: sign-in, policy, transaction, kept answers, audit."""

    async def serve(self, request: Request, operation: Operation, handler: Handler) -> Response:
        """Answer one request; nothing escapes but what ends the process."""
        ...


class OperationRoute(APIRoute):
    """A route whose function runs inside the edge that `build_app` put into the application's state."""

    operation: ClassVar[Operation]

    def get_route_handler(self) -> Respond:
        """FastAPI's own handler, inside the edge."""
        takes_form = self.body_field is not None
        handler = Handler(super().get_route_handler(), takes_form, _shows_revision(self.response_model))
        operation = self.operation

        async def handle(request: Request) -> Response:
            edge: Edge = request.app.state.edge
            return await edge.serve(request, operation, handler)

        return handle


def _shows_revision(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel) and "revision" in model.model_fields


class Routes:
    """The operations of a service: async functions; their names make operation ids, their docstrings the documents."""

    def __init__(self, service: str, *, login: Login = "app") -> None:
        self.service = service
        self.login: Login = login
        self.router = APIRouter(tags=[service])
        self.operations: list[Operation] = []

    def get(
        self,
        path: str,
        *,
        status_code: int = 200,
        responses: Problems | None = None,
        response_class: type[Response] | None = None,
    ) -> Callable[[E], E]:
        """Declare a look-up; it runs in a read-only transaction."""
        return self._declare("GET", path, status_code=status_code, responses=responses, response_class=response_class)

    def post(
        self,
        path: str,
        *,
        status_code: int = 200,
        responses: Problems | None = None,
        accepts: tuple[str, ...] = (JSON,),
        max_body_bytes: int = MIB,
        response_class: type[Response] | None = None,
    ) -> Callable[[E], E]:
        """Declare a command that honours Idempotency-Key."""
        return self._declare(
            "POST",
            path,
            status_code=status_code,
            responses=responses,
            accepts=accepts,
            max_body_bytes=max_body_bytes,
            response_class=response_class,
        )

    def put(self, path: str, *, status_code: int = 200, responses: Problems | None = None) -> Callable[[E], E]:
        """Declare a replacement."""
        return self._declare("PUT", path, status_code=status_code, responses=responses)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        status_code: int,
        responses: Problems | None,
        accepts: tuple[str, ...] = (JSON,),
        max_body_bytes: int = MIB,
        response_class: type[Response] | None = None,
    ) -> Callable[[E], E]:
        def declare(function: E) -> E:
            if not iscoroutinefunction(function):
                message = f"{function.__name__} must be async: a thread could not use the request's transaction"
                raise TypeError(message)
            operation = Operation(self.service, function.__name__, method, path, accepts, max_body_bytes, self.login)
            self.router.add_api_route(
                path,
                function,
                methods=[method],
                status_code=status_code,
                operation_id=operation.id,
                responses=problems(*(responses.errors if responses else ()), *_edge_errors(operation, function)),
                route_class_override=type(function.__name__, (OperationRoute,), {"operation": operation}),
                openapi_extra=_extra(operation),
                response_class=response_class or Default(JSONResponse),
            )
            self.operations.append(operation)
            return function

        return declare


def _edge_errors(operation: Operation, function: Endpoint) -> Sequence[type[OslerError]]:
    """What the edge itself may refuse: by the method, and by what the function asks for."""
    hints = get_type_hints(function, include_extras=True).values()
    return (
        *_EVERY,
        *((*_WITH_BODY, OutcomeUnknown) if operation.changes_something else ()),
        *(_POST if operation.method == "POST" else ()),
        *(_WITH_IF_MATCH if IfMatch in hints else ()),
        *(_WITH_PAGE if Page in hints else ()),
    )


def _extra(operation: Operation) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if operation.method == "POST":
        extra["parameters"] = [_IDEMPOTENCY_KEY]
    if JSON not in operation.accepts:
        content = {accepted: {"schema": {"type": "string", "format": "binary"}} for accepted in operation.accepts}
        extra["requestBody"] = {"required": True, "content": content}
    return extra


class HasRoutes(Protocol):
    """Anything that has routes, as a service does."""

    @property
    def routes(self) -> Sequence[Routes]:
        """The routes."""
        ...


def operations(service: HasRoutes) -> list[Operation]:
    """Every operation of a service, in the order of declaration, for tests and documents."""
    return [operation for routes in service.routes for operation in routes.operations]

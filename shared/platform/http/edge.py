"""What stands around every operation: sign-in, policy, transaction, kept answers, audit; it answers after commit."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import asyncpg
from fastapi import Request, Response

from shared.contracts.event import Role
from shared.platform import auth
from shared.platform.auth import RecognizesTokens, Unauthenticated
from shared.platform.database import Database, Transaction
from shared.platform.errors import Forbidden, OutcomeUnknown, Unavailable
from shared.platform.http import audit, bodies, context, idempotency, problem, visits
from shared.platform.http.audit import Act, Outcome
from shared.platform.http.bodies import WholeRequest
from shared.platform.http.idempotency import Claim
from shared.platform.http.refusals import InternalError, MalformedRequest, UnknownPerson
from shared.platform.http.revisions import etag
from shared.platform.http.routes import JSON, Handler, Operation
from shared.platform.http.visits import Visit
from shared.platform.members import Person, admission, admitted, sign_in_key
from shared.platform.telemetry import logger

_LOG: Final = logger("http")
_AUDIT_SECONDS: Final = 10.0
_EMPTY: Final = {b"", b"{}"}


@dataclass(frozen=True)
class _Served:
    """One operation about to run for one request."""

    request: WholeRequest
    operation: Operation
    handler: Handler
    visit: Visit


@dataclass(frozen=True)
class OperationEdge:
    """The edge of one service: `database` is the app login's; `policy` holds the row of each of its operations."""

    database: Database
    worker: Database
    authenticator: RecognizesTokens
    sign_in_secret: str
    policy: Mapping[str, Mapping[Role, object]]

    async def serve(self, request: Request, operation: Operation, handler: Handler) -> Response:
        """Answer one request, after its transaction has ended; every error becomes a problem."""
        visit = visits.of(request)
        visit.operation = operation.id
        try:
            token = auth.bearer_token(request.headers.getlist("authorization"))
            key = sign_in_key(self.sign_in_secret, await self.authenticator.subject(token))
            whole = await bodies.read(request, operation.max_body_bytes)
            served = _Served(whole, operation, handler, visit)
            opening = admission(key, read_only=not operation.changes_something)
            if operation.login == "worker":  # whom the policy refuses takes none of the consumers' connections
                await self.database.run(lambda tx: self._admit(tx, served), door="api", opening=opening)
            database = self.worker if operation.login == "worker" else self.database
            return await database.run(lambda tx: self._work(tx, served), door="api", opening=opening)
        except Exception as error:  # noqa: BLE001 - the edge: nothing may leave it but an answer
            return await self._refuse(visit, operation, error)

    async def _work(self, tx: Transaction, served: _Served) -> Response:
        person = await self._admit(tx, served)
        await _refuse_body(served)
        claim = await _claim(served, person)
        kept = None if claim is None else await claim.begin(tx)
        if kept is not None:
            return kept
        context.enter(served.request, tx, person)
        response = await _respond(tx, served)
        if claim is not None:
            await claim.keep(tx, response)
        act = served.visit.act
        if act is not None and audit.is_due(served.operation, response.status_code):
            await act.record(tx, "done", await _reason(served))
        return response

    async def _admit(self, tx: Transaction, served: _Served) -> Person:
        """Who asks, if the policy lets them in."""
        operation, visit = served.operation, served.visit
        person = admitted(tx)
        if person is None:
            raise UnknownPerson
        row = self.policy[operation.id]
        visit.person = person
        if visit.act is None and audit.acts_as_administrator(person, row):
            visit.act = Act(person, operation.id, served.request.scope.get("raw_path", b"").decode("ascii", "replace"))
        if row.keys().isdisjoint(person.roles):
            raise Forbidden
        return person

    async def _refuse(self, visit: Visit, operation: Operation, raised: Exception) -> Response:
        if isinstance(raised, OutcomeUnknown) and not operation.changes_something:
            raised = Unavailable()  # nothing was to be stored, so there is nothing to be unsure of
        error = problem.as_error(raised)
        visit.code = error.code()
        if isinstance(error, Unauthenticated):
            visit.why = error.why
        if isinstance(error, InternalError):
            _LOG.error("bug_in_request", operation=operation.id, exc_info=raised)
        response = problem.answer(raised, visit.trace_id)
        if visit.act is not None and audit.is_due(operation, response.status_code):
            await self._record(visit.act, _outcome(raised, response.status_code), error.code())
        return response

    async def _record(self, act: Act, outcome: Outcome, code: str) -> None:
        """Record an act whose own transaction is gone."""
        try:
            async with asyncio.timeout(_AUDIT_SECONDS):
                await self.database.run(
                    lambda tx: act.record(tx, outcome, code),
                    institution_id=act.person.institution_id,
                    person_id=act.person.person_id,
                )
        except Exception as error:  # noqa: BLE001 - the caller still gets the answer that explains their request
            _LOG.error(
                "audit_record_lost",
                operation=act.operation,
                person_id=str(act.person.person_id),
                code=code,
                exc_info=error,
            )


async def _refuse_body(served: _Served) -> None:
    """Refuse a body of another kind, and one that nobody would read: what it says would be lost without a word."""
    accepts = served.operation.accepts
    await served.request.refuse_other_than(accepts)
    if JSON in accepts and not served.handler.takes_form and await served.request.body() not in _EMPTY:
        raise MalformedRequest("This operation takes no body. Nothing was changed.")


async def _claim(served: _Served, person: Person) -> Claim | None:
    if served.operation.method != "POST":
        return None
    key = idempotency.key_of(served.request)
    return None if key is None else await Claim.of(served.request, person, served.operation.id, key)


async def _respond(tx: Transaction, served: _Served) -> Response:
    try:
        response = await served.handler.respond(served.request)
        await tx.flush()
    except asyncpg.ReadOnlySQLTransactionError as error:
        if served.operation.changes_something:
            raise  # a server that is becoming a replica: worth another try
        message = f"{served.operation.id} is a look-up and tried to change something"
        raise RuntimeError(message) from error
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        message = f"{served.operation.id} returned a refusal; only a raised one rolls back"
        raise RuntimeError(message)
    if served.handler.shows_revision:
        response.headers["ETag"] = etag(json.loads(bytes(response.body))["revision"])
    return response


async def _reason(served: _Served) -> str | None:
    """The reason that a form gave, where it has one."""
    sent: Any = await served.request.json() if served.handler.takes_form else None
    reason = cast("dict[str, Any]", sent).get("reason") if isinstance(sent, dict) else None
    return reason if isinstance(reason, str) else None


def _outcome(raised: Exception, status: int) -> Outcome:
    if isinstance(raised, OutcomeUnknown):
        return "unknown"
    return "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"

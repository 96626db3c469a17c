"""The policy table as it is at the doors: every operation, every role, in the row's institution and in another."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.routing import BaseRoute

from shared.platform.http import Operation, operations
from shared.platform.http.routes import OperationRoute
from shared.testing.policy_matrix import Cell, unused_rows
from tests.policy.offered import CELLS, DOCUMENTS, OPERATIONS, ROOT, SERVICES, ask, name_of
from tests.policy.places import Place

_DOORS_WITHOUT_POLICY = {"/livez", "/readyz", "/metrics", "/problems/{code}", "/openapi.json"}
"""What every service answers to everybody: no institution's data is behind it."""


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("where", ["at home", "elsewhere"])
@pytest.mark.parametrize("cell", CELLS, ids=name_of)
async def test_a_role_opens_what_its_cell_says_and_nothing_else(
    cell: Cell, where: str, places: dict[str, Place]
) -> None:
    place = places[cell.operation.service]
    institution_id = place.rows.institution_id if where == "at home" else place.rows.other_id
    async with place.running.client(uuid4(), institution_id, [cell.role]) as http:
        if cell.relation is None:
            assert code_of(await ask(http, cell.operation, place.rows.ids)) == (403, "forbidden")
        else:  # on what is not there, so that nothing changes
            answer = await ask(http, cell.operation)
            assert answer.status_code not in {401, 403}
            assert answer.status_code < 500


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
async def test_who_has_no_role_opens_nothing(operation: Operation, places: dict[str, Place]) -> None:
    place = places[operation.service]
    async with place.running.client(uuid4(), place.rows.institution_id, []) as http:
        assert code_of(await ask(http, operation, place.rows.ids)) == (403, "forbidden")


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
async def test_without_a_token_that_proves_somebody_nothing_opens(
    operation: Operation, places: dict[str, Place]
) -> None:
    place = places[operation.service]
    transport = place.running.entrance(place.strict)
    for authorization in (None, "Bearer", "Bearer garbage", "Bearer a.b.c", "Basic bWU6bWU="):
        headers = {} if authorization is None else {"Authorization": authorization}
        async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as http:
            answer = await ask(http, operation, place.rows.ids)
        assert code_of(answer) == (401, "unauthenticated"), authorization
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
async def test_somebody_whom_no_roster_names_opens_nothing(operation: Operation, places: dict[str, Place]) -> None:
    place = places[operation.service]
    async with place.running.client(uuid4(), place.rows.institution_id, ["administrator"]) as http:
        stranger = {"Authorization": f"Bearer {uuid4()}@nowhere.example"}
        http.headers.update(stranger)
        assert code_of(await ask(http, operation, place.rows.ids)) == (401, "unknown_person")


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert {cell.operation.id for cell in CELLS if cell.relation is not None} == {each.id for each in OPERATIONS}
    assert unused_rows(SERVICES.values()) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_documents_name_the_operations_that_are_tried_here_and_no_other(service: str) -> None:
    committed = ROOT / f"shared/contracts/schemas/openapi/{service}.json"
    for document in (DOCUMENTS[service], json.loads(committed.read_text(encoding="utf-8"))):
        named = {
            (said["operationId"], method.upper(), path)
            for path, methods in document["paths"].items()
            for method, said in methods.items()
        }
        assert named == {(each.id, each.method, each.path) for each in operations(SERVICES[service])}


def test_nothing_is_served_beside_the_operations(places: dict[str, Place]) -> None:
    for name, place in places.items():
        served = list(routes_of(place.running.http))
        beside = {getattr(route, "path", repr(route)) for route in served if not isinstance(route, OperationRoute)}
        assert beside == _DOORS_WITHOUT_POLICY
        behind_the_edge = [route.operation for route in served if isinstance(route, OperationRoute)]
        assert sorted(each.id for each in behind_the_edge) == sorted(each.id for each in operations(SERVICES[name]))


def routes_of(holder: Any) -> Iterator[BaseRoute]:
    """Every route that an application or a router serves, also those of routers within."""
    for route in holder.routes:
        within = getattr(route, "original_router", route)
        if hasattr(within, "routes"):
            yield from routes_of(within)
        else:
            yield route

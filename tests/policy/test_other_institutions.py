"""What belongs to another institution is as if it were not there: by its id, in lists, and in what is recorded."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.event import Role
from shared.platform.http import Operation
from shared.platform.http.audit import ADMINISTRATORS
from shared.testing.policy_matrix import Cell
from tests.integration.pairing.hospital import Hospital
from tests.policy.offered import CELLS, WALLED_CELLS, ask, body_of, name_of, path_names
from tests.policy.places import Place

BY_ID: Final = [cell for cell in WALLED_CELLS if cell.operation.looks_up_by_id]
SHOWN_BY_ID: Final = [cell for cell in BY_ID if not cell.operation.changes_something]
LOOKED_FOR_BY_ADMINISTRATORS: Final = [
    cell
    for cell in CELLS
    if cell.relation is not None and cell.role in ADMINISTRATORS and cell.operation.looks_up_by_id
]
LISTS: Final = [
    cell for cell in WALLED_CELLS if not cell.operation.looks_up_by_id and not cell.operation.changes_something
]
LISTED: Final = list({cell.operation.id: cell.operation for cell in LISTS}.values())
OF_PERSONS: Final = {"party", "own"}
"""Relations for which somebody else of the same institution is as strange as somebody of another."""


def institutions_of_strangers(cell: Cell, place: Place) -> list[UUID]:
    """Where somebody may come from who shall find nothing."""
    return [place.rows.other_id, *([place.rows.institution_id] if cell.relation in OF_PERSONS else [])]


def told(answer: httpx.Response) -> tuple[int, Mapping[str, Any], Mapping[str, str]]:
    """All that an answer tells, apart from whose trace it is."""
    body = {name: value for name, value in answer.json().items() if name != "trace_id"}
    headers = {name: value for name, value in answer.headers.items() if not re.search("trace|date", name)}
    return answer.status_code, body, headers


@pytest.mark.parametrize("cell", BY_ID, ids=name_of)
async def test_anothers_row_answers_as_one_that_is_not_there(cell: Cell, places: dict[str, Place]) -> None:
    place = places[cell.operation.service]
    assert path_names(cell.operation) <= place.rows.ids.keys(), "make such a row in places.py"
    body = body_of(cell.operation)
    for institution_id in institutions_of_strangers(cell, place):
        async with place.running.client(uuid4(), institution_id, [cell.role]) as http:
            theirs = told(await ask(http, cell.operation, place.rows.ids, body))
            missing = told(await ask(http, cell.operation, body=body))
        assert theirs == missing
        assert missing[0] == 404


@pytest.mark.parametrize("cell", SHOWN_BY_ID, ids=name_of)
async def test_the_rows_that_strangers_do_not_find_are_shown_to_their_own_people(
    cell: Cell, places: dict[str, Place]
) -> None:
    place = places[cell.operation.service]
    async with place.running.client(place.rows.people[cell.role], place.rows.institution_id, [cell.role]) as http:
        assert (await ask(http, cell.operation, place.rows.ids)).status_code == 200


def test_each_row_that_strangers_are_tried_on_is_shown_to_somebody() -> None:
    tried = {(cell.operation.service, name) for cell in BY_ID for name in path_names(cell.operation)}
    assert tried == {(cell.operation.service, name) for cell in SHOWN_BY_ID for name in path_names(cell.operation)}


@pytest.mark.parametrize("cell", LISTS, ids=name_of)
async def test_a_list_shows_no_row_of_another_institution(cell: Cell, places: dict[str, Place]) -> None:
    place = places[cell.operation.service]
    for institution_id in institutions_of_strangers(cell, place):
        async with place.running.client(uuid4(), institution_id, [cell.role]) as http:
            answer = await ask(http, cell.operation)
        assert answer.status_code in {200, 404}
        assert place.seen_in(answer.text) == set()


@pytest.mark.parametrize("operation", LISTED, ids=name_of)
async def test_the_same_list_shows_the_rows_to_their_own_people(operation: Operation, places: dict[str, Place]) -> None:
    place = places[operation.service]
    roles: list[Role] = [cell.role for cell in LISTS if cell.operation == operation and cell.role in place.rows.people]
    assert roles, "say in places.py who is shown these rows"
    for role in roles:
        async with place.running.client(place.rows.people[role], place.rows.institution_id, [role]) as http:
            answer = await ask(http, operation)
        assert answer.status_code == 200
        assert place.seen_in(answer.text) != set()


@pytest.mark.parametrize("cell", LOOKED_FOR_BY_ADMINISTRATORS, ids=name_of)
async def test_an_administrator_who_looks_for_an_id_in_vain_leaves_one_record_whether_or_not_it_exists(
    cell: Cell, places: dict[str, Place]
) -> None:
    place = places[cell.operation.service]
    no_row: dict[str, UUID] = {}
    for ids in (no_row,) if cell.relation == "consortium" else (no_row, place.rows.ids):
        person_id = uuid4()
        async with place.running.client(person_id, place.rows.other_id, [cell.role]) as http:
            answer = await ask(http, cell.operation, ids)
        assert answer.status_code == 404
        records = await place.running.rows(
            "SELECT institution_id, operation, outcome, reason FROM audit_records WHERE person_id = $1", person_id
        )
        assert [tuple(record) for record in records] == [
            (place.rows.other_id, cell.operation.id, "refused", answer.json()["code"])
        ]


async def test_a_proposal_that_names_anothers_people_says_no_more_than_one_that_names_nobody(
    places: dict[str, Place],
) -> None:
    place = places["pairing"]
    ours = await Hospital.join(place.running)
    mentor_id, mentee_id = await ours.mentor(places=2), await ours.mentee()
    async with ours.administration() as desk:
        for theirs in (
            await desk.propose(mentor_id, place.rows.people["mentee"]),
            await desk.propose(place.rows.people["mentor"], mentee_id),
        ):
            assert theirs.status_code in {404, 409}
        assert told(await desk.propose(mentor_id, place.rows.people["mentee"])) == told(
            await desk.propose(mentor_id, uuid4())
        )
        assert told(await desk.propose(place.rows.people["mentor"], mentee_id)) == told(
            await desk.propose(uuid4(), mentee_id)
        )

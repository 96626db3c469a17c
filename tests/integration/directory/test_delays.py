"""That an erasure waits for the end of a legal hold is said once, and only where the person may be told of one."""

from uuid import UUID

import pytest

from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, Hospital
from tests.integration.directory.test_leaving import ask_for_erasure
from tests.unit.directory.rosters import a_roster

DELAYED = "osler.directory.erasure_delayed.v1"


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    """One with a mentor who may be erased."""
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({"name": "Ada Nowak"}))
    return hospital


async def _hold(hospital: Hospital, person_id: str, *, tell_person: bool) -> str:
    body = {"ground": "investigation", "tell_person": tell_person}
    answer = await hospital.post(f"/people/{person_id}/holds", json=body)
    return answer.raise_for_status().json()["hold_id"]


async def test_a_person_who_may_know_of_a_hold_is_told_once_that_their_erasure_waits(
    directory: Running, hospital: Hospital
) -> None:
    person_id = (await hospital.people())["E-2"]["person_id"]
    await _hold(hospital, person_id, tell_person=True)
    assert DELAYED not in await directory.said(UUID(person_id))
    await ask_for_erasure(hospital)
    await ask_for_erasure(hospital)
    await _hold(hospital, person_id, tell_person=True)
    assert (await directory.said(UUID(person_id))).count(DELAYED) == 1


async def test_where_law_forbids_to_tell_the_person_nothing_is_said_until_a_hold_allows_it(
    directory: Running, hospital: Hospital
) -> None:
    person_id = (await hospital.people())["E-2"]["person_id"]
    await _hold(hospital, person_id, tell_person=False)
    await ask_for_erasure(hospital)
    assert DELAYED not in await directory.said(UUID(person_id))
    await _hold(hospital, person_id, tell_person=True)
    assert (await directory.said(UUID(person_id))).count(DELAYED) == 1
    await _hold(hospital, person_id, tell_person=True)
    assert (await directory.said(UUID(person_id))).count(DELAYED) == 1


async def test_an_erasure_that_nothing_delays_is_told_to_nobody(directory: Running, hospital: Hospital) -> None:
    person_id = (await hospital.people())["E-2"]["person_id"]
    await ask_for_erasure(hospital)
    assert DELAYED not in await directory.said(UUID(person_id))

"""Evaluators by a roster: until the day that it says, by the timer no longer, and taken back by a revert."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.directory import DutyAssigned, DutyRemoved
from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, Hospital
from tests.unit.directory.rosters import a_roster

UNTIL = {"evaluator_of": "internal_medicine", "evaluator_until": "2027-06-30"}
OVER = datetime(2027, 6, 30, 22, tzinfo=UTC)
"""The first instant after that day in Warsaw."""
PLAIN = [column for column in a_roster().decode().strip().split(",") if not column.startswith("evaluator")]


async def _duties(hospital: Hospital) -> list[tuple[str, str, datetime]]:
    items = (await hospital.get("/duties"))["items"]
    return [(one["duty"], one["programme"], datetime.fromisoformat(one["ends_at"])) for one in items]


async def _said(directory: Running, hospital: Hospital, *, of: str = "E-2") -> list[Any]:
    person_id = UUID((await hospital.people())[of]["person_id"])
    said = [*await directory.bodies(DutyAssigned), *await directory.bodies(DutyRemoved)]
    return sorted((one for one in said if one.person_id == person_id), key=lambda one: one.version)


def _kinds(shown: dict[str, Any]) -> list[tuple[str, str | None, list[str]]]:
    return [(row["kind"], row["reason"], row["changes"]) for row in shown["rows"]]


async def test_a_row_makes_an_evaluator_once_moves_the_end_and_the_timer_ends_it(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster(UNTIL))
    assert await _duties(hospital) == [("evaluator", "internal_medicine", OVER)]
    again = await hospital.apply(a_roster(UNTIL))
    assert _kinds(again) == [("same", None, [])]
    later = {**UNTIL, "evaluator_until": "2027-07-31"}
    assert _kinds(await hospital.apply(a_roster(later))) == [("changed", None, ["evaluator_until"])]
    moved = OVER + timedelta(days=31)
    assert [(one.duty, one.programme, one.ends_at) for one in await _said(directory, hospital)] == [
        ("evaluator", "internal_medicine", OVER),
        ("evaluator", "internal_medicine", moved),
    ]
    async with directory.at(moved - timedelta(seconds=1)):
        assert len(await _duties(hospital)) == 1
    async with directory.at(moved):
        assert await _duties(hospital) == []
        assert isinstance((await _said(directory, hospital))[-1], DutyRemoved)
        assert _kinds(await hospital.apply(a_roster(later))) == [("same", None, [])]  # it was so until then


async def test_a_file_without_the_columns_or_with_empty_cells_says_nothing_of_evaluators(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster(UNTIL))
    for content in (a_roster({}), a_roster({}, columns=PLAIN)):
        assert _kinds(await hospital.apply(content)) == [("same", None, [])]
    assert await _duties(hospital) == [("evaluator", "internal_medicine", OVER)]
    assert len(await _said(directory, hospital)) == 1
    over = {**UNTIL, "evaluator_until": "2027-01-03"}  # the day before
    assert _kinds(await hospital.apply(a_roster(over))) == [("changed", None, ["evaluator_until"])]
    assert await _duties(hospital) == []


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"evaluator_until": ""}, "half_evaluator"),
        ({"evaluator_of": ""}, "half_evaluator"),
        ({"evaluator_of": "alchemy"}, "unknown_programme"),
        ({"evaluator_until": "soon"}, "bad_date"),
        ({"evaluator_until": "2099-01-01"}, "absurd_date"),
        ({"role": "mentee", "places": "", "shared_places": ""}, "own_programme"),
    ],
)
async def test_a_row_that_says_it_badly_is_refused_alone(
    directory: Running, consortium: Consortium, cells: dict[str, str], reason: str
) -> None:
    hospital = await consortium.add_hospital()
    shown = await hospital.apply(a_roster({**UNTIL, **cells}, UNTIL), rows="good")
    assert [(kind, why) for kind, why, _ in _kinds(shown)] == [("error", reason), ("new", None)]
    assert len(await _duties(hospital)) == 1


async def test_a_revert_gives_the_end_back_that_was_before_unless_it_changed_since(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster(UNTIL))
    moved = await hospital.apply(a_roster({**UNTIL, "evaluator_until": "2027-07-31"}))
    path = f"/roster-imports/{moved['import_id']}/revert"
    [found] = (await hospital.get(path))["people"]
    assert (found["taken_back"], found["changed_since"]) == (["evaluator_until"], [])
    assert (await hospital.post(path)).raise_for_status().json()["state"] == "reverted"
    assert await _duties(hospital) == [("evaluator", "internal_medicine", OVER)]
    async with directory.at(OVER):
        assert await _duties(hospital) == []


async def test_a_revert_leaves_an_end_that_somebody_set_since_and_ends_what_the_import_brought(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({}, {}))
    brought = await hospital.apply(a_roster(UNTIL, UNTIL))
    person_id = (await hospital.people())["E-3"]["person_id"]
    mine = {"person_id": person_id, "programme": "internal_medicine", "duty": "evaluator"}
    by_hand = datetime(2027, 8, 1, tzinfo=UTC)
    (await hospital.post("/duties", json={**mine, "ends_at": by_hand.isoformat()})).raise_for_status()
    reverted = (await hospital.post(f"/roster-imports/{brought['import_id']}/revert")).raise_for_status().json()
    assert reverted["state"] == "partly_reverted"
    assert [(one["taken_back"], one["changed_since"]) for one in reverted["people"]] == [
        (["evaluator_until"], []),
        ([], ["evaluator_until"]),
    ]
    assert await _duties(hospital) == [("evaluator", "internal_medicine", by_hand)]
    assert isinstance((await _said(directory, hospital))[-1], DutyRemoved)

"""Whom rows of a roster mean, over HTTP: by id, by address, and by name only with an answer."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.testing.eventually import eventually
from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, Hospital, count_waiting
from tests.unit.directory.rosters import a_roster

ADA = {"name": "Ada Nowak", "email": "ada.nowak@north.example"}
NAMESAKE = {"name": "ADA  Nówak", "email": "ada2@north.example"}


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({"name": "Ada Nowak"}, {"external_id": "E-3", "name": "Cy Young"}))
    return hospital


async def apply(hospital: Hospital, preview: dict[str, Any], rows: str, *answers: tuple[int, object]) -> dict[str, Any]:
    said = [{"row": row, "person_id": person_id and str(person_id)} for row, person_id in answers]
    applied = await hospital.post(
        f"/roster-imports/{preview['import_id']}/apply", json={"rows": rows, "decisions": said}
    )
    assert applied.status_code == 200, applied.text
    return applied.json()


async def test_a_row_without_an_id_changes_whoever_has_its_address(hospital: Hospital) -> None:
    before = (await hospital.people())["E-2"]
    applied = await hospital.apply(a_roster({"external_id": "", "places": "5"}))
    assert [(row["kind"], row["external_id"]) for row in applied["rows"]] == [("changed", "E-2")]
    after = (await hospital.people())["E-2"]
    assert (after["person_id"], after["roles"][0]["places"]) == (before["person_id"], 5)


async def test_an_address_of_somebody_with_another_id_is_an_error_with_its_code(hospital: Hospital) -> None:
    preview = await hospital.preview(a_roster({"external_id": "E-9", "email": "ADA.nowak@north.example"}))
    assert [(row["kind"], row["reason"]) for row in preview["rows"]] == [("error", "other_external_id")]


@pytest.mark.parametrize("rows", ["all", "good"])
async def test_a_row_with_a_known_name_waits_for_an_answer_and_is_counted_so(
    directory: Running, hospital: Hospital, rows: str
) -> None:
    preview = await hospital.preview(a_roster({**NAMESAKE, "external_id": "E-9"}))
    ada = (await hospital.people())["E-2"]["person_id"]
    assert [(row["kind"], row["reason"], row["candidates"]) for row in preview["rows"]] == [
        ("unsure", "same_person", [ada])
    ]
    said = await directory.said()
    applied = await apply(hospital, preview, rows)
    assert applied["counts"] == {"new": 0, "changed": 0, "same": 0, "unsure": 1, "error": 0}
    assert set(await hospital.people()) == {"boss", "E-2", "E-3"}
    assert await directory.said() == said
    shown = await hospital.get(f"/roster-imports/{preview['import_id']}")
    assert (shown["counts"], shown["rows"]) == (applied["counts"], preview["rows"])


async def test_an_answer_says_that_a_row_is_somebody_new_or_one_of_those_named(hospital: Hospital) -> None:
    ada = (await hospital.people())["E-2"]["person_id"]
    new = {**NAMESAKE, "external_id": "E-9", "email": "ada9@north.example"}
    rows = a_roster(new, {**NAMESAKE, "external_id": "", "places": "7"})
    preview = await hospital.preview(rows)
    assert [row["kind"] for row in preview["rows"]] == ["unsure", "unsure"]
    applied = await apply(hospital, preview, "all", (2, None), (3, ada))
    assert [(row["kind"], row["external_id"]) for row in applied["rows"]] == [("new", "E-9"), ("changed", "E-2")]
    people = await hospital.people()
    assert people["E-9"]["person_id"] != ada
    assert (people["E-2"]["email"], people["E-2"]["roles"][0]["places"]) == ("ada2@north.example", 7)


async def test_an_answer_that_fits_no_question_changes_nobody(hospital: Hospital) -> None:
    bo = (await hospital.people())["E-3"]["person_id"]
    preview = await hospital.preview(a_roster({**NAMESAKE, "external_id": ""}))
    applied = await apply(hospital, preview, "all", (2, bo), (9, uuid4()))
    assert applied["counts"]["unsure"] == 1
    twice = [{"row": 2, "person_id": None}] * 2
    path = f"/roster-imports/{preview['import_id']}/apply"
    refused = await hospital.post(path, json={"rows": "all", "decisions": twice})
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed_request")


async def test_nobody_of_another_institution_is_ever_meant(consortium: Consortium, hospital: Hospital) -> None:
    other = await consortium.add_hospital()
    ada = (await hospital.people())["E-2"]["person_id"]
    preview = await other.preview(a_roster({**ADA, "external_id": "E-9"}))
    assert [(row["kind"], row["candidates"]) for row in preview["rows"]] == [("new", [])]
    asked = await other.preview(a_roster({"external_id": "", "name": "Ada Nowak"}))
    assert [row["reason"] for row in asked["rows"]] == ["bad_external_id"]
    applied = await apply(other, preview, "all", (2, ada))
    assert applied["counts"]["new"] == 1
    assert (await hospital.people())["E-2"]["person_id"] == ada


async def test_what_became_so_since_the_preview_is_asked_at_the_import(hospital: Hospital) -> None:
    preview = await hospital.preview(a_roster({"external_id": "E-9", "name": "Cy Clay", "email": "cy@north.example"}))
    assert preview["counts"]["new"] == 1
    await hospital.apply(a_roster({"external_id": "E-8", "name": "Cy Clay", "email": "clay@north.example"}))
    assert (await apply(hospital, preview, "all"))["counts"]["unsure"] == 1
    assert "E-9" not in await hospital.people()


async def test_two_files_with_one_new_person_under_two_ids_at_once_bring_them_once(
    directory: Running, hospital: Hospital
) -> None:
    cy = {"name": "Cy Clay", "email": "cy@north.example"}
    previews = [await hospital.preview(a_roster({**cy, "external_id": each})) for each in ("E-8", "E-9")]
    async with directory.worker.transaction() as tx:
        await tx.fetch("SELECT FROM institutions WHERE institution_id = $1 FOR UPDATE", hospital.institution_id)
        going = asyncio.gather(*(apply(hospital, preview, "good") for preview in previews))

        async def both_wait() -> bool:
            return await count_waiting(directory) == 2

        await eventually(both_wait)
    applied = await going
    assert sorted(each["counts"]["new"] for each in applied) == [0, 1]
    assert sorted(each["rows"][0]["reason"] or "" for each in applied) == ["", "other_external_id"]


async def test_whoever_was_erased_is_nobody_whom_a_row_could_mean(directory: Running, hospital: Hospital) -> None:
    ada = (await hospital.people())["E-2"]
    path, seen = f"/people/{ada['person_id']}/erase", {"If-Match": f'"{ada["revision"]}"'}
    assert (await hospital.post(path, json={"reason": "asked"}, headers=seen)).status_code == 200
    preview = await hospital.preview(a_roster({**ADA, "external_id": "E-9"}))
    assert preview["counts"]["new"] == 1
    keys = "SELECT email_key, name_key FROM people WHERE person_id = $1"
    assert [tuple(row) for row in await directory.rows(keys, UUID(ada["person_id"]))] == [(None, None)]

"""Taking a roster import back for 7 days, over HTTP, with what others hear of it and what is left of it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.directory import use_cases
from shared.platform.members import Person as Member
from shared.testing.eventually import eventually
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.directory.consortium import KEYS, Consortium, Hospital, count_waiting
from tests.unit.directory.rosters import a_roster

_STATE = """
    SELECT jsonb_agg(whole ORDER BY whole)::text AS state FROM (
        SELECT to_jsonb(p) - '{version, contact_version, revision}'::text[] || jsonb_build_object('roles', (
            SELECT jsonb_agg(to_jsonb(r) ORDER BY role) FROM roles r WHERE r.person_id = p.person_id
        )) AS whole FROM people p WHERE institution_id = $1 AND person_id = ANY($2)
    ) AS people
    """
_SECOND = {"external_id": "second", "role": "administrator", "places": "", "shared_places": ""}


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({"name": "Ada Nowak"}, {"role": "mentee", "places": "", "shared_places": ""}))
    return hospital


def path_of(applied: dict[str, Any]) -> str:
    return f"/roster-imports/{applied['import_id']}/revert"


async def revert(hospital: Hospital, applied: dict[str, Any]) -> dict[str, Any]:
    reverted = await hospital.post(path_of(applied))
    assert reverted.status_code == 200, reverted.text
    return reverted.json()


async def people_of(hospital: Hospital) -> list[UUID]:
    return [UUID(person["person_id"]) for person in (await hospital.people()).values()]


async def test_a_reverted_import_leaves_the_state_that_was_before_it(directory: Running, hospital: Hospital) -> None:
    known = await people_of(hospital)
    before = [tuple(row) for row in await directory.rows(_STATE, hospital.institution_id, known)]
    timers = await directory.rows("SELECT kind, subject_id FROM timers WHERE subject_id = ANY($1)", known)
    applied = await hospital.apply(
        a_roster(
            {"name": "Ada Kowal", "email": "kowal@north.example", "time_zone": "Europe/Lisbon", "places": "9"},
            {"status": "on_leave", "status_from": "2027-01-20"},
            {"external_id": "E-9"},
        )
    )
    assert applied["revert_until"] == "2027-01-11T09:00:00Z"
    changed = [tuple(row) for row in await directory.rows(_STATE, hospital.institution_id, known)]
    said = await directory.said()
    listed = await hospital.get(path_of(applied))
    assert (await directory.said(), listed["state"]) == (said, "applied")
    assert [(one["row"], one["external_id"], one["kind"], one["taken_back"]) for one in listed["people"]] == [
        (2, "E-2", "changed", ["name", "email", "time_zone", "places"]),
        (3, "E-3", "changed", ["status", "role"]),
        (4, "E-9", "new", ["status"]),
    ]
    reverted = await revert(hospital, applied)
    assert (reverted["state"], reverted["people"]) == ("reverted", listed["people"])
    after = [tuple(row) for row in await directory.rows(_STATE, hospital.institution_id, known)]
    assert (after == before, after == changed) == (True, False)
    assert await directory.rows("SELECT kind, subject_id FROM timers WHERE subject_id = ANY($1)", known) == timers
    assert (await hospital.people())["E-9"]["status"] == "left"
    assert (await hospital.said("E-2"))[-1] == "role_assigned"
    assert (await hospital.said("E-3"))[-2:] == ["role_removed", "role_assigned"]
    assert (await hospital.said("E-9"))[-1] == "person_left"


async def test_whoever_came_with_an_import_may_sign_in_no_more_until_a_roster_brings_them_back(
    hospital: Hospital,
) -> None:
    content = a_roster({"external_id": "E-9", "name": "Łucja Żak", "email": "zak@north.example"})
    await revert(hospital, await hospital.apply(content))
    async with hospital.client("E-9") as http:
        assert (await http.get("/me")).status_code == 401
    assert (await hospital.apply(content))["counts"]["changed"] == 1
    async with hospital.client("E-9") as http:
        assert (await http.get("/me")).status_code == 200


async def test_what_a_later_import_changed_is_listed_left_and_said_of_the_import(hospital: Hospital) -> None:
    applied = await hospital.apply(a_roster({"name": "Ada Kowal", "places": "5"}))
    await hospital.apply(a_roster({"name": "Ada Wilk", "places": "5"}))
    [listed] = (await hospital.get(path_of(applied)))["people"]
    assert (listed["taken_back"], listed["changed_since"], listed["reason"]) == (["places"], ["name"], None)
    assert (await revert(hospital, applied))["state"] == "partly_reverted"
    ada = (await hospital.people())["E-2"]
    assert (ada["name"], ada["roles"][0]["places"]) == ("Ada Wilk", 3)
    shown = await hospital.get(path_of(applied).removesuffix("/revert"))
    assert (shown["state"], shown["reverted_at"] is not None) == ("partly_reverted", True)


async def test_an_import_is_reverted_once_and_only_after_it_was_applied(directory: Running, hospital: Hospital) -> None:
    preview = await hospital.preview(a_roster({"name": "Ada Kowal"}))
    early = await hospital.post(path_of(preview))
    assert (early.status_code, early.json()["code"]) == (409, "roster_not_applied")
    applied = await hospital.apply(a_roster({"name": "Ada Kowal"}))
    await revert(hospital, applied)
    said = await directory.said()
    async with hospital.client() as http:
        for answer in (await http.post(path_of(applied)), await http.get(path_of(applied))):
            assert (answer.status_code, answer.json()["code"]) == (409, "roster_already_reverted")
    assert await directory.said() == said
    again = await hospital.post(path_of(applied).removesuffix("revert") + "apply", json={"rows": "all"})
    assert again.json()["code"] == "roster_already_applied"


async def test_an_import_may_be_reverted_for_seven_days_to_the_instant(directory: Running, hospital: Hospital) -> None:
    late, in_time = [await hospital.apply(a_roster({"name": name})) for name in ("Ada Kowal", "Ada Wilk")]
    kept = "SELECT before, after FROM roster_changes WHERE import_id = $1"
    try:
        await directory.stage.step_to(START + timedelta(days=7) - timedelta(microseconds=1))
        await directory.fire()
        await revert(hospital, in_time)
        assert await directory.rows(kept, UUID(in_time["import_id"])) == []
        assert len(await directory.rows(kept, UUID(late["import_id"]))) == 1
        await directory.stage.step_to(START + timedelta(days=7))
        async with hospital.client() as http:
            for answer in (await http.post(path_of(late)), await http.get(path_of(late))):
                assert (answer.status_code, answer.json()["code"]) == (409, "revert_too_late")
        await directory.fire()
        assert await directory.rows(kept, UUID(late["import_id"])) == []
    finally:
        await directory.stage.step_to(START)
    assert (await hospital.people())["E-2"]["name"] == "Ada Kowal"


async def test_what_was_before_an_import_is_forgotten_with_whoever_is_erased(
    directory: Running, hospital: Hospital
) -> None:
    applied = await hospital.apply(a_roster({"name": "Ada Kowal"}, {"name": "Bea Brown"}))
    keep = {"Idempotency-Key": "revert"}
    ada = (await hospital.people())["E-2"]
    path, seen = f"/people/{ada['person_id']}/erase", {"If-Match": f'"{ada["revision"]}"'}
    assert (await hospital.post(path, json={"reason": "asked"}, headers=seen)).status_code == 200
    kept = await directory.rows("SELECT person_id, before, after FROM roster_changes WHERE row = 2")
    assert [tuple(row)[1:] for row in kept if str(row["person_id"]) == ada["person_id"]][-1] == (None, None)
    reverted = await hospital.post(path_of(applied), headers=keep)
    assert reverted.json()["state"] == "partly_reverted"
    assert [(one["external_id"], one["reason"]) for one in reverted.json()["people"]] == [
        (None, "erased"),
        ("E-3", None),
    ]
    assert (await hospital.get(f"/people/{ada['person_id']}"))["status"] == "erased"
    bea = (await hospital.people())["E-3"]
    path, seen = f"/people/{bea['person_id']}/erase", {"If-Match": f'"{bea["revision"]}"'}
    assert (await hospital.post(path, json={"reason": "asked"}, headers=seen)).status_code == 200
    answers = await directory.rows(
        "SELECT convert_from(body, 'UTF8') AS body FROM idempotency_keys WHERE institution_id = $1",
        hospital.institution_id,
    )
    assert not [row for row in answers if "E-3" in row["body"]]


async def test_nobody_loses_their_own_access_or_the_last_administrator(hospital: Hospital) -> None:
    applied = await hospital.apply(a_roster(_SECOND))
    async with hospital.client("second") as http:
        reverted = (await http.post(path_of(applied))).json()
    assert (reverted["state"], reverted["people"][0]["reason"]) == ("partly_reverted", "own_administrator")
    async with hospital.client("second") as http:
        assert (await http.get("/people")).status_code == 200


async def both(hospital: Hospital, directory: Running, *requests: Any) -> list[httpx.Response]:
    """Requests that all wait for the institution's row, and then go on at once."""
    async with directory.worker.transaction() as tx:
        await tx.fetch("SELECT FROM institutions WHERE institution_id = $1 FOR UPDATE", hospital.institution_id)
        going = asyncio.gather(*(hospital.post(path, **arguments) for path, arguments in requests))

        async def all_wait() -> bool:
            return await count_waiting(directory) == len(requests)

        await eventually(all_wait)
    return await going


async def test_of_two_reverts_at_once_one_is_done(directory: Running, hospital: Hospital) -> None:
    applied = await hospital.apply(a_roster({"name": "Ada Kowal", "places": "5"}))
    answers = await both(hospital, directory, *[(path_of(applied), {})] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer for answer in answers if answer.status_code == 409]
    assert refused.json()["code"] == "roster_already_reverted"
    assert (await hospital.said("E-2")).count("role_assigned") == 3


async def test_of_two_applies_of_one_preview_at_once_one_is_done(directory: Running, hospital: Hospital) -> None:
    preview = await hospital.preview(a_roster({"external_id": "E-9"}))
    path = f"/roster-imports/{preview['import_id']}/apply"
    answers = await both(hospital, directory, *[(path, {"json": {"rows": "all"}})] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await hospital.said("E-9") == ["person_joined", "role_assigned"]


async def test_a_revert_and_a_later_import_at_once_come_to_an_end_in_one_order(
    directory: Running, hospital: Hospital
) -> None:
    applied = await hospital.apply(a_roster({"name": "Ada Kowal", "places": "5"}))
    later = await hospital.preview(a_roster({"name": "Ada Wilk", "places": "5"}))
    apply = (f"/roster-imports/{later['import_id']}/apply", {"json": {"rows": "all"}})
    reverted, imported = await both(hospital, directory, (path_of(applied), {}), apply)
    assert (reverted.status_code, imported.status_code) == (200, 200)
    ada = (await hospital.people())["E-2"]
    # Reverted first, the later import says places anew; imported first, the name is left and the places go back.
    first = reverted.json()["state"] == "reverted"
    assert (ada["name"], ada["roles"][0]["places"]) == ("Ada Wilk", 5 if first else 3)


async def test_a_process_that_dies_in_the_middle_has_reverted_nothing(directory: Running, hospital: Hospital) -> None:
    applied = await hospital.apply(a_roster({"name": "Ada Kowal"}))
    people, said = await hospital.people(), await directory.said()
    boss = Member(hospital.administrator_id, hospital.institution_id, frozenset({"administrator"}))

    async def die() -> None:
        async with directory.app.transaction(boss.institution_id, boss.person_id) as tx:
            await use_cases.revert_roster(tx, UUID(applied["import_id"]), boss, KEYS)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await die()
    assert (await hospital.people(), await directory.said()) == (people, said)
    assert (await revert(hospital, applied))["state"] == "reverted"


async def test_another_institutions_import_cannot_be_reverted(consortium: Consortium, hospital: Hospital) -> None:
    applied = await hospital.apply(a_roster({"name": "Ada Kowal"}))
    other = await consortium.add_hospital()
    async with other.client() as http:
        for answer in (await http.post(path_of(applied)), await http.get(path_of(applied))):
            assert (answer.status_code, answer.json()["code"]) == (404, "roster_import_not_found")
    assert (await hospital.people())["E-2"]["name"] == "Ada Kowal"

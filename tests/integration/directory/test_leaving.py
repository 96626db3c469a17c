"""Receipts of erasures as the other services say them, and legal holds, over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from services.directory import use_cases
from services.directory.consumers import watch_contacts
from services.directory.domain.receipts import RECEIPT_WITHIN, RECEIPTS
from shared.contracts.erasure import ErasureReceipt, receipt_id
from shared.platform.service import Runtime
from shared.platform.telemetry import REGISTRY
from shared.testing.eventually import eventually
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.directory.consortium import Consortium, Hospital, settings_of
from tests.unit.directory.rosters import a_roster

MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({"name": "Ada Nowak"}, {"role": "administrator", "places": "", "shared_places": ""}))
    return hospital


async def ask_for_erasure(hospital: Hospital, external_id: str = "E-2") -> dict[str, Any]:
    person = (await hospital.people())[external_id]
    answer = await hospital.post(
        f"/people/{person['person_id']}/erase",
        json={"reason": "asked"},
        headers={"If-Match": f'"{person["revision"]}"'},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def erase(hospital: Hospital) -> UUID:
    return UUID((await ask_for_erasure(hospital))["person_id"])


async def now(directory: Running) -> datetime:
    async with directory.worker.transaction() as tx:
        return tx.now


async def receipt(directory: Running, hospital: Hospital, person_id: UUID, service: str) -> ErasureReceipt:
    return RECEIPTS[service](
        version=1,
        occurred_at=await now(directory),
        institution_ids=(hospital.institution_id,),
        receipt_id=receipt_id(person_id, service),
        person_id=person_id,
        institution_id=hospital.institution_id,
    )


async def see_contacts_gone(directory: Running, person_id: UUID) -> None:
    """As a look at the log finds it; tests/integration/directory/test_erasure.py makes real ones."""
    sql = "UPDATE erasures SET completed_at = erased_at WHERE person_id = $1"
    await directory.worker.pool.execute(sql, person_id)


async def waits(directory: Running, person_id: UUID) -> bool:
    rows = await directory.rows("SELECT FROM timers WHERE kind = 'erasure_overdue' AND subject_id = $1", person_id)
    return bool(rows)


async def test_an_erasure_is_complete_when_every_service_has_said_that_it_is_done(
    directory: Running, hospital: Hospital
) -> None:
    person_id = await erase(hospital)
    await see_contacts_gone(directory, person_id)
    shown = await hospital.get(f"/erasures/{person_id}")
    assert [each["service"] for each in shown["receipts"]] == sorted(RECEIPTS)
    assert {each["done_at"] for each in shown["receipts"]} == {None}
    *others, last = sorted(RECEIPTS)
    for service in others:
        await directory.deliver(await receipt(directory, hospital, person_id, service))
    shown = await hospital.get(f"/erasures/{person_id}")
    assert shown["state"] == "under_way"
    assert [each["service"] for each in shown["receipts"] if each["done_at"] is None] == [last]
    assert await waits(directory, person_id)
    said = await receipt(directory, hospital, person_id, last)
    await directory.deliver(said)
    await directory.deliver(said)
    shown = await hospital.get(f"/erasures/{person_id}")
    assert shown["state"] == "complete"
    assert datetime.fromisoformat(shown["receipts"][-1]["done_at"]) == said.occurred_at
    assert not await waits(directory, person_id)
    listed = (await hospital.get("/erasures"))["items"]
    assert listed == [shown]


async def test_a_receipt_that_is_said_anew_keeps_its_first_instant_and_counts_once(
    directory: Running, hospital: Hospital
) -> None:
    """A service that was built from the log again may say what it said in another life."""
    person_id = await erase(hospital)
    first = await receipt(directory, hospital, person_id, "meetings")
    later = first.model_copy(update={"occurred_at": first.occurred_at + timedelta(hours=1)})
    await directory.deliver(first)
    await directory.deliver(later)
    rows = await directory.rows("SELECT service, done_at FROM erasure_receipts WHERE person_id = $1", person_id)
    assert [tuple(row) for row in rows] == [("meetings", first.occurred_at)]


async def test_a_receipt_that_is_missing_after_72_hours_is_an_alarm_until_it_comes(
    directory: Running, hospital: Hospital
) -> None:
    person_id = await erase(hospital)
    erased_at = await now(directory)
    *others, last = sorted(RECEIPTS)
    for service in others:
        await directory.deliver(await receipt(directory, hospital, person_id, service))
    before = await directory.worker.run(use_cases.count_overdue_erasures)
    try:
        await directory.stage.step_to(erased_at + RECEIPT_WITHIN - MOMENT)
        with capture_logs() as lines:
            await directory.fire()
        assert [line for line in lines if line["event"] == "erasure_overdue"] == []
        assert (await hospital.get(f"/erasures/{person_id}"))["state"] == "under_way"
        await directory.stage.step_to(erased_at + RECEIPT_WITHIN)
        assert (await hospital.get(f"/erasures/{person_id}"))["state"] == "overdue"
        with capture_logs() as lines:
            await directory.fire()
        [alarm] = [line for line in lines if line.get("person_id") == str(person_id)]
        assert (alarm["event"], alarm["log_level"], alarm["missing"]) == ("erasure_overdue", "error", [last])
        overdue = await directory.worker.run(use_cases.count_overdue_erasures)
        assert overdue > before
        await _expect_on_the_gauge(directory, overdue)
        await directory.deliver(await receipt(directory, hospital, person_id, last))
        assert await directory.worker.run(use_cases.count_overdue_erasures) == overdue - 1
        assert (await hospital.get(f"/erasures/{person_id}"))["state"] == "under_way"
    finally:
        await directory.stage.step_to(START)


async def _expect_on_the_gauge(directory: Running, overdue: int) -> None:
    """What the worker shows to whoever watches."""

    async def is_shown() -> bool:
        return REGISTRY.get_sample_value("osler_erasures_overdue") == overdue

    assert not await is_shown()
    async with watch_contacts(Runtime(directory.app, directory.worker, settings_of(directory))):
        await eventually(is_shown, within=30)


async def test_nothing_is_waited_for_of_an_erasure_that_was_made_before_receipts_were_said(
    directory: Running, hospital: Hospital
) -> None:
    person_id = await erase(hospital)
    await directory.worker.pool.execute("UPDATE erasures SET awaits = DEFAULT WHERE person_id = $1", person_id)
    await see_contacts_gone(directory, person_id)
    assert (await hospital.get(f"/erasures/{person_id}"))["state"] == "complete"


async def test_a_hold_delays_an_erasure_until_the_last_one_is_released(directory: Running, hospital: Hospital) -> None:
    person_id = (await hospital.people())["E-2"]["person_id"]
    holds = [
        (await hospital.post(f"/people/{person_id}/holds", json={"ground": ground})).json()
        for ground in ("legal_claim", "investigation")
    ]
    kept = await ask_for_erasure(hospital)
    assert (kept["name"], kept["status"], kept["erasure_delayed_since"]) == ("Ada Nowak", "active", kept["held_since"])
    assert (await ask_for_erasure(hospital))["name"] == "Ada Nowak"
    [delayed] = (await hospital.get("/erasures"))["items"]
    assert (delayed["person_id"], delayed["state"], delayed["erased_at"]) == (person_id, "delayed", None)
    assert "osler.directory.person_erased.v1" not in await directory.said(UUID(person_id))
    first = await hospital.post(f"/holds/{holds[0]['hold_id']}/release")
    assert first.status_code == 200, first.text
    assert (await hospital.get(f"/people/{person_id}"))["name"] == "Ada Nowak"
    last = await hospital.post(f"/holds/{holds[1]['hold_id']}/release")
    assert last.status_code == 200, last.text
    shown = await hospital.get(f"/people/{person_id}")
    assert (shown["status"], shown["name"], shown["held_since"]) == ("erased", None, None)
    assert (await hospital.get(f"/erasures/{person_id}"))["state"] == "under_way"
    assert (await directory.said(UUID(person_id)))[-1] == "osler.directory.person_erased.v1"
    assert await directory.rows("SELECT FROM delayed_erasures WHERE person_id = $1", UUID(person_id)) == []


async def test_a_hold_alone_erases_nobody_when_it_is_released(hospital: Hospital) -> None:
    person_id = (await hospital.people())["E-2"]["person_id"]
    hold = (await hospital.post(f"/people/{person_id}/holds", json={"ground": "records_law"})).json()
    released = await hospital.post(f"/holds/{hold['hold_id']}/release")
    assert released.json()["released_by"] == str(hospital.administrator_id)
    assert (await hospital.people())["E-2"]["held_since"] is None
    again = await hospital.post(f"/holds/{hold['hold_id']}/release")
    assert (again.status_code, again.json()["code"]) == (409, "hold_released")
    assert [each["hold_id"] for each in (await hospital.get("/holds"))["items"]] == [hold["hold_id"]]
    missing = await hospital.get(f"/people/{person_id}")
    assert missing["name"] == "Ada Nowak"


async def test_a_person_reads_that_a_hold_delays_their_erasure_unless_law_forbids_it(hospital: Hospital) -> None:
    person_id = (await hospital.people())["E-2"]["person_id"]

    async def told() -> tuple[bool, bool]:
        async with hospital.client("E-2") as http:
            me = (await http.get("/me")).json()
        return me["held_since"] is not None, me["erasure_delayed_since"] is not None

    secret = {"ground": "investigation", "tell_person": False}
    await hospital.post(f"/people/{person_id}/holds", json=secret)
    await ask_for_erasure(hospital)
    assert await told() == (False, False)
    assert (await hospital.get(f"/people/{person_id}"))["held_since"] is not None
    await hospital.post(f"/people/{person_id}/holds", json={"ground": "legal_claim"})
    assert await told() == (True, True)


async def test_nobody_releases_the_hold_that_keeps_their_own_data(directory: Running, hospital: Hospital) -> None:
    other = (await hospital.people())["E-3"]["person_id"]
    hold = (await hospital.post(f"/people/{other}/holds", json={"ground": "legal_claim"})).json()
    await ask_for_erasure(hospital, "E-3")
    async with hospital.client("E-3") as http:
        answer = await http.post(f"/holds/{hold['hold_id']}/release")
    assert (answer.status_code, answer.json()["code"]) == (403, "cannot_erase_yourself")
    [kept] = await directory.rows("SELECT released_at FROM legal_holds WHERE hold_id = $1", UUID(hold["hold_id"]))
    assert kept["released_at"] is None
    assert (await hospital.get(f"/erasures/{other}"))["state"] == "delayed"


async def test_there_is_no_hold_on_whoever_was_erased_and_no_erasure_of_whoever_was_not(hospital: Hospital) -> None:
    stays = (await hospital.people())["E-3"]["person_id"]
    async with hospital.client() as http:
        missing = await http.get(f"/erasures/{stays}")
    assert (missing.status_code, missing.json()["code"]) == (404, "erasure_not_found")
    person_id = await erase(hospital)
    late = await hospital.post(f"/people/{person_id}/holds", json={"ground": "legal_claim"})
    assert (late.status_code, late.json()["code"]) == (409, "person_already_erased")
    nowhere = await hospital.post(f"/holds/{person_id}/release")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "hold_not_found")


async def test_a_person_takes_along_what_the_directory_knows_of_them(hospital: Hospital) -> None:
    person_id = (await hospital.people())["E-3"]["person_id"]
    duty = {"person_id": person_id, "programme": "internal_medicine", "duty": "director"}
    (await hospital.post("/duties", json=duty)).raise_for_status()
    await hospital.post(f"/people/{person_id}/holds", json={"ground": "investigation", "tell_person": False})
    async with hospital.client("E-3") as http:
        own = (await http.get("/me/export")).raise_for_status().json()
    assert (own["person"]["external_id"], own["person"]["held_since"]) == ("E-3", None)
    assert [each["duty"] for each in own["duties"]] == ["director"]
    assert "Ada Nowak" not in str(own)

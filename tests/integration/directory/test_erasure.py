"""Erasure, and the looks at the contacts topic that prove it on real Kafka."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from services.directory import use_cases
from services.directory.consumers import check_contacts, watch_contacts
from shared.contracts.contacts import contact_id
from shared.platform.compacted import read_last_words
from shared.platform.http.revisions import Revision
from shared.platform.kafka import client_options, make_producer
from shared.platform.members import Person as Member
from shared.platform.relay import Relay
from shared.platform.service import Runtime
from shared.platform.settings import SettingsRefused
from shared.platform.whole_topic import CannotReadTheTopic
from shared.testing.eventually import eventually
from shared.testing.running import Running
from tests.integration.directory.consortium import KEYS, Consortium, Hospital, count_waiting, settings_of
from tests.unit.directory.rosters import a_roster

ASKED = {"reason": "asked"}


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({"name": "Ada Nowak"}, {"role": "administrator", "places": "", "shared_places": ""}))
    return hospital


async def erase(hospital: Hospital, external_id: str = "E-2") -> UUID:
    person = (await hospital.people())[external_id]
    erased = await hospital.post(
        f"/people/{person['person_id']}/erase", json=ASKED, headers={"If-Match": f'"{person["revision"]}"'}
    )
    assert erased.status_code == 200, erased.text
    return UUID(person["person_id"])


async def test_erasure_leaves_nothing_that_names_the_person(directory: Running, hospital: Hospital) -> None:
    waiting = await hospital.preview(a_roster({"name": "Ada Again"}))
    person_id = await erase(hospital)
    assert "E-2" not in await hospital.people()
    shown = await hospital.get(f"/people/{person_id}")
    assert (shown["status"], shown["name"], shown["email"], shown["roles"]) == ("erased", None, None, [])
    assert (await hospital.get(f"/roster-imports/{waiting['import_id']}"))["state"] == "expired"
    for row in await directory.rows("SELECT to_jsonb(p)::text AS whole FROM people p WHERE person_id = $1", person_id):
        assert "Ada" not in row["whole"]
        assert "E-2" not in row["whole"]
    kinds = [*await directory.said(person_id), *await directory.said(contact_id(person_id))]
    assert kinds == [
        "osler.directory.person_joined.v1",
        "osler.directory.role_assigned.v1",
        "osler.directory.person_erased.v1",
        "osler.contacts.contact_recorded.v1",
        "osler.contacts.contact_erased.v1",
    ]
    async with hospital.client("E-2") as http:
        assert (await http.get("/me")).status_code == 401


async def test_whoever_was_erased_is_not_brought_back_by_the_next_roster(hospital: Hospital) -> None:
    await erase(hospital)
    preview = await hospital.preview(a_roster({}))
    assert preview["rows"][0]["reason"] == "erased_person"


async def test_somebody_who_is_hired_again_after_an_erasure_comes_as_somebody_new(
    directory: Running, hospital: Hospital
) -> None:
    before = await erase(hospital)
    said = await directory.said(before)
    readmission = {"external_id": "e-2"}
    assert (await hospital.post("/readmissions", json=readmission)).status_code == 204
    again = await hospital.post("/readmissions", json=readmission)
    assert (again.status_code, again.json()["code"]) == (404, "erased_person_not_found")
    await hospital.apply(a_roster({"name": "Ada Nowak"}))
    now = (await hospital.people())["E-2"]
    assert now["person_id"] != str(before)
    assert (await hospital.said("E-2"))[0] == "person_joined"
    assert await directory.said(before) == said
    keys = "SELECT person_id, sign_in_key FROM people WHERE person_id = ANY($1)"
    [old, new] = sorted(
        await directory.rows(keys, [before, UUID(now["person_id"])]), key=lambda row: row["person_id"] != before
    )
    assert old["sign_in_key"] == f"erased {before}"
    assert new["sign_in_key"] not in old["sign_in_key"]
    async with hospital.client("E-2") as http:
        assert (await http.get("/me")).json()["person_id"] == now["person_id"]


async def test_only_those_who_were_erased_can_be_readmitted(consortium: Consortium, hospital: Hospital) -> None:
    await erase(hospital)
    elsewhere = await consortium.add_hospital()
    for administrator, external_id in ((hospital, "E-3"), (hospital, "E-99"), (elsewhere, "E-2")):
        answer = await administrator.post("/readmissions", json={"external_id": external_id})
        assert (answer.status_code, answer.json()["code"]) == (404, "erased_person_not_found")
    assert (await hospital.preview(a_roster({})))["rows"][0]["reason"] == "erased_person"


async def test_answers_that_were_kept_for_repeated_requests_are_deleted_with_the_person(
    directory: Running, consortium: Consortium, hospital: Hospital
) -> None:
    elsewhere = await consortium.add_hospital()
    for administrator in (hospital, elsewhere):
        headers = {"Content-Type": "text/csv", "Idempotency-Key": "monday"}
        preview = await administrator.post("/roster-imports", content=a_roster({}), headers=headers)
        path, headers = f"/roster-imports/{preview.json()['import_id']}/apply", {"Idempotency-Key": "tuesday"}
        await administrator.post(path, json={"rows": "good"}, headers=headers)
    surgery, headers = {"code": "surgery", "name": "Surgery"}, {"Idempotency-Key": "wednesday"}
    await hospital.post("/programmes", json=surgery, headers=headers)
    await erase(hospital)
    kept = "SELECT convert_from(body, 'UTF8') AS body FROM idempotency_keys WHERE institution_id = $1"
    assert not [row for row in await directory.rows(kept, hospital.institution_id) if "E-2" in row["body"]]
    assert (await hospital.post("/programmes", json=surgery, headers=headers)).headers["Idempotency-Replayed"] == "true"
    assert len(await directory.rows(kept, elsewhere.institution_id)) == 2


async def test_erasure_needs_the_revision_and_another_administrator(hospital: Hospital) -> None:
    ada = (await hospital.people())["E-2"]["person_id"]
    assert (await hospital.post(f"/people/{ada}/erase", json=ASKED)).status_code == 428
    stale = await hospital.post(f"/people/{ada}/erase", json=ASKED, headers={"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
    own = await hospital.post(f"/people/{hospital.administrator_id}/erase", json=ASKED, headers={"If-Match": '"3"'})
    assert (own.status_code, own.json()["code"]) == (403, "cannot_erase_yourself")
    await erase(hospital)
    shown = await hospital.get(f"/people/{ada}")
    again = await hospital.post(f"/people/{ada}/erase", json=ASKED, headers={"If-Match": f'"{shown["revision"]}"'})
    assert (again.status_code, again.json()["code"]) == (409, "person_already_erased")


async def test_a_preview_that_is_under_way_is_forgotten_by_an_erasure_that_begins_before_its_end(
    directory: Running, hospital: Hospital
) -> None:
    boss = Member(hospital.administrator_id, hospital.institution_id, frozenset({"administrator"}))
    async with directory.app.transaction(boss.institution_id, boss.person_id) as tx:
        draft = await use_cases.preview_roster(tx, a_roster({"name": "Ada Again"}), boss, KEYS)
        erasing = asyncio.create_task(erase(hospital))
        await eventually(lambda: ended_or_waiting(directory, erasing))
    await erasing
    [kept] = await directory.rows("SELECT state, lines, rows FROM roster_imports WHERE import_id = $1", draft.import_id)
    assert tuple(kept) == ("expired", None, None)


async def test_a_preview_that_waited_for_an_erasure_knows_of_it(directory: Running, hospital: Hospital) -> None:
    boss = Member(hospital.administrator_id, hospital.institution_id, frozenset({"administrator"}))
    person = (await hospital.people())["E-2"]
    async with directory.app.transaction(boss.institution_id, boss.person_id) as tx:
        await use_cases.erase_person(tx, UUID(person["person_id"]), boss, "asked", Revision(person["revision"]))
        previewing = asyncio.create_task(hospital.preview(a_roster({"name": "Ada Again"})))
        await eventually(lambda: ended_or_waiting(directory, previewing))
    assert (await previewing)["rows"][0]["reason"] == "erased_person"


async def ended_or_waiting(directory: Running, command: asyncio.Task[Any]) -> bool:
    """Whether a command has come to its end, or waits for another's."""
    return command.done() or await count_waiting(directory) > 0


@asynccontextmanager
async def relaying(directory: Running) -> AsyncGenerator[None]:
    """Send what the outbox holds, and wait until Kafka has it."""
    relay = Relay(directory.worker, lambda: make_producer(settings_of(directory)))
    running = asyncio.create_task(relay.run())
    try:
        yield

        async def sent() -> bool:
            return not await directory.rows("SELECT FROM outbox LIMIT 1")

        await eventually(sent, within=30)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def look(directory: Running, consortium: Consortium) -> dict[str, Any]:
    """Ask for a look at the topic, let it and those before it be made, and give what it found."""
    check_id = (await consortium.post("/contact-checks")).json()["check_id"]
    runtime = Runtime(directory.app, directory.worker, settings_of(directory))

    async def finished() -> dict[str, Any] | None:
        await check_contacts(runtime)
        async with consortium.client() as http:
            shown = (await http.get(f"/contact-checks/{check_id}")).json()
        return shown if shown["finished_at"] else None

    found = await eventually(finished, within=30)
    assert found is not None
    return found


async def test_an_old_record_behind_its_tombstone_is_gone_after_the_next_look(
    directory: Running, consortium: Consortium, hospital: Hospital
) -> None:
    person_id = await erase(hospital)
    contact = contact_id(person_id)
    [row] = await directory.rows(
        "SELECT key, headers, payload FROM outbox WHERE aggregate_id = $1 AND version = 1", contact
    )
    flat = row["headers"]
    headers = [(flat[i], flat[i + 1].encode()) for i in range(0, len(flat), 2)]
    await look(directory, consortium)
    assert (await hospital.get(f"/people/{person_id}"))["erasure_completed_at"] is None

    async with relaying(directory):
        pass
    await look(directory, consortium)
    assert (await hospital.get(f"/people/{person_id}"))["erasure_completed_at"] is not None

    settings = settings_of(directory)
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        await producer.send_and_wait("osler.contacts", key=row["key"], value=row["payload"], headers=headers)
    assert (await read_last_words(settings, "osler.contacts"))[str(contact)].has_body
    async with relaying(directory):
        assert (await look(directory, consortium))["tombstones_sent"] == 1
    last = (await read_last_words(settings, "osler.contacts"))[str(contact)]
    assert (last.has_body, last.headers["ce_type"]) == (False, "osler.contacts.contact_erased.v1")
    assert int(last.headers["ce_sequence"]) == 3
    assert (await look(directory, consortium))["erasures_completed"] >= 1


async def test_the_worker_makes_the_looks_that_are_due(directory: Running, consortium: Consortium) -> None:
    check_id = UUID((await consortium.post("/contact-checks")).json()["check_id"])
    async with watch_contacts(Runtime(directory.app, directory.worker, settings_of(directory))):

        async def finished() -> bool:
            [check] = await directory.rows("SELECT finished_at FROM contact_checks WHERE check_id = $1", check_id)
            return check["finished_at"] is not None

        await eventually(finished, within=30)


async def test_a_look_stays_due_while_kafka_is_away(directory: Running, hospital: Hospital) -> None:
    await erase(hospital)
    away = settings_of(directory).model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with pytest.raises(CannotReadTheTopic):
        await check_contacts(Runtime(directory.app, directory.worker, away))
    [row] = await directory.rows("SELECT count(*) AS open FROM contact_checks WHERE finished_at IS NULL")
    assert row["open"] >= 1


async def test_a_worker_without_the_key_of_contacts_does_not_start(directory: Running) -> None:
    keyless = settings_of(directory).model_copy(update={"contacts_key": SecretStr("")})
    runtime = Runtime(directory.app, directory.worker, keyless)
    with pytest.raises(SettingsRefused, match="missing_contacts_key"):
        async with watch_contacts(runtime):
            pass


async def test_somebody_looks_once_a_day_when_anybody_was_ever_erased(directory: Running, hospital: Hospital) -> None:
    await erase(hospital)
    async with directory.worker.transaction() as tx:
        await tx.execute("UPDATE contact_checks SET due_at = due_at - interval '25 hours', finished_at = due_at")
    for _ in range(2):
        await directory.worker.run(use_cases.begin_check)
    rows = await directory.rows("SELECT cause FROM contact_checks WHERE due_at > clock_timestamp() - interval '1 hour'")
    assert [row["cause"] for row in rows] == ["daily"]

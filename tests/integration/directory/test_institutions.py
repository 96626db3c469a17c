"""Who is in the consortium, who begins, and the walls between institutions."""

from dataclasses import replace
from typing import LiteralString
from uuid import uuid4

import asyncpg
import pytest

from services.directory.app import found_consortium
from services.directory.use_cases import NewPerson
from shared.contracts.contacts import ContactRecorded
from shared.contracts.directory import CapsSet
from shared.platform.seal import open_sealed
from shared.testing.running import Running
from tests.integration.directory.consortium import CHIEF, KEYS, OFFICE, Consortium, settings_of, signed_in
from tests.unit.directory.rosters import a_roster

_INTRUSIONS: tuple[LiteralString, ...] = (
    "INSERT INTO programmes (institution_id, code, name) VALUES ($1, 'x', 'x')",
    """
    INSERT INTO agreements (agreement_id, lender_institution_id, borrower_institution_id, starts_at, notice_days,
                            version, revision)
    VALUES (gen_random_uuid(), $1, ctx_institution(), now(), 0, 1, 1)
    """,
    """
    INSERT INTO roles (institution_id, person_id, role, from_roster, places, shared_places)
    VALUES ($1, gen_random_uuid(), 'administrator', true, 0, 0)
    """,
)


async def test_founding_the_consortium_twice_is_the_same_as_once(directory: Running, consortium: Consortium) -> None:
    before = len(await directory.said())
    first, second = [await found_consortium(settings_of(directory), OFFICE, CHIEF) for _ in range(2)]
    assert first == second
    assert len(await directory.said()) == before


async def test_a_hospital_that_runs_the_consortium_has_an_administrator_of_its_own(directory: Running) -> None:
    domain = f"h{uuid4().hex[:8]}.example"
    office = replace(OFFICE, mail_domain=domain)
    for _ in range(2):
        await found_consortium(settings_of(directory), office, CHIEF, NewPerson("own", "Olga Own", f"own@{domain}"))
    for external_id, status in (("own", 200), (CHIEF.external_id, 403)):
        async with signed_in(directory, f"{external_id}@{domain}") as http:
            assert (await http.get("/people")).status_code == status


async def test_an_institution_joins_with_an_administrator_who_may_sign_in(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital("America/New_York")
    assert await directory.said(hospital.institution_id) == ["osler.directory.institution_joined.v1"]
    assert await hospital.said("boss") == ["person_joined", "role_assigned"]
    me = await hospital.get("/me")
    assert (me["person_id"], me["time_zone"]) == (str(hospital.administrator_id), "America/New_York")
    assert [role["role"] for role in me["roles"]] == ["administrator"]


async def test_contact_details_travel_under_seal_and_alone(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    records = await directory.bodies(ContactRecorded)
    [record] = [record for record in records if record.person_id == hospital.administrator_id]
    assert open_sealed(KEYS.contacts, record).email == f"boss@{hospital.mail_domain}"
    rows = await directory.rows("SELECT payload FROM outbox WHERE payload IS NOT NULL")
    assert not [row for row in rows if b"Bo Boss" in row["payload"] or b"boss@" in row["payload"]]


async def test_a_mail_domain_belongs_to_one_institution(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    form = {
        "name": "Another",
        "mail_domain": hospital.mail_domain,
        "time_zone": "Europe/Warsaw",
        "administrator": {"external_id": "a", "name": "A", "email": "a@a.example"},
    }
    refused = await consortium.post("/institutions", json=form)
    assert (refused.status_code, refused.json()["code"]) == (409, "mail_domain_taken")


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "Mars/Olympus"},
        {"mail_domain": "no domain"},
        {"mail_domain": "UPPER.example"},
        {"name": "a\u202eb"},
        {"name": "x" * 121},
        {"administrator": {"external_id": "=1", "name": "A", "email": "a@a.example"}},
        {"administrator": {"external_id": "a", "name": "A", "email": "nobody"}},
        {"surprise": 1},
    ],
)
async def test_an_institution_that_cannot_be_is_refused(consortium: Consortium, change: dict[str, object]) -> None:
    form = {
        "name": "Another",
        "mail_domain": f"h{uuid4().hex[:8]}.example",
        "time_zone": "Europe/Warsaw",
        "administrator": {"external_id": "a", "name": "A", "email": "a@a.example"},
        **change,
    }
    refused = await consortium.post("/institutions", json=form)
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed_request")


async def test_the_consortium_lists_institutions_and_reads_nobody(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with consortium.client() as http:
        seen: list[str] = []
        address = "/institutions?limit=2"
        while address:
            page = (await http.get(address)).json()
            seen += [one["institution_id"] for one in page["items"]]
            address = page["next"] and f"/institutions?limit=2&after={page['next']}"
        assert str(hospital.institution_id) in seen
        assert len(seen) == len(set(seen))
        for path in ("/people", f"/people/{hospital.administrator_id}", "/programmes"):
            assert (await http.get(path)).status_code == 403


async def test_administrators_of_an_institution_do_not_act_for_the_consortium(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with hospital.client() as http:
        assert (await http.get("/institutions")).status_code == 403
        assert (await http.post("/contact-checks")).status_code == 403


async def test_programmes_are_an_institutions_own(consortium: Consortium) -> None:
    one, other = await consortium.add_hospital(), await consortium.add_hospital(programmes=["surgery"])
    refused = await one.post("/programmes", json={"code": "internal_medicine", "name": "Again"})
    assert (refused.status_code, refused.json()["code"]) == (409, "programme_exists")
    assert [each["code"] for each in (await other.get("/programmes"))["items"]] == ["surgery"]


async def test_another_institutions_person_answers_as_a_missing_one(consortium: Consortium) -> None:
    one, other = await consortium.add_hospital(), await consortium.add_hospital()
    async with one.client() as http:
        for person_id in (other.administrator_id, uuid4()):
            response = await http.get(f"/people/{person_id}")
            assert (response.status_code, response.json()["code"]) == (404, "person_not_found")


async def test_the_wall_holds_without_the_policy_table(directory: Running, consortium: Consortium) -> None:
    one, other = await consortium.add_hospital(), await consortium.add_hospital()
    async with directory.app.transaction(one.institution_id, one.administrator_id) as tx:
        assert len(await tx.fetch("SELECT FROM institutions")) == 1
        for person in await tx.fetch("SELECT institution_id FROM people"):
            assert person["institution_id"] == one.institution_id
    for sql in _INTRUSIONS:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with directory.app.transaction(one.institution_id, one.administrator_id) as tx:
                await tx.execute(sql, other.institution_id)


async def test_an_administrator_of_an_institution_cannot_pass_for_the_consortiums(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    async with directory.app.transaction(hospital.institution_id, hospital.administrator_id) as tx:
        assert not (await tx.get("SELECT acts_for_consortium() AS acts"))["acts"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with directory.app.transaction(hospital.institution_id, hospital.administrator_id) as tx:
            await tx.execute("UPDATE members SET roles = '{consortium_administrator}'")


async def test_a_list_goes_on_behind_the_longest_names_of_any_script(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    names = {f"{'𓀀' * 199}{last}" for last in "𓀀𓀁𓀂"} | {'"\\' * 100}
    await hospital.apply(a_roster(*({"name": name} for name in names)))
    seen, address = list[str](), "/people?limit=1"
    while address:
        page = await hospital.get(address)
        seen += [person["name"] for person in page["items"]]
        address = page["next"] and f"/people?limit=1&after={page['next']}"
    assert sorted(seen) == sorted([*names, "Bo Boss"])


async def test_an_institution_bounds_what_it_lends_and_borrows_in_all(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    before = await hospital.get("/institution")
    assert (before["lend_cap"], before["borrow_cap"], before["revision"]) == (None, None, 1)
    form = {"lend_cap": 3, "borrow_cap": None}
    assert (await hospital.post("/institution/caps", json=form)).status_code == 428
    assert (await hospital.post("/institution/caps", json=form, headers={"If-Match": '"9"'})).status_code == 412
    set_now = await hospital.post("/institution/caps", json=form, headers={"If-Match": '"1"'})
    assert (set_now.status_code, set_now.json()["lend_cap"], set_now.headers["etag"]) == (200, 3, '"2"')
    again = await hospital.post("/institution/caps", json=form, headers={"If-Match": '"2"'})
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')

    [said] = [event for event in await directory.bodies(CapsSet) if event.institution_id == hospital.institution_id]
    assert (said.version, said.lend_cap, said.borrow_cap) == (2, 3, None)
    other = await consortium.add_hospital()
    assert (await other.get("/institution"))["lend_cap"] is None


@pytest.mark.parametrize("form", [{"lend_cap": -1, "borrow_cap": None}, {"lend_cap": 1.5, "borrow_cap": 0}, {}])
async def test_a_cap_is_a_whole_number_or_null(consortium: Consortium, form: dict[str, object]) -> None:
    hospital = await consortium.add_hospital()
    refused = await hospital.post("/institution/caps", json=form, headers={"If-Match": '"1"'})
    assert refused.status_code == 422
    assert (await hospital.get("/institution"))["revision"] == 1

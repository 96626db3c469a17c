"""Provisioning by SCIM: the rules of rosters, no second way of changing people, and nobody is ever deleted."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from scim2_tester import Status, check_server

from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, signed_in
from tests.integration.directory.scim import (
    GROUP,
    USER,
    Blocking,
    Provisioner,
    a_user,
    fresh,
    issue_secret,
    provisioning,
    refusal,
    roles_of,
    status_of,
    with_secret,
)
from tests.unit.directory.rosters import a_roster


async def test_the_service_passes_scim2_tester(consortium: Consortium) -> None:
    async with provisioning(await consortium.add_hospital()) as client:
        blocking = Blocking(client.http, asyncio.get_running_loop())
        results = await asyncio.to_thread(check_server, blocking)
    bad = [each for each in results if each.status not in {Status.SUCCESS, Status.COMPLIANT, Status.SKIPPED}]
    assert [(each.title, each.resource_type, each.reason) for each in bad] == []
    # A user has no attribute that may be left out or removed, and one search covers one kind of resource.
    assert {(each.title, each.resource_type) for each in results if each.status is Status.SKIPPED} == {
        ("object_query_with_attributes", "User"),
        ("object_list_with_attributes", "User"),
        ("search_with_attributes", "User"),
        ("search_with_attributes", "Group"),
        ("check_add_attribute", "User"),
        ("check_remove_attribute", "User"),
    }
    assert sum(each.status is Status.SUCCESS for each in results) > 40


async def test_a_provisioned_person_joins_as_by_a_roster_and_once(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        user = await client.add(one)
        assert refusal(await client.http.post("/Users", json=a_user(one))) == (409, "uniqueness")
    person = (await hospital.people())[one]
    assert person["person_id"] == user["id"]
    assert (person["name"], person["email"], person["status"]) == (f"Person {one}", f"{one}@mail.example", "active")
    assert await hospital.said(one) == ["person_joined"]
    async with hospital.client(one) as http:  # known by the sign-in name that the external id makes
        assert (await http.get("/me")).json()["code"] == "forbidden"


async def test_requests_that_come_at_once_make_one_person_and_lose_none(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        same = await asyncio.gather(*(client.http.post("/Users", json=a_user(one)) for _ in range(4)))
        assert sorted(answer.status_code for answer in same) == [201, 409, 409, 409]
        user_ids = [(await client.add(fresh()))["id"] for _ in range(4)]
        group = await client.group("Mentors")
        joining = [{"op": "add", "path": "members", "value": [{"value": user_id}]} for user_id in user_ids]
        joined = await asyncio.gather(*(client.patch(f"/Groups/{group['id']}", each) for each in joining))
        assert [answer.status_code for answer in joined] == [204] * 4
        members = (await client.http.get(f"/Groups/{group['id']}")).json()["members"]
    assert {each["value"] for each in members} == set(user_ids)
    mentors = [
        each for each in (await hospital.people()).values() if [held["role"] for held in each["roles"]] == ["mentor"]
    ]
    assert {each["person_id"] for each in mentors} == set(user_ids)


async def test_somebody_of_a_roster_is_found_and_not_made_anew(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    await hospital.apply(a_roster({"external_id": one, "email": f"{one}@hospital.example"}))
    before = (await hospital.people())[one]
    async with provisioning(hospital) as client:
        for text in (
            f'externalId eq "{one.upper()}"',
            f'userName eq "{one}@{hospital.mail_domain}"',
            f'userName eq "{one}@HOSPITAL.example"',
            f'externalId eq "{one}" and userName eq "{one}@hospital.example"',
        ):
            assert [each["id"] for each in await client.find("Users", text)] == [before["person_id"]], text
        assert await client.find("Users", f'externalId eq "{one}" and userName eq "nobody"') == []
        user = await client.add(one)
        assert user["id"] == before["person_id"]
        # From now on their userName is what the identity provider says.
        assert await client.find("Users", f'userName eq "{one}@hospital.example"') == []
        assert [each["id"] for each in await client.find("Users", f'userName eq "{one}@login.example"')] == [user["id"]]
    after = (await hospital.people())[one]
    assert after["name"] == f"Person {one}"
    assert after["roles"] == before["roles"]


async def test_an_address_of_somebody_with_another_id_is_refused_and_leaves_no_trace(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one, other = fresh(), fresh()
    async with provisioning(hospital) as client:
        await client.add(one)
        taken = [{"value": f"{one}@mail.example"}]
        assert refusal(await client.http.post("/Users", json=a_user(other, emails=taken))) == (409, "uniqueness")
        name = f"{one}@LOGIN.example"
        assert refusal(await client.http.post("/Users", json=a_user(other, userName=name))) == (409, "uniqueness")
    assert other not in await hospital.people()


async def test_a_closed_account_is_a_leave_and_an_open_one_the_return(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        user = await client.add(one)
        path = f"/Users/{user['id']}"
        # As Microsoft Entra and as Okta write it.
        entra = {"op": "Replace", "path": "active", "value": "False"}
        assert (await client.patch(path, entra)).status_code == 204
        assert await status_of(hospital, one) == "on_leave"
        assert (await client.user(user["id"]))["active"] is False
        assert (await client.patch(path, {"op": "replace", "value": {"active": True}})).status_code == 204
        assert await status_of(hospital, one) == "active"
        assert (await client.patch(path, {"op": "replace", "value": {"active": True}})).status_code == 204
    assert await hospital.said(one) == ["person_joined", "person_went_on_leave", "person_returned"]


async def test_a_leave_that_a_roster_says_is_not_ended_by_an_open_account(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    await hospital.apply(a_roster({"external_id": one, "status": "on_leave"}))
    async with provisioning(hospital) as client:
        user = await client.add(one)
        assert user["active"] is True
        answer = await client.http.put(f"/Users/{user['id']}", json=a_user(one, displayName="Another Name"))
        assert answer.status_code == 200, answer.text
    person = (await hospital.people())[one]
    assert (person["status"], person["name"]) == ("on_leave", "Another Name")


async def test_a_departure_that_a_roster_planned_stays_planned_while_the_account_is_closed(
    consortium: Consortium,
) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    await hospital.apply(a_roster({"external_id": one, "status": "left", "status_from": "2027-12-01"}))
    async with provisioning(hospital) as client:
        user = await client.add(one)
        await client.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    person = (await hospital.people())[one]
    assert (person["status"], person["next_status"]) == ("on_leave", "left")


async def test_a_deleted_user_has_left_and_their_row_stays_for_their_return(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        user = await client.add(one)
        await client.group("Mentors", user["id"])
        assert (await client.http.delete(f"/Users/{user['id']}")).status_code == 204
        assert refusal(await client.http.get(f"/Users/{user['id']}")) == (404, None)
        assert refusal(await client.http.delete(f"/Users/{user['id']}")) == (404, None)
        assert await client.find("Users", f'externalId eq "{one}"') == []
        assert await status_of(hospital, one) == "left"
        assert await roles_of(hospital, one) == set()
        again = await client.add(one)
        assert (again["id"], again["active"]) == (user["id"], True)
    assert await status_of(hospital, one) == "active"
    said = await hospital.said(one)
    assert said == ["person_joined", "role_assigned", "person_left", "role_removed", "person_returned"]


async def test_the_last_administrator_is_not_deleted(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with provisioning(hospital) as client:
        [boss] = await client.find("Users", 'externalId eq "boss"')
        answer = await client.http.delete(f"/Users/{boss['id']}")
        assert refusal(answer) == (409, None)
    assert await status_of(hospital, "boss") == "active"


async def test_whoever_was_erased_is_not_brought_back_and_their_account_is_forgotten(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        user = await client.add(one)
        group = await client.group("Ward", user["id"])
        person = await hospital.get(f"/people/{user['id']}")
        erased = await hospital.post(
            f"/people/{user['id']}/erase", json={}, headers={"If-Match": f'"{person["revision"]}"'}
        )
        assert erased.status_code == 200, erased.text
        assert refusal(await client.http.get(f"/Users/{user['id']}")) == (404, None)
        assert refusal(await client.http.post("/Users", json=a_user(one))) == (409, None)
        assert "members" not in (await client.http.get(f"/Groups/{group['id']}")).json()
    person_id = UUID(user["id"])
    assert await directory.rows("SELECT FROM accounts WHERE person_id = $1", person_id) == []
    assert await directory.rows("SELECT FROM group_members WHERE person_id = $1", person_id) == []


async def test_two_groups_give_a_role_and_take_what_they_gave(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one, other = fresh(), fresh()
    await hospital.apply(a_roster({"external_id": other, "role": "mentor", "places": "2"}))
    async with provisioning(hospital) as client:
        user, known = await client.add(one), await client.add(other)
        group = await client.group(" Mentors ", user["id"], known["id"])
        assert (await roles_of(hospital, one), await roles_of(hospital, other)) == ({"mentor"}, {"mentor"})
        assert (await hospital.people())[other]["roles"][0]["places"] == 2
        await client.group("administrators", user["id"])
        await client.group("Administrator", user["id"])
        assert await roles_of(hospital, one) == {"mentor"}
        assert refusal(await client.http.post("/Groups", json={"schemas": [GROUP], "displayName": "MENTORS"})) == (
            409,
            "uniqueness",
        )
        # As Microsoft Entra removes a member, and as the standard does.
        gone = {"op": "Remove", "path": "members", "value": [{"value": known["id"]}]}
        assert (await client.patch(f"/Groups/{group['id']}", gone)).status_code == 204
        left = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
        assert (await client.patch(f"/Groups/{group['id']}", left)).status_code == 204
        # What a roster gave, no group takes.
        assert (await roles_of(hospital, one), await roles_of(hospital, other)) == (set(), {"mentor"})
        back = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
        assert (await client.patch(f"/Groups/{group['id']}", back)).status_code == 204
        assert await roles_of(hospital, one) == {"mentor"}
        renamed = {"op": "replace", "value": {"displayName": "Mentees"}}
        assert (await client.patch(f"/Groups/{group['id']}", renamed)).status_code == 204
        assert await roles_of(hospital, one) == {"mentee"}
        assert (await client.http.delete(f"/Groups/{group['id']}")).status_code == 204
        assert await roles_of(hospital, one) == set()


async def test_a_group_takes_nobody_whom_the_institution_does_not_have(consortium: Consortium) -> None:
    hospital, elsewhere = await consortium.add_hospital(), await consortium.add_hospital()
    async with provisioning(elsewhere) as client:
        stranger = await client.add(fresh())
    async with provisioning(hospital) as client:
        gone = await client.add(fresh())
        await client.http.delete(f"/Users/{gone['id']}")
        for user_id in (stranger["id"], gone["id"], str(uuid4()), "nobody"):
            said = {"schemas": [GROUP], "displayName": "Mentors", "members": [{"value": user_id}]}
            assert refusal(await client.http.post("/Groups", json=said)) == (400, "invalidValue")
        assert (await client.http.get("/Groups")).json()["totalResults"] == 0


async def test_users_are_changed_as_entra_and_okta_do_it(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        user = await client.add(one, emails=[{"value": f"{one}@mail.example"}])
        assert user["emails"] == [{"value": f"{one}@mail.example", "type": "work"}]
        path = f"/Users/{user['id']}"
        changed = await client.patch(
            path,
            {"op": "Replace", "path": "displayName", "value": "Ada Okafor"},
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": f"ada.{one}@mail.example"},
            {"op": "Add", "path": "name.familyName", "value": "Okafor"},
            {
                "op": "Add",
                "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "value": "A",
            },
            {"op": "Replace", "path": "userName", "value": f"ada.{one}@login.example"},
        )
        assert changed.status_code == 204, changed.text
        assert [each["value"] for each in (await client.user(user["id"]))["emails"]] == [f"ada.{one}@mail.example"]
        okta: dict[str, Any] = {
            **a_user(one),
            "userName": f"ada.{one}@login.example",
            "name": {"givenName": "Ada", "familyName": "Ibarra"},
            "password": "not ours",
            "groups": [],
            "locale": "en-US",
        }
        del okta["displayName"]
        assert (await client.http.put(path, json=okta)).status_code == 200
        moved = await client.patch(path, {"op": "replace", "path": "externalId", "value": fresh()})
        assert refusal(moved) == (400, "mutability")
    person = (await hospital.people())[one]
    assert (person["name"], person["email"]) == ("Ada Ibarra", f"{one}@mail.example")
    assert await hospital.said(one) == ["person_joined"]


async def test_another_institution_finds_nothing(consortium: Consortium) -> None:
    hospital, other = await consortium.add_hospital(), await consortium.add_hospital()
    one = fresh()
    async with provisioning(hospital) as client:
        user = await client.add(one)
        group = await client.group("Mentors", user["id"])
    async with provisioning(other) as client:
        for path in (f"/Users/{user['id']}", f"/Groups/{group['id']}"):
            assert refusal(await client.http.get(path)) == (404, None)
            assert refusal(await client.http.delete(path)) == (404, None)
            assert refusal(await client.patch(path, {"op": "replace", "value": {"displayName": "X"}})) == (404, None)
        assert refusal(await client.http.put(f"/Users/{user['id']}", json=a_user(one))) == (404, None)
        assert await client.find("Users", f'externalId eq "{one}"') == []
        assert one not in (await client.http.get("/Users")).text
    assert await status_of(hospital, one) == "active"


async def test_a_secret_opens_scim_for_its_institution_until_it_is_replaced_or_revoked(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital()
    token_id, first = await issue_secret(hospital)
    async with hospital.client() as http:
        second = (await http.put(f"/provisioning-tokens/{token_id}/secret")).json()["secret"]
    for secret in (None, "", first, second[:-1], second + "x", "boss@" + hospital.mail_domain):
        async with with_secret(directory, secret) as http:
            answer = await http.get("/Users")
            assert refusal(answer) == (401, None), secret
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    async with with_secret(directory, second) as http:
        assert (await http.get("/Users")).status_code == 200
    async with signed_in(directory, second) as http:
        assert (await http.get("/people")).status_code == 401
    (await hospital.post(f"/provisioning-tokens/{token_id}/revoke")).raise_for_status()
    async with with_secret(directory, second) as http:
        assert refusal(await http.get("/ServiceProviderConfig")) == (401, None)
    async with hospital.client() as http:
        late = await http.put(f"/provisioning-tokens/{token_id}/secret")
        assert (late.status_code, late.json()["code"]) == (409, "provisioning_token_revoked")


async def test_a_secret_is_in_no_table_and_no_list(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with hospital.client() as http:
        token = (await http.post("/provisioning-tokens", json={"name": "IdP"})).json()
        path = f"/provisioning-tokens/{token['token_id']}"
        secret = (await http.put(f"{path}/secret", headers={"Idempotency-Key": fresh()})).json()["secret"]
        for look in (path, "/provisioning-tokens"):
            assert "secret" not in (await http.get(look)).text
    for rows in (
        await directory.rows("SELECT t::text FROM provisioning_tokens t"),
        await directory.rows("SELECT convert_from(body, 'UTF8') FROM idempotency_keys WHERE body IS NOT NULL"),
        await directory.rows("SELECT t::text FROM audit_records t"),
    ):
        assert [row for row in rows if secret in row[0]] == []


async def test_a_stale_version_changes_nothing_and_a_known_one_is_not_sent_again(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with provisioning(hospital) as client:
        user = await client.add(fresh())
        path = f"/Users/{user['id']}"
        seen = (await client.http.get(path)).headers["ETag"]
        assert seen == user["meta"]["version"]
        assert (await client.http.get(path, headers={"If-None-Match": seen})).status_code == 304
        rename = {"op": "replace", "path": "userName", "value": fresh()}
        assert (await client.patch(path, rename, **{"If-Match": seen})).status_code == 204
        again = await client.patch(path, {"op": "replace", "path": "userName", "value": fresh()}, **{"If-Match": seen})
        assert refusal(again) == (412, None)
        assert (await client.user(user["id"]))["userName"] == rename["value"]


async def test_users_come_in_pages_and_each_once(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with provisioning(hospital) as client:
        added = {(await client.add(fresh()))["id"] for _ in range(4)}
        pages = [
            (await client.http.get("/Users", params={"startIndex": start, "count": 2})).json() for start in (1, 3, 5, 7)
        ]
        assert [page["totalResults"] for page in pages] == [5, 5, 5, 5]
        found = [each["id"] for page in pages for each in page.get("Resources", [])]
        assert len(found) == 5
        assert added < set(found)
        bare = (await client.http.get("/Users", params={"count": 0})).json()
        assert (bare["totalResults"], bare.get("Resources", [])) == (5, [])
        slim = (await client.http.get(f"/Users/{found[0]}", params={"attributes": "userName"})).json()
        assert {"id", "userName"} <= slim.keys() <= {"schemas", "id", "userName", "meta"}


async def test_every_act_leaves_a_record_and_so_does_a_look_in_vain(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    token_id, secret = await issue_secret(hospital)
    async with with_secret(directory, secret) as http:
        client = Provisioner(http)
        user = await client.add(fresh())
        await client.user(user["id"])
        await http.get(f"/Users/{uuid4()}")
        await http.post("/Users", json={"schemas": [USER]})
    records = await directory.rows(
        "SELECT operation, outcome, institution_id FROM audit_records WHERE person_id = $1 ORDER BY happened_at",
        UUID(token_id),
    )
    assert [tuple(record) for record in records] == [
        ("directory.scim_add", "done", hospital.institution_id),
        ("directory.scim_look", "refused", hospital.institution_id),
        ("directory.scim_add", "refused", hospital.institution_id),
    ]

"""A person's own data as one ZIP: every service's part, with the person's token, whole or not at all."""

import io
import json
import zipfile
from http import HTTPStatus
from typing import Any

import httpx

from shared.contracts.directory import PersonErased
from tests.integration.console.consortium import Hospital, Person
from tests.integration.console.front import DIRECTORY, MEETINGS, PAIRING, Front


async def a_mentor(front: Front) -> Person:
    hospital = Hospital("A hospital")
    mentor = hospital.person("Dr Ada", "mentor")
    hospital.person("Somebody Else", "mentor")
    await front.console.deliver(*hospital.said)
    return mentor


def unpack(answer: httpx.Response) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


async def test_the_zip_holds_a_file_of_each_service_asked_for_as_the_person(front: Front) -> None:
    mentor = await a_mentor(front)
    cookie = await front.let_in(mentor)
    front.world.exports = {
        DIRECTORY: httpx.Response(200, json={"person": {"name": "Dr Ada"}}),
        MEETINGS: httpx.Response(200, json={"meetings": []}),
        PAIRING: httpx.Response(200, json={"pairs": []}),
    }
    async with front.browser(cookie) as browser:
        answer = await browser.get("/export")
    assert answer.status_code == HTTPStatus.OK
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/zip", "no-store")
    assert answer.headers["content-disposition"].startswith('attachment; filename="osler-20')
    files = unpack(answer)
    assert sorted(files) == ["console.json", "directory.json", "meetings.json", "pairing.json"]
    assert files["directory.json"] == {"person": {"name": "Dr Ada"}}
    own = files["console.json"]
    assert (own["name"], own["institution"], len(own["sessions"])) == ("Dr Ada", "A hospital", 1)
    assert front.world.exported_as == ["Bearer access"] * 3


async def test_a_service_that_has_nothing_for_this_role_is_left_out(front: Front) -> None:
    cookie = await front.let_in(await a_mentor(front))
    front.world.exports = {
        DIRECTORY: httpx.Response(200, json={}),
        MEETINGS: httpx.Response(403, json={"code": "forbidden", "title": "No."}),
        PAIRING: httpx.Response(200, json={}),
    }
    async with front.browser(cookie) as browser:
        assert sorted(unpack(await browser.get("/export"))) == ["console.json", "directory.json", "pairing.json"]


async def test_an_export_without_one_of_its_parts_is_none(front: Front) -> None:
    cookie = await front.let_in(await a_mentor(front))
    front.world.exports = {DIRECTORY: httpx.Response(200, json={}), MEETINGS: httpx.Response(503)}
    async with front.browser(cookie) as browser:
        answer = await browser.get("/export")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["content-type"].startswith("text/html")
    assert "This was not done" in answer.text


async def test_nobody_who_is_not_signed_in_exports_anything(front: Front) -> None:
    async with front.browser() as browser:
        answer = await browser.get("/export")
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, "/sign-in")
    assert front.world.exported_as == []


async def test_the_sessions_of_an_erased_person_are_deleted(front: Front) -> None:
    mentor = await a_mentor(front)
    await front.let_in(mentor)
    erased = mentor.hospital.say(
        PersonErased, person_id=mentor.person_id, institution_id=mentor.hospital.institution_id
    )
    await front.console.deliver(erased)
    assert await front.console.rows("SELECT FROM sessions WHERE person_id = $1", mentor.person_id) == []

"""Roster imports at the console, with a real directory behind it: checked, applied row by row, taken back."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.console.behind import administer, overhear, words_of
from tests.integration.console.consortium import Hospital
from tests.integration.console.front import DIRECTORY, Front
from tests.integration.directory.consortium import Consortium
from tests.unit.directory.rosters import a_roster, a_workbook

pytestmark = pytest.mark.timeout(120)

_ADA = {"external_id": "E-1", "name": "Ada Nowak", "email": "ada@north.example"}
_BEN = {"external_id": "E-2", "name": "Ben Bright", "email": "ben@north.example"}
_BAD = {"external_id": "E-3", "name": "Cy Cole", "email": "cy@north.example", "programme": "astrology"}


async def _send(front: Front, cookie: str, file: bytes, **fields: str) -> str:
    """Send a file; give the address of its preview."""
    answer = await front.send(cookie, "/rosters", file, key=uuid4().hex, **fields)
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    return answer.headers["location"]


@pytest.mark.parametrize("make", [a_roster, a_workbook])
async def test_a_file_is_checked_before_anything_is_saved(
    make: Callable[..., bytes], front: Front, consortium: Consortium
) -> None:
    hospital, cookie = await administer(front, consortium)
    address = await _send(front, cookie, make(_ADA, _BEN))
    page = await front.look(cookie, address)
    text = words_of(page.text)
    assert page.status_code == HTTPStatus.OK
    assert "Check before anything is saved" in text
    assert "Apply 2 rows" in text
    assert text.count("Is added") == 2
    assert list(await hospital.people()) == ["boss"]


async def test_rows_with_errors_say_why_and_the_good_ones_can_be_applied(front: Front, consortium: Consortium) -> None:
    hospital, cookie = await administer(front, consortium)
    address = await _send(front, cookie, a_roster(_ADA, _BAD, _ADA | {"name": "Twice"}))
    text = words_of((await front.look(cookie, address)).text)
    assert "Your hospital has no such programme. An import never adds one." in text
    assert "An earlier row is the same person. The first one stands." in text
    assert "2 rows with an error are left out" in text
    assert "Apply 1 good row" in text
    refused = await front.press(cookie, f"{address}/apply", rows="all")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "nothing was imported" in refused.text
    applied = await front.press(cookie, f"{address}/apply", rows="good")
    assert (applied.headers["location"], applied.cookies["osler_said"]) == (address, "roster_applied")
    assert sorted(await hospital.people()) == ["E-1", "boss"]
    assert "Applied" in words_of((await front.look(cookie, address)).text)


async def test_a_header_that_says_too_little_is_named_with_the_file(front: Front, consortium: Consortium) -> None:
    _, cookie = await administer(front, consortium)
    file = a_roster(_ADA).replace(b"specialty", b"What they do", 1)
    refused = await front.send(cookie, "/rosters", file)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Missing: specialty. Say below which header of your file stands for it" in refused.text
    text = (await front.look(cookie, await _send(front, cookie, file, **{"column-specialty": "What they do"}))).text
    assert "as you said" in text
    assert '<option value="What they do">' in text  # another file's columns are changed here


async def test_who_may_be_somebody_who_is_here_is_asked_about(front: Front, consortium: Consortium) -> None:
    hospital, cookie = await administer(front, consortium)
    await hospital.apply(a_roster(_ADA))
    await overhear(front, hospital.running)
    again = {"external_id": "", "name": "Ada Nowak", "email": "nowak@elsewhere.example"}
    address = await _send(front, cookie, a_roster(again))
    page = (await front.look(cookie, address)).text
    ada = (await hospital.people())["E-1"]["person_id"]
    assert f'<option value="{ada}">Same person: Ada Nowak</option>' in page
    assert "Apply what you decided" in page
    await front.press(cookie, f"{address}/apply", rows="all", **{"who-2": ada})
    assert (await hospital.people())["E-1"]["email"] == "nowak@elsewhere.example"


@pytest.mark.parametrize(
    "fields", [{"rows": "some"}, {"rows": "all", "who-2": "them"}, {"rows": "all", "who-x": "new"}]
)
async def test_a_form_that_is_none_of_ours_imports_nothing(
    fields: dict[str, Any], front: Front, consortium: Consortium
) -> None:
    hospital, cookie = await administer(front, consortium)
    address = await _send(front, cookie, a_roster(_ADA))
    assert (await front.press(cookie, f"{address}/apply", **fields)).status_code == HTTPStatus.FORBIDDEN
    assert list(await hospital.people()) == ["boss"]


async def test_an_import_is_taken_back_after_a_list_of_what_changed_since(front: Front, consortium: Consortium) -> None:
    hospital, cookie = await administer(front, consortium)
    await hospital.apply(a_roster(_ADA))
    first = await _send(front, cookie, a_roster(_ADA | {"places": "5", "specialty": "nephrology"}))
    await front.press(cookie, f"{first}/apply", rows="all", key="applying")
    await hospital.apply(a_roster(_ADA | {"places": "7", "specialty": "nephrology"}))
    await overhear(front, hospital.running)
    page = words_of((await front.look(cookie, f"{first}/revert")).text)
    assert "Ada Nowak E-1, changed by it Specialty Places Revert the import: 1 person" in page
    answer = await front.press(cookie, f"{first}/revert")
    assert answer.cookies["osler_said"] == "roster_reverted"
    (ada,) = [role for role in (await hospital.people())["E-1"]["roles"] if role["role"] == "mentor"]
    assert (ada["specialty"], ada["places"]) == ("cardiology", 7)
    text = words_of((await front.look(cookie, "/rosters")).text)
    assert "Reverted, but for what had changed since" in text
    late = await front.look(cookie, f"{first}/revert")
    assert late.status_code == HTTPStatus.CONFLICT
    assert "was taken back before" in late.text


async def test_imports_are_listed_the_latest_first_and_another_hospitals_never(
    front: Front, consortium: Consortium
) -> None:
    hospital, cookie = await administer(front, consortium)
    addresses = [await _send(front, cookie, a_roster(_ADA, *[_BEN] * extra)) for extra in range(3)]
    listed = re.findall(r'<a href="(/rosters/[0-9a-f-]{36})">', (await front.look(cookie, "/rosters")).text)
    assert sorted(listed) == sorted(addresses)
    _, stranger = await administer(front, consortium)
    assert "No file was sent yet" in (await front.look(stranger, "/rosters")).text
    for page in (addresses[0], f"{addresses[0]}/revert"):
        assert (await front.look(stranger, page)).status_code == HTTPStatus.NOT_FOUND
    assert (await front.press(stranger, f"{addresses[0]}/apply", rows="all")).status_code == HTTPStatus.NOT_FOUND
    assert list(await hospital.people()) == ["boss"]


async def test_many_rows_are_read_to_their_end(front: Front, consortium: Consortium) -> None:
    _, cookie = await administer(front, consortium)
    rows = [{"external_id": f"N-{n}", "name": f"Name {n}", "email": f"n{n}@north.example"} for n in range(230)]
    address: str | None = await _send(front, cookie, a_roster(*rows))
    seen: list[str] = []
    while address:
        page = (await front.look(cookie, address)).text
        seen += re.findall(r"<bdi>(N-\d+)</bdi>", page)
        onwards = re.search(r'href="([^"]+&amp;from=\d+)"', page)
        address = onwards[1].replace("&amp;", "&") if onwards else None
    assert seen == [row["external_id"] for row in rows]
    for odd in ("?kind=odd", "?from=-1", "?from=x", "?from=999999"):
        assert (await front.look(cookie, f"/rosters/{uuid4()}{odd}")).status_code == HTTPStatus.NOT_FOUND


async def test_what_is_no_roster_is_refused_inwords_of(front: Front, consortium: Consortium) -> None:
    _, cookie = await administer(front, consortium)
    for file, says in ((b"", "Choose a file"), (b"\xff\xfe", "not UTF-8"), (b"PK\x03\x04oops", "Nothing was imported")):
        answer = await front.send(cookie, "/rosters", file, key=uuid4().hex)
        assert says in answer.text, answer.text
        assert "Checked, not applied" not in answer.text


async def test_a_file_that_is_too_large_and_a_form_without_its_token_reach_nobody(
    front: Front, consortium: Consortium
) -> None:
    _, cookie = await administer(front, consortium)
    large = await front.send(cookie, "/rosters", b"x" * (10 * 1024 * 1024 + 70_000))
    assert large.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    for form_token in ("", "0" * 64):
        answer = await front.send(cookie, "/rosters", a_roster(_ADA), form_token=form_token)
        assert answer.status_code == HTTPStatus.FORBIDDEN
    async with front.browser(cookie) as browser:
        broken = await browser.post(
            "/rosters", content=b"--x\r\noops", headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
    assert broken.status_code == HTTPStatus.FORBIDDEN
    assert "No file was sent yet" in (await front.look(cookie, "/rosters")).text


async def test_a_directory_that_is_away_is_told_inwords_of(front: Front) -> None:
    hospital = Hospital("A hospital")
    rosa = hospital.person("Rosa", "administrator")
    await front.console.deliver(*hospital.said)
    cookie = await front.let_in(rosa)
    front.world.is_away = True
    answer = await front.look(cookie, "/rosters")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Something does not answer" in answer.text


async def test_a_sign_in_at_its_end_leads_back_to_the_page(front: Front, consortium: Consortium) -> None:
    _, _ = await administer(front, consortium)
    hospital = Hospital("A hospital")
    rosa = hospital.person("Rosa", "administrator")
    await front.console.deliver(*hospital.said)
    front.world.behind.pop(DIRECTORY)
    cookie = await front.let_in(rosa, lasts_seconds=0, refresh=None)
    answer = await front.look(cookie, "/rosters")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "/authorize?" in answer.headers["location"]

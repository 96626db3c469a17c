"""Who may open which page, what a form must carry, and how a browser is signed in and out."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import LiteralString, get_args
from uuid import UUID, uuid4

import httpx
import pytest

from services.console.pages import PAGES
from services.console.pages.access import EVERYONE, PUBLIC, Page
from shared.contracts.event import Role
from shared.testing.running import Running
from tests.integration.console.consortium import NOW, Hospital, Pair, Person
from tests.integration.console.front import ISSUER, URL, Front, query

ROLES: tuple[Role, ...] = get_args(Role)
GUARDED = [page for page in PAGES if page.roles != PUBLIC]
PRESSES = [page for page in GUARDED if page.method == "POST" and "{pair_id}" in page.path]


async def _someone(front: Front, *roles: Role) -> Person:
    hospital = Hospital("A hospital")
    person = hospital.person("Somebody", *roles, places=1)
    await front.console.deliver(*hospital.said)
    return person


def _address(page: Page, pair_id: UUID | None = None) -> str:
    return page.path.replace("{pair_id}", str(pair_id or uuid4()))


@pytest.mark.parametrize("page", GUARDED, ids=lambda page: f"{page.method} {page.path}")
async def test_who_is_signed_out_gets_no_page(page: Page, front: Front) -> None:
    async with front.browser() as browser:
        answer = await browser.request(page.method, _address(page))
    if page.signed_out == "refuse":
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
    else:
        assert answer.status_code == HTTPStatus.SEE_OTHER
        assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("page", PRESSES, ids=lambda page: page.path)
async def test_a_press_after_the_sign_in_has_ended_leads_to_a_page_that_there_is(page: Page, front: Front) -> None:
    async with front.browser() as browser:
        answer = await browser.post(_address(page))
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, "/sign-in")


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_opens_its_own_pages_and_no_other(role: Role, front: Front) -> None:
    cookie = await front.let_in(await _someone(front, role))
    for page in GUARDED:
        if page.path in {"/sign-out", "/today/events"}:
            continue
        answer = await front.press(cookie, _address(page)) if page.method == "POST" else await _get(front, cookie, page)
        is_refused = answer.status_code == HTTPStatus.FORBIDDEN
        assert is_refused == (role not in page.roles), (page.path, answer.status_code)


async def _get(front: Front, cookie: str, page: Page) -> httpx.Response:
    async with front.browser(cookie) as browser:
        return await browser.get(_address(page))


async def test_who_holds_no_role_is_told_that_the_page_is_not_theirs(front: Front) -> None:
    cookie = await front.let_in(await _someone(front))
    async with front.browser(cookie) as browser:
        assert (await browser.get("/today")).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("page", PRESSES, ids=lambda page: page.path)
async def test_a_form_of_another_site_or_session_changes_nothing(page: Page, front: Front) -> None:
    role = next(iter(sorted(page.roles)))
    cookie = await front.let_in(await _someone(front, role))
    address = _address(page)
    for fields, headers in (
        ({"form_token": ""}, {}),
        ({"form_token": "0" * 64}, {}),
        ({}, {"Origin": "https://elsewhere.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
    ):
        answer = await front.press(cookie, address, headers, **fields)
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "Nothing was changed" in answer.text
    assert front.world.commands == []


async def test_a_pair_of_another_institution_answers_as_a_missing_one(front: Front) -> None:
    hospital = Hospital("Another hospital")
    pair = Pair(hospital.person("A", "mentor"), hospital.person("B", "mentee")).proposed()
    await front.console.deliver(*hospital.said, *pair.said)
    front.knows(pair.pair_id, "proposed")
    cookie = await front.let_in(await _someone(front, "administrator"))
    answers = [await front.press(cookie, f"/pairs/{pair_id}/recall") for pair_id in (pair.pair_id, uuid4())]
    assert [answer.status_code for answer in answers] == [HTTPStatus.NOT_FOUND] * 2
    assert answers[0].text == answers[1].text
    assert front.world.commands == []
    records = await front.console.rows("SELECT operation, outcome, path FROM audit_records ORDER BY happened_at DESC")
    assert [(row["operation"], row["outcome"]) for row in records[:2]] == [("console.recall_pair", "refused")] * 2
    assert records[1]["path"] == f"/pairs/{pair.pair_id}/recall"


@pytest.mark.parametrize("odd", ["%00", "%FF", "%0A", "%ED%A0%80", "%F0%9F%92%A9", "x" * 8000])
async def test_an_address_that_no_pair_has_is_a_page_that_says_so_and_leaves_its_record(odd: str, front: Front) -> None:
    cookie = await front.let_in(await _someone(front, "administrator"))
    address = f"/pairs/{odd}/recall"
    async with front.browser(cookie) as browser:
        answer = await browser.get(address)
    async with front.browser() as stranger:
        sent_away = await stranger.get(address)
    pressed = await front.press(cookie, address)
    for missing in (answer, pressed):
        assert missing.status_code == HTTPStatus.NOT_FOUND
        assert "There is nothing here" in missing.text
    assert query(sent_away.headers["location"]) == {"return_to": address}
    rows = await front.console.rows("SELECT outcome, path FROM audit_records ORDER BY happened_at DESC LIMIT 2")
    assert [tuple(row) for row in rows] == [("refused", address[:500])] * 2


async def test_a_look_up_whose_record_is_lost_is_still_a_page(front: Front) -> None:
    cookie = await front.let_in(await _someone(front, "administrator"))
    await front.meddle("REVOKE INSERT ON console.audit_records FROM console_app")
    try:
        async with front.browser(cookie) as browser:
            answer = await browser.get(f"/pairs/{uuid4()}/recall")
    finally:
        await front.meddle("GRANT INSERT ON console.audit_records TO console_app")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "There is nothing here" in answer.text


async def test_every_answer_carries_the_security_headers(front: Front) -> None:
    cookie = await front.let_in(await _someone(front, "administrator"))
    async with front.browser(cookie) as browser:
        for address in ("/", "/today", "/today/fragment", "/sign-in", "/nowhere", "/pairs/x/recall"):
            answer = await browser.get(address)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self';")
            assert "unsafe" not in policy
            assert f"form-action 'self' {ISSUER};" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_files_are_named_after_their_content_and_kept_for_ever(front: Front) -> None:
    async with front.browser() as browser:
        page = await browser.get("/sign-in")
        (sheet,) = re.findall(r'href="(/static/console\.[0-9a-f]{12}\.css)"', page.text)
        for encoding in ("identity", "gzip"):
            answer = await browser.get(sheet, headers={"Accept-Encoding": encoding})
            assert answer.headers["content-type"] == "text/css; charset=utf-8"
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "@layer tokens" in answer.text
        for address in ("/static/console.css", "/static/../app.py", "/static/%2e%2e/app.py", "/static/x"):
            assert (await browser.get(address)).status_code == HTTPStatus.NOT_FOUND


async def test_a_name_is_never_markup(front: Front, console: Running) -> None:
    hospital = Hospital("<script>alert(1)</script> & Co")
    rosa = hospital.person('"><img src=x onerror=alert(1)>', "administrator")
    pair = Pair(hospital.person("<b>Dr A</b>", "mentor"), hospital.person("B'\"<", "mentee")).proposed()
    pair.asked_for_feedback(NOW - timedelta(days=1))
    await console.deliver(*hospital.said, *pair.said)
    async with front.browser(await front.let_in(rosa)) as browser:
        text = (await browser.get("/today")).text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;Dr A&lt;/b&gt;" in text


async def _sign_in(front: Front, person: Person, return_to: str = "/today") -> tuple[httpx.Response, httpx.Response]:
    """The two steps of a sign-in: off to the issuer, and back."""
    async with front.browser() as browser:
        sent = await browser.post("/sign-in", data={"return_to": return_to})
        asked = query(sent.headers["location"])
        front.world.subject, front.world.nonce = person.subject, asked.get("nonce", "")
        back = {"code": "the-code", "state": asked["state"], "iss": ISSUER}
        return sent, await browser.get("/signed-in", params=back)


async def test_a_sign_in_goes_by_code_with_pkce_and_ends_in_a_cookie_that_no_script_reads(front: Front) -> None:
    person = await _someone(front, "administrator")
    sent, back = await _sign_in(front, person)
    asked = query(sent.headers["location"])
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["redirect_uri"], asked["scope"]) == (f"{URL}/signed-in", "openid")
    assert back.headers["location"] == "/today"
    (cookie,) = [each for each in back.headers.get_list("set-cookie") if each.startswith("osler_session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    rows = await front.console.rows("SELECT session_hash FROM sessions WHERE person_id = $1", person.person_id)
    assert len(rows) == 1
    assert cookie.split("=")[1].split(";")[0].encode() not in rows[0]["session_hash"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "http://other.test"},
        {"aud": "another-client"},
        {"aud": ["osler-console", "another"]},
        {"nonce": "of another attempt"},
        {"exp": 1},
        {"sub": None},
    ],
)
async def test_an_id_token_that_is_not_for_this_attempt_signs_nobody_in(spoil: dict[str, object], front: Front) -> None:
    person = await _someone(front, "administrator")
    front.world.spoil = spoil
    _, back = await _sign_in(front, person)
    assert back.status_code == HTTPStatus.CONFLICT
    assert "osler_session" not in back.headers.get("set-cookie", "")


async def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(front: Front) -> None:
    person = await _someone(front, "administrator")
    front.world.subject = person.subject
    async with front.browser() as stranger:
        sent = await stranger.post("/sign-in", data={})
        asked = query(sent.headers["location"])
        front.world.nonce = asked["nonce"]
        answers = [
            {"code": "the-code", "state": "another", "iss": ISSUER},
            {"code": "the-code", "state": asked["state"], "iss": "http://other.test"},
            {"code": "the-code", "state": asked["state"]},
            {"error": "access_denied", "state": asked["state"], "iss": ISSUER},
        ]
        for answer in answers:
            assert (await stranger.get("/signed-in", params=answer)).status_code == HTTPStatus.CONFLICT
    async with front.browser() as other:  # another browser, without the attempt's cookie
        back = {"code": "the-code", "state": asked["state"], "iss": ISSUER}
        assert (await other.get("/signed-in", params=back)).status_code == HTTPStatus.CONFLICT


async def test_a_new_sign_in_has_a_new_value_and_ends_the_old_session(front: Front) -> None:
    person = await _someone(front, "mentor")
    old = await front.let_in(person)
    async with front.browser(old) as browser:
        sent = await browser.post("/sign-in", data={})
        asked = query(sent.headers["location"])
        front.world.subject, front.world.nonce = person.subject, asked["nonce"]
        await browser.get("/signed-in", params={"code": "the-code", "state": asked["state"], "iss": ISSUER})
        assert browser.cookies.get("osler_session", domain="console.test") != old
    assert await front.sessions.find(old) is None


async def test_an_issuer_that_is_away_is_told_in_words(front: Front) -> None:
    front.world.is_away = True
    async with front.browser() as browser:
        answer = await browser.post("/sign-in", data={})
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "does not answer" in answer.text


async def test_a_session_ends_by_time_by_silence_and_when_its_person_leaves(front: Front) -> None:
    person = await _someone(front, "mentor")
    changes: tuple[LiteralString, ...] = (
        "UPDATE console.sessions SET ends_at = clock_timestamp() WHERE person_id = $1",
        "UPDATE console.sessions SET seen_at = clock_timestamp() - interval '2 hours' WHERE person_id = $1",
        "UPDATE console.members SET status = 'left' WHERE person_id = $1",
    )
    for change in changes:
        cookie = await front.let_in(person)
        assert await front.sessions.find(cookie) is not None
        await front.meddle(change, person.person_id)
        assert await front.sessions.find(cookie) is None


async def test_nobody_reads_anothers_session_behind_the_wall(front: Front) -> None:
    hospital = Hospital("A hospital")
    one, other = hospital.person("One", "mentor"), hospital.person("Other", "mentor")
    await front.console.deliver(*hospital.said)
    await front.let_in(one)
    async with front.console.app.transaction(hospital.institution_id, other.person_id) as tx:
        assert await tx.fetch("SELECT 1 FROM sessions") == []


async def test_the_role_at_a_page_is_the_one_of_this_moment(front: Front) -> None:
    person = await _someone(front, "administrator")
    cookie = await front.let_in(person)
    await front.console.worker.pool.execute("UPDATE members SET roles = '{}' WHERE person_id = $1", person.person_id)
    async with front.browser(cookie) as browser:
        assert (await browser.get("/today")).status_code == HTTPStatus.FORBIDDEN


def test_every_change_is_a_press_of_somebody_signed_in() -> None:
    for page in PAGES:
        if page.method == "POST" and page.path != "/sign-in":
            assert page.roles != PUBLIC
        assert page.roles <= EVERYONE

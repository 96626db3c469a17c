"""What a press comes to: commanded at pairing as the person, refused in words, said once, and lost never."""

from http import HTTPStatus
from typing import Any

import pytest

from shared.contracts.pairing import PairRecalled
from tests.integration.console.consortium import NOW, Hospital, Pair
from tests.integration.console.front import ISSUER, Front


async def _rosa_and_a_proposal(front: Front, **session: Any) -> tuple[str, Pair]:
    hospital = Hospital("A hospital")
    rosa = hospital.person("Rosa", "administrator")
    pair = Pair(hospital.person("Dr A", "mentor"), hospital.person("B", "mentee")).proposed()
    await front.console.deliver(*hospital.said, *pair.said)
    front.knows(pair.pair_id, "proposed", revision=4)
    return await front.let_in(rosa, **session), pair


async def test_a_press_commands_pairing_as_the_person_on_the_revision_that_it_has(front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front)
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    (command,) = front.world.commands
    assert command.headers["authorization"] == "Bearer access"
    assert command.headers["if-match"] == '"4"'
    assert command.headers["idempotency-key"] == "one-press"
    assert command.content == b'{"reason":"mistake"}'
    # Our own rows have not heard of it within the moment that the answer waits.
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, "/today")
    assert answer.cookies["osler_said"] == "recall.soon"


async def test_what_was_done_is_said_once_and_by_no_address(front: Front) -> None:
    cookie, _ = await _rosa_and_a_proposal(front)
    async with front.browser(cookie) as browser:
        assert "Done." not in (await browser.get("/today?said=recall")).text
        browser.cookies.set("osler_said", "recall.soon")
        said = await browser.get("/today")
        assert "The proposal was taken back. This page follows" in said.text
        assert said.headers["set-cookie"].startswith('osler_said="";')


async def test_a_second_press_of_the_same_button_finds_it_done(front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front)
    await front.console.deliver(pair.say(PairRecalled, NOW, reason="mistake"))
    front.knows(pair.pair_id, "recalled")
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    assert (answer.headers["location"], answer.cookies["osler_said"]) == ("/today", "recall")
    assert front.world.commands == []


@pytest.mark.parametrize(
    ("status", "code", "answers", "says"),
    [
        (409, "not_possible_now", 409, "was answered, recalled or has lapsed"),
        (412, "stale_revision", 409, "Somebody changed this pair"),
        (409, "something_new", 409, "In words of its own."),
        (503, "unavailable", 503, "does not answer"),
        (401, "unauthenticated", 303, ""),
    ],
)
async def test_each_refusal_of_pairing_has_its_words(
    status: int, code: str, answers: int, says: str, front: Front
) -> None:
    cookie, pair = await _rosa_and_a_proposal(front)
    front.world.refuses = (status, {"code": code, "title": "In words of its own."})
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    assert answer.status_code == answers
    assert says in answer.text


async def test_a_pairing_that_is_away_is_told_in_words_and_loses_nothing(front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front)
    front.world.is_away = True
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Press again in a minute" in answer.text
    assert f"/pairs/{pair.pair_id}/recall" in answer.text


@pytest.mark.parametrize("reason", ["", "because", "mistake "])
async def test_a_reason_that_is_none_of_ours_reaches_nobody(reason: str, front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front)
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall", reason=reason)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert front.world.commands == []


async def test_a_token_at_its_end_is_renewed_without_anybody_noticing(front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front, lasts_seconds=0)
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    assert answer.cookies["osler_said"].startswith("recall")
    assert front.world.refreshes == 1
    assert front.world.commands[0].headers["authorization"] != "Bearer access"
    await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    assert front.world.refreshes == 1  # the new one is kept


async def test_a_token_that_cannot_be_renewed_leads_through_the_issuer_and_changes_nothing(front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front, lasts_seconds=0, refresh=None)
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/recall")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"].startswith(f"{ISSUER}/authorize?")
    assert front.world.commands == []


async def test_a_form_that_is_too_large_or_not_a_form_is_refused(front: Front) -> None:
    cookie, pair = await _rosa_and_a_proposal(front)
    address = f"/pairs/{pair.pair_id}/recall"
    large = await front.press(cookie, address, more="x" * 20_000)
    async with front.browser(cookie) as browser:
        other = await browser.post(address, json={"form_token": await front.form_token(cookie)})
        broken = await browser.post(
            address, content=b"key=%ff%fe", headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
    assert large.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert other.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert broken.status_code == HTTPStatus.FORBIDDEN

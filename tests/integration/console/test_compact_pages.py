"""The pages of a compact against each answer of pairing: refusals in words, nothing written lost, no stranger in."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from tests.integration.console.consortium import Hospital, Pair, Person
from tests.integration.console.front import ISSUER, Front

USUAL: dict[str, Any] = {
    "starts_on": "2027-01-04",
    "mid_term_on": "2027-04-02",
    "ends_on": "2027-06-30",
    "meeting_interval": "monthly",
    "meeting_minutes": 30,
    "touchpoint_interval": "two_weeks",
}
TYPED: dict[str, Any] = {name: str(value) for name, value in USUAL.items() if name != "mid_term_on"}
SENT = {name: value for name, value in USUAL.items() if name != "mid_term_on"}
WORDS = "I would rather <b>walk</b> & talk."
STATED = {"terms": USUAL, "goals": ["One abstract"], "words": WORDS}
WORDING: dict[str, Any] = {
    "version": 1,
    "locale": "en",
    "title": "What stays between you",
    "confidentiality": ["It stays between the two of you."],
    "exceptions_lead": "It ends where:",
    "exceptions": ["somebody is in danger"],
    "exceptions_limit": "Even then.",
    "duties_lead": "The mentor",
    "duties": ["reports what must be reported"],
    "concern": "Raise a concern.",
    "patients": "Nothing about patients.",
}


def _compact(**facts: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(
        ("mentor_answered_at", "mentee_answered_at", "waiting_number", "in_force_number")
    )
    empty: dict[str, Any] = dict.fromkeys(("silent_since", "mine", "theirs", "waiting", "in_force"))
    begun: dict[str, Any] = {"state": "answering", "revision": 3, "differing": [], "usual": USUAL}
    return begun | nothing | empty | facts


def _version(person: Person, state: str = "offered") -> dict[str, Any]:
    goal = {"goal_id": "0a", "text": "One abstract", "support": "coach"}
    dates = dict.fromkeys(("mentor_signed_at", "mentee_signed_at", "in_force_at", "closed_at"))
    made = {"offered_by": str(person.person_id), "offered_at": "2027-01-05T09:00:00Z", "terms": USUAL}
    return {"number": 2, "state": state, "goals": [goal], "wording": 1, **made, **dates}


def _form(fields: dict[str, Any]) -> dict[str, Any]:
    """The usual terms as they are typed, and these fields."""
    return TYPED | fields


async def _couple(front: Front, compact: dict[str, Any] | None = None, state: str = "accepted") -> Pair:
    """A pair that the console has heard of, and whose compact pairing shows like this."""
    hospital = Hospital("A hospital")
    pair = Pair(hospital.person("Dr <i>A</i>", "mentor"), hospital.person("B", "mentee", locale="de")).accepted()
    await front.console.deliver(*hospital.said, *pair.said)
    path = f"/pairs/{pair.pair_id}"
    front.knows(pair.pair_id, state)
    front.world.pairs[str(pair.pair_id)]["activate_by"] = "2027-01-22T09:00:00Z"
    front.world.shows |= {f"{path}/compact": compact or _compact(), f"{path}/compact/wording": WORDING}
    return pair


def _state(front: Front, pair: Pair, **facts: Any) -> None:
    front.world.shows[f"/pairs/{pair.pair_id}/compact"] |= facts


async def _read(front: Front, person: Person, address: str) -> str:
    async with front.browser(await front.let_in(person)) as browser:
        answer = await browser.get(address)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("terms_do_not_fit", "three years later at most"),
        ("malformed_request", "ten goals at most"),
        ("compact_not_possible_now", "has moved on meanwhile"),
        ("something_new", "In words of its own."),
    ],
)
async def test_a_refusal_says_why_and_keeps_what_was_written(code: str, says: str, front: Front) -> None:
    pair = await _couple(front)
    front.world.refuses = (409, {"code": code, "title": "In words of its own."})
    cookie = await front.let_in(pair.mentee)
    address = f"/pairs/{pair.pair_id}/compact/expectations"
    answer = await front.press(cookie, address, **_form({"ends_on": "2026-01-01", "goals": "A\nB", "words": WORDS}))
    assert answer.status_code == HTTPStatus.CONFLICT
    assert says in answer.text
    assert "<b>walk" not in answer.text
    assert "&lt;b&gt;walk&lt;/b&gt; &amp; talk.</textarea>" in answer.text
    assert 'value="2026-01-01"' in answer.text
    assert ">A\nB</textarea>" in answer.text


async def test_an_offer_builds_on_what_was_read_and_keeps_its_rows_when_it_is_late(front: Front) -> None:
    pair = await _couple(front, _compact(state="compared", mine=STATED, theirs=STATED))
    cookie = await front.let_in(pair.mentee)
    front.world.refuses = (412, {"code": "stale_revision", "title": "No."})
    rows: dict[str, Any] = {
        "goal_1": "",
        "goal_2": "A goal of mine",
        "goal_2_id": "",
        "goal_2_support": "direct",
        "revision": "2",
    }
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/compact/offer", **_form(rows))
    [sent] = front.world.commands
    assert sent.headers["if-match"] == '"2"'
    goal = {"text": "A goal of mine", "goal_id": None, "support": "direct"}
    assert json.loads(sent.content) == {"terms": SENT, "goals": [goal]}
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "what you wrote is still in the form" in answer.text
    assert 'value="A goal of mine"' in answer.text


@pytest.mark.parametrize(
    ("code", "says"),
    [("stale_compact_version", "Another version waits by now. Nothing was signed."), ("already_signed", "signed this")],
)
async def test_a_signature_is_for_the_number_that_the_page_named(code: str, says: str, front: Front) -> None:
    pair = await _couple(front)
    _state(front, pair, state="offered", waiting=_version(pair.mentor), waiting_number=2, revision=9)
    cookie = await front.let_in(pair.mentee)
    front.world.refuses = (409, {"code": code, "title": "No."})
    answer = await front.press(cookie, f"/pairs/{pair.pair_id}/compact/sign", number="1")
    [sent] = front.world.commands
    assert (sent.headers["if-match"], json.loads(sent.content)) == ('"9"', {"number": 1})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert says in answer.text
    for odd in ("", "-1", "one", "1" * 12, "٢"):
        refused = await front.press(cookie, f"/pairs/{pair.pair_id}/compact/sign", number=odd)
        assert refused.status_code == HTTPStatus.FORBIDDEN
    assert len(front.world.commands) == 1


async def test_what_could_not_be_sent_is_on_the_page_to_be_pressed_again(front: Front) -> None:
    pair = await _couple(front)
    cookie = await front.let_in(pair.mentee)
    front.world.refuses = (503, {"code": "unavailable", "title": "Away."})
    address = f"/pairs/{pair.pair_id}/compact/expectations"
    answer = await front.press(cookie, address, **_form({"goals": "A", "words": WORDS}))
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert f'action="{address}"' in answer.text
    assert 'name="key" value="one-press"' in answer.text
    assert 'name="words" value="I would rather &lt;b&gt;walk' in answer.text


async def test_a_sign_in_that_has_run_out_takes_no_words_with_it(front: Front) -> None:
    pair = await _couple(front)
    cookie = await front.let_in(pair.mentee, lasts_seconds=0, refresh=None)
    for act in ("compact/expectations", "concern"):
        answer = await front.press(cookie, f"/pairs/{pair.pair_id}/{act}", **_form({"words": WORDS}))
        assert "&lt;b&gt;walk&lt;/b&gt;" in answer.text
        assert "has to be renewed" in answer.text
    assert front.world.commands == []
    async with front.browser(cookie) as browser:
        for page in ("compact", "compact/versions", "concern"):
            sent = await browser.get(f"/pairs/{pair.pair_id}/{page}")
            assert sent.headers["location"].startswith(f"{ISSUER}/authorize?")


async def test_nobody_but_the_two_gets_to_a_page_and_nothing_is_asked_for_anybody_else(front: Front) -> None:
    pair = await _couple(front)
    colleague = pair.mentor.hospital.person("C", "mentor", "administrator")
    await front.console.deliver(*pair.mentor.hospital.said[-4:])
    cookie = await front.let_in(colleague)
    async with front.browser(cookie) as browser:
        for page in ("compact", "compact/versions", "concern"):
            assert (await browser.get(f"/pairs/{pair.pair_id}/{page}")).status_code == HTTPStatus.NOT_FOUND
    for act in ("expectations", "offer", "withdraw", "sign", "support"):
        answer = await front.press(cookie, f"/pairs/{pair.pair_id}/compact/{act}", number="1", revision="1")
        assert answer.status_code == HTTPStatus.NOT_FOUND, act
    assert (await front.press(cookie, f"/pairs/{pair.pair_id}/concern", words="x")).status_code == HTTPStatus.NOT_FOUND
    assert front.world.commands == []


async def test_a_proposal_has_no_compact_yet(front: Front) -> None:
    pair = await _couple(front, state="proposed")
    async with front.browser(await front.let_in(pair.mentee)) as browser:
        answer = await browser.get(f"/pairs/{pair.pair_id}/compact")
    assert answer.status_code == HTTPStatus.NOT_FOUND


async def test_each_sees_the_steps_that_are_theirs(front: Front) -> None:
    pair = await _couple(front, _compact(state="offered", mine=STATED, theirs=STATED))
    _state(front, pair, waiting=_version(pair.mentor), waiting_number=2)
    address = f"/pairs/{pair.pair_id}/compact"
    mentors, mentees = await _read(front, pair.mentor, address), await _read(front, pair.mentee, address)
    assert ('id="sign"' in mentors, 'id="sign"' in mentees) == (True, True)
    assert ('id="withdraw"' in mentors, 'id="withdraw"' in mentees) == (True, False)
    assert ("How each goal is supported" in mentors, "How each goal is supported" in mentees) == (False, True)
    assert "Dr &lt;i&gt;A&lt;/i&gt;" in mentees
    signed = _version(pair.mentor) | {"mentor_signed_at": "2027-01-05T10:00:00Z"}
    _state(front, pair, waiting=signed)
    assert 'id="sign"' not in await _read(front, pair.mentor, address)


async def test_a_pair_that_is_over_keeps_its_compact_to_be_read_and_takes_no_step(front: Front) -> None:
    pair = await _couple(front, _compact(state="ended", mine=STATED, theirs=STATED), state="ended")
    text = await _read(front, pair.mentee, f"/pairs/{pair.pair_id}/compact")
    assert "twelve months" in text
    assert f'action="/pairs/{pair.pair_id}/compact' not in text


async def test_each_box_says_that_patients_are_not_for_it(front: Front) -> None:
    pair = await _couple(front)
    _state(front, pair)
    front.world.shows["/concern-contact"] = {"person_id": str(pair.mentor.person_id)}
    path = f"/pairs/{pair.pair_id}"
    for page, facts in (
        (f"{path}/compact", {}),
        (f"{path}/compact", {"state": "compared", "mine": STATED, "theirs": STATED}),
        (f"{path}/concern", {}),
    ):
        _state(front, pair, **facts)
        text = await _read(front, pair.mentee, page)
        boxes = text.count("<textarea") + text.count("<fieldset")
        assert text.count("No patient information.") == boxes >= 1


@pytest.mark.parametrize(("asked", "language"), [("", "de"), ("?language=fr", "fr"), ("?language=xx", "en")])
async def test_what_both_promise_is_asked_for_in_the_readers_language(asked: str, language: str, front: Front) -> None:
    pair = await _couple(front)
    await _read(front, pair.mentee, f"/pairs/{pair.pair_id}/compact{asked}")
    assert f"locale={language}" in front.world.queries


@pytest.mark.parametrize(
    ("code", "says"), [("contact_concerned", "is one of you two"), ("no_concern_contact", "nobody")]
)
async def test_a_concern_that_reaches_nobody_says_so_and_keeps_its_words(code: str, says: str, front: Front) -> None:
    pair = await _couple(front)
    front.world.shows["/concern-contact"] = {"person_id": str(pair.mentor.person_id)}
    front.world.refuses = (409, {"code": code, "title": "No."})
    answer = await front.press(await front.let_in(pair.mentee), f"/pairs/{pair.pair_id}/concern", words=WORDS)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert says in answer.text
    assert "&lt;b&gt;walk&lt;/b&gt; &amp; talk.</textarea>" in answer.text

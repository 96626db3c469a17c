"""A conflict of interest on Today and on its page, with a real pairing behind them."""

import re
from http import HTTPStatus

import pytest

from shared.contracts.pairing import PairEnded
from shared.testing.running import Running
from tests.integration.console.behind import overhear, words_of
from tests.integration.console.conflicting import Scene, a_conflict
from tests.integration.console.consortium import NOW, Hospital
from tests.integration.console.consortium import tell as an_event
from tests.integration.console.front import Front

pytestmark = pytest.mark.timeout(120)

_UNTIL = "Mon 18 Jan, 04:00 EST"


@pytest.fixture
async def scene(front: Front, pairing: Running) -> Scene:
    return await a_conflict(front, pairing)


async def test_administrators_and_the_two_see_by_when_and_what_resolves_it_and_nobody_else_does(scene: Scene) -> None:
    for person in (scene.rosa, scene.mentor, scene.mentee):
        text = words_of(await scene.page(person, "/today"))
        assert "A conflict of interest waits to be resolved Dr Own and Noa Levi." in text
        assert "A recusal with a reason, the end of the role or a new mentor resolves it." in text
        assert f"The pair pauses on {_UNTIL}, if nobody resolves it" in text
        page = words_of(await scene.page(person, f"{scene.address}/conflict"))
        assert "The two are family It was declared." in page
        assert ("Record the recusal" in page) == (person is scene.rosa)
    assert "things need you" in await scene.page(scene.rosa, "/today")
    other = Hospital("Another hospital")
    stranger = other.person("Eve", "administrator")
    third = scene.home.person("Dr Third", "mentor")
    await scene.front.console.deliver(*other.said, *scene.home.said)
    for person in (stranger, third):
        cookie = await scene.front.let_in(person)
        assert "onflict of interest" not in (await scene.front.look(cookie, "/today")).text
        answer = await scene.front.look(cookie, f"{scene.address}/conflict")
        assert answer.status_code == HTTPStatus.NOT_FOUND


async def test_a_recusal_with_a_reason_resolves_it(scene: Scene) -> None:
    cookie = await scene.front.let_in(scene.rosa)
    page = await scene.page(scene.rosa, f"{scene.address}/conflict")
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
    for wrong in ("", "mistake"):
        odd = await scene.front.press(cookie, f"{scene.address}/recuse", seen=seen, reason=wrong)
        assert odd.status_code == HTTPStatus.FORBIDDEN
    stale = await scene.front.press(
        cookie, f"{scene.address}/recuse", seen='"999"', reason="others_decide", key="stale"
    )
    assert "Somebody changed this pair in the same moment" in stale.text
    answer = await scene.front.press(
        cookie, f"{scene.address}/recuse", seen=seen.replace("&#34;", '"'), reason="others_decide"
    )
    assert (answer.headers["location"], answer.cookies["osler_said"]) == ("/today", "recused.soon")
    await overhear(scene.front, scene.pairing)
    for person in (scene.rosa, scene.mentor, scene.mentee):
        assert "onflict of interest" not in await scene.page(person, "/today")
    page = words_of(await scene.page(scene.mentee, f"{scene.address}/conflict"))
    assert "Nothing stands between these two" in page
    assert "Recorded on 4 January: others decide about this mentee." in page
    again = await scene.front.press(
        cookie, f"{scene.address}/recuse", seen=f'"{await _revision(scene)}"', reason="others_decide", key="again"
    )
    assert "Nothing stands between the two any more. Nothing was changed." in again.text


async def _revision(scene: Scene) -> int:
    return (await scene.ask(scene.rosa, "GET", scene.address)).json()["revision"]


async def test_the_two_record_no_recusal_themselves(scene: Scene) -> None:
    for person in (scene.mentor, scene.mentee):
        cookie = await scene.front.let_in(person)
        answer = await scene.front.press(cookie, f"{scene.address}/recuse", reason="others_decide")
        assert answer.status_code == HTTPStatus.FORBIDDEN


async def test_a_pair_that_is_over_has_no_conflict_on_today(scene: Scene) -> None:
    ended = an_event(
        PairEnded,
        scene.home.institution_id,
        at=NOW,
        pair_id=scene.pair["pair_id"],
        mentor_id=scene.mentor.person_id,
        mentee_id=scene.mentee.person_id,
        mentor_institution_id=scene.home.institution_id,
        mentee_institution_id=scene.home.institution_id,
        reason="left",
    ).model_copy(update={"version": 3})  # after its first yes and the conflict
    await scene.front.console.deliver(ended)
    assert "onflict of interest" not in await scene.page(scene.rosa, "/today")

"""What somebody says of themselves at the console, with a real directory and a real pairing behind it."""

import re
from http import HTTPStatus
from typing import Any, Final

import pytest

from shared.contracts.directory import InstitutionJoined, PersonJoined, ProfileChanged, RoleAssigned
from shared.testing.running import Running
from tests.integration.console.behind import Somebody, administer, overhear, tell
from tests.integration.console.front import Front
from tests.integration.directory.consortium import Consortium
from tests.unit.directory.rosters import a_roster

pytestmark = pytest.mark.timeout(120)

_FORM: Final[dict[str, Any]] = {
    "languages": "pl, pt-br",
    "stage": "middle",
    "goals_text": "Learn to say no",
    "day-2": "09:00-12:30",
}


def _seen(page: str) -> str:
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
    return seen.replace("&#34;", '"')


@pytest.fixture
async def mentor(front: Front, consortium: Consortium, pairing: Running) -> str:
    """A mentor's cookie, whom both services know."""
    hospital, _ = await administer(front, consortium)
    await hospital.apply(a_roster({"external_id": "E-1", "name": "Ada Nowak"}))
    await overhear(front, hospital.running)
    for kind in (InstitutionJoined, PersonJoined, RoleAssigned):
        said: list[Any] = await hospital.running.bodies(kind)
        await tell(front, pairing, *said)
    return await front.let_in(Somebody(hospital, "E-1"))


async def test_a_profile_is_saved_and_shown_again_and_its_text_is_in_no_event(
    front: Front, mentor: str, directory: Running
) -> None:
    page = (await front.look(mentor, "/profile")).text
    assert "For your eyes alone. No patient information." in page
    form: dict[str, Any] = {**_FORM, "goal-procedures": "yes", "seen": _seen(page)}
    saved = await front.press(mentor, "/profile", **form)
    assert (saved.headers["location"], saved.cookies["osler_said"]) == ("/profile", "profile_saved")
    page = (await front.look(mentor, "/profile")).text
    for words in (
        'value="pl, pt-BR"',
        '<option value="middle" selected>',
        'name="goal-procedures" value="yes" checked',
        "Learn to say no</textarea>",
        'name="day-2" maxlength="120" autocomplete="off" value="09:00-12:30"',
    ):
        assert words in page
    said = (await directory.bodies(ProfileChanged))[-1]
    assert (said.languages, said.goals) == (("pl", "pt-BR"), ("procedures",))
    assert "say no" not in said.model_dump_json()


@pytest.mark.parametrize(
    ("wrong", "says", "status"),
    [
        ({"day-2": "morning"}, "is not written as 09:00-12:30", 422),
        ({"day-2": "09:00-12:00, 11:00-13:00"}, "Two of these times overlap", 409),
        ({"languages": "polish!"}, "Nothing was changed", 409),
        ({"seen": '"99"'}, "Your profile was changed elsewhere", 409),
    ],
)
async def test_a_refusal_keeps_what_was_written(
    wrong: dict[str, Any], says: str, status: int, front: Front, mentor: str
) -> None:
    seen = _seen((await front.look(mentor, "/profile")).text)
    form: dict[str, Any] = {**_FORM, "seen": seen, **wrong}
    answer = await front.press(mentor, "/profile", **form)
    assert answer.status_code == status
    assert says in answer.text
    assert "Learn to say no</textarea>" in answer.text
    assert "Learn to say no" not in (await front.look(mentor, "/profile")).text


async def test_mentors_say_in_what_they_introduce_people_and_nobody_else_does(
    front: Front, mentor: str, consortium: Consortium
) -> None:
    saved = await front.press(mentor, "/profile/fields", fields="Heart failure\r\n\r\n  Ethics \r\n")
    assert saved.cookies["osler_said"] == "fields_saved"
    assert "Heart failure\nEthics</textarea>" in (await front.look(mentor, "/profile")).text
    long = await front.press(mentor, "/profile/fields", fields="x" * 300)
    assert long.status_code == HTTPStatus.CONFLICT
    assert "x" * 300 in long.text
    _, boss = await administer(front, consortium)
    assert "I can introduce you in" not in (await front.look(boss, "/profile")).text
    assert (await front.press(boss, "/profile/fields", fields="Ethics")).status_code == HTTPStatus.FORBIDDEN

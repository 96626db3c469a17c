"""A form that somebody else wrote: what goes into a header of ours is looked at before it is sent to a service."""

import re
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from shared.testing.running import Running
from tests.integration.console.behind import overhear, tell
from tests.integration.console.consortium import Hospital
from tests.integration.console.front import Front

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("odd", ["é", "٣", "\u202e", '"1"\r\nX-Else: 1', "9" * 200])
async def test_what_can_be_no_version_of_anything_changes_nothing_and_is_no_fault_of_ours(
    odd: str, front: Front, pairing: Running
) -> None:
    home = Hospital("Home hospital")
    mentee, mentor = home.person("Noa Levi", "mentee"), home.person("Dr Own", "mentor", places=2)
    await tell(front, pairing, *home.said)
    cookies = [await front.let_in(each) for each in (mentee, mentor)]
    wished: dict[str, Any] = {"mentor-1": str(mentor.person_id)}
    await front.press(cookies[0], "/requests", key=uuid4().hex, **wished)
    await overhear(front, pairing)
    (choice,) = set(re.findall(r'href="(/asked/[0-9a-f-]{36})"', (await front.look(cookies[1], "/today")).text))
    (request,) = set(
        re.findall(r'action="(/requests/[^"]+)/withdraw"', (await front.look(cookies[0], "/requests")).text)
    )
    for cookie, address in (
        (cookies[0], f"{request}/withdraw"),
        (cookies[0], "/profile"),
        (cookies[1], f"{choice}/accept"),
        (cookies[1], f"{choice}/decline"),
    ):
        answer = await front.press(cookie, address, seen=odd, reason="workload", key=uuid4().hex)
        assert answer.status_code == HTTPStatus.FORBIDDEN, address
    rows = await pairing.rows("SELECT state FROM choices WHERE mentor_id = $1", mentor.person_id)
    assert [row["state"] for row in rows] == ["asked"]

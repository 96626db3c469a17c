"""A pair in which a conflict of interest came up, with a real pairing behind the pages."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from shared.testing.running import Running
from tests.integration.console.behind import overhear, tell
from tests.integration.console.consortium import Hospital, Person
from tests.integration.console.front import Front


@dataclass
class Scene:
    """A pair that a mentor's yes began, and in which the mentor declared that the two are family."""

    front: Front
    pairing: Running
    home: Hospital
    rosa: Person
    mentor: Person
    mentee: Person
    pair: dict[str, Any]

    @property
    def address(self) -> str:
        """The pair's, here and at pairing."""
        return f"/pairs/{self.pair['pair_id']}"

    async def page(self, person: Person, address: str) -> str:
        """A page, as this person reads it."""
        answer = await self.front.look(await self.front.let_in(person), address)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.text

    async def ask(self, person: Person, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Something of pairing, as this person, past the pages."""
        transport = httpx.ASGITransport(self.pairing.http, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {person.subject}"} | arguments.pop("headers", {})
        async with httpx.AsyncClient(transport=transport, base_url="http://pairing") as http:
            return (await http.request(method, path, headers=headers, **arguments)).raise_for_status()


async def a_conflict(front: Front, pairing: Running) -> Scene:
    """A home pair whose mentor said yes, and then that they are family of the mentee."""
    home = Hospital("Home hospital")
    rosa, mentor = home.person("Rosa", "administrator"), home.person("Dr Own", "mentor", places=2)
    mentee = home.person("Noa Levi", "mentee")
    await tell(front, pairing, *home.said)
    built = Scene(front, pairing, home, rosa, mentor, mentee, {})
    await built.ask(mentee, "POST", "/requests", json={"mentor_ids": [str(mentor.person_id)]})
    [choice] = (await built.ask(mentor, "GET", "/choices")).json()["items"]
    seen = {"If-Match": f'"{choice["revision"]}"'}
    accepted = await built.ask(mentor, "POST", f"/choices/{choice['choice_id']}/accept", headers=seen)
    built.pair = (await built.ask(mentor, "GET", f"/pairs/{accepted.json()['pair_id']}")).json()
    await built.ask(mentor, "POST", f"{built.address}/conflicts", json={"kind": "family"})
    await overhear(front, pairing)
    return built

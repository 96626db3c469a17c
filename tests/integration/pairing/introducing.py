"""People of an introduction, as they act over HTTP."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.event import Role
from shared.testing.running import Running
from tests.integration.pairing.hospital import Hospital

FIELD = "Outcomes research"


@dataclass(frozen=True)
class Somebody:
    """A person with the hospital they belong to, signed in as what they are."""

    hospital: Hospital
    person_id: UUID
    role: Role = "mentor"

    async def get(self, path: str) -> httpx.Response:
        """Look something up."""
        async with self.hospital.signed_in(self.person_id, self.role) as desk:
            return await desk.http.get(path)

    async def post(self, path: str, body: dict[str, Any] | None = None, revision: int | None = None) -> httpx.Response:
        """Do something, building on a revision where one is seen."""
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        async with self.hospital.signed_in(self.person_id, self.role) as desk:
            return await desk.http.post(path, json=body, headers=headers)

    async def put(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Replace something."""
        async with self.hospital.signed_in(self.person_id, self.role) as desk:
            return await desk.http.put(path, json=body)

    async def items(self, path: str) -> list[dict[str, Any]]:
        """What a list shows."""
        return (await self.get(path)).raise_for_status().json()["items"]

    async def introduction(self) -> dict[str, Any]:
        """The last introduction as this person sees it."""
        return (await self.items("/introductions"))[0]

    async def answer(self, *, consents: bool) -> httpx.Response:
        """Answer the last introduction."""
        seen = await self.introduction()
        path = f"/introductions/{seen['introduction_id']}/answer"
        return await self.post(path, {"consents": consents}, seen["revision"])

    async def withdraw(self) -> httpx.Response:
        """Take the last introduction back."""
        seen = await self.introduction()
        return await self.post(f"/introductions/{seen['introduction_id']}/withdraw", None, seen["revision"])

    async def offer(self, mentee: "Somebody", colleague: "Somebody", field: str = FIELD) -> httpx.Response:
        """Ask two people whether they want to meet."""
        ids = {"mentee_id": str(mentee.person_id), "colleague_id": str(colleague.person_id)}
        return await self.post("/introductions", {**ids, "field": field})

    async def list_fields(self, *fields: str) -> None:
        """Say in what they can introduce somebody, and let the cards follow."""
        (await self.put("/introduction-fields", {"fields": list(fields)})).raise_for_status()
        await self.hospital.pairing.fire()


@dataclass(frozen=True)
class Three:
    """A mentor of a lending hospital, a mentee of the borrowing one who has a pair with them, and a colleague."""

    mentor: Somebody
    mentee: Somebody
    colleague: Somebody

    @classmethod
    async def meet(cls, pairing: Running) -> "Three":
        """All three at hospitals of their own, with agreements that let them meet; nobody is asked yet."""
        lender, home, third = [await Hospital.join(pairing) for _ in range(3)]
        await lender.lend_to(home)
        await third.lend_to(home)
        mentor_id, mentee_id = await lender.mentor(2, 2), await home.mentee()
        await home.activate(await home.propose(mentor_id, mentee_id), lender)
        three = cls(
            Somebody(lender, mentor_id), Somebody(home, mentee_id, "mentee"), Somebody(third, await third.mentor())
        )
        await three.mentor.list_fields(FIELD, "Rural practice")
        return three

    @classmethod
    async def asked(cls, pairing: Running) -> "Three":
        """The same, and both are asked."""
        three = await cls.meet(pairing)
        offered = await three.mentor.offer(three.mentee, three.colleague)
        assert offered.status_code == HTTPStatus.CREATED, offered.text
        return three

    async def seen(self) -> list[dict[str, Any]]:
        """The introduction as each of the three sees it."""
        return [await each.introduction() for each in (self.mentor, self.mentee, self.colleague)]

    @property
    def introduction_ids(self) -> tuple[str, str, str, str]:
        """What names the two to each other."""
        return (
            str(self.mentee.person_id),
            str(self.mentee.hospital.institution_id),
            str(self.colleague.person_id),
            str(self.colleague.hospital.institution_id),
        )

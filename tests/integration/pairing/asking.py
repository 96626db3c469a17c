"""Mentees who ask and mentors who are asked, as they do it over HTTP."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from tests.integration.pairing.hospital import Hospital


@dataclass(frozen=True)
class Mentor:
    """A mentor with the hospital they belong to."""

    hospital: Hospital
    person_id: UUID

    @classmethod
    async def join(cls, hospital: Hospital, places: int = 1, shared_places: int = 0) -> "Mentor":
        """A new mentor whom pairing knows."""
        return cls(hospital, await hospital.mentor(places, shared_places))

    async def asked(self, by: "Mentee | None" = None) -> list[dict[str, Any]]:
        """What asks this mentor, or asked them; of everybody or of one mentee."""
        async with self.hospital.signed_in(self.person_id, "mentor") as desk:
            items = (await desk.http.get("/choices")).raise_for_status().json()["items"]
        return [item for item in items if by is None or item["mentee_id"] == str(by.person_id)]

    async def answer(self, act: str, choice: dict[str, Any] | None = None, **form: Any) -> httpx.Response:
        """Answer what asked last, or `choice` as it was seen."""
        seen = choice or (await self.asked())[0]
        async with self.hospital.signed_in(self.person_id, "mentor") as desk:
            etag = {"If-Match": f'"{seen["revision"]}"'}
            return await desk.http.post(f"/choices/{seen['choice_id']}/{act}", headers=etag, json=form or None)


@dataclass(frozen=True)
class Mentee:
    """A mentee with the hospital they belong to."""

    hospital: Hospital
    person_id: UUID

    @classmethod
    async def join(cls, hospital: Hospital) -> "Mentee":
        """A new mentee whom pairing knows."""
        return cls(hospital, await hospital.mentee())

    async def send(self, *mentors: Mentor | UUID) -> httpx.Response:
        """Ask these, one after the other."""
        ids = [str(each.person_id if isinstance(each, Mentor) else each) for each in mentors]
        async with self.hospital.signed_in(self.person_id, "mentee") as desk:
            return await desk.http.post("/requests", json={"mentor_ids": ids})

    async def ask(self, *mentors: Mentor) -> dict[str, Any]:
        """The same, as it was answered."""
        response = await self.send(*mentors)
        assert response.status_code == HTTPStatus.CREATED, response.text
        return response.json()

    async def show(self) -> dict[str, Any]:
        """The last request as the mentee sees it."""
        async with self.hospital.signed_in(self.person_id, "mentee") as desk:
            return (await desk.http.get("/requests")).raise_for_status().json()["items"][0]

    async def withdraw(self, request: dict[str, Any] | None = None) -> httpx.Response:
        """Take the last request back, or `request` as it was seen."""
        seen = request or await self.show()
        async with self.hospital.signed_in(self.person_id, "mentee") as desk:
            etag = {"If-Match": f'"{seen["revision"]}"'}
            return await desk.http.post(f"/requests/{seen['request_id']}/withdraw", headers=etag)


def states(request: dict[str, Any]) -> list[str]:
    """How the request and its choices stand."""
    return [request["state"], *(choice["state"] for choice in request["choices"])]


def answer_by(request: dict[str, Any]) -> datetime:
    """Until when the mentor who is asked may answer."""
    [asked] = [choice for choice in request["choices"] if choice["state"] == "asked"]
    return datetime.fromisoformat(asked["answer_by"])

"""The two of a pair with their compact, as they do it over HTTP, and the contacts that meetings would tell of."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID, uuid4

import asyncpg
import httpx

from shared.contracts.meetings import MeetingHeld, TouchpointLogged
from shared.testing.running import Running
from tests.integration.pairing.hospital import Desk, Hospital

Part = Literal["mentor", "mentee"]
PARTS: tuple[Part, Part] = ("mentor", "mentee")


@dataclass
class Couple:
    """A pair whose mentor has said yes; `mentors` is the hospital of the mentor, `mentees` the one of the mentee."""

    mentors: Hospital
    mentees: Hospital
    pair: dict[str, Any]

    @classmethod
    async def meet(cls, pairing: Running, *, cross: bool = False) -> "Couple":
        """A new pair in a new hospital, or across two."""
        mentees = await Hospital.join(pairing)
        mentors = await Hospital.join(pairing) if cross else mentees
        if cross:
            await mentors.lend_to(mentees)
        mentor_id = await mentors.mentor(places=2, shared_places=2 if cross else 0)
        pair = await mentees.propose(mentor_id, await mentees.mentee())
        couple = cls(mentors, mentees, pair)
        async with couple.desk("mentor") as desk:
            couple.pair = (await desk.act(pair, "accept")).raise_for_status().json()
        return couple

    @classmethod
    async def agreed(cls, pairing: Running, *, cross: bool = False, **terms: Any) -> "Couple":
        """The same, with a compact in force, and so at work."""
        couple = await cls.meet(pairing, cross=cross)
        await couple.compare()
        await couple.put_in_force(**terms)
        return couple

    @property
    def pairing(self) -> Running:
        """The service that they are in."""
        return self.mentees.pairing

    @property
    def pair_id(self) -> UUID:
        """The pair's id."""
        return UUID(self.pair["pair_id"])

    def person(self, part: Part) -> UUID:
        """Who of the two."""
        return UUID(self.pair[f"{part}_id"])

    @asynccontextmanager
    async def desk(self, part: Part) -> AsyncGenerator[Desk]:
        """Requests as one of the two."""
        hospital = self.mentors if part == "mentor" else self.mentees
        async with hospital.signed_in(self.person(part), part) as desk:
            yield desk

    async def terms(self, **changed: Any) -> dict[str, Any]:
        """The usual terms of today, for 300 days whatever the day is, or some of them changed."""
        usual = (await self.read("mentee"))["usual"]
        ends_on = date.fromisoformat(usual["starts_on"]) + timedelta(days=300)
        usual |= {"ends_on": ends_on.isoformat()} | changed
        return {name: value for name, value in usual.items() if name != "mid_term_on"}

    async def read(self, part: Part) -> dict[str, Any]:
        """The compact as one of the two reads it."""
        async with self.desk(part) as desk:
            return (await desk.http.get(f"/pairs/{self.pair_id}/compact")).raise_for_status().json()

    async def versions(self, part: Part = "mentee") -> list[dict[str, Any]]:
        """Every version, the latest first."""
        async with self.desk(part) as desk:
            found = await desk.http.get(f"/pairs/{self.pair_id}/compact/versions")
        return found.raise_for_status().json()["items"]

    async def post(self, part: Part, act: str, seen: dict[str, Any] | None = None, **form: Any) -> httpx.Response:
        """Take a step with the compact as it is now, or as it was seen."""
        revision = (seen or await self.read(part))["revision"]
        async with self.desk(part) as desk:
            etag = {"If-Match": f'"{revision}"'}
            return await desk.http.post(f"/pairs/{self.pair_id}/compact/{act}", headers=etag, json=form or None)

    async def expect(self, part: Part, *goals: str, words: str | None = None, **terms: Any) -> httpx.Response:
        """State what one of the two expects."""
        return await self.post(part, "expectations", terms=await self.terms(**terms), goals=goals, words=words)

    async def compare(self) -> None:
        """Both state the same."""
        for part in PARTS:
            (await self.expect(part)).raise_for_status()

    async def offer(self, part: Part, *goals: dict[str, Any] | str, **terms: Any) -> httpx.Response:
        """Offer a version; a goal is a text, or a text with what else is said of it."""
        wishes = [{"text": goal} if isinstance(goal, str) else goal for goal in goals]
        return await self.post(part, "offer", terms=await self.terms(**terms), goals=wishes)

    async def sign(self, part: Part, number: int | None = None) -> httpx.Response:
        """Sign the version that waits, or the one with this number."""
        seen = await self.read(part)
        return await self.post(part, "sign", seen, number=number or seen["waiting_number"])

    async def put_in_force(self, *goals: dict[str, Any] | str, **terms: Any) -> None:
        """Offer a version and sign it twice."""
        (await self.offer("mentee", *goals, **terms)).raise_for_status()
        for part in PARTS:
            answer = await self.sign(part)
            assert answer.status_code == HTTPStatus.OK, answer.text

    async def state(self) -> str:
        """How the pair stands."""
        async with self.desk("mentee") as desk:
            return (await desk.show(self.pair))["state"]

    async def act(self, part: Part, act: str, **form: Any) -> dict[str, Any]:
        """Take a step of the pair."""
        async with self.desk(part) as desk:
            return (await desk.act(await desk.show(self.pair), act, **form)).raise_for_status().json()

    async def said(self) -> list[str]:
        """The short names of what was said of the compact, in order."""
        rows = await self.pairing.rows("SELECT compact_id FROM compacts WHERE pair_id = $1", self.pair_id)
        said = await self.pairing.said(rows[0]["compact_id"]) if rows else []
        return [kind.split(".")[2] for kind in said]

    def held(self, ended_at: datetime) -> MeetingHeld:
        """A meeting of the two that took place."""
        return MeetingHeld(
            version=1,
            occurred_at=ended_at,
            institution_ids=(self.mentees.institution_id,),
            meeting_id=uuid4(),
            pair_id=self.pair_id,
            mentor_id=self.person("mentor"),
            mentee_id=self.person("mentee"),
            attendee_ids=(self.person("mentor"), self.person("mentee")),
            starts_at=ended_at - timedelta(minutes=30),
            ended_at=ended_at,
            confirmed=True,
        )

    def touched_base(self, happened_at: datetime) -> TouchpointLogged:
        """A touchpoint of the two."""
        return TouchpointLogged(
            version=1,
            occurred_at=happened_at,
            institution_ids=(self.mentees.institution_id,),
            touchpoint_id=uuid4(),
            pair_id=self.pair_id,
            mentor_id=self.person("mentor"),
            mentee_id=self.person("mentee"),
            logged_by=self.person("mentee"),
            happened_at=happened_at,
            minutes=10,
        )


async def readable(couple: Couple, person_id: UUID) -> int:
    """How many of the couple's words the database shows to somebody of the mentee's institution."""
    async with couple.pairing.app.transaction(couple.mentees.institution_id, person_id) as tx:
        row = await tx.get(
            """
            SELECT (SELECT count(*) FROM expectations WHERE pair_id = $1)
                + (SELECT count(*) FROM compact_goals WHERE pair_id = $1) AS words
            """,
            couple.pair_id,
        )
    return row["words"]


async def words_of(couple: Couple) -> list[str]:
    """Every row with words of the couple's compact, as only the database's administrator can see them."""
    connection = await asyncpg.connect(couple.pairing.stage.admin_url)
    try:
        rows = await connection.fetch(
            """
            SELECT e::text AS words FROM pairing.expectations e WHERE pair_id = $1
            UNION ALL SELECT g::text FROM pairing.compact_goals g WHERE pair_id = $1
            """,
            couple.pair_id,
        )
    finally:
        await connection.close()
    return [row["words"] for row in rows]

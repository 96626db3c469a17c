"""What the tests of meetings do: people join, pairs form, time passes, someone asks; each with fresh ids."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.directory import PersonJoined, RoleAssigned
from shared.contracts.event import Event, Role
from shared.contracts.pairing import PairActivated, PairEnded, PairPaused, PairResumed
from shared.platform.database import Row
from shared.platform.members import sign_in_key
from shared.platform.settings import LOCAL_SIGN_IN_SECRET
from shared.testing.running import Running

SlotTimes = tuple[datetime, datetime]


@dataclass(frozen=True)
class Someone:
    """A person who can sign in."""

    person_id: UUID
    institution_id: UUID

    @property
    def token(self) -> str:
        """What proves who they are."""
        return f"{self.person_id}@hospital.example"


@dataclass(frozen=True)
class Couple:
    """A pair and its two people; `version` is of its last event."""

    pair_id: UUID
    mentor: Someone
    mentee: Someone
    version: int = 1


@dataclass(frozen=True)
class Ward:
    """The doors of meetings."""

    running: Running
    client: httpx.AsyncClient

    async def now(self) -> datetime:
        """Business time."""
        async with self.running.worker.transaction() as tx:
            return tx.now

    async def step(self, *, to: datetime) -> None:
        """Let time pass, and everything happen that is due then."""
        await self.running.stage.step_to(to)
        await self.running.fire()

    async def hear(self, *said: Event) -> None:
        """Deliver events in one batch, and let none of them wait for another try."""
        await self.running.deliver(*said)
        ids = [event.aggregate_id for event in said]
        assert not await self.running.rows("SELECT FROM inbox WHERE waiting > 0 AND aggregate_id = ANY($1)", ids)

    async def join(self, *roles: Role, institution_id: UUID | None = None) -> Someone:
        """A person who may sign in with these roles."""
        someone = Someone(uuid4(), institution_id or uuid4())
        facts: dict[str, Any] = {
            "person_id": someone.person_id,
            "institution_id": someone.institution_id,
            "institution_ids": (someone.institution_id,),
            "occurred_at": await self.now(),
        }
        key = sign_in_key(LOCAL_SIGN_IN_SECRET, someone.token)
        await self.hear(
            PersonJoined(**facts, version=1, sign_in_key=key, time_zone="Europe/Warsaw"),
            *(RoleAssigned(**facts, version=2 + number, role=role) for number, role in enumerate(roles)),
        )
        return someone

    async def pair(self, mentor: Someone | None = None, mentee: Someone | None = None) -> Couple:
        """An active pair, of two new people of two institutions unless they are given."""
        couple = Couple(uuid4(), mentor or await self.join("mentor"), mentee or await self.join("mentee"))
        await self.hear(PairActivated(**await self._facts(couple)))
        return couple

    async def pause(self, couple: Couple, since: datetime | None = None) -> Couple:
        """The pair pauses, now or as said at `since`."""
        couple = replace(couple, version=couple.version + 1)
        now = await self.now()
        paused = PairPaused(**await self._facts(couple, since), reason="on_leave", review_at=now + timedelta(days=30))
        await self.hear(paused)
        return couple

    async def resume(self, couple: Couple) -> Couple:
        """The pair goes on."""
        couple = replace(couple, version=couple.version + 1)
        await self.hear(PairResumed(**await self._facts(couple)))
        return couple

    async def ended(self, couple: Couple) -> PairEnded:
        """What is said when the pair ends; not delivered yet."""
        return PairEnded(**await self._facts(replace(couple, version=couple.version + 1)), reason="no_fault")

    async def ask(
        self, who: Someone, method: str, path: str, body: object = None, *, seen: int | None = None
    ) -> httpx.Response:
        """One request of a person; `seen` is the revision that they looked at."""
        headers = {"Authorization": f"Bearer {who.token}"}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        return await self.client.request(method, path, json=body, headers=headers)

    async def propose(self, couple: Couple, *slots: SlotTimes, by: Someone | None = None) -> httpx.Response:
        """The mentor, unless another is named, offers these times."""
        body = {"slots": [times(slot) for slot in slots]}
        return await self.ask(by or couple.mentor, "POST", f"/pairs/{couple.pair_id}/meetings", body)

    async def accept(self, couple: Couple, meeting: dict[str, Any], slot: int = 0) -> httpx.Response:
        """The mentee chooses a slot of the meeting as it was answered."""
        path = f"/meetings/{meeting['meeting_id']}/accept"
        return await self.ask(couple.mentee, "POST", path, {"slot": slot}, seen=meeting["revision"])

    async def schedule(self, couple: Couple, slot: SlotTimes) -> dict[str, Any]:
        """A booked meeting, as the mentee's acceptance answered it."""
        accepted = await self.accept(couple, (await self.propose(couple, slot)).json())
        assert accepted.status_code == 200, accepted.text
        return accepted.json()

    async def act(self, who: Someone, meeting: dict[str, Any], act: str, body: object = None) -> httpx.Response:
        """One act on a meeting as it was last answered."""
        return await self.ask(who, "POST", f"/meetings/{meeting['meeting_id']}/{act}", body, seen=meeting["revision"])

    async def show(self, who: Someone, meeting: dict[str, Any]) -> dict[str, Any]:
        """The meeting as it is now."""
        return (await self.ask(who, "GET", f"/meetings/{meeting['meeting_id']}")).json()

    async def said(self, meeting: dict[str, Any]) -> list[str]:
        """The events of a meeting in order, by their last word."""
        return [name.split(".")[2] for name in await self.running.said(UUID(meeting["meeting_id"]))]

    async def timers_of(self, meeting: dict[str, Any]) -> dict[str, datetime]:
        """The timers that a meeting has, with the instants at which they are due."""
        rows = await self.running.rows(
            "SELECT kind, due_at FROM timers WHERE subject_id = $1", UUID(meeting["meeting_id"])
        )
        return {row["kind"]: row["due_at"] for row in rows}

    async def busy(self, people: Sequence[Someone]) -> list[Row]:
        """When these people are taken, in order of person and time."""
        return await self.running.rows(
            "SELECT person_id, meeting_id, lower(during) AS starts_at, upper(during) AS ends_at FROM busy_times"
            " WHERE person_id = ANY($1) ORDER BY person_id, during",
            [each.person_id for each in people],
        )

    async def _facts(self, couple: Couple, occurred_at: datetime | None = None) -> dict[str, Any]:
        return {
            "version": couple.version,
            "occurred_at": occurred_at or await self.now(),
            "institution_ids": (couple.mentor.institution_id, couple.mentee.institution_id),
            "pair_id": couple.pair_id,
            "mentor_id": couple.mentor.person_id,
            "mentee_id": couple.mentee.person_id,
            "mentor_institution_id": couple.mentor.institution_id,
            "mentee_institution_id": couple.mentee.institution_id,
        }


def times(slot: SlotTimes) -> dict[str, str]:
    """A slot as it is sent."""
    return {"starts_at": slot[0].isoformat(), "ends_at": slot[1].isoformat()}


def half_an_hour(starts_at: datetime) -> SlotTimes:
    """From `starts_at` on."""
    return starts_at, starts_at + timedelta(minutes=30)

"""A pair as the tests of feedback know it: it meets, is asked, answers and ends."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.directory import PersonErased
from shared.contracts.event import Role
from shared.contracts.meetings import MeetingHeld
from shared.contracts.pairing import PairActivated, PairEnded
from shared.testing.running import Running

ANSWERS: dict[str, Any] = {"useful": 4, "open": 5, "keep_and_change": "Keep the Tuesdays."}
OTHERS: dict[str, Any] = {"useful": 2, "open": 3}


@dataclass
class Couple:
    """Two people of two institutions, with an administrator in each."""

    feedback: Running
    pair_id: UUID = field(default_factory=uuid4)
    mentor_id: UUID = field(default_factory=uuid4)
    mentee_id: UUID = field(default_factory=uuid4)
    mentor_institution_id: UUID = field(default_factory=uuid4)
    mentee_institution_id: UUID = field(default_factory=uuid4)
    _versions: "count[int]" = field(default_factory=lambda: count(1))

    async def now(self) -> datetime:
        """Business time."""
        async with self.feedback.worker.transaction() as tx:
            return tx.now

    async def step(self, by: timedelta) -> None:
        """Let time pass, and what is due happen."""
        await self.feedback.stage.step_to(await self.now() + by)
        await self.feedback.fire()

    async def activated(self) -> PairActivated:
        """The pair may meet."""
        return PairActivated(**await self._pair_facts())

    async def ended(self) -> PairEnded:
        """The pair is over."""
        return PairEnded(**await self._pair_facts(), reason="no_fault")

    async def held(self) -> MeetingHeld:
        """Another meeting took place; what is said of it."""
        now = await self.now()
        return MeetingHeld(
            version=1,  # nothing else of a meeting is heard, so what would come before it is left out
            occurred_at=now,
            institution_ids=(self.mentor_institution_id, self.mentee_institution_id),
            meeting_id=uuid4(),
            pair_id=self.pair_id,
            mentor_id=self.mentor_id,
            mentee_id=self.mentee_id,
            attendee_ids=(self.mentor_id, self.mentee_id),
            starts_at=now - timedelta(hours=1),
            ended_at=now,
            confirmed=False,
        )

    async def meet(self, times: int = 3) -> None:
        """Hold so many meetings."""
        for _ in range(times):
            await self.feedback.deliver(await self.held())

    async def retried(self) -> None:
        """Let what waits for this pair be tried again now instead of a moment later."""
        await self.feedback.worker.pool.execute("UPDATE parked SET next_try_at = clock_timestamp()")
        await self.feedback.deliver()

    async def erased(self, person_id: UUID) -> PersonErased:
        """A person is forgotten; the members row, if any, was written by hand."""
        return PersonErased(
            version=1,
            occurred_at=await self.now(),
            institution_ids=(),
            person_id=person_id,
            institution_id=self.institution_of(person_id),
        )

    def institution_of(self, person_id: UUID) -> UUID:
        """Where one of the two belongs."""
        return self.mentor_institution_id if person_id == self.mentor_id else self.mentee_institution_id

    async def request(self) -> dict[str, Any]:
        """The pair's request as the mentor's list shows it; fails unless there is exactly one."""
        (request,) = (await self.ask(self.mentor_id, "GET", "/feedback-requests")).json()["items"]
        return request

    async def ask(self, person_id: UUID, method: str, path: str, body: object = None) -> httpx.Response:
        """A request of one of the two."""
        role: Role = "mentor" if person_id == self.mentor_id else "mentee"
        async with self.feedback.client(person_id, self.institution_of(person_id), [role]) as http:
            return await http.request(method, path, json=body)

    async def answer(self, person_id: UUID, answers: object = None) -> httpx.Response:
        """One of the two answers."""
        path = f"/feedback-requests/{(await self.request())['request_id']}/answers"
        return await self.ask(person_id, "POST", path, {"answers": answers or ANSWERS})

    async def read(self, person_id: UUID) -> dict[str, Any]:
        """The request as one of the two reads it."""
        return (await self.ask(person_id, "GET", f"/feedback-requests/{(await self.request())['request_id']}")).json()

    async def said(self) -> list[str]:
        """What was said of the pair's request, by its last word."""
        request_id = UUID((await self.request())["request_id"])
        return [wire_type.split(".")[2] for wire_type in await self.feedback.said(request_id)]

    async def _pair_facts(self) -> dict[str, Any]:
        return {
            "version": next(self._versions),
            "occurred_at": await self.now(),
            "institution_ids": (self.mentor_institution_id, self.mentee_institution_id),
            "pair_id": self.pair_id,
            "mentor_id": self.mentor_id,
            "mentee_id": self.mentee_id,
            "mentor_institution_id": self.mentor_institution_id,
            "mentee_institution_id": self.mentee_institution_id,
        }

"""Every path through five choices, lived side by side over HTTP on one stepped clock; nobody is left in the dark."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import pytest

from services.pairing.domain import ANSWER_REQUEST_WITHIN, MOST_CHOICES
from shared.contracts.event import Role
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.pairing.hospital import Hospital, code_of

GOES_ON: Final = {"decline": "declined", "lapse": "lapsed", "late": "lapsed"}
ENDS: Final = {"accept": "accepted", "withdraw": "withdrawn"}
STANDS: Final = GOES_ON | ENDS
"""What can happen to the mentor who is asked, and how that choice stands from then on."""
PATHS: Final = [
    *product(GOES_ON, repeat=MOST_CHOICES),
    *((*before, end) for length in range(MOST_CHOICES) for before in product(GOES_ON, repeat=length) for end in ENDS),
]
AFTER: Final = dict.fromkeys(STANDS, timedelta(hours=1)) | dict.fromkeys(("lapse", "late"), ANSWER_REQUEST_WITHIN)


@dataclass
class Walk:
    """One mentee's request and what happens to it; what the mentee has to see follows from the path alone."""

    path: tuple[str, ...]
    mentee: httpx.AsyncClient
    mentee_id: UUID
    mentor_ids: Sequence[str]
    asked_at: datetime
    view: dict[str, Any]
    taken: int = 0
    ended_at: datetime | None = None

    @property
    def happens(self) -> str:
        """What happens next."""
        return self.path[self.taken]

    @property
    def happens_at(self) -> datetime:
        """When it does."""
        return self.asked_at + AFTER[self.happens]

    @property
    def state(self) -> str:
        """How the request stands."""
        return "open" if self.ended_at is None else ENDS.get(self.path[-1], "exhausted")

    async def go_on(self, now: datetime) -> None:
        """It has happened; read what the mentee sees now."""
        self.taken += 1
        self.asked_at = now
        if self.taken == len(self.path):
            self.ended_at = now
        self.view = (await self.mentee.get(f"/requests/{self.view['request_id']}")).raise_for_status().json()
        self.expect_no_silence(self.view)

    def expect_no_silence(self, view: dict[str, Any]) -> None:
        """The view names the one who is asked and until when, or says that it is over, since when and why."""
        stands = [STANDS[happened] for happened in self.path[: self.taken]] + ["asked"] * (self.state == "open")
        waits = ["not_asked"] * (MOST_CHOICES - len(stands))
        assert (view["state"], [choice["state"] for choice in view["choices"]]) == (self.state, stands + waits)
        asked = [(choice["mentor_id"], choice["answer_by"]) for choice in view["choices"] if choice["state"] == "asked"]
        if self.state == "open":
            until = datetime.fromisoformat(asked[0][1])
            assert (asked[0][0], until) == (self.mentor_ids[self.taken], self.asked_at + ANSWER_REQUEST_WITHIN)
            assert (view["closed_at"], view["reason"]) == (None, None)
            return
        assert datetime.fromisoformat(view["closed_at"]) == self.ended_at
        assert view["reason"] == ("asked" if self.state == "withdrawn" else None)
        paired = [choice["state"] for choice in view["choices"] if choice["pair_id"]]
        assert paired == ["accepted"] * (self.state == "accepted")


@dataclass
class Crossroads:
    """One hospital in which all paths are walked, with the five mentors whom everybody wishes for."""

    hospital: Hospital
    office: httpx.AsyncClient
    mentors: dict[str, httpx.AsyncClient]
    walks: list[Walk]

    async def let_happen(self, walk: Walk, choices: dict[str, dict[str, Any]]) -> None:
        """Let somebody do what the path says; a lapse is nobody's act."""
        match walk.happens:
            case "withdraw":
                etag = {"If-Match": f'"{walk.view["revision"]}"'}
                withdrawn = await walk.mentee.post(f"/requests/{walk.view['request_id']}/withdraw", headers=etag)
                assert withdrawn.status_code == 200, withdrawn.text
            case "accept" | "decline":
                answer = await self._answer(walk, choices, walk.happens)
                assert answer.status_code == 200, answer.text
            case "late":
                assert code_of(await self._answer(walk, choices, "accept")) == (409, "request_lapsed")
            case _:
                walk.expect_no_silence(walk.view)

    async def _answer(self, walk: Walk, choices: dict[str, dict[str, Any]], act: str) -> httpx.Response:
        choice = choices[str(walk.mentee_id)]
        mentor = self.mentors[walk.mentor_ids[walk.taken]]
        return await mentor.post(f"/choices/{choice['choice_id']}/{act}", headers={"If-Match": '"1"'})

    async def what_asks(self) -> dict[str, dict[str, Any]]:
        """What the mentors see that asks them, by mentee: nobody is asked for two of one mentee's choices at once."""
        lists = [await _everything(mentor, "/choices", state="asked") for mentor in self.mentors.values()]
        seen = {choice["mentee_id"]: choice for choices in lists for choice in choices}
        assert len(seen) == sum(map(len, lists))
        return seen

    async def expect_no_silence(self, under_way: Sequence[Walk]) -> None:
        """The administrator's list, which shows what each mentee sees, has not changed since the last step."""
        views = {view["request_id"]: view for view in await _everything(self.office, "/requests", state="open")}
        assert len(views) == len(under_way)
        for walk in under_way:
            walk.expect_no_silence(views[walk.view["request_id"]])


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_every_path_through_five_choices_ends_in_at_most_one_pair_and_never_in_silence(pairing: Running) -> None:
    assert len(PATHS) == len(set(PATHS)) == 485
    async with AsyncExitStack() as stack:
        crossroads = await _set_out(stack, pairing)
        walks = crossroads.walks
        while under_way := [walk for walk in walks if walk.ended_at is None]:
            now = min(walk.happens_at for walk in under_way)
            due = [walk for walk in under_way if walk.happens_at == now]
            await pairing.stage.step_to(now)
            choices = await crossroads.what_asks()
            await crossroads.expect_no_silence(under_way)
            for walk in due:
                await crossroads.let_happen(walk, choices)
            await pairing.fire()
            for walk in due:
                await walk.go_on(now)
        await _expect_at_most_one_pair(pairing, walks)
        await _expect_that_everything_was_said(pairing, walks)


async def _set_out(stack: AsyncExitStack, pairing: Running) -> Crossroads:
    """Everybody asks the same five mentors at one instant."""
    hospital = await Hospital.join(pairing)

    async def sign_in(person_id: UUID, role: Role) -> httpx.AsyncClient:
        return await stack.enter_async_context(pairing.client(person_id, hospital.institution_id, [role]))

    mentor_ids = [await hospital.mentor(places=100) for _ in range(MOST_CHOICES)]
    mentors = {str(mentor_id): await sign_in(mentor_id, "mentor") for mentor_id in mentor_ids}
    office = await sign_in(hospital.administrator_id, "administrator")
    mentee_ids = [uuid4() for _ in PATHS]
    await pairing.deliver(*(event for each in mentee_ids for event in hospital.person(each, "mentee")))
    walks: list[Walk] = []
    for path, mentee_id in zip(PATHS, mentee_ids, strict=True):
        mentee = await sign_in(mentee_id, "mentee")
        view = (await mentee.post("/requests", json={"mentor_ids": list(mentors)})).raise_for_status().json()
        walks.append(Walk(path, mentee, mentee_id, list(mentors), START, view))
        walks[-1].expect_no_silence(view)
    return Crossroads(hospital, office, mentors, walks)


async def _everything(http: httpx.AsyncClient, path: str, **asked: str) -> list[dict[str, Any]]:
    """A list with all of its pages."""
    items: list[dict[str, Any]] = []
    while True:
        page = (await http.get(path, params={"limit": "200", **asked})).raise_for_status().json()
        items += page["items"]
        if page["next"] is None:
            return items
        asked["after"] = page["next"]


async def _expect_at_most_one_pair(pairing: Running, walks: Sequence[Walk]) -> None:
    rows = await pairing.rows("SELECT mentee_id FROM pairs WHERE mentee_id = ANY($1)", [w.mentee_id for w in walks])
    paired = [row["mentee_id"] for row in rows]
    assert sorted(paired) == sorted(walk.mentee_id for walk in walks if walk.path[-1] == "accept")


async def _expect_that_everything_was_said(pairing: Running, walks: Sequence[Walk]) -> None:
    """Each step in its order, once; and no clock runs any more."""
    ids = {UUID(walk.view["request_id"]): walk for walk in walks}
    said: defaultdict[UUID, list[str]] = defaultdict(list)
    for row in await pairing.rows("SELECT * FROM outbox WHERE aggregate_id = ANY($1) ORDER BY position", list(ids)):
        wire_type: str = row["headers"][row["headers"].index("ce_type") + 1]
        said[row["aggregate_id"]].append(wire_type.removeprefix("osler.pairing.request_").removesuffix(".v1"))
    for request_id, walk in ids.items():
        steps = [fact for happened in walk.path for fact in ("sent", STANDS[happened])]
        assert said[request_id] == steps + ["exhausted"] * (walk.state == "exhausted")
    assert await pairing.rows("SELECT FROM timers WHERE subject_id = ANY($1)", list(ids)) == []

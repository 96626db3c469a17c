"""What people do in the story, each through a service's public door; refuses to go on past an unexpected answer."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from deploy.story.doors import Doors, Refusal, StoryStopped

REFUSED: Final = "refused, as they must be"
_STALE: Final = "stale_revision"


@dataclass
class Kept:
    """An aggregate as its last answer showed it."""

    id: str
    revision: int


@dataclass
class World:
    """What the story knows by now: ids that services gave out, and how often what was done."""

    doors: Doors
    people: dict[str, str] = field(default_factory=dict[str, str])
    """Person ids by sign-in name."""
    pairs: dict[str, Kept] = field(default_factory=dict[str, Kept])
    meetings: dict[str, Kept] = field(default_factory=dict[str, Kept])
    done: dict[str, int] = field(default_factory=dict[str, int])

    def count(self, what: str) -> None:
        """One more of these was acknowledged."""
        self.done[what] = self.done.get(what, 0) + 1

    async def learn_people(self, administrator: str, domain: str) -> None:
        """Look up the ids of a hospital's people, as its administrator."""
        for person in await self.doors.list("directory", "/people", administrator):
            self.people[f"{person['external_id']}@{domain}"] = person["person_id"]


@dataclass(frozen=True)
class Act(ABC):
    """Something that `by` does at an instant. Acts of one instant have no order, except that rosters come first."""

    at: datetime
    by: str
    comes_first: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in the story's own count."""

    @abstractmethod
    async def do(self, world: World) -> None:
        """Do it, and keep what was answered. Raises Refusal."""


@dataclass(frozen=True)
class SendRoster(Act):
    """An administrator sends a file and has its good rows applied; `wrong_rows` are refused, with these codes."""

    path: Path
    domain: str
    wrong_rows: dict[int, str] = field(default_factory=dict[int, str], hash=False)
    comes_first: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "rosters imported"

    async def do(self, world: World) -> None:
        """Preview; with errors first ask for all rows, which is refused; then the good ones."""
        doors = world.doors
        draft = await doors.send_csv("directory", "/roster-imports", self.by, self.path.read_bytes())
        wrong = {row["row"]: row["reason"] for row in draft["rows"] if row["kind"] == "error"}
        if wrong != self.wrong_rows:
            raise StoryStopped(f"The preview of {self.path.name} found {wrong} instead of {self.wrong_rows}.")
        apply = f"/roster-imports/{draft['import_id']}/apply"
        if wrong:
            await expect("roster_has_errors", doors.post("directory", apply, self.by, {"rows": "all"}))
            world.count(REFUSED)
        await doors.post("directory", apply, self.by, {"rows": "good"})
        await world.learn_people(self.by, self.domain)


@dataclass(frozen=True)
class ProposePair(Act):
    """An administrator of the mentee's hospital proposes a mentor, as a rule one whom the service lists as free."""

    pair: str
    mentor: str
    mentee: str
    looks_first: bool = True

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "pairs proposed"

    async def do(self, world: World) -> None:
        """Find the mentor among those who may be proposed, and propose."""
        mentor_id = world.people[self.mentor]
        if self.looks_first:
            free = await world.doors.list("pairing", "/mentors", self.by)
            if mentor_id not in {mentor["mentor_id"] for mentor in free}:
                raise StoryStopped(f"{self.mentor} is not among the mentors whom {self.by} may propose.")
        body = {"mentor_id": mentor_id, "mentee_id": world.people[self.mentee]}
        view = await world.doors.post("pairing", "/pairs", self.by, body)
        world.pairs[self.pair] = Kept(view["pair_id"], view["revision"])


@dataclass(frozen=True)
class MovePair(Act):
    """One step of a pair: accept, decline, recall, pause, resume or end."""

    pair: str
    verb: str
    body: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return f"pairs: {self.verb}"

    async def do(self, world: World) -> None:
        """Take the step on what was seen last; where somebody else changed it since, look again."""
        await _move(world, world.pairs[self.pair], self, "pairing", "pairs")


@dataclass(frozen=True)
class ProposeMeeting(Act):
    """One of the two offers times."""

    pair: str
    meeting: str
    slots: tuple[dict[str, str], ...] = field(hash=False)

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "meetings proposed"

    async def do(self, world: World) -> None:
        """Offer them."""
        path = f"/pairs/{world.pairs[self.pair].id}/meetings"
        view = await world.doors.post("meetings", path, self.by, {"slots": list(self.slots)})
        world.meetings[self.meeting] = Kept(view["meeting_id"], view["revision"])


@dataclass(frozen=True)
class MoveMeeting(Act):
    """One step of a meeting: accept, move, cancel, held or missed."""

    meeting: str
    verb: str
    body: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return f"meetings: {self.verb}"

    async def do(self, world: World) -> None:
        """Take the step on what was seen last; where somebody else changed it since, look again."""
        await _move(world, world.meetings[self.meeting], self, "meetings", "meetings")


@dataclass(frozen=True)
class LogTouchpoint(Act):
    """One of the two logs a short contact."""

    pair: str
    happened_at: datetime
    minutes: int

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "touchpoints logged"

    async def do(self, world: World) -> None:
        """Log it."""
        body = {"happened_at": self.happened_at.isoformat(), "minutes": self.minutes}
        await world.doors.post("meetings", f"/pairs/{world.pairs[self.pair].id}/touchpoints", self.by, body)


@dataclass(frozen=True)
class AnswerFeedback(Act):
    """One of the two answers the open request about their pair."""

    pair: str
    answers: dict[str, int | str] = field(hash=False)

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "feedback given"

    async def do(self, world: World) -> None:
        """Find the request among one's own, and answer."""
        pair_id = world.pairs[self.pair].id
        asked = await world.doors.list("feedback", "/feedback-requests", self.by)
        request_id = next((each["request_id"] for each in asked if each["pair_id"] == pair_id), None)
        if request_id is None:
            raise StoryStopped(f"{self.by} was not asked for feedback about {self.pair}.")
        path = f"/feedback-requests/{request_id}/answers"
        await world.doors.post("feedback", path, self.by, {"answers": self.answers})


@dataclass(frozen=True)
class Refused(Act):
    """An act that a rule forbids: the service must say no, with this code."""

    act: Act
    code: str

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return REFUSED

    async def do(self, world: World) -> None:
        """Try it, and see it refused."""
        await expect(self.code, self.act.do(world))


@dataclass(frozen=True)
class LookAtPair(Act):
    """Somebody looks a pair up by its id."""

    pair: str

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "pairs looked up"

    async def do(self, world: World) -> None:
        """Look."""
        await world.doors.get("pairing", f"/pairs/{world.pairs[self.pair].id}", self.by)


async def expect(code: str, attempt: Awaitable[object]) -> None:
    """See an attempt refused with this code; raises StoryStopped where it is not."""
    try:
        await attempt
    except Refusal as refusal:
        if refusal.code != code:
            raise StoryStopped(f"{refusal} The story expected {code}.") from refusal
    else:
        raise StoryStopped(f"Something was taken that had to be refused with {code}.")


async def _move(world: World, kept: Kept, act: MovePair | MoveMeeting, service: str, kind: str) -> None:
    path = f"/{kind}/{kept.id}"
    try:
        view = await world.doors.post(service, f"{path}/{act.verb}", act.by, act.body, kept.revision)
    except Refusal as refusal:
        if refusal.code != _STALE:
            raise
        seen = await world.doors.get(service, path, act.by)
        view = await world.doors.post(service, f"{path}/{act.verb}", act.by, act.body, seen["revision"])
    kept.revision = view["revision"]

"""How a couple of the story agrees: at one sitting each states, one offers, and both sign, by pairing's own door."""

from dataclasses import dataclass
from typing import Any, Final

from deploy.story.acts import Act, Kept, World
from deploy.story.couples import Couple

_INTERVALS: Final = {14: "two_weeks", 21: "three_weeks", 28: "monthly", None: "monthly"}
"""How often a couple means to meet, by the days that are between its meetings."""
_GOALS: Final = (
    "Send one abstract to a meeting",
    "Find a field for a fellowship",
    "Run a family meeting alone",
    "Read one paper a week, and say what it changes",
)
_TERMS: Final = ("starts_on", "ends_on", "meeting_minutes", "touchpoint_interval")


@dataclass(frozen=True)
class AgreeOnCompact(Act):
    """The two of an accepted pair sit together until both have signed one version; `by` is the mentee."""

    couple: Couple

    @property
    def name(self) -> str:
        """What it is called in the story's own count."""
        return "compacts signed"

    @property
    def pair(self) -> str:
        """What the story calls the pair."""
        return self.couple.key

    async def do(self, world: World) -> None:
        """Take every step from the first expectation to the second signature, after which the pair is active."""
        two = (self.couple.mentor, self.couple.mentee)
        kept, doors = world.pairs[self.pair], world.doors
        path = f"/pairs/{kept.id}/compact"
        usual = (await doors.get("pairing", path, self.by))["usual"]
        terms = {name: usual[name] for name in _TERMS} | {"meeting_interval": _INTERVALS[self.couple.days]}
        goal = _GOALS[sum(self.pair.encode()) % len(_GOALS)]
        stands: dict[str, Any] = {}
        for person in two:
            expected: dict[str, Any] = {"terms": terms, "goals": [goal] if person == self.couple.mentee else []}
            stands = await doors.post("pairing", f"{path}/expectations", person, expected)
        offer = {"terms": terms, "goals": [{"text": goal}]}
        stands = await doors.post("pairing", f"{path}/offer", self.by, offer, stands["revision"])
        for person in two:
            number = {"number": stands["waiting_number"]}
            stands = await doors.post("pairing", f"{path}/sign", person, number, stands["revision"])
        seen = await doors.get("pairing", f"/pairs/{kept.id}", self.by)
        world.pairs[self.pair] = Kept(seen["pair_id"], seen["revision"])

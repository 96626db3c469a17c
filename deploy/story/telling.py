"""Tells the story on a running platform: people act at an instant, the clock steps on, and everything comes to rest."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from time import monotonic
from typing import Final

from deploy.local.saying import Say
from deploy.story.acts import Act, World
from deploy.story.calendar import END, START, WEEKS
from deploy.story.doors import Refusal, StoryStopped
from deploy.story.due import Connection
from deploy.story.plot import plot
from deploy.story.stepper import Stepper

_AT_ONCE: Final = 8
_WEEK: Final = timedelta(weeks=1)
_WORDS: Final = {
    "pairs": (2, "pairs"),
    "held": (3, "meetings held"),
    "coming": (2, "coming"),
    "touchpoints": (3, "touchpoints"),
    "asked": (2, "feedback"),
    "mails": (4, "mails"),
}
_SO_FAR: Final = """
SELECT (SELECT count(*) FROM pairing.pairs WHERE state = 'active') AS pairs,
       (SELECT count(*) FROM meetings.meetings WHERE state = 'held') AS held,
       (SELECT count(*) FROM meetings.meetings WHERE state = 'scheduled') AS coming,
       (SELECT count(*) FROM meetings.touchpoints) AS touchpoints,
       (SELECT count(*) FROM feedback.feedback_requests) AS asked,
       (SELECT count(*) FROM notifications.messages WHERE state = 'sent') AS mails
"""


async def live_through(world: World, stepper: Stepper, connection: Connection, say: Say) -> None:
    """All twelve weeks, with a line for each. Raises StoryStopped, NotQuiet."""
    since = monotonic()
    acts = {instant: list(some) for instant, some in groupby(plot(), _instant)}
    for week in range(WEEKS):
        monday = START + week * _WEEK
        for instant in (each for each in acts if monday <= each < monday + _WEEK):
            await stepper.step_to(instant)
            await _act(world, stepper, acts[instant])
        await stepper.step_to(monday + _WEEK)
        so_far = await connection.fetchrow(_SO_FAR)
        numbers = dict(so_far.items()) if so_far else {}
        say(_line(week, monday, numbers, stepper.stops, monotonic() - since))
    await stepper.step_to(END)


def _instant(act: Act) -> datetime:
    return act.at


async def _act(world: World, stepper: Stepper, acts: Iterable[Act]) -> None:
    for first, together in groupby(acts, lambda act: act.comes_first):
        await _together(world, list(together))
        if first:
            await stepper.quiet()


async def _together(world: World, acts: list[Act]) -> None:
    """As many at once as two processors have use for."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(act: Act) -> None:
        async with places:
            try:
                await act.do(world)
            except Refusal as refusal:
                raise StoryStopped(f"On {act.at:%d %b %H:%M} UTC: {refusal}") from refusal
            world.count(act.name)

    try:
        async with asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(one(act))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _line(week: int, monday: datetime, so_far: dict[str, int], stops: int, seconds: float) -> str:
    numbers = ", ".join(f"{so_far[name]:>{width}} {words}" for name, (width, words) in _WORDS.items())
    return f"  week {week + 1:>2} of {WEEKS}, from {monday:%d %b}: {numbers}  ({stops} stops, {seconds:.0f} s)"

"""A few real things that happen in one hospital, through HTTP alone: from a roster to three meetings and an erasure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import httpx
from pydantic import SecretStr

from services.directory.app import found_consortium
from services.directory.use_cases import NewInstitution, NewPerson
from shared.platform.settings import PlatformSettings
from shared.testing.eventually import eventually
from shared.testing.stage import START
from tests import signing
from tests.e2e.up import Platform

_HEARD_WITHIN: Final = 60.0
_MEETINGS: Final = 3  # after the third, feedback is asked for
ALDER: Final[dict[str, Any]] = {
    "name": "Alder Hospital",
    "mail_domain": "alder.example",
    "time_zone": "Europe/Prague",
    "administrator": {"external_id": "a1", "name": "Rut Alm", "email": "rut@alder.example"},
}
ST_BRIGIDS: Final = {
    "name": "St Brigid's Hospital",
    "mail_domain": "stbrigids.example",
    "time_zone": "America/New_York",
    "administrator": {"external_id": "p10001", "name": "Rosa Almeida", "email": "rosa@stbrigids.example"},
}
"""The hospital of the first persona, with her as its administrator."""
_ROSTER: Final = """\
external_id,name,email,role,programme,level,specialty,status,status_from,time_zone,places,shared_places
m1,Dr Ada Lindqvist,ada@alder.example,mentor,surgery,faculty,general_surgery,,,,2,0
t1,Žofie Nováková,zofie@alder.example,mentee,surgery,PGY-1,general_surgery,,,,,
t2,李 小龙,li@alder.example,mentee,surgery,PGY-2,general_surgery,,,,,
"""


@dataclass(frozen=True)
class Life:
    """Who there is and what came of them."""

    platform: Platform
    chief: str
    administrator: str
    mentor: str
    mentee: str
    pair_id: str
    erased_id: str


async def live(platform: Platform) -> Life:
    """Let it happen, and wait until every service has said what follows."""
    chief, administrator = "c1@consortium.example", "a1@alder.example"
    mentor, mentee = "m1@alder.example", "t1@alder.example"
    await found(platform, "stepped")
    await join(platform, chief, ALDER)
    async with platform.client("directory", administrator) as http:
        await done(lambda: http.post("/programmes", json={"code": "surgery", "name": "Surgery"}))
    people = await import_roster(platform, administrator, _ROSTER)
    pair_id = await work_together(platform, administrator, people, mentor=mentor, mentee=mentee, after=START)
    async with platform.client("pairing", mentor) as http:
        circle = {"kind": "mentor", "topic": "Theatre on Tuesdays", "person_ids": [people["t2"]]}
        await done(lambda: http.post("/circles", json=circle))
    await erase(platform, administrator, people["t2"])
    life = Life(platform, chief, administrator, mentor, mentee, pair_id, people["t2"])
    await eventually(lambda: everything_is_said(platform), within=_HEARD_WITHIN, every=0.2)
    return life


async def found(platform: Platform, clock: Literal["real", "stepped"]) -> None:
    """Let the consortium begin, with its own administrator."""
    settings = PlatformSettings(
        clock=clock,
        worker_database=platform.database("directory_worker"),
        sign_in_secret=SecretStr(platform.secrets.sign_in()),
        contacts_key=SecretStr(platform.secrets.contacts_key()),
    )
    office = NewInstitution("Consortium office", "consortium.example", "Europe/Stockholm", "en")
    await found_consortium(settings, office, NewPerson("c1", "Maja Berg", "maja@consortium.example"))


async def join(platform: Platform, chief: str, hospital: dict[str, Any]) -> None:
    """Let a hospital join, as the consortium's own administrator."""
    async with platform.client("directory", chief) as http:
        await done(lambda: http.post("/institutions", json=hospital))


async def import_roster(platform: Platform, administrator: str, roster: str) -> dict[str, str]:
    """Everybody's id by their id in the hospital."""
    async with platform.client("directory", administrator) as http:
        draft = await done(
            lambda: http.post("/roster-imports", content=roster.encode(), headers={"Content-Type": "text/csv"})
        )
        await done(lambda: http.post(f"/roster-imports/{draft['import_id']}/apply", json={"rows": "all"}))
        listed = await done(lambda: http.get("/people"))
    return {person["external_id"]: person["person_id"] for person in listed["items"]}


async def work_together(
    platform: Platform, administrator: str, people: dict[str, str], *, mentor: str, mentee: str, after: datetime
) -> str:
    """Let two people be a pair and meet three times on the days after an instant; both are asked for feedback then."""
    pair_id = await _pair(platform, administrator, people, mentor=mentor, mentee=mentee)
    for day in range(1, _MEETINGS + 1):
        await _meet(platform, pair_id, after + timedelta(days=day), mentor=mentor, mentee=mentee)
    await _asked_for_feedback(platform, mentee)
    return pair_id


async def _pair(platform: Platform, administrator: str, people: dict[str, str], *, mentor: str, mentee: str) -> str:
    both = {f"{role}_id": people[who.partition("@")[0]] for role, who in (("mentor", mentor), ("mentee", mentee))}
    async with platform.client("pairing", administrator) as http:
        pair = await done(lambda: http.post("/pairs", json=both))
    async with platform.client("pairing", mentor) as theirs, platform.client("pairing", mentee) as mine:
        await done(lambda: theirs.post(f"/pairs/{pair['pair_id']}/accept", headers=seen(pair)))
        await signing.activate(pair["pair_id"], theirs, mine)
    return pair["pair_id"]


async def _meet(platform: Platform, pair_id: str, at: datetime, *, mentor: str, mentee: str) -> None:
    ends_at = at + timedelta(minutes=30)
    slots = {"slots": [{"starts_at": at.isoformat(), "ends_at": ends_at.isoformat()}]}
    async with platform.client("meetings", mentor) as http:
        meeting = await done(lambda: http.post(f"/pairs/{pair_id}/meetings", json=slots))
    path = f"/meetings/{meeting['meeting_id']}"
    async with platform.client("meetings", mentee) as http:
        booked = await done(lambda: http.post(f"{path}/accept", json={"slot": 0}, headers=seen(meeting)))
        async with platform.administrator() as connection:
            await connection.execute("UPDATE osler_local.clock SET now = $1", ends_at + timedelta(minutes=1))
        await done(lambda: http.post(f"{path}/held", headers=seen(booked)))


async def _asked_for_feedback(platform: Platform, mentee: str) -> None:
    async with platform.client("feedback", mentee) as http:

        async def is_asked() -> bool:
            answer = await http.get("/feedback-requests")
            return answer.is_success and bool(answer.json()["items"])

        await eventually(is_asked, within=_HEARD_WITHIN)


async def erase(platform: Platform, administrator: str, person_id: str) -> None:
    """Let a person be erased, as another administrator."""
    async with platform.client("directory", administrator) as http:
        person = await done(lambda: http.get(f"/people/{person_id}"))
        await done(lambda: http.post(f"/people/{person_id}/erase", json={"reason": "asked"}, headers=seen(person)))


async def everything_is_said(platform: Platform) -> bool:
    """Whether each topic holds something that Kafka has acknowledged, and no outbox anything that it has not."""
    async with platform.administrator() as connection:
        return await connection.fetchval(
            """
            SELECT NOT EXISTS (SELECT 1 FROM directory.outbox) AND NOT EXISTS (SELECT 1 FROM pairing.outbox)
               AND NOT EXISTS (SELECT 1 FROM meetings.outbox) AND NOT EXISTS (SELECT 1 FROM feedback.outbox)
               AND NOT EXISTS (SELECT 1 FROM notifications.outbox) AND NOT EXISTS (SELECT 1 FROM console.outbox)
               AND EXISTS (SELECT 1 FROM console.inbox WHERE consumer = 'console')
               AND (SELECT is_called FROM notifications.outbox_position_seq)
            """
        )


def seen(view: dict[str, Any]) -> dict[str, str]:
    """The header that says on which revision a command builds."""
    return {"If-Match": f'"{view["revision"]}"'}


async def done(ask: Callable[[], Awaitable[httpx.Response]]) -> dict[str, Any]:
    """The answer, as soon as the service has heard enough of the others to give one; a server error fails at once."""
    answers: list[httpx.Response] = []

    async def succeeds() -> bool:
        answers.append(await ask())
        assert answers[-1].status_code < 500, answers[-1].text
        assert "unknown_path" not in answers[-1].text, answers[-1].request.url
        return answers[-1].is_success

    try:
        await eventually(succeeds, within=_HEARD_WITHIN, every=0.1)
    except AssertionError as late:
        raise AssertionError(answers[-1].text) from late
    return answers[-1].json() if answers[-1].content else {}

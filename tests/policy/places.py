"""One institution's rows in every service, made by real events and requests, for others not to see."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from shared.contracts.directory import RoleAssigned
from shared.contracts.event import Role
from shared.platform.auth import Authenticator
from shared.platform.http import build_app, operations
from shared.platform.service import Service
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import Running, run_service
from shared.testing.stage import START, Stage
from tests.integration.directory.consortium import Hospital as DirectoryHospital
from tests.integration.directory.consortium import found
from tests.integration.feedback.couple import Couple
from tests.integration.meetings.ward import Ward, half_an_hour
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import Office, Someone
from tests.integration.pairing.asking import Mentee, Mentor
from tests.integration.pairing.hospital import Hospital
from tests.integration.pairing.introducing import FIELD, Somebody
from tests.integration.pairing.lent import Lent
from tests.policy.offered import SERVICES
from tests.unit.directory.rosters import a_roster

_UUIDS: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Rows:
    """What an institution has in a service; `other_id` is an institution that has nothing to do with it."""

    institution_id: UUID
    other_id: UUID
    ids: Mapping[str, UUID]
    """The id of an existing row for each name in an address."""
    people: Mapping[Role, UUID]
    """Somebody of the institution, by role, to whom the rows are to be shown."""
    words: frozenset[str] = frozenset()
    """What of theirs is no id, and is found nowhere else."""


@dataclass(frozen=True)
class Place:
    """A service with somebody's rows in it; `strict` is its HTTP side with the real check of tokens."""

    running: Running
    strict: FastAPI
    rows: Rows
    marks: frozenset[str] = field(repr=False)
    """Every id in the institution's rows, and its words: none of them may be shown to another."""

    def seen_in(self, text: str) -> set[str]:
        """What of the institution's rows an answer shows."""
        return {mark for mark in self.marks if mark in text}


async def _pairing(running: Running) -> Rows:
    hospital = await Hospital.join(running)
    mentor_id, mentee_id = await hospital.mentor(places=9, shared_places=9), await hospital.mentee()
    await _under_notice(hospital, mentor_id, mentee_id)
    request = await Mentee(hospital, mentee_id).ask(Mentor(hospital, mentor_id))
    [choice] = await Mentor(hospital, mentor_id).asked()
    pair = await hospital.propose(mentor_id, mentee_id)
    ids = {"pair_id": pair["pair_id"], "request_id": request["request_id"], "choice_id": choice["choice_id"]}
    people: dict[Role, UUID] = {
        "mentor": mentor_id,
        "mentee": mentee_id,
        "administrator": hospital.administrator_id,
    }
    await _introduce(hospital, mentor_id, mentee_id, ids)
    await hospital.mentor()  # whom the mentee may ask: something stands between the two of the pair
    async with hospital.administration() as desk:
        said = await desk.http.post(f"/pairs/{pair['pair_id']}/conflicts", json={"kind": "family"})
    ids["conflict_id"] = said.raise_for_status().json()["conflict_id"]
    await _declare_conflicts(hospital, mentor_id, mentee_id)
    await _raise_concerns(hospital, mentor_id, mentee_id)
    return Rows(hospital.institution_id, uuid4(), {name: UUID(id_) for name, id_ in ids.items()}, people)


async def _declare_conflicts(hospital: Hospital, mentor_id: UUID, mentee_id: UUID) -> None:
    """Both say that something stands between them and somebody with whom they are no pair."""
    said: list[tuple[UUID, Role, UUID]] = [
        (mentor_id, "mentor", await hospital.mentee()),
        (mentee_id, "mentee", await hospital.mentor()),
    ]
    for person_id, role, other_id in said:
        form = {"person_ids": [str(person_id), str(other_id)], "kind": "personal"}
        async with hospital.signed_in(person_id, role) as desk:
            (await desk.http.post("/conflicts", json=form)).raise_for_status()


async def _under_notice(hospital: Hospital, mentor_id: UUID, mentee_id: UUID) -> None:
    """Both have a pair in another hospital under an agreement that ends, and of a third mentee's it ended just now."""
    others = [await Hospital.join(hospital.pairing) for _ in range(3)]
    lent = await Lent.between(hospital, others[0], mentor_id, await others[0].mentee())
    borrowed = [
        await Lent.between(other, hospital, await other.mentor(places=1, shared_places=1), who)
        for other, who in zip(others[1:], (mentee_id, await hospital.mentee()), strict=True)
    ]
    for each in (lent, borrowed[0]):
        await each.give_notice()
    await borrowed[1].give_notice(START)
    await hospital.pairing.fire()


async def _raise_concerns(hospital: Hospital, mentor_id: UUID, mentee_id: UUID) -> None:
    """Both raise one, each about somebody else; it reaches the administrator."""
    async with hospital.administration() as desk:
        contact = {"person_id": str(hospital.administrator_id)}
        (await desk.http.post("/concern-contact", json=contact)).raise_for_status()
    couples: list[tuple[UUID, UUID, UUID, Role]] = [
        (mentor_id, await hospital.mentee(), mentor_id, "mentor"),
        (await hospital.mentor(), mentee_id, mentee_id, "mentee"),
    ]
    for mentor, mentee, raiser, role in couples:
        pair = await hospital.propose(mentor, mentee)
        async with hospital.signed_in(mentor, "mentor") as desk:
            (await desk.act(pair, "accept")).raise_for_status()
        async with hospital.signed_in(raiser, role) as desk:
            said = await desk.http.post(f"/pairs/{pair['pair_id']}/concerns", json={"words": "late"})
            said.raise_for_status()


async def _introduce(hospital: Hospital, mentor_id: UUID, mentee_id: UUID, ids: dict[str, str]) -> None:
    """The mentor of a request offers its mentee, who enters PGY-2, an introduction, an opportunity and a circle."""
    mentor, mentee = Somebody(hospital, mentor_id), Somebody(hospital, mentee_id, "mentee")
    await mentor.list_fields(FIELD)
    wish = {"mentor_id": str(mentor_id), "field": FIELD}
    ids["wish_id"] = (await mentee.post("/introduction-wishes", wish)).raise_for_status().json()["wish_id"]
    offered = await mentor.offer(mentee, Somebody(hospital, await hospital.mentor()))
    circle = {"kind": "mentor", "topic": "Board review", "person_ids": [str(mentee_id)]}
    formed = await mentor.post("/circles", circle)
    ids["circle_id"] = formed.raise_for_status().json()["circle_id"]
    deadline = {"deadline": "2027-03-01", "mentee_ids": [str(mentee_id)]}
    opportunity = await mentor.post("/opportunities", {"kind": "project", "title": "A registry", **deadline})
    ids["opportunity_id"] = opportunity.raise_for_status().json()["opportunity_id"]
    for level in ("pgy_1", "pgy_2"):
        said = hospital.about(RoleAssigned, mentee_id, role="mentee", level=level)
        await hospital.pairing.deliver(said)
    [first_year] = await mentee.items("/first-year-offers")
    ids["offer_id"] = first_year["offer_id"]
    ids["introduction_id"] = offered.raise_for_status().json()["introduction_id"]


async def _meetings(running: Running) -> Rows:
    transport = running.entrance()
    async with httpx.AsyncClient(transport=transport, base_url="http://meetings") as client:
        ward, institution_id = Ward(running, client), uuid4()
        mentor, mentee = [await ward.join(role, institution_id=institution_id) for role in ("mentor", "mentee")]
        couple = await ward.pair(mentor, mentee)
        now = await ward.now()
        meeting = (await ward.propose(couple, half_an_hour(now + timedelta(days=3)))).raise_for_status().json()
        touchpoint = {"happened_at": now.isoformat(), "minutes": 10}
        (await ward.ask(mentor, "POST", f"/pairs/{couple.pair_id}/touchpoints", touchpoint)).raise_for_status()
    people: dict[Role, UUID] = {
        "mentor": mentor.person_id,
        "mentee": mentee.person_id,
        "administrator": mentor.person_id,  # who administers now: what is their own stays theirs
    }
    ids = {"pair_id": couple.pair_id, "meeting_id": UUID(meeting["meeting_id"])}
    return Rows(institution_id, uuid4(), ids, people)


async def _feedback(running: Running) -> Rows:
    institution_id = uuid4()
    couple = Couple(running, mentor_institution_id=institution_id, mentee_institution_id=institution_id)
    await running.deliver(await couple.activated())
    await couple.meet()
    await couple.answer(couple.mentor_id)
    people: dict[Role, UUID] = {
        "mentor": couple.mentor_id,
        "mentee": couple.mentee_id,
        "administrator": couple.mentor_id,  # who administers now: what is their own stays theirs
    }
    ids = {"request_id": UUID((await couple.request())["request_id"])}
    return Rows(institution_id, uuid4(), ids, people)


async def _notifications(running: Running) -> Rows:
    institution_id = uuid4()
    mentor = Someone("Ada Okafor", "Europe/Warsaw", "en", institution_id=institution_id)
    mentee = Someone("Luz Ibarra", "Europe/Warsaw", "es", institution_id=institution_id)
    office = Office(running, Mailbox(), mentor, mentee)
    await office.open()
    await office.hear(await office.proposed(), await office.accepted())
    people: dict[Role, UUID] = {
        "mentor": mentor.person_id,
        "mentee": mentee.person_id,
        "administrator": mentor.person_id,  # who administers now: what is their own stays theirs
    }
    return Rows(institution_id, uuid4(), {}, people)


async def _directory(running: Running) -> Rows:
    consortium = await found(running)
    programme = f"p{uuid4().hex}"
    hospital = await consortium.add_hospital(programmes=(programme,))
    borrower, other = await consortium.add_hospital(), await consortium.add_hospital()
    agreement = await consortium.post(
        "/agreements",
        json={
            "lender_institution_id": str(hospital.institution_id),
            "borrower_institution_id": str(borrower.institution_id),
            "starts_at": "2027-01-01T00:00:00Z",
            "notice_days": 30,
        },
    )
    check = await consortium.post("/contact-checks")
    duty = {"person_id": str(hospital.administrator_id), "programme": programme, "duty": "director"}
    token = await hospital.post("/provisioning-tokens", json={"name": "Identity provider"})
    second = {"role": "administrator", "programme": "", "places": "", "shared_places": ""}
    roster = await hospital.apply(a_roster({}, second), rows="good")
    hold = await _hold_back(hospital, "E-3")
    ids = {
        "agreement_id": UUID(agreement.raise_for_status().json()["agreement_id"]),
        "check_id": UUID(check.raise_for_status().json()["check_id"]),
        "duty_id": UUID((await hospital.post("/duties", json=duty)).raise_for_status().json()["duty_id"]),
        "hold_id": hold,
        "import_id": UUID(roster["import_id"]),
        "person_id": hospital.administrator_id,
        "token_id": UUID(token.raise_for_status().json()["token_id"]),
    }
    return Rows(
        hospital.institution_id,
        other.institution_id,
        ids,
        {"administrator": hospital.administrator_id},
        frozenset({programme, hospital.mail_domain}),
    )


async def _hold_back(hospital: DirectoryHospital, second: str) -> UUID:
    """A legal hold on the administrator, whose erasure another one asks for; gives the hold's id."""
    path, keep = f"/people/{hospital.administrator_id}", {"ground": "legal_claim"}
    held = (await hospital.post(f"{path}/holds", json=keep)).raise_for_status().json()
    seen = {"If-Match": f'"{(await hospital.get(path))["revision"]}"'}
    async with hospital.client(second) as http:
        (await http.post(f"{path}/erase", json={"reason": "asked"}, headers=seen)).raise_for_status()
    return UUID(held["hold_id"])


async def _console(_: Running) -> Rows:
    """Nothing: it answers by HTTP only what waits, which is the consortium's; its pages have tests of their own."""
    return Rows(uuid4(), uuid4(), {}, {})


_FILL: Final[Mapping[str, Callable[[Running], Awaitable[Rows]]]] = {
    "console": _console,
    "directory": _directory,
    "feedback": _feedback,
    "meetings": _meetings,
    "notifications": _notifications,
    "pairing": _pairing,
}
"""How each service that has operations gets its rows; a new one has no rows until it says here how."""


@asynccontextmanager
async def open_places(stage: Stage) -> AsyncGenerator[dict[str, Place]]:
    """Every service that has operations, each with the rows of one institution."""
    async with AsyncExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("OSLER_CONTACTS_KEY", LOCAL_CONTACTS_KEY)
        yield {name: await _open(stack, stage, service) for name, service in SERVICES.items() if operations(service)}


async def _open(stack: AsyncExitStack, stage: Stage, service: Service) -> Place:
    running = await stack.enter_async_context(run_service(stage, service))
    settings = stage.settings(service.name)
    tokens = await stack.enter_async_context(Authenticator.open(settings))
    strict = build_app(service.name, service.routes, database=running.app, authenticator=tokens, settings=settings)
    rows = await _FILL[service.name](running)
    marks = await _ids_in_rows_of(stage, service.name, rows.institution_id)
    return Place(running, strict, rows, frozenset(marks | rows.words | {str(id_) for id_ in rows.ids.values()}))


async def _ids_in_rows_of(stage: Stage, schema: str, institution_id: UUID) -> set[str]:
    """Every UUID in the service's rows that name an institution, whatever tables there are."""
    connection = await asyncpg.connect(stage.admin_url)
    try:
        tables = await connection.fetch(
            """
            SELECT DISTINCT format('SELECT to_jsonb(t)::text FROM %I.%I t', table_schema, table_name) AS rows_of
            FROM information_schema.columns
            WHERE table_schema = $1 AND (column_name = 'institution_id' OR column_name LIKE '%\\_institution\\_id')
            """,
            schema,
        )
        texts = [row[0] for table in tables for row in await connection.fetch(table["rows_of"])]
    finally:
        await connection.close()
    return {found for text in texts if str(institution_id) in text for found in re.findall(_UUIDS, text)}

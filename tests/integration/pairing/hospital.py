"""Hospitals as the directory would tell of them: its events with the versions counted, and requests as their people."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx

from shared.contracts.directory import (
    AgreementSigned,
    CapsSet,
    ConflictPolicySet,
    DirectoryEvent,
    DutyAssigned,
    DutyRemoved,
    InstitutionJoined,
    PersonJoined,
    RoleAssigned,
)
from shared.contracts.event import Role
from shared.testing.running import Running
from tests import signing

SINCE = datetime(2027, 1, 1, tzinfo=UTC)
E = TypeVar("E", bound=DirectoryEvent)

_versions: Counter[UUID] = Counter()


def tell(kind: type[E], *institution_ids: UUID, **facts: Any) -> E:
    """The next event of the aggregate that `facts` name."""
    aggregate_id: UUID = facts[kind.aggregate]
    _versions[aggregate_id] += 1
    return kind(version=_versions[aggregate_id], occurred_at=SINCE, institution_ids=institution_ids, **facts)


@dataclass
class Hospital:
    """One institution that pairing knows, with an administrator."""

    pairing: Running
    institution_id: UUID = field(default_factory=uuid4)
    administrator_id: UUID = field(default_factory=uuid4)

    @classmethod
    async def join(cls, pairing: Running) -> "Hospital":
        """A new member of the consortium."""
        hospital = cls(pairing)
        joined = tell(
            InstitutionJoined,
            hospital.institution_id,
            institution_id=hospital.institution_id,
            name="A hospital",
            mail_domain=f"{hospital.institution_id.hex}.example",
            time_zone="Europe/Warsaw",
        )
        await pairing.deliver(joined, *hospital.person(hospital.administrator_id, "administrator"))
        return hospital

    def person(
        self, person_id: UUID, role: Role, *, places: int = 0, shared_places: int = 0, programme: str | None = None
    ) -> tuple[DirectoryEvent, ...]:
        """The events that make someone known in a role."""
        joined = self.about(PersonJoined, person_id, sign_in_key=person_id.hex, time_zone="Europe/Warsaw")
        facts = {"places": places, "shared_places": shared_places, "programme": programme}
        return joined, self.about(RoleAssigned, person_id, role=role, **facts)

    def role(self, person_id: UUID, role: Role, *, places: int = 0, shared_places: int = 0) -> RoleAssigned:
        """The event that gives someone a role, or new facts of it."""
        return self.about(RoleAssigned, person_id, role=role, places=places, shared_places=shared_places)

    def about(self, kind: type[E], person_id: UUID, **facts: Any) -> E:
        """The next event about a person of this hospital."""
        return tell(kind, self.institution_id, person_id=person_id, institution_id=self.institution_id, **facts)

    async def mentor(self, places: int = 1, shared_places: int = 0) -> UUID:
        """A new mentor whom pairing knows."""
        person_id = uuid4()
        await self.pairing.deliver(*self.person(person_id, "mentor", places=places, shared_places=shared_places))
        return person_id

    async def mentee(self, programme: str | None = None) -> UUID:
        """A new mentee whom pairing knows."""
        person_id = uuid4()
        await self.pairing.deliver(*self.person(person_id, "mentee", programme=programme))
        return person_id

    async def assign_duty(self, person_id: UUID, duty: str, programme: str) -> None:
        """Somebody directs, judges or coaches in a programme."""
        await self.pairing.deliver(self.about(DutyAssigned, person_id, duty=duty, programme=programme))

    async def remove_duty(self, person_id: UUID, duty: str, programme: str) -> None:
        """Somebody does so no longer."""
        await self.pairing.deliver(self.about(DutyRemoved, person_id, duty=duty, programme=programme))

    async def lend_to(self, borrower: "Hospital", *, cap: int | None = None) -> UUID:
        """An agreement in force: this hospital lends mentors to the other one."""
        agreement_id = uuid4()
        signed = tell(
            AgreementSigned,
            self.institution_id,
            borrower.institution_id,
            agreement_id=agreement_id,
            lender_institution_id=self.institution_id,
            borrower_institution_id=borrower.institution_id,
            cap=cap,
            starts_at=SINCE,
            notice_days=30,
        )
        await self.pairing.deliver(signed)
        return agreement_id

    async def set_caps(self, *, lend_cap: int | None = None, borrow_cap: int | None = None) -> None:
        """This hospital bounds what it lends and borrows in all."""
        caps = {"lend_cap": lend_cap, "borrow_cap": borrow_cap}
        await self.pairing.deliver(tell(CapsSet, self.institution_id, institution_id=self.institution_id, **caps))

    async def set_conflict_policy(self, *warns: str) -> None:
        """This hospital has these conflicts of interest only warn."""
        facts = {"institution_id": self.institution_id, "warns": warns}
        await self.pairing.deliver(tell(ConflictPolicySet, self.institution_id, **facts))

    @asynccontextmanager
    async def signed_in(self, person_id: UUID, *roles: Role) -> AsyncGenerator["Desk"]:
        """Requests as one of this hospital's people."""
        async with self.pairing.client(person_id, self.institution_id, roles) as http:
            yield Desk(http)

    @asynccontextmanager
    async def administration(self) -> AsyncGenerator["Desk"]:
        """Requests as the administrator."""
        async with self.signed_in(self.administrator_id, "administrator") as desk:
            yield desk

    async def propose(self, mentor_id: UUID, mentee_id: UUID) -> dict[str, Any]:
        """A proposal by the administrator, as it was answered."""
        async with self.administration() as desk:
            return (await desk.propose(mentor_id, mentee_id)).raise_for_status().json()

    async def activate(self, pair: dict[str, Any], mentor_hospital: "Hospital | None" = None) -> dict[str, Any]:
        """A proposal to a mentee of this hospital becomes a pair at work: the mentor's yes, and a compact."""
        async with self.two_desks(pair, mentor_hospital) as (mentor, mentee):
            (await mentor.act(pair, "accept")).raise_for_status()
            return await signing.activate(pair["pair_id"], mentor.http, mentee.http)

    @asynccontextmanager
    async def two_desks(
        self, pair: dict[str, Any], mentor_hospital: "Hospital | None" = None
    ) -> AsyncGenerator[tuple["Desk", "Desk"]]:
        """Requests as mentor and as mentee of a pair whose mentee is of this hospital."""
        mentor_id, mentee_id = UUID(pair["mentor_id"]), UUID(pair["mentee_id"])
        home = mentor_hospital or self
        async with home.signed_in(mentor_id, "mentor") as mentor, self.signed_in(mentee_id, "mentee") as mentee:
            yield mentor, mentee


@dataclass(frozen=True)
class Desk:
    """What one signed-in person asks of pairing."""

    http: httpx.AsyncClient

    async def propose(self, mentor_id: UUID, mentee_id: UUID) -> httpx.Response:
        """Propose a pair."""
        return await self.http.post("/pairs", json={"mentor_id": str(mentor_id), "mentee_id": str(mentee_id)})

    async def act(self, pair: dict[str, Any], act: str, **form: Any) -> httpx.Response:
        """Take a step, building on the revision that `pair` shows."""
        etag = {"If-Match": f'"{pair["revision"]}"'}
        return await self.http.post(f"/pairs/{pair['pair_id']}/{act}", headers=etag, json=form or None)

    async def insist(self, pair: dict[str, Any], act: str) -> str:
        """Take a step on whatever revision the pair has by then; `done`, or the code of the refusal."""
        while True:
            response = await self.act(await self.show(pair), act)
            if response.status_code != HTTPStatus.PRECONDITION_FAILED:
                return response.json().get("code", "done")

    async def show(self, pair: dict[str, Any]) -> dict[str, Any]:
        """The pair as it is now."""
        return (await self.http.get(f"/pairs/{pair['pair_id']}")).raise_for_status().json()

    async def mentor_ids(self, mentee_id: UUID | None = None) -> list[str]:
        """Whom the institution may propose now, to this mentee."""
        asked: dict[str, str | int] = {"limit": 200} | ({"mentee_id": str(mentee_id)} if mentee_id else {})
        items = (await self.http.get("/mentors", params=asked)).raise_for_status().json()["items"]
        return [item["mentor_id"] for item in items]

    async def ledger(self) -> dict[str, Any]:
        """What is lent and borrowed."""
        return (await self.http.get("/ledger")).raise_for_status().json()


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["code"]

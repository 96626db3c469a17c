"""A pair across two hospitals, whose agreement somebody may give notice to."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.directory import AgreementNoticeGiven, AgreementSigned
from shared.contracts.event import Role
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.pairing.hospital import SINCE, Hospital, tell

NOTICE_ENDS = START + timedelta(days=31, hours=-9)
TERM_ENDS = START + timedelta(days=200)


@dataclass
class Lent:
    """A cross pair at work, its two hospitals, and the agreement between them."""

    pairing: Running
    lender: Hospital
    borrower: Hospital
    agreement_id: UUID
    pair: dict[str, Any]

    @classmethod
    async def at_work(cls, pairing: Running, *, until: datetime | None = TERM_ENDS) -> "Lent":
        """Two hospitals, an agreement with this end, and an active pair under it."""
        lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
        mentor_id = await lender.mentor(places=9, shared_places=9)
        return await cls.between(lender, borrower, mentor_id, await borrower.mentee(), until=until)

    @classmethod
    async def between(
        cls,
        lender: Hospital,
        borrower: Hospital,
        mentor_id: UUID,
        mentee_id: UUID,
        *,
        until: datetime | None = TERM_ENDS,
    ) -> "Lent":
        """An agreement of these two hospitals, and an active pair of these two people under it."""
        pairing = lender.pairing
        parties = {"lender_institution_id": lender.institution_id, "borrower_institution_id": borrower.institution_id}
        agreement_id = uuid4()
        signed = tell(
            AgreementSigned,
            *parties.values(),
            agreement_id=agreement_id,
            starts_at=SINCE,
            ends_at=until,
            notice_days=30,
            **parties,
        )
        await pairing.deliver(signed)
        pair = await borrower.activate(await borrower.propose(mentor_id, mentee_id), lender)
        return cls(pairing, lender, borrower, agreement_id, pair)

    @property
    def pair_id(self) -> UUID:
        """The pair's id."""
        return UUID(self.pair["pair_id"])

    async def give_notice(self, ends_at: datetime = NOTICE_ENDS) -> None:
        """One of the two hospitals gives notice."""
        parties = {
            "lender_institution_id": self.lender.institution_id,
            "borrower_institution_id": self.borrower.institution_id,
        }
        notice = tell(
            AgreementNoticeGiven, *parties.values(), agreement_id=self.agreement_id, ends_at=ends_at, **parties
        )
        await self.pairing.deliver(notice)

    def _signed_in(self, who: Role) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        hospital = self.lender if who == "mentor" else self.borrower
        person_id = hospital.administrator_id if who == "administrator" else UUID(self.pair[f"{who}_id"])
        return self.pairing.client(person_id, hospital.institution_id, [who])

    async def seen_by(self, who: Role) -> dict[str, Any] | None:
        """The question as `mentor`, `mentee` or their hospital's `administrator` sees it in their list."""
        async with self._signed_in(who) as http:
            items = (await http.get("/leavings")).raise_for_status().json()["items"]
        return next((item for item in items if item["pair_id"] == str(self.pair_id)), None)

    async def say(self, who: Role, word: str) -> httpx.Response:
        """One of the two says `go-on` or `re-match`."""
        async with self._signed_in(who) as http:
            return await http.post(f"/pairs/{self.pair_id}/{word}")

    async def state(self) -> tuple[str, str | None]:
        """How the pair stands, and why."""
        [row] = await self.pairing.rows("SELECT state, reason FROM pairs WHERE pair_id = $1", self.pair_id)
        return row["state"], row["reason"]

    async def said(self) -> list[str]:
        """What was said of the pair after it began, by its last word."""
        return [kind.split(".")[2] for kind in await self.pairing.said(self.pair_id)][3:]

    async def first_waiting(self) -> list[str]:
        """Whom the mentee's hospital sees waiting first."""
        async with self.borrower.administration() as desk:
            listed = (await desk.http.get("/first-waiting")).raise_for_status().json()["items"]
        return [each["mentee_id"] for each in listed]

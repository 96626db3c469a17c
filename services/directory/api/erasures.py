"""Erasures and legal holds over HTTP: administrators see how far each is, and record what the law delays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.directory import use_cases
from services.directory.domain.holds import Ground, Hold, HoldNotFound, HoldReleased
from services.directory.domain.people import (
    CannotEraseYourself,
    ErasureReason,
    LastAdministrator,
    PersonAlreadyErased,
    PersonNotFound,
)
from services.directory.domain.receipts import Erasure, ErasureNotFound, ErasureState
from shared.platform.http import Form, Listing, Me, Now, Page, Routes, Tx, problems

routes = Routes("directory")


class ReceiptView(BaseModel):
    """A service that holds something of people, and when it had deleted that; null while it has not said so."""

    service: str
    done_at: AwareDatetime | None


class ErasureView(BaseModel):
    """An erasure: `delayed` by a legal hold, `under_way`, `overdue` (a receipt is missing after 72 hours), `complete`.

    It is complete when every service has said that it is done and the log of contacts was seen without the person.
    """

    person_id: UUID
    state: ErasureState
    reason: ErasureReason
    asked_by: UUID
    asked_at: AwareDatetime
    erased_at: AwareDatetime | None
    receipts_due_at: AwareDatetime | None
    receipts: Sequence[ReceiptView]
    contacts_gone_at: AwareDatetime | None

    @classmethod
    def of(cls, erasure: Erasure, now: datetime) -> Self:
        """The erasure as administrators of the institution see it."""
        return cls(
            person_id=erasure.person_id,
            state=erasure.state(now),
            reason=erasure.reason,
            asked_by=erasure.asked_by,
            asked_at=erasure.asked_at,
            erased_at=erasure.erased_at,
            receipts_due_at=erasure.receipts_due_at,
            receipts=[ReceiptView(service=name, done_at=at) for name, at in sorted(erasure.receipts.items())],
            contacts_gone_at=erasure.contacts_gone_at,
        )


class HoldForm(Form):
    """Why the law delays an erasure, and whether the person is told; not where law forbids it."""

    ground: Ground
    tell_person: bool = True


class HoldView(BaseModel):
    """A legal hold, from when it was recorded until it is released."""

    hold_id: UUID
    person_id: UUID
    ground: Ground
    tell_person: bool
    recorded_by: UUID
    recorded_at: AwareDatetime
    released_by: UUID | None
    released_at: AwareDatetime | None

    @classmethod
    def of(cls, hold: Hold) -> Self:
        """The hold as administrators of the institution see it."""
        return cls.model_validate(hold, from_attributes=True)


@routes.get("/erasures")
async def list_erasures(page: Page, me: Me, tx: Tx, now: Now) -> Listing[ErasureView]:
    """Your institution's erasures, the latest that was asked for first, and who has said that they are done."""
    found = await use_cases.list_erasures(tx, me.institution_id, page.position(datetime, UUID), page.limit + 1)
    return page.listing([ErasureView.of(one, now) for one in found], lambda one: (one.asked_at, one.person_id))


@routes.get("/erasures/{person_id}", responses=problems(ErasureNotFound))
async def show_erasure(person_id: UUID, me: Me, tx: Tx, now: Now) -> ErasureView:
    """How far somebody's erasure is."""
    return ErasureView.of(await use_cases.get_erasure(tx, me.institution_id, person_id), now)


@routes.post("/people/{person_id}/holds", status_code=201, responses=problems(PersonNotFound, PersonAlreadyErased))
async def record_hold(person_id: UUID, form: HoldForm, me: Me, tx: Tx) -> HoldView:
    """Record a legal hold on a person: an erasure that is asked for waits until every hold is released."""
    return HoldView.of(await use_cases.record_hold(tx, person_id, me, form.ground, tell_person=form.tell_person))


@routes.get("/holds")
async def list_holds(page: Page, me: Me, tx: Tx) -> Listing[HoldView]:
    """Your institution's legal holds, the latest first."""
    found = await use_cases.list_holds(tx, me.institution_id, page.position(datetime, UUID), page.limit + 1)
    return page.listing([HoldView.of(one) for one in found], lambda one: (one.recorded_at, one.hold_id))


@routes.get("/holds/{hold_id}", responses=problems(HoldNotFound))
async def show_hold(hold_id: UUID, me: Me, tx: Tx) -> HoldView:
    """One legal hold."""
    return HoldView.of(await use_cases.get_hold(tx, me.institution_id, hold_id))


@routes.post(
    "/holds/{hold_id}/release",
    responses=problems(HoldNotFound, HoldReleased, CannotEraseYourself, LastAdministrator),
)
async def release_hold(hold_id: UUID, me: Me, tx: Tx) -> HoldView:
    """Release a legal hold. If it was the last one, an erasure that was asked for meanwhile is made at once."""
    return HoldView.of(await use_cases.release_hold(tx, hold_id, me))

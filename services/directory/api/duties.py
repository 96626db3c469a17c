"""Duties in programmes over HTTP: an administrator says who directs, judges and coaches; holding one opens nothing."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.directory import use_cases
from services.directory.domain.duties import (
    DutyEndMissing,
    DutyEndOutOfRange,
    DutyNotFound,
    HeldDuty,
    OwnProgramme,
    ProgrammeNotFound,
)
from services.directory.domain.people import PersonAlreadyErased, PersonNotFound
from shared.contracts.directory import Duty
from shared.contracts.event import Code
from shared.platform.http import Form, Instant, Listing, Me, Page, Routes, Tx, problems

routes = Routes("directory")


class DutyForm(Form):
    """Who does what for which programme, and until when (null: no end is known; an evaluator needs one)."""

    person_id: UUID
    programme: Code
    duty: Duty
    ends_at: Instant | None = None


class DutyView(BaseModel):
    """A duty in a programme; a committee member is one who votes."""

    duty_id: UUID
    person_id: UUID
    programme: str
    duty: Duty
    ends_at: AwareDatetime | None

    @classmethod
    def of(cls, held: HeldDuty) -> Self:
        """The duty as administrators see it."""
        return cls.model_validate(held, from_attributes=True)


@routes.post(
    "/duties",
    status_code=201,
    responses=problems(
        ProgrammeNotFound, PersonNotFound, PersonAlreadyErased, OwnProgramme, DutyEndMissing, DutyEndOutOfRange
    ),
)
async def assign_duty(form: DutyForm, me: Me, tx: Tx) -> DutyView:
    """Give somebody of your institution a duty in one of its programmes, or another end of it."""
    held = await use_cases.assign_duty(
        tx, me.institution_id, form.person_id, programme=form.programme, duty=form.duty, ends_at=form.ends_at
    )
    return DutyView.of(held)


@routes.get("/duties")
async def list_duties(page: Page, me: Me, tx: Tx, programme: Code | None = None) -> Listing[DutyView]:
    """Who does what for your institution's programmes, by programme."""
    found = await use_cases.list_duties(tx, me.institution_id, programme, page.position(str, UUID), page.limit + 1)
    return page.listing([DutyView.of(one) for one in found], lambda one: (one.programme, one.duty_id))


@routes.get("/duties/{duty_id}", responses=problems(DutyNotFound))
async def show_duty(duty_id: UUID, tx: Tx) -> DutyView:
    """One duty in your institution."""
    return DutyView.of(await use_cases.get_duty(tx, duty_id))


@routes.post("/duties/{duty_id}/remove", responses=problems(DutyNotFound))
async def remove_duty(duty_id: UUID, me: Me, tx: Tx) -> DutyView:
    """Take a duty back; conflicts of interest that follow from it are over."""
    return DutyView.of(await use_cases.remove_duty(tx, me.institution_id, duty_id))

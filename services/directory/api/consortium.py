"""Institutions, programmes, agreements and looks at the contacts topic over HTTP; shows no personal data."""

from datetime import datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, Field

from services.directory import use_cases
from services.directory.api.fields import Name
from services.directory.domain.erasure import CheckNotFound
from services.directory.domain.institutions import (
    AbsurdDates,
    Agreement,
    AgreementEnding,
    AgreementNotFound,
    AgreementsOverlap,
    AgreementWithOneself,
    EndReason,
    InstitutionNotFound,
    MayWarn,
    Programme,
    ProgrammeExists,
)
from shared.contracts.event import Code
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Instant, Listing, Me, Page, Routes, Tx, problems

routes = Routes("directory")


class InstitutionView(BaseModel):
    """An institution of the consortium."""

    institution_id: UUID
    name: str
    mail_domain: str
    time_zone: str
    locale: str
    joined_at: AwareDatetime
    lend_cap: int | None
    borrow_cap: int | None
    warns: list[MayWarn]
    revision: int


Cap = Annotated[int, Field(ge=0, le=100_000)] | None


class CapsForm(Form):
    """How many cross pairs you lend, and borrow, at most in all (null: no cap); each agreement's cap holds too."""

    lend_cap: Cap
    borrow_cap: Cap


class ConflictPolicyForm(Form):
    """Which kinds of conflict of interest only warn; all others make a pair impossible, and some of them always."""

    warns: Annotated[list[MayWarn], Field(max_length=len(get_args(MayWarn)))]


class ProgrammeForm(Form):
    """A training programme; rosters name it by its code."""

    code: Code
    name: Name


class ProgrammeView(BaseModel):
    """A training programme."""

    code: str
    name: str


class AgreementForm(Form):
    """Who lends mentors to whom, how many at most (null: no cap), from when, until when, and with what notice."""

    lender_institution_id: UUID
    borrower_institution_id: UUID
    cap: Cap = None
    starts_at: Instant
    ends_at: Instant | None = None
    notice_days: Annotated[int, Field(ge=0, le=730)]

    def wanted(self) -> Agreement:
        """The agreement that the form asks for."""
        return Agreement(
            uuid4(),
            self.lender_institution_id,
            self.borrower_institution_id,
            self.cap,
            self.starts_at,
            self.ends_at,
            self.notice_days,
        )


class EndForm(Form):
    """`mutual` ends an agreement at once, because both want it; `notice` ends it when its notice days have passed."""

    reason: Literal["mutual", "notice"]


class AgreementView(BaseModel):
    """An agreement: `ends_at` is when it will end, as far as is known; `ended_at` and `end_reason` when it has."""

    agreement_id: UUID
    lender_institution_id: UUID
    borrower_institution_id: UUID
    cap: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    notice_days: int
    notice_given_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    end_reason: EndReason | None
    revision: int

    @classmethod
    def of(cls, agreement: Agreement) -> Self:
        """The agreement as its parties and the consortium see it."""
        return cls.model_validate(agreement, from_attributes=True)


class CheckView(BaseModel):
    """A look at the contacts topic: what it found is null until it is finished."""

    check_id: UUID
    finished_at: AwareDatetime | None = None
    tombstones_sent: int | None = None
    erasures_completed: int | None = None


@routes.get("/institutions")
async def list_institutions(page: Page, tx: Tx) -> Listing[InstitutionView]:
    """The institutions of the consortium, by name."""
    found = await use_cases.list_institutions(tx, page.position(str, UUID), page.limit + 1)
    views = [InstitutionView.model_validate(one, from_attributes=True) for one in found]
    return page.listing(views, lambda one: (one.name, one.institution_id))


@routes.get("/institution", responses=problems(InstitutionNotFound))
async def show_institution(me: Me, tx: Tx) -> InstitutionView:
    """Your own institution, with its caps."""
    found = await use_cases.get_institution(tx, me.institution_id)
    return InstitutionView.model_validate(found, from_attributes=True)


@routes.post("/institution/caps", responses=problems(InstitutionNotFound, StaleRevision))
async def set_caps(form: CapsForm, if_match: IfMatch, me: Me, tx: Tx) -> InstitutionView:
    """Bound the pairs that your institution lends and borrows in all; pairs above a lower cap go on."""
    caps = form.model_dump()
    found = await use_cases.set_caps(tx, me.institution_id, if_match, **caps)
    return InstitutionView.model_validate(found, from_attributes=True)


@routes.post("/institution/conflict-policy", responses=problems(InstitutionNotFound, StaleRevision))
async def set_conflict_policy(form: ConflictPolicyForm, if_match: IfMatch, me: Me, tx: Tx) -> InstitutionView:
    """Say which conflicts of interest only warn; where a pair is of two institutions, what blocks at one blocks."""
    found = await use_cases.set_conflict_policy(tx, me.institution_id, if_match, form.warns)
    return InstitutionView.model_validate(found, from_attributes=True)


@routes.post("/programmes", status_code=201, responses=problems(ProgrammeExists))
async def add_programme(form: ProgrammeForm, me: Me, tx: Tx) -> ProgrammeView:
    """Add a training programme, so that rosters may name it."""
    await use_cases.add_programme(tx, Programme(me.institution_id, form.code, form.name))
    return ProgrammeView(code=form.code, name=form.name)


@routes.get("/programmes")
async def list_programmes(page: Page, me: Me, tx: Tx) -> Listing[ProgrammeView]:
    """Your institution's training programmes, by code."""
    [after] = page.position(str) or ("",)
    found = await use_cases.list_programmes(tx, me.institution_id, after, page.limit + 1)
    views = [ProgrammeView(code=one.code, name=one.name) for one in found]
    return page.listing(views, lambda one: (one.code,))


@routes.post(
    "/agreements",
    status_code=201,
    responses=problems(AgreementWithOneself, AbsurdDates, InstitutionNotFound, AgreementsOverlap),
)
async def sign_agreement(form: AgreementForm, tx: Tx) -> AgreementView:
    """Put an agreement in force: one institution lends mentors to another."""
    return AgreementView.of(await use_cases.sign_agreement(tx, form.wanted()))


@routes.get("/agreements")
async def list_agreements(page: Page, tx: Tx) -> Listing[AgreementView]:
    """The agreements by their start: all of them for the consortium, your own for an institution."""
    found = await use_cases.list_agreements(tx, page.position(datetime, UUID), page.limit + 1)
    return page.listing([AgreementView.of(one) for one in found], lambda one: (one.starts_at, one.agreement_id))


@routes.get("/agreements/{agreement_id}", responses=problems(AgreementNotFound))
async def show_agreement(agreement_id: UUID, tx: Tx) -> AgreementView:
    """One agreement."""
    return AgreementView.of(await use_cases.get_agreement(tx, agreement_id))


@routes.post("/agreements/{agreement_id}/end", responses=problems(AgreementNotFound, StaleRevision, AgreementEnding))
async def end_agreement(agreement_id: UUID, form: EndForm, if_match: IfMatch, tx: Tx) -> AgreementView:
    """End an agreement at once, or give notice."""
    return AgreementView.of(await use_cases.end_agreement(tx, agreement_id, form.reason, if_match))


@routes.post("/contact-checks", status_code=202)
async def order_contact_check(tx: Tx) -> CheckView:
    """Have the log of contacts read to its end, so that nobody who was erased speaks in it again."""
    return CheckView(check_id=await use_cases.order_check(tx))


@routes.get("/contact-checks/{check_id}", responses=problems(CheckNotFound))
async def show_contact_check(check_id: UUID, tx: Tx) -> CheckView:
    """What a look at the log of contacts found."""
    return CheckView.model_validate(await use_cases.get_check(tx, check_id), from_attributes=True)

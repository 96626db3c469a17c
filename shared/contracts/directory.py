"""What the directory says about institutions, people and agreements; names and addresses never travel here."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.event import Code, Event, Role, ZoneName

Level = Annotated[str, Field(pattern=r"^(pgy_([1-9]|10)|fellow|faculty)$")]
"""Year of postgraduate training (`pgy_1` …), `fellow` or `faculty`."""

MailDomain = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
SignInKey = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Keyed hash of a person's scoped sign-in subject; without the key it says nothing."""


Duty = Literal["director", "committee_member", "evaluator", "coach"]
"""What somebody does for a programme: directs it, votes in its competence committee, evaluates, or coaches."""


CareerStage = Literal["training", "early", "middle", "late", "emeritus"]
"""In training; up to 5, up to 15 and more than 15 years after it; retired."""

LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
"""A language by BCP 47, such as en, pt-BR or zh-Hant."""


class WeeklySpan(BaseModel):
    """From one minute of a weekday to another, which is not in it; Monday is 1, and 1440 is the day's end."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    weekday: Annotated[int, Field(ge=1, le=7)]
    from_minute: Annotated[int, Field(ge=0, le=1439)]
    to_minute: Annotated[int, Field(ge=1, le=1440)]


class DirectoryEvent(Event):
    """Said by the directory."""

    topic: ClassVar[str] = "osler.directory"


class InstitutionJoined(DirectoryEvent):
    """A hospital became a member of the consortium."""

    type: ClassVar[str] = "osler.directory.institution_joined.v1"
    aggregate: ClassVar[str] = "institution_id"
    institution_id: UUID
    name: Annotated[str, Field(min_length=1, max_length=120)]
    mail_domain: MailDomain
    time_zone: ZoneName


class CapsSet(DirectoryEvent):
    """An institution said how many cross pairs it lends to, and borrows from, all others together (null: no cap)."""

    type: ClassVar[str] = "osler.directory.caps_set.v1"
    aggregate: ClassVar[str] = "institution_id"
    institution_id: UUID
    lend_cap: Annotated[int, Field(ge=0, le=100_000)] | None = None
    borrow_cap: Annotated[int, Field(ge=0, le=100_000)] | None = None


class ConflictPolicySet(DirectoryEvent):
    """An institution said which kinds of conflict of interest only warn of a pair; all others make it impossible."""

    type: ClassVar[str] = "osler.directory.conflict_policy_set.v1"
    aggregate: ClassVar[str] = "institution_id"
    institution_id: UUID
    warns: Annotated[tuple[Code, ...], Field(max_length=20)]


class AgreementEvent(DirectoryEvent):
    """Something happened to a sharing agreement: `lender` lends mentors to `borrower`."""

    aggregate: ClassVar[str] = "agreement_id"
    agreement_id: UUID
    lender_institution_id: UUID
    borrower_institution_id: UUID


class AgreementSigned(AgreementEvent):
    """Two institutions agreed that one lends mentors to the other."""

    type: ClassVar[str] = "osler.directory.agreement_signed.v1"
    cap: Annotated[int, Field(ge=0, le=100_000)] | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    notice_days: Annotated[int, Field(ge=0, le=730)]


class AgreementNoticeGiven(AgreementEvent):
    """One of the two gave notice: nothing new is lent under the agreement, which ends at `ends_at`."""

    type: ClassVar[str] = "osler.directory.agreement_notice_given.v1"
    ends_at: AwareDatetime


class AgreementEnded(AgreementEvent):
    """A sharing agreement is over."""

    type: ClassVar[str] = "osler.directory.agreement_ended.v1"
    reason: Code


class PersonEvent(DirectoryEvent):
    """Something happened to a person of an institution."""

    aggregate: ClassVar[str] = "person_id"
    person_id: UUID
    institution_id: UUID


class PersonJoined(PersonEvent):
    """A person is known to the consortium and may sign in."""

    type: ClassVar[str] = "osler.directory.person_joined.v1"
    sign_in_key: SignInKey
    time_zone: ZoneName


class PersonWentOnLeave(PersonEvent):
    """A person is away; their pairs pause and their places stay theirs."""

    type: ClassVar[str] = "osler.directory.person_went_on_leave.v1"
    since: AwareDatetime


class PersonReturned(PersonEvent):
    """A person is back from leave."""

    type: ClassVar[str] = "osler.directory.person_returned.v1"
    since: AwareDatetime


class PersonLeft(PersonEvent):
    """A person left the institution; their pairs end and their places are free."""

    type: ClassVar[str] = "osler.directory.person_left.v1"
    since: AwareDatetime


class RoleAssigned(PersonEvent):
    """A person holds a role, with these facts; said again when the facts change."""

    type: ClassVar[str] = "osler.directory.role_assigned.v1"
    role: Role
    programme: Code | None = None
    level: Level | None = None
    specialty: Code | None = None
    places: Annotated[int, Field(ge=0, le=100)] = 0
    shared_places: Annotated[int, Field(ge=0, le=100)] = 0


class RoleRemoved(PersonEvent):
    """A person no longer holds a role."""

    type: ClassVar[str] = "osler.directory.role_removed.v1"
    role: Role


class DutyAssigned(PersonEvent):
    """A person has a duty in a programme of their institution, until its end or removal; said anew for another end."""

    type: ClassVar[str] = "osler.directory.duty_assigned.v1"
    duty: Duty
    programme: Code
    ends_at: AwareDatetime | None = None


class DutyRemoved(PersonEvent):
    """A person has a duty in a programme no longer: it was taken back, or its end has come."""

    type: ClassVar[str] = "osler.directory.duty_removed.v1"
    duty: Duty
    programme: Code


class ProfileChanged(PersonEvent):
    """A person said at what stage they are, what they speak, what they look for, and when in a week they have time."""

    type: ClassVar[str] = "osler.directory.profile_changed.v1"
    stage: CareerStage | None = None
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=10)] = ()
    goals: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    time_zone: ZoneName
    availability: Annotated[tuple[WeeklySpan, ...], Field(max_length=42)] = ()


class ErasureDelayed(PersonEvent):
    """A person's erasure was asked for and waits for the end of a legal hold, of which they may be told."""

    type: ClassVar[str] = "osler.directory.erasure_delayed.v1"


class PersonErased(PersonEvent):
    """A person's data is erased; whoever holds a copy deletes it and takes no later one."""

    type: ClassVar[str] = "osler.directory.person_erased.v1"
    reason: Literal["asked", "retention"] = "asked"

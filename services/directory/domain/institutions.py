"""Institutions, their programmes, and agreements between them; refuses what would leave two agreements for one time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from shared.contracts.directory import (
    AgreementEnded,
    AgreementNoticeGiven,
    AgreementSigned,
    CapsSet,
    ConflictPolicySet,
    InstitutionJoined,
)
from shared.platform.errors import Conflict, Malformed, NotFound

EndReason = Literal["mutual", "notice", "term_over"]
MayWarn = Literal["coach", "financial", "personal"]
"""The kinds of conflict of interest that an institution may have only warn; no policy has the others do so."""
_LONGEST_TERM: Final = timedelta(days=50 * 366)
_FURTHEST_START: Final = timedelta(days=5 * 366)


class InstitutionNotFound(NotFound):
    """There is no such institution that you may see."""


class MailDomainTaken(Conflict):
    """Another institution already signs in with this mail domain. Nothing was changed; check the domain."""


class ProgrammeExists(Conflict):
    """Your institution already has a programme with this code. Nothing was changed; choose another code."""


class AgreementNotFound(NotFound):
    """There is no such agreement that you may see."""


class AgreementWithOneself(Malformed):
    """An institution needs no agreement to lend mentors to itself. Nothing was changed; name two institutions."""


class AgreementsOverlap(Conflict):
    """These two institutions already have an agreement in this direction for part of that time. End it first."""


class AgreementEnding(Conflict):
    """This agreement is over, or notice was given already. Nothing was changed."""


class AbsurdDates(Malformed):
    """An agreement ends after it starts and after today, and starts within five years. Correct the dates."""


@dataclass
class Institution:
    """A hospital of the consortium: the tenant. `mail_domain` is how its people's sign-in names end.

    The caps bound its cross pairs with all others together; None is no cap. Conflicts of interest of the kinds in
    `warns` make no pair impossible.
    """

    institution_id: UUID
    name: str
    mail_domain: str
    time_zone: str
    locale: str
    joined_at: datetime
    lend_cap: int | None = None
    borrow_cap: int | None = None
    warns: Sequence[MayWarn] = ("coach",)
    version: int = 0
    revision: int = 0

    def join(self, now: datetime) -> InstitutionJoined:
        """Become a member of the consortium."""
        return InstitutionJoined(
            **self._next(now), name=self.name, mail_domain=self.mail_domain, time_zone=self.time_zone
        )

    def set_caps(self, lend_cap: int | None, borrow_cap: int | None, now: datetime) -> CapsSet | None:
        """Lend and borrow at most so many; None where this is so already. Pairs above a lower cap go on."""
        if (lend_cap, borrow_cap) == (self.lend_cap, self.borrow_cap):
            return None
        self.lend_cap, self.borrow_cap = lend_cap, borrow_cap
        return CapsSet(**self._next(now), lend_cap=lend_cap, borrow_cap=borrow_cap)

    def set_conflict_policy(self, warns: Collection[MayWarn], now: datetime) -> ConflictPolicySet | None:
        """Have these kinds only warn, and all others make a pair impossible; None where this is so already."""
        if set(warns) == set(self.warns):
            return None
        self.warns = sorted(set(warns))
        return ConflictPolicySet(**self._next(now), warns=tuple(self.warns))

    def _next(self, now: datetime) -> dict[str, Any]:
        self.version += 1
        self.revision += 1
        return {
            "version": self.version,
            "occurred_at": now,
            "institution_ids": (self.institution_id,),
            "institution_id": self.institution_id,
        }


@dataclass(frozen=True)
class Programme:
    """A training programme of an institution; rosters name it by its code."""

    institution_id: UUID
    code: str
    name: str


@dataclass
class Agreement:
    """`lender` lends mentors to `borrower` from `starts_at` until `ends_at`, which is None while no end is known."""

    agreement_id: UUID
    lender_institution_id: UUID
    borrower_institution_id: UUID
    cap: int | None
    starts_at: datetime
    ends_at: datetime | None
    notice_days: int
    notice_given_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    version: int = 0
    revision: int = 0

    def sign(self, now: datetime) -> AgreementSigned:
        """Put the agreement in force; raises AgreementWithOneself, AbsurdDates."""
        if self.lender_institution_id == self.borrower_institution_id:
            raise AgreementWithOneself
        if not _is_a_term(self.starts_at, self.ends_at, now):
            raise AbsurdDates
        return AgreementSigned(
            **self._next(now),
            cap=self.cap,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            notice_days=self.notice_days,
        )

    def overlaps(self, other: "Agreement") -> bool:
        """Whether both would hold at some instant; ends are exclusive."""
        mine, theirs = self.over_from, other.over_from
        return (theirs is None or self.starts_at < theirs) and (mine is None or other.starts_at < mine)

    def give_notice(self, now: datetime) -> AgreementNoticeGiven:
        """Let it end when its notice has passed; an earlier end that was agreed stays.

        Notice ends at 00:00 UTC after its last whole day; the day on which it is given is not counted.
        Raises AgreementEnding.
        """
        if self.notice_given_at is not None or self.end_reason is not None:
            raise AgreementEnding
        after = now.astimezone(UTC).date() + timedelta(days=self.notice_days + 1)
        notice_ends = datetime.combine(after, time(), UTC)
        self.notice_given_at = now
        self.ends_at = min(self.ends_at or notice_ends, notice_ends)
        return AgreementNoticeGiven(**self._next(now), ends_at=self.ends_at)

    def end(self, reason: EndReason, now: datetime) -> AgreementEnded:
        """Be over now. Raises AgreementEnding where it is over already."""
        if self.end_reason is not None:
            raise AgreementEnding
        self.ended_at = now
        self.end_reason = reason
        return AgreementEnded(**self._next(now), reason=reason)

    @property
    def over_from(self) -> datetime | None:
        """From when on it holds no longer, as far as is known."""
        return self.ended_at or self.ends_at

    def _next(self, now: datetime) -> dict[str, Any]:
        self.version += 1
        self.revision += 1
        return {
            "version": self.version,
            "occurred_at": now,
            "institution_ids": (self.lender_institution_id, self.borrower_institution_id),
            "agreement_id": self.agreement_id,
            "lender_institution_id": self.lender_institution_id,
            "borrower_institution_id": self.borrower_institution_id,
        }


def _is_a_term(starts_at: datetime, ends_at: datetime | None, now: datetime) -> bool:
    if not now - _LONGEST_TERM <= starts_at <= now + _FURTHEST_START:
        return False
    return ends_at is None or max(now, starts_at) < ends_at <= starts_at + _LONGEST_TERM

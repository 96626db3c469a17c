"""A mentor's places and an agreement's cap; refuses a new pair by the first rule that forbids it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.pairing.domain.refusals import (
    AgreementCap,
    AgreementEnding,
    AlreadyPaired,
    BorrowCap,
    CapacityExhausted,
    ConflictOfInterest,
    LendCap,
    NoAgreement,
    NotAccepting,
    ReversePair,
    SharedCapacityExhausted,
)

Status = Literal["here", "on_leave", "left", "erased"]


@dataclass(frozen=True)
class Seat:
    """The numbers of the places that a pair takes, from 1; `shared` only for a cross pair."""

    place: int
    shared: int | None


@dataclass(frozen=True)
class Offer:
    """What a mentor has to give: whether at all, and how many places are free in all and for other institutions."""

    accepting: bool
    free: int
    free_shared: int


@dataclass(frozen=True)
class Limit:
    """A cap (None is no cap), and how many pairs count against it; a cap may be lower than these."""

    cap: int | None
    pairs: int

    @property
    def is_reached(self) -> bool:
        """Whether no further pair fits."""
        return self.cap is not None and self.pairs >= self.cap


@dataclass(frozen=True)
class Lending:
    """What bounds cross pairs: each agreement in force between the two, all that one lends, all the other borrows.

    `is_ending` says that notice was given to one in force, which is none of `agreements` any more.
    """

    agreements: tuple[Limit, ...]
    lends: Limit
    borrows: Limit
    is_ending: bool = False


Between = Literal["nothing", "same", "reverse"]
"""What is open between the two already: nothing, the same pair, or one with the roles exchanged."""


def refuse_new_pair(
    offer: Offer | None, between: Between, lending: Lending | None, *, conflicted: bool = False
) -> None:
    """Refuse a proposal by the first rule that forbids it; `offer` is None for a mentor who may not be used.

    Raises NotAccepting, ReversePair, AlreadyPaired, ConflictOfInterest, NoAgreement, AgreementEnding,
    CapacityExhausted, SharedCapacityExhausted, AgreementCap, LendCap, BorrowCap, in this order
    (docs/guide/rules.md, Places).
    """
    if offer is not None and not offer.accepting:
        raise NotAccepting
    refuse_second_pair(between)
    if conflicted:
        raise ConflictOfInterest
    if offer is None:
        raise NoAgreement
    refuse_without_place(offer, lending)


def refuse_second_pair(between: Between) -> None:
    """Raises ReversePair or AlreadyPaired where something is open between the two."""
    if between == "reverse":
        raise ReversePair
    if between == "same":
        raise AlreadyPaired


def refuse_without_place(offer: Offer, lending: Lending | None, *, conflicted: bool = False) -> None:
    """Refuse to give a place that is not there; `lending` is None for a home pair.

    Raises NotAccepting, ConflictOfInterest, NoAgreement, AgreementEnding, CapacityExhausted, SharedCapacityExhausted,
    AgreementCap, LendCap, BorrowCap, in this order.
    """
    if not offer.accepting:
        raise NotAccepting
    if conflicted:
        raise ConflictOfInterest
    if lending is not None and not lending.agreements:
        raise AgreementEnding if lending.is_ending else NoAgreement
    if offer.free < 1:
        raise CapacityExhausted
    if lending is not None:
        _refuse_to_lend(offer, lending)


def _refuse_to_lend(offer: Offer, lending: Lending) -> None:
    if offer.free_shared < 1:
        raise SharedCapacityExhausted
    if any(agreement.is_reached for agreement in lending.agreements):
        raise AgreementCap
    if lending.lends.is_reached:
        raise LendCap
    if lending.borrows.is_reached:
        raise BorrowCap


@dataclass(frozen=True)
class Person:
    """What pairing knows of someone: status, roles, and of a mentor how many places."""

    person_id: UUID
    institution_id: UUID
    status: Status
    is_mentor: bool
    is_mentee: bool
    places: int
    shared_places: int
    accepting: bool = True
    """A mentor's own switch: whether they take anybody new."""

    @property
    def is_here(self) -> bool:
        """Neither on leave nor gone."""
        return self.status == "here"

    def offer(self, taken: Collection[Seat]) -> Offer:
        """What this person can give as a mentor, beside the places taken.

        Places may have been lowered below what is taken: then nothing is free until enough pairs have ended.
        """
        shared = sum(seat.shared is not None for seat in taken)
        return Offer(
            accepting=self.is_mentor and self.is_here and self.accepting,
            free=self.places - len(taken),
            free_shared=self.shared_places - shared,
        )


@dataclass(frozen=True)
class Card:
    """What an institution that may borrow a mentor knows of them; a second or so behind the mentor's own row."""

    mentor_id: UUID
    home_institution_id: UUID
    away: bool
    free_places: int
    free_shared_places: int

    def offer(self) -> Offer:
        """What the mentor had to give when the card was written; the mentor's own yes decides."""
        return Offer(accepting=not self.away, free=self.free_places, free_shared=self.free_shared_places)


@dataclass(frozen=True)
class Agreement:
    """What two institutions agreed: the lender lends mentors to the borrower, `cap` pairs at most (None is no cap)."""

    agreement_id: UUID
    lender_institution_id: UUID
    borrower_institution_id: UUID
    cap: int | None
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class ListedMentor:
    """A mentor whom an institution may propose now: places that it could use, where they introduce, what they speak."""

    mentor_id: UUID
    institution_id: UUID
    specialty: str | None
    free_places: int
    introduces_in: Sequence[str] = ()
    languages: Sequence[str] = ()


@dataclass(frozen=True)
class LedgerLine:
    """What one institution lends to another one and borrows from it, in pairs that hold a place."""

    institution_id: UUID
    lent: int
    borrowed: int


def next_seat(taken: Collection[Seat], *, cross: bool) -> Seat:
    """The lowest numbers that no pair of the mentor holds; the database refuses a number that is given twice."""
    shared = _lowest_free({seat.shared for seat in taken}) if cross else None
    return Seat(_lowest_free({seat.place for seat in taken}), shared)


def _lowest_free(used: Collection[int | None]) -> int:
    return next(number for number in range(1, len(used) + 2) if number not in used)

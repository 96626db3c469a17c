"""Places and caps: the order of refusals, and never more pairs than places, whatever happens in between."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.pairing.domain import (
    AgreementCap,
    AgreementEnding,
    AlreadyPaired,
    Between,
    BorrowCap,
    CapacityExhausted,
    LendCap,
    Lending,
    Limit,
    NoAgreement,
    NotAccepting,
    Offer,
    Pair,
    Person,
    ReversePair,
    Seat,
    SharedCapacityExhausted,
    Status,
    next_seat,
    refuse_new_pair,
    refuse_without_place,
)
from shared.platform.errors import Refused
from tests.unit.pairing.proposals import FREE, MENTOR, NO_CAP, NOW, UNCAPPED, a_proposal

NOBODY = Offer(accepting=False, free=0, free_shared=0)
FULL = Offer(accepting=True, free=0, free_shared=0)
NONE_SHARED = Offer(accepting=True, free=1, free_shared=0)
REACHED = Limit(2, 2)
AT_CAP = Lending((NO_CAP, REACHED), REACHED, REACHED)
NO_AGREEMENT = Lending((), REACHED, REACHED)


@pytest.mark.parametrize(
    ("offer", "between", "lending", "refusal"),
    [
        (NOBODY, "reverse", NO_AGREEMENT, NotAccepting),
        (FULL, "reverse", NO_AGREEMENT, ReversePair),
        (FULL, "same", NO_AGREEMENT, AlreadyPaired),
        (None, "reverse", None, ReversePair),
        (None, "nothing", None, NoAgreement),
        (FULL, "nothing", NO_AGREEMENT, NoAgreement),
        (FULL, "nothing", Lending((), REACHED, REACHED, is_ending=True), AgreementEnding),
        (FULL, "nothing", AT_CAP, CapacityExhausted),
        (NONE_SHARED, "nothing", AT_CAP, SharedCapacityExhausted),
        (FREE, "nothing", AT_CAP, AgreementCap),
        (FREE, "nothing", Lending((NO_CAP,), REACHED, REACHED), LendCap),
        (FREE, "nothing", Lending((NO_CAP,), NO_CAP, REACHED), BorrowCap),
    ],
)
def test_a_refusal_carries_the_first_code_that_holds(
    offer: Offer | None, between: Between, lending: Lending | None, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        refuse_new_pair(offer, between, lending)


def test_a_home_pair_may_use_any_free_place_and_no_agreement_is_asked_for() -> None:
    refuse_without_place(NONE_SHARED, None)
    refuse_new_pair(NONE_SHARED, "nothing", None)


def test_every_cap_that_applies_must_hold() -> None:
    refuse_without_place(FREE, Lending((Limit(None, 2), Limit(3, 2)), Limit(5, 4), Limit(5, 4)))
    with pytest.raises(AgreementCap):
        refuse_without_place(FREE, Lending((Limit(9, 0), Limit(0, 0)), NO_CAP, NO_CAP))


def test_a_cap_below_what_is_lent_already_is_a_cap_that_nothing_new_fits() -> None:
    with pytest.raises(LendCap):
        refuse_without_place(FREE, Lending((NO_CAP,), Limit(1, 4), NO_CAP))


@pytest.mark.parametrize(("is_mentor", "status"), [(False, "here"), (True, "on_leave"), (True, "left")])
def test_who_is_no_mentor_or_not_here_takes_nobody(*, is_mentor: bool, status: Status) -> None:
    mentor = replace(a_mentor(places=9, shared_places=9), is_mentor=is_mentor, status=status)
    assert not mentor.offer([]).accepting


def a_mentor(*, places: int, shared_places: int) -> Person:
    """A mentor who is here, with so many places."""
    return Person(uuid4(), uuid4(), "here", is_mentor=True, is_mentee=False, places=places, shared_places=shared_places)


class MentorMachine(RuleBasedStateMachine):
    """One mentor, one agreement: places and cap rise and fall while pairs are proposed, accepted and ended."""

    def __init__(self) -> None:
        super().__init__()
        self.mentor = a_mentor(places=2, shared_places=1)
        self.cap: int | None = 1
        self.proposals: list[Pair] = []
        self.holders: list[Pair] = []

    @rule(places=st.integers(0, 4), shared=st.integers(0, 4))
    def change_places(self, places: int, shared: int) -> None:
        self.mentor = a_mentor(places=places, shared_places=shared)

    @rule(cap=st.none() | st.integers(0, 3))
    def change_cap(self, cap: int | None) -> None:
        self.cap = cap

    @rule(cross=st.booleans())
    def propose(self, cross: bool) -> None:
        pair = a_proposal(cross=cross)
        pair.propose()
        self.proposals.append(pair)

    @precondition(lambda self: self.proposals)
    @rule(which=st.integers(0))
    def accept(self, which: int) -> None:
        pair = self.proposals.pop(which % len(self.proposals))
        taken = [Seat(held.place, held.shared_place) for held in self.holders if held.place is not None]
        lent = sum(seat.shared is not None for seat in taken)
        lending = Lending((Limit(self.cap, lent),), NO_CAP, NO_CAP) if pair.is_cross else None
        free_shared = lent < self.mentor.shared_places and (self.cap is None or lent < self.cap)
        fits = len(taken) < self.mentor.places and (free_shared or not pair.is_cross)
        try:
            pair.accept(self.mentor.offer(taken), lending, next_seat(taken, cross=pair.is_cross), NOW)
        except Refused:
            assert not fits
            assert pair.place is None
            return
        assert fits
        assert pair.place is not None
        assert pair.place <= self.mentor.places
        assert (pair.shared_place is not None) == pair.is_cross
        self.holders.append(pair)

    @precondition(lambda self: self.holders)
    @rule(which=st.integers(0))
    def end(self, which: int) -> None:
        self.holders.pop(which % len(self.holders)).end(MENTOR, None, NOW)

    @invariant()
    def no_place_is_held_twice(self) -> None:
        places = [pair.place for pair in self.holders]
        shared = [pair.shared_place for pair in self.holders if pair.is_cross]
        assert len(set(places)) == len(places)
        assert len(set(shared)) == len(shared)


TestMentorsPlaces = MentorMachine.TestCase
TestMentorsPlaces.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_an_uncapped_agreement_allows_as_many_pairs_as_there_are_shared_places() -> None:
    refuse_without_place(FREE, UNCAPPED)

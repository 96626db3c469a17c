"""The offer on entering PGY-2: its steps walked whole, and who enters."""

from copy import deepcopy
from itertools import product
from typing import Final, get_args
from uuid import uuid4

import pytest

from services.pairing.domain import (
    FIRST_YEAR_STEPS,
    FirstYearAct,
    FirstYearOffer,
    FirstYearOfferAnswered,
    FirstYearOfferNotFound,
    FirstYearState,
    enters_second_year,
    new_first_year_offer,
)
from shared.contracts.pairing import FirstYearAccepted, FirstYearDeclined, FirstYearEvent
from tests.unit.pairing.proposals import LATER, NOW

STATES: Final[tuple[FirstYearState, ...]] = get_args(FirstYearState)
ACTS: Final[tuple[FirstYearAct, ...]] = get_args(FirstYearAct)
SAYS: Final[dict[FirstYearAct, type[FirstYearEvent]]] = {"accept": FirstYearAccepted, "decline": FirstYearDeclined}
LEVELS: Final = (None, "pgy_1", "pgy_2", "pgy_3", "fellow", "faculty")


def an_offer(state: FirstYearState) -> FirstYearOffer:
    """An offer that came to this state by its own steps."""
    offer = new_first_year_offer(uuid4(), uuid4(), NOW)
    offer.offer()
    if state == "accepted":
        offer.accept(NOW)
    if state == "declined":
        offer.decline(NOW)
    return offer


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: FirstYearState, act: FirstYearAct
) -> None:
    offer = an_offer(state)
    before = deepcopy(offer)
    to = FIRST_YEAR_STEPS.get((state, act))
    if to is None:
        with pytest.raises(FirstYearOfferAnswered):
            getattr(offer, act)(LATER)
        assert offer == before
    else:
        said: FirstYearEvent = getattr(offer, act)(LATER)
        assert (offer.state, type(said), said.version, offer.answered_at) == (to, SAYS[act], 2, LATER)


def test_only_the_step_from_the_first_year_to_the_second_is_an_entry() -> None:
    entries = [each for each in product(LEVELS, LEVELS) if enters_second_year(*each)]
    assert entries == [("pgy_1", "pgy_2")]


def test_an_offer_is_shown_to_the_person_and_to_administrators() -> None:
    offer = an_offer("offered")
    offer.refuse_strangers(offer.person_id, administers=False)
    offer.refuse_strangers(uuid4(), administers=True)
    with pytest.raises(FirstYearOfferNotFound):
        offer.refuse_strangers(uuid4(), administers=False)

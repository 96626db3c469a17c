"""Requests: the table of steps walked whole, every path through five choices, and a machine that nobody can confuse."""

from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from itertools import product
from typing import Final, get_args
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.pairing.domain import (
    ANSWER_REQUEST_WITHIN,
    CHOICE_STEPS,
    MOST_CHOICES,
    Choice,
    ChoiceAct,
    ChoiceNotFound,
    ChoiceState,
    DuplicateChoice,
    NotYourStep,
    Request,
    RequestClosed,
    RequestLapsed,
    RequestNotFound,
    SamePerson,
    Who,
    new_request,
    refuse_bad_list,
    refuse_strangers_to,
)
from shared.contracts import pairing as says
from shared.contracts.pairing import RequestEvent
from shared.platform.errors import Refused
from tests.unit.pairing.proposals import EVERYONE, MENTEE, MENTOR, NOW, a_proposal

STATES: Final[tuple[ChoiceState, ...]] = get_args(ChoiceState)
ACTS: Final[tuple[ChoiceAct, ...]] = get_args(ChoiceAct)
CLOCK: Final = frozenset[Who]({"clock"})
DIRECTORY: Final = frozenset[Who]({"directory"})
LATE: Final = NOW + ANSWER_REQUEST_WITHIN
SAYS: Final[dict[ChoiceAct, type[RequestEvent]]] = {
    "ask": says.RequestSent,
    "accept": says.RequestAccepted,
    "decline": says.RequestDeclined,
    "lapse": says.RequestLapsed,
    "pass_over": says.RequestPassedOver,
    "withdraw": says.RequestWithdrawn,
}
# Answers and lapses have one actor each, whom the method names itself.
NAMES_ITS_ACTOR: Final[dict[ChoiceAct, Who]] = {"accept": "mentor", "decline": "mentor", "lapse": "clock"}
TAKE: Final[dict[ChoiceAct, Callable[[Request, frozenset[Who]], RequestEvent]]] = {
    "ask": lambda request, by: request.go_on(None, by, NOW),
    "accept": lambda request, _: request.accept(request.choices[0], a_proposal(), NOW),
    "decline": lambda request, _: request.decline(request.choices[0], NOW),
    "lapse": lambda request, _: request.lapse(request.choices[0], LATE),
    "pass_over": lambda request, by: request.pass_over(request.choices[0], "not_accepting", by, NOW),
    "withdraw": lambda request, by: request.withdraw(by, "left", NOW),
}


def a_request(choices: int = 2) -> Request:
    """A request that has asked nobody."""
    return new_request(uuid4(), uuid4(), [(uuid4(), uuid4()) for _ in range(choices)], NOW)


def a_request_whose_first_is(state: ChoiceState) -> Request:
    """A request whose first choice came to this state by its own steps, and whose others wait."""
    request = a_request()
    if state == "not_asked":
        return request
    request.go_on(None, MENTEE, NOW)
    way: dict[ChoiceState, ChoiceAct] = {step.to: act for (_, act), step in CHOICE_STEPS.items()}
    if state != "asked":
        TAKE[way[state]](request, DIRECTORY)
    return request


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", EVERYONE)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: ChoiceState, act: ChoiceAct, who: Who
) -> None:
    if NAMES_ITS_ACTOR.get(act, who) != who:
        return
    request = a_request_whose_first_is(state)
    if act == "ask" and state != "not_asked":  # only whose turn it is can be asked at all
        if request.state == "open" and request.asked is None:
            request.go_on(None, MENTOR, NOW)
        with pytest.raises(RequestClosed):
            request.go_on(None, frozenset({who}), NOW)
        return
    assert request.choices[0].state == state
    before = deepcopy(request)
    step = CHOICE_STEPS.get((state, act))
    if step is not None and who in step.by:
        said = TAKE[act](request, frozenset({who}))
        assert request.choices[0].state == step.to
        assert type(said) is SAYS[act]
        assert (said.version, request.version, request.revision) == (before.version + 1,) * 3
        assert (request.choices[0].closed_at is None) == (step.to == "asked")
    else:
        with pytest.raises((NotYourStep, RequestClosed, RequestLapsed)):
            TAKE[act](request, frozenset({who}))
        assert request == before


def test_every_state_of_a_choice_can_be_reached() -> None:
    assert {step.to for step in CHOICE_STEPS.values()} | {"not_asked"} == set(STATES)


def test_an_answer_at_the_end_of_seventy_two_hours_is_late_and_so_is_one_after_the_lapse() -> None:
    request = a_request_whose_first_is("asked")
    choice = request.choices[0]
    assert choice.answer_by == NOW + timedelta(hours=72)
    for _ in range(2):
        with pytest.raises(RequestLapsed):
            request.accept(choice, a_proposal(), LATE)
        with pytest.raises(RequestLapsed):
            request.decline(choice, LATE)
        if choice.state == "asked":
            request.lapse(choice, LATE)
    other = a_request_whose_first_is("asked")
    other.accept(other.choices[0], a_proposal(), LATE - timedelta(microseconds=1))


def test_every_path_through_five_choices_ends_in_at_most_one_pair_and_never_in_silence() -> None:
    ends = Counter(_follow(path) for path in product(HAPPENS, repeat=MOST_CHOICES))
    assert ends.total() == len(HAPPENS) ** MOST_CHOICES
    assert ends["exhausted"] == (len(HAPPENS) - 2) ** MOST_CHOICES  # nobody said yes, and nobody withdrew
    assert ends["accepted"] == ends["withdrawn"]


def _follow(path: Sequence[str]) -> str:
    """Let it happen to one choice after the other, and give how the request ended."""
    request, now = a_request(MOST_CHOICES), NOW
    said: list[RequestEvent] = [request.go_on(None, MENTEE, now)]
    for happens in path:
        _expect_no_silence(request)
        choice = request.asked
        if choice is None:
            break
        now = LATE_BY[happens] + now
        said.append(HAPPENS[happens](request, choice, now))
        while request.state == "open" and request.asked is None:
            said.append(request.go_on(None, CLOCK, now))
    _expect_no_silence(request)
    assert [event.version for event in said] == list(range(1, len(said) + 1))
    assert sum(choice.pair_id is not None for choice in request.choices) == (request.state == "accepted")
    assert isinstance(said[-1], says.RequestExhausted) == (request.state == "exhausted")
    return request.state


def _come_late(request: Request, choice: Choice, now: datetime) -> RequestEvent:
    with pytest.raises(RequestLapsed):
        request.accept(choice, a_proposal(), now)
    return request.lapse(choice, now)


HAPPENS: Final[dict[str, Callable[[Request, Choice, datetime], RequestEvent]]] = {
    "accept": lambda request, choice, now: request.accept(choice, a_proposal(), now),
    "decline": lambda request, choice, now: request.decline(choice, now),
    "lapse": lambda request, choice, now: request.lapse(choice, now),
    "come late": _come_late,
    "withdraw": lambda request, _, now: request.withdraw(MENTEE, "asked", now),
    "go": lambda request, choice, now: request.pass_over(choice, "not_accepting", DIRECTORY, now),
}
LATE_BY: Final = dict.fromkeys(HAPPENS, timedelta(hours=1)) | dict.fromkeys(
    ("lapse", "come late"), ANSWER_REQUEST_WITHIN
)


def _expect_no_silence(request: Request) -> None:
    """Either exactly one mentor is asked, and until when is known, or it is over and dated."""
    asked = [choice for choice in request.choices if choice.state == "asked"]
    if request.state == "open":
        assert [choice.answer_by is not None for choice in asked] == [True]
        assert request.closed_at is None
    else:
        assert asked == []
        assert request.closed_at is not None


def test_the_mentors_hospital_hears_of_a_choice_only_once_it_was_asked() -> None:
    request = a_request(2)
    skipped = request.go_on("capacity_exhausted", MENTEE, NOW)
    asked = request.go_on(None, MENTEE, NOW)
    assert skipped.institution_ids == (request.institution_id,)
    assert asked.institution_ids == (request.institution_id, request.choices[1].mentor_institution_id)


def test_a_list_names_each_mentor_once_and_never_the_mentee() -> None:
    one, other = uuid4(), uuid4()
    refuse_bad_list(one, [other, uuid4()])
    with pytest.raises(SamePerson):
        refuse_bad_list(one, [other, one])
    with pytest.raises(DuplicateChoice):
        refuse_bad_list(one, [other, uuid4(), other])


def test_only_the_mentee_and_administrators_may_know_of_a_request() -> None:
    request = a_request()
    refuse_strangers_to(request, request.mentee_id, administers=False)
    refuse_strangers_to(request, uuid4(), administers=True)
    with pytest.raises(RequestNotFound):
        refuse_strangers_to(request, request.choices[0].mentor_id, administers=False)
    with pytest.raises(ChoiceNotFound):
        request.choice(uuid4())


class RequestMachine(RuleBasedStateMachine):
    """One request after the other while time passes, mentors come and go, and everybody presses at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.request = a_request(MOST_CHOICES)
        self.gone: set[int] = set()
        self.said: list[RequestEvent] = []
        self._go_on(MENTEE)

    def _go_on(self, by: frozenset[Who]) -> None:
        while self.request.state == "open" and self.request.asked is None:
            following = self.request.following
            gone = following is not None and following.rank in self.gone
            self.said.append(self.request.go_on("not_accepting" if gone else None, by, self.now))

    @rule(hours=st.integers(1, 80))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def fire(self) -> None:
        """The clock comes however late, and as often as it likes."""
        choice = self.request.asked
        if choice is not None and choice.answer_by is not None and self.now >= choice.answer_by:
            self.said.append(self.request.lapse(choice, self.now))
            self._go_on(CLOCK)

    @rule(rank=st.integers(1, MOST_CHOICES), yes=st.booleans())
    def answer(self, rank: int, *, yes: bool) -> None:
        choice = self.request.choices[rank - 1]
        in_time = choice.state == "asked" and choice.answer_by is not None and self.now < choice.answer_by
        before = deepcopy(self.request)
        try:
            if yes:
                self.said.append(self.request.accept(choice, a_proposal(), self.now))
            else:
                self.said.append(self.request.decline(choice, self.now))
        except Refused:
            assert not in_time
            assert self.request == before
            return
        assert in_time
        self._go_on(MENTOR)

    @rule(rank=st.integers(1, MOST_CHOICES), back=st.booleans())
    def come_and_go(self, rank: int, *, back: bool) -> None:
        if back:
            self.gone.discard(rank)
            return
        self.gone.add(rank)
        choice = self.request.asked
        if choice is not None and choice.rank == rank:
            self.said.append(self.request.pass_over(choice, "not_accepting", DIRECTORY, self.now))
            self._go_on(DIRECTORY)

    @precondition(lambda self: self.request.version > 3)
    @rule(by=st.sampled_from([MENTEE, DIRECTORY]))
    def withdraw(self, by: frozenset[Who]) -> None:
        if self.request.state == "open":
            self.said.append(self.request.withdraw(by, "asked", self.now))
        else:
            with pytest.raises(RequestClosed):
                self.request.withdraw(by, "asked", self.now)

    @rule()
    def begin_again(self) -> None:
        if self.request.state != "open":
            self.request, self.said = a_request(MOST_CHOICES), []
            self._go_on(MENTEE)

    @invariant()
    def there_is_no_silence(self) -> None:
        _expect_no_silence(self.request)

    @invariant()
    def mentors_are_asked_in_their_order_and_each_once(self) -> None:
        ranks = {choice.choice_id: choice.rank for choice in self.request.choices}
        asked = [ranks[event.choice_id] for event in self.said if isinstance(event, says.RequestSent)]
        assert asked == sorted(set(asked))

    @invariant()
    def every_version_is_one_event(self) -> None:
        assert [event.version for event in self.said] == list(range(1, self.request.version + 1))


TestRequests = RequestMachine.TestCase
TestRequests.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

"""The story as a list of acts: the same every time, possible, and with something of everything."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise

from deploy.story import couples as cast
from deploy.story.acts import Act, MoveMeeting, MovePair, ProposeMeeting, ProposePair, Refused, SendRoster
from deploy.story.calendar import END, START
from deploy.story.checks import MOST_STOPS
from deploy.story.compacts import AgreeOnCompact
from deploy.story.couples import LEFT, couples
from deploy.story.hospitals import AGREEMENTS, hospital_of
from deploy.story.people import members
from deploy.story.plot import plot
from services.directory.domain import imports
from services.meetings.domain import refusals as of_meetings
from services.pairing.domain import refusals as of_pairing
from shared.platform import errors
from shared.platform.errors import OslerError
from shared.platform.http import refusals as of_http


def steps() -> list[Act]:
    return [act for act in plot() if not isinstance(act, Refused)]


def test_the_plot_is_the_same_every_time() -> None:
    assert plot() == plot()


def test_acts_are_in_order_and_within_the_twelve_weeks() -> None:
    acts = plot()
    assert all(earlier.at <= later.at for earlier, later in pairwise(acts))
    assert acts[0].at > START
    assert acts[-1].at < END


def test_people_act_at_so_few_instants_that_the_clock_needs_few_stops() -> None:
    assert len({act.at for act in plot()}) < MOST_STOPS / 2


def test_no_mentor_ever_has_more_pairs_than_places() -> None:
    who = {couple.key: couple for couple in couples()}
    taken: dict[str, set[str]] = defaultdict(set)
    lent: dict[str, set[str]] = defaultdict(set)
    for act in steps():
        if isinstance(act, MovePair) and act.verb == "accept":
            couple = who[act.pair]
            taken[couple.mentor].add(act.pair)
            if hospital_of(couple.mentor) is not hospital_of(couple.mentee):
                lent[couple.mentor].add(act.pair)
            assert len(taken[couple.mentor]) <= members()[couple.mentor].places
            assert len(lent[couple.mentor]) <= members()[couple.mentor].shared_places
        if isinstance(act, MovePair) and act.verb == "end":
            taken[who[act.pair].mentor].discard(act.pair)


def test_cross_pairs_rest_on_an_agreement_and_stay_within_its_cap() -> None:
    lending = Counter((hospital_of(c.mentor).key, hospital_of(c.mentee).key) for c in couples())
    caps = {(agreement.lender, agreement.borrower): agreement.cap for agreement in AGREEMENTS}
    cross = {two: number for two, number in lending.items() if two[0] != two[1]}
    assert cross
    for two, number in cross.items():
        assert two in caps
        assert caps[two] is None or number <= (caps[two] or 0)


def test_one_mentor_is_shared_by_two_hospitals() -> None:
    hospitals = {hospital_of(couple.mentee).key for couple in couples() if couple.mentor == cast.SHARMA}
    assert len(hospitals - {hospital_of(cast.SHARMA).key}) == 2


def test_nobody_acts_after_leaving() -> None:
    left = {
        person: next(act.at for act in plot() if isinstance(act, SendRoster) and "2027-02-08" in act.path.name)
        for person in LEFT
    }
    assert not [act for act in plot() if act.by in left and act.at >= left[act.by]]


def test_a_meeting_takes_its_steps_one_at_a_time() -> None:
    seen: dict[str, list[Act]] = defaultdict(list)
    for act in steps():
        if isinstance(act, (ProposeMeeting, MoveMeeting)):
            seen[act.meeting].append(act)
    for acts in seen.values():
        assert isinstance(acts[0], ProposeMeeting)
        assert all(earlier.at < later.at for earlier, later in pairwise(acts))


def test_what_a_pair_does_begins_after_its_second_signature() -> None:
    signed = {act.pair: act.at for act in steps() if isinstance(act, AgreeOnCompact)}
    assert all(act.at > signed[act.pair] for act in steps() if isinstance(act, ProposeMeeting))


def test_something_of_everything_happens() -> None:
    done = Counter(act.name for act in plot())
    for verb in ("accept", "decline", "recall", "pause", "resume", "end"):
        assert done[f"pairs: {verb}"] >= 1
    for verb in ("accept", "move", "cancel", "held", "missed"):
        assert done[f"meetings: {verb}"] >= 5
    for what in ("compacts signed", "touchpoints logged", "feedback given", "meetings proposed", "pairs proposed"):
        assert done[what] >= 40


def test_something_waits_on_the_last_day() -> None:
    answered = {act.pair for act in steps() if isinstance(act, MovePair)}
    late = [act for act in steps() if isinstance(act, ProposePair) and act.at > END - timedelta(days=7)]
    assert [act for act in late if act.pair not in answered]
    assert {hospital_of(act.by).key for act in late} >= {"st-brigids", "harbor", "northfield"}


def test_every_refusal_is_one_that_a_service_knows() -> None:
    codes = {
        error.code()
        for module in (errors, of_http, of_meetings, of_pairing, imports)
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, OslerError)
    }
    expected = {act.code for act in plot() if isinstance(act, Refused)}
    assert len(expected) >= 10
    assert expected <= codes

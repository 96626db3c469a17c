"""What waits for whom, and when a silence is one."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.console.domain import (
    SILENCE,
    Couple,
    FeedbackWait,
    Offer,
    OwnToday,
    Proposal,
    SeenPair,
    Silence,
    Viewer,
    Who,
)
from shared.contracts.event import Role
from shared.platform.members import Person

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
HOSPITAL, OTHER = uuid4(), uuid4()


def _who(institution_id: object = HOSPITAL) -> Who:
    assert institution_id in {HOSPITAL, OTHER}
    return Who(uuid4(), "Somebody", "en", HOSPITAL if institution_id == HOSPITAL else OTHER, "A hospital")


def _couple(mentee_of: object = HOSPITAL) -> Couple:
    return Couple(uuid4(), _who(), _who(mentee_of))


def _feedback(couple: Couple, *, mentor: bool, mentee: bool) -> FeedbackWait:
    reveals_at = NOW + timedelta(days=14) if mentor or mentee else None
    return FeedbackWait(uuid4(), couple, NOW, NOW + timedelta(days=30), reveals_at, mentor, mentee)


def _own(me: Who, *things: Proposal | Offer | FeedbackWait) -> OwnToday:
    person = Person(me.person_id, me.institution_id, frozenset({"mentor"}))
    viewer = Viewer(person, me.name, me.locale, ZoneInfo("UTC"), me.institution, ZoneInfo("UTC"))
    return OwnToday(
        now=NOW,
        viewer=viewer,
        proposals=tuple(each for each in things if isinstance(each, Proposal)),
        offers=tuple(each for each in things if isinstance(each, Offer)),
        feedback=tuple(each for each in things if isinstance(each, FeedbackWait)),
        meetings=(),
        pairs=(),
    )


def test_a_proposal_waits_for_its_mentor_and_an_accepted_pair_for_both() -> None:
    couple = _couple()
    proposed = Proposal(couple, "proposed", NOW, NOW + timedelta(days=7))
    accepted = Proposal(couple, "accepted", NOW, NOW + timedelta(days=21))
    assert _own(couple.mentor, proposed).my_proposals == (proposed,)
    assert _own(couple.mentee, proposed).others_turn == (proposed,)
    assert (_own(couple.mentor, proposed).waiting, _own(couple.mentee, proposed).waiting) == (1, 0)
    for one in (couple.mentor, couple.mentee):
        assert _own(one, accepted).my_proposals == (accepted,)
        assert (_own(one, accepted).others_turn, _own(one, accepted).waiting) == ((), 1)


def test_an_offer_waits_for_the_one_who_did_not_make_it() -> None:
    couple = _couple()
    offer = Offer(uuid4(), couple, couple.mentor.person_id, NOW)
    assert _own(couple.mentee, offer).waiting == 1
    assert _own(couple.mentor, offer).waiting == 0


def test_feedback_waits_for_who_has_not_answered_and_closes_at_the_reveal_once_somebody_has() -> None:
    couple = _couple()
    nobody = _feedback(couple, mentor=False, mentee=False)
    mentor = _feedback(couple, mentor=True, mentee=False)
    assert nobody.silent == (couple.mentor, couple.mentee)
    assert mentor.silent == (couple.mentee,)
    assert (nobody.ends_at, mentor.ends_at) == (NOW + timedelta(days=30), NOW + timedelta(days=14))
    assert (_own(couple.mentor, mentor).waiting, _own(couple.mentee, mentor).waiting) == (0, 1)


@given(st.booleans(), st.booleans(), st.booleans())
def test_a_pair_concerns_the_two_and_the_administrators_of_their_institutions(
    is_mentor: bool,
    is_administrator: bool,
    is_of_the_other: bool,
) -> None:
    couple = _couple(OTHER if is_of_the_other else HOSPITAL)
    person_id = couple.mentor.person_id if is_mentor else uuid4()
    roles: frozenset[Role] = frozenset({"administrator"}) if is_administrator else frozenset({"mentor"})
    pair = SeenPair(couple, "proposed", NOW)
    assert pair.concerns(Person(person_id, HOSPITAL, roles)) == (is_administrator or is_mentor)
    stranger = uuid4()
    assert not pair.concerns(Person(uuid4(), stranger, roles))
    assert couple.is_cross == is_of_the_other


def test_one_and_a_half_months_of_thirty_days_are_not_yet_too_long() -> None:
    assert timedelta(days=30) * 1.5 == SILENCE
    silence = Silence(_couple(), NOW - SILENCE, None, None)
    assert not silence.is_long(NOW)
    assert silence.is_long(NOW + timedelta(seconds=1))

"""What the pages know follows the events, whatever order the topics come in; an institution sees its own only."""

from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.console.domain import ConsortiumToday, InstitutionToday, OwnToday, Today
from services.console.domain.refusals import NoSuchPage, NotYourPage
from services.console.use_cases import look
from shared.contracts.contacts import ContactErased, contact_id
from shared.contracts.directory import AgreementEnded, AgreementSigned, PersonErased, PersonLeft, RoleAssigned
from shared.contracts.event import Role
from shared.contracts.feedback import FeedbackRevealed
from shared.contracts.meetings import MeetingCancelled, MeetingMoved
from shared.contracts.pairing import PairAccepted, PairCutOff, PairEnded, PairRecalled, PairResumed
from shared.platform.members import Person as Member
from shared.testing.running import Running
from tests.integration.console.consortium import NOW, Hospital, Pair, Person


async def _today(console: Running, person: Person, *roles: Role) -> Today:
    institution_id = person.hospital.institution_id
    member = Member(person.person_id, institution_id, frozenset(roles))
    return await console.app.run(
        lambda tx: look.look_at_today(tx, member), institution_id=institution_id, person_id=person.person_id
    )


async def _administrators_today(console: Running, person: Person) -> InstitutionToday:
    today = await _today(console, person, "administrator")
    assert isinstance(today, InstitutionToday)
    return today


async def _own_today(console: Running, person: Person) -> OwnToday:
    today = await _today(console, person, "mentor")
    assert isinstance(today, OwnToday)
    return today


def _ward() -> tuple[Hospital, Person, Person, Person]:
    hospital = Hospital("St Brigid's Hospital")
    rosa = hospital.person("Rosa Almeida", "administrator")
    mentor = hospital.person("Dr Amara Okafor", "mentor", places=3, shared_places=1)
    mentee = hospital.person("Nguyễn Thị Lan", "mentee", locale="vi")
    return hospital, rosa, mentor, mentee


async def test_a_pair_that_a_yes_to_a_request_began_is_known_from_its_first_event_on(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    pair = Pair(mentor, mentee)
    pair.say(PairAccepted, NOW - timedelta(days=1), activate_by=NOW + timedelta(days=20))
    await console.deliver(*hospital.said, *pair.said)
    [seen] = (await _administrators_today(console, rosa)).proposals
    assert (seen.couple.pair_id, seen.state, seen.ends_at) == (pair.pair_id, "accepted", NOW + timedelta(days=20))


async def test_an_administrator_sees_what_waits_and_what_is_coming(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    other = hospital.person("김서연", "mentee", locale="ko")
    silent = Pair(mentor, mentee).active(NOW - timedelta(days=60)).met(NOW - timedelta(days=50))
    silent.asked_for_feedback(NOW - timedelta(days=2), mentor)
    waiting = Pair(mentor, other).proposed(NOW - timedelta(days=5))
    meeting_id = silent.meets(NOW + timedelta(days=3))
    silent.meets(NOW + timedelta(days=20))
    await console.deliver(*hospital.said, *silent.said, *waiting.said)

    today = await _administrators_today(console, rosa)

    assert today.waiting == 3
    assert [each.couple.mentee.name for each in today.proposals] == ["김서연"]
    assert today.next_deadline == NOW + timedelta(days=2)
    (silence,) = today.silences
    assert silence.last_contact_at == NOW - timedelta(days=50) + timedelta(minutes=30)
    assert silence.next_meeting_at == NOW + timedelta(days=3)
    (feedback,) = today.feedback
    assert [who.name for who in feedback.silent] == ["Nguyễn Thị Lan"]
    assert [each.meeting_id for each in today.meetings] == [meeting_id]
    assert (today.numbers.active, today.numbers.proposed, today.numbers.taken, today.numbers.places) == (1, 1, 1, 3)


async def test_forty_five_days_without_contact_are_silence_and_not_a_minute_less(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    just = Pair(mentor, mentee).active(NOW - timedelta(days=45))
    over = Pair(mentor, hospital.person("A", "mentee")).active(NOW - timedelta(days=45, minutes=1))
    met = Pair(mentor, hospital.person("B", "mentee")).active(NOW - timedelta(days=80)).touched(NOW - timedelta(days=9))
    back = Pair(mentor, hospital.person("C", "mentee")).paused(NOW - timedelta(days=70))
    back.say(PairResumed, NOW - timedelta(days=2))
    await console.deliver(*hospital.said, *just.said, *over.said, *met.said, *back.said)

    today = await _administrators_today(console, rosa)

    assert [each.couple.pair_id for each in today.silences] == [over.pair_id]
    assert today.numbers.silent == 1


async def test_a_pair_that_is_the_twos_alone_is_on_their_pages_and_on_no_administrators_but_is_counted(
    console: Running,
) -> None:
    here, rosa, mentor, _ = _ward()
    there, sam, _, mentee = _ward()
    pair = Pair(mentor, mentee).active(NOW - timedelta(days=60))
    pair.meets(NOW + timedelta(days=1))
    pair.asked_for_feedback(NOW - timedelta(days=1))
    paused = Pair(mentor, there.person("B", "mentee")).paused()
    await console.deliver(*here.said, *there.said, *pair.said, *paused.said)
    for person in (rosa, sam):
        today = await _administrators_today(console, person)
        assert [len(each) for each in (today.silences, today.feedback, today.meetings, today.deadlines)] == [1] * 4
    await console.deliver(*(each.say(PairCutOff, NOW) for each in (pair, paused)))
    for person in (rosa, sam):
        today = await _administrators_today(console, person)
        assert not any((today.silences, today.feedback, today.meetings, today.deadlines))
        numbers = today.numbers
        assert (numbers.silent, numbers.feedback, numbers.meetings) == (0, 0, 0)
        assert (numbers.active, numbers.paused, numbers.shared + numbers.received) == (1, 1, 2)
        with pytest.raises(NoSuchPage):
            await _pair_page(console, person, pair, "administrator")
    assert [each.couple.pair_id for each in (await _own_today(console, mentor)).pairs] == [
        pair.pair_id,
        paused.pair_id,
    ]
    await _pair_page(console, mentor, pair, "mentor")


async def _pair_page(console: Running, person: Person, pair: Pair, role: Role) -> None:
    institution_id = person.hospital.institution_id
    member = Member(person.person_id, institution_id, frozenset({role}))
    await console.app.run(
        lambda tx: look.get_pair(tx, member, pair.pair_id), institution_id=institution_id, person_id=person.person_id
    )


async def test_a_cross_pair_is_seen_by_both_institutions_and_by_no_third(console: Running) -> None:
    here, rosa, mentor, _ = _ward()
    there, sam, _, mentee = _ward()
    elsewhere, kim, _, _ = _ward()
    cross = Pair(mentor, mentee).proposed()
    cross_active = Pair(mentor, there.person("B", "mentee")).active()
    cross_active.meets(NOW + timedelta(days=1))
    cross_active.asked_for_feedback(NOW - timedelta(days=1))
    events = [*here.said, *there.said, *elsewhere.said, *cross.said, *cross_active.said]
    await console.deliver(*events)

    for person in (rosa, sam):
        today = await _administrators_today(console, person)
        assert [each.couple.mentor.name for each in today.proposals] == ["Dr Amara Okafor"]
        assert [each.couple.mentee.name for each in today.proposals] == ["Nguyễn Thị Lan"]
        assert len(today.meetings) == len(today.feedback) == 1
        assert today.proposals[0].couple.is_cross
    assert (await _administrators_today(console, rosa)).numbers.shared == 1
    assert (await _administrators_today(console, sam)).numbers.received == 1
    third = await _administrators_today(console, kim)
    assert (third.waiting, third.meetings, third.numbers.active) == (0, (), 0)


async def test_the_app_login_reads_nothing_without_a_context_and_no_other_institution_with_one(
    console: Running,
) -> None:
    here, rosa, mentor, mentee = _ward()
    pair = Pair(mentor, mentee).active()
    pair.meets(NOW + timedelta(days=1))
    pair.asked_for_feedback(NOW)
    await console.deliver(*here.said, *pair.said)

    for institution_id in (None, uuid4()):
        async with console.app.transaction(institution_id, rosa.person_id) as tx:
            assert await tx.fetch("SELECT 1 FROM pairs") == []
            assert await tx.fetch("SELECT 1 FROM people") == []
            assert await tx.fetch("SELECT 1 FROM meetings") == []
            assert await tx.fetch("SELECT 1 FROM feedback_requests") == []
            assert await tx.fetch("SELECT 1 FROM institution_revisions") == []


async def test_a_mentor_sees_their_own_and_nothing_of_a_colleague(console: Running) -> None:
    hospital, _, mentor, mentee = _ward()
    colleague = hospital.person("Dr B", "mentor", places=1)
    own = Pair(mentor, mentee).proposed()
    foreign = Pair(colleague, hospital.person("C", "mentee")).active()
    foreign.meets(NOW + timedelta(days=1))
    await console.deliver(*hospital.said, *own.said, *foreign.said)

    mentors = await _own_today(console, mentor)
    mentees = await _own_today(console, mentee)

    assert [each.couple.pair_id for each in mentors.my_proposals] == [own.pair_id]
    assert (mentors.waiting, mentors.meetings, mentors.pairs) == (1, (), ())
    assert [each.couple.pair_id for each in mentees.others_turn] == [own.pair_id]
    assert mentees.waiting == 0


async def test_a_pair_can_be_looked_up_by_the_two_and_their_administrators_only(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    colleague = hospital.person("Dr B", "mentor", places=1)
    stranger = _ward()
    pair = Pair(mentor, mentee).proposed()
    await console.deliver(*hospital.said, *stranger[0].said, *pair.said)

    async def look_up(person: Person, role: Role) -> str:
        institution_id = person.hospital.institution_id
        member = Member(person.person_id, institution_id, frozenset({role}))
        seen = await console.app.run(
            lambda tx: look.get_pair(tx, member, pair.pair_id),
            institution_id=institution_id,
            person_id=person.person_id,
        )
        return seen.state

    assert await look_up(rosa, "administrator") == "proposed"
    assert await look_up(mentor, "mentor") == "proposed"
    with pytest.raises(NoSuchPage):
        await look_up(colleague, "mentor")
    with pytest.raises(NoSuchPage):
        await look_up(stranger[1], "administrator")


async def test_the_consortiums_office_counts_and_nobody_else_does(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    office = hospital.person("Ingrid Solheim", "consortium_administrator")
    pair = Pair(mentor, mentee).active()
    await console.deliver(*hospital.said, *pair.said)

    today = await _today(console, office, "consortium_administrator")

    assert isinstance(today, ConsortiumToday)
    assert today.active_pairs >= 1
    with pytest.raises(NotYourPage):  # a role that the directory never gave opens nothing
        await _today(console, rosa, "consortium_administrator")


async def test_names_arrive_before_or_after_the_pair_and_an_older_record_changes_nothing(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    late = hospital.person("Later", "mentee")
    contact = next(event for event in hospital.said if event.aggregate_id == contact_id(late.person_id))
    pair = Pair(mentor, late).proposed()
    await console.deliver(*(event for event in hospital.said if event is not contact), *pair.said)
    assert (await _administrators_today(console, rosa)).proposals[0].couple.mentee.name is None

    newer = hospital.record_contact(late, "Lateral", version=7)
    await console.deliver(newer)
    await console.deliver(contact)

    assert (await _administrators_today(console, rosa)).proposals[0].couple.mentee.name == "Lateral"
    assert mentee is not late


async def test_an_event_whose_people_are_not_known_yet_waits_for_them(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    pair = Pair(mentor, mentee).active(NOW - timedelta(days=3))
    pair.meets(NOW + timedelta(days=1))
    await console.deliver(*pair.said)
    await console.deliver(*hospital.said)
    await console.worker.pool.execute("UPDATE parked SET next_try_at = clock_timestamp() WHERE next_try_at IS NOT NULL")
    for _ in range(4):
        await console.deliver()
        await console.worker.pool.execute(
            "UPDATE parked SET next_try_at = clock_timestamp() WHERE next_try_at IS NOT NULL"
        )

    today = await _administrators_today(console, rosa)
    assert (today.numbers.active, len(today.meetings)) == (1, 1)


@pytest.mark.parametrize("by_tombstone", [True, False])
async def test_an_erased_person_has_no_name_here_and_gets_none_again(console: Running, *, by_tombstone: bool) -> None:
    hospital, rosa, mentor, mentee = _ward()
    pair = Pair(mentor, mentee).proposed()
    await console.deliver(*hospital.said, *pair.said)
    if by_tombstone:
        erased = hospital.say(ContactErased, contact_id=contact_id(mentee.person_id))
    else:
        erased = hospital.say(PersonErased, person_id=mentee.person_id, institution_id=hospital.institution_id)
    await console.deliver(erased)
    await console.deliver(hospital.record_contact(mentee, "Back again", version=99))

    today = await _administrators_today(console, rosa)
    assert today.proposals[0].couple.mentee.name is None
    rows = await console.rows(
        """
        SELECT name, status FROM people WHERE person_id = $1
        UNION ALL SELECT mentee_name, 'pair' FROM pairs WHERE mentee_id = $1
        """,
        mentee.person_id,
    )
    assert {(row["name"], row["status"]) for row in rows} == {(None, "erased"), (None, "pair")}


async def test_what_ended_waits_for_nobody(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    pair = Pair(mentor, mentee).active(NOW - timedelta(days=50))
    meeting_id = pair.meets(NOW + timedelta(days=1))
    request_id = pair.asked_for_feedback(NOW - timedelta(days=1), mentor)
    recalled = Pair(mentor, hospital.person("B", "mentee")).proposed()
    await console.deliver(*hospital.said, *pair.said, *recalled.said)
    assert (await _administrators_today(console, rosa)).waiting == 3

    gone = [
        pair.say(MeetingCancelled, NOW, meeting_id=meeting_id, reason="pair_ended"),
        pair.say(FeedbackRevealed, NOW, request_id=request_id, reason="fourteen_days"),
        pair.say(PairEnded, NOW, reason="asked"),
        recalled.say(PairRecalled, NOW, reason="mistake"),
    ]
    await console.deliver(*gone)

    today = await _administrators_today(console, rosa)
    assert (today.waiting, today.meetings, today.numbers.active, today.numbers.taken) == (0, (), 0, 0)


async def test_a_moved_meeting_stands_at_its_new_time(console: Running) -> None:
    hospital, rosa, mentor, mentee = _ward()
    pair = Pair(mentor, mentee).active()
    meeting_id = pair.meets(NOW + timedelta(days=1))
    later = NOW + timedelta(days=5)
    pair.say(
        MeetingMoved,
        NOW,
        meeting_id=meeting_id,
        moved_by=mentor.person_id,
        starts_at=later,
        ends_at=later + timedelta(minutes=30),
    )
    await console.deliver(*hospital.said, *pair.said)
    assert [each.starts_at for each in (await _administrators_today(console, rosa)).meetings] == [later]


async def test_places_follow_roles_and_people(console: Running) -> None:
    hospital, rosa, mentor, _ = _ward()
    other = hospital.person("Dr B", "mentor", places=2)
    of: dict[str, Any] = {"person_id": mentor.person_id, "institution_id": hospital.institution_id}
    hospital.say(RoleAssigned, role="mentor", places=5, shared_places=2, **of)
    hospital.say(PersonLeft, person_id=other.person_id, institution_id=hospital.institution_id, since=NOW)
    await console.deliver(*hospital.said)
    numbers = (await _administrators_today(console, rosa)).numbers
    assert (numbers.places, numbers.shared_places) == (5, 2)


async def test_the_end_of_an_agreement_and_the_review_of_a_paused_pair_are_coming_up(console: Running) -> None:
    here, rosa, mentor, mentee = _ward()
    there = Hospital("Mesa Verde Medical")
    agreement_id = uuid4()
    two: dict[str, Any] = {
        "agreement_id": agreement_id,
        "lender_institution_id": here.institution_id,
        "borrower_institution_id": there.institution_id,
    }
    here.say(
        AgreementSigned,
        there.institution_id,
        starts_at=NOW - timedelta(days=9),
        ends_at=NOW + timedelta(days=30),
        notice_days=30,
        **two,
    )
    paused = Pair(mentor, mentee).paused(review_at=NOW + timedelta(days=20))
    await console.deliver(*there.said, *here.said, *paused.said)
    today = await _administrators_today(console, rosa)
    assert [(each.kind, each.name) for each in today.deadlines] == [
        ("review", "Nguyễn Thị Lan"),
        ("agreement_ends", "Mesa Verde Medical"),
    ]

    await console.deliver(here.say(AgreementEnded, there.institution_id, reason="notice", **two))
    assert [each.kind for each in (await _administrators_today(console, rosa)).deadlines] == ["review"]


async def test_an_institutions_revision_rises_once_a_batch_and_for_its_own_events_only(console: Running) -> None:
    hospital, _, mentor, mentee = _ward()
    other, *_ = _ward()
    await console.deliver(*hospital.said, *other.said)

    async def revision(of: Hospital) -> int:
        _, found = await console.app.run(lambda tx: look.list_revisions(tx, [of.institution_id]))
        return found[of.institution_id]

    before, others = await revision(hospital), await revision(other)
    pair = Pair(mentor, mentee).active()
    await console.deliver(*pair.said)
    assert await revision(hospital) == before + 1
    assert await revision(other) == others


async def test_the_contact_of_an_erased_person_does_not_wait_for_a_joining_that_was_passed_over(
    console: Running,
) -> None:
    hospital = Hospital("St Brigid's Hospital")
    await console.deliver(*hospital.said)
    person = Person(hospital, "Never Known")
    recorded = hospital.record_contact(person, person.name)
    tombstone = hospital.say(ContactErased, contact_id=recorded.contact_id)
    await console.deliver(recorded, tombstone)
    waiting = "SELECT version FROM parked WHERE aggregate_id = $1 ORDER BY version"
    assert [row["version"] for row in await console.rows(waiting, recorded.contact_id)] == [1, 2]
    of: dict[str, Any] = {"person_id": person.person_id, "institution_id": hospital.institution_id}
    await console.deliver(hospital.say(PersonErased, **of))
    await console.worker.pool.execute("UPDATE parked SET next_try_at = clock_timestamp()")
    await console.deliver()
    assert await console.rows(waiting, recorded.contact_id) == []


async def test_the_contact_of_an_erased_person_does_not_wait_for_a_key_that_is_gone(console: Running) -> None:
    hospital = Hospital("St Brigid's Hospital", contacts_key=b64encode(b"a key of another year, 32 bytes.").decode())
    person = hospital.person("Once Known")
    of: dict[str, Any] = {"person_id": person.person_id, "institution_id": hospital.institution_id}
    recorded = next(event for event in hospital.said if event.aggregate_id == contact_id(person.person_id))
    await console.deliver(*hospital.said)
    waiting = "SELECT reason FROM parked WHERE aggregate_id = $1"
    (row,) = await console.rows(waiting, recorded.aggregate_id)
    assert row["reason"] == "sealed_with_another_key"
    await console.deliver(hospital.say(PersonErased, **of))
    await console.worker.pool.execute("UPDATE parked SET next_try_at = clock_timestamp()")
    await console.deliver()
    assert await console.rows(waiting, recorded.aggregate_id) == []

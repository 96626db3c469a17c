"""Events that pairing listens to; each handler calls one use case. The platform has de-duplicated and ordered them."""

from datetime import timedelta

from services.pairing import use_cases
from services.pairing.domain import Agreement
from services.pairing.use_cases.drift import hear_contact
from services.pairing.use_cases.records import count_meeting, count_touchpoint, keep_level
from shared.contracts.directory import (
    AgreementEnded,
    AgreementNoticeGiven,
    AgreementSigned,
    CapsSet,
    ConflictPolicySet,
    DutyAssigned,
    DutyRemoved,
    InstitutionJoined,
    PersonErased,
    PersonJoined,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    ProfileChanged,
    RoleAssigned,
    RoleRemoved,
)
from shared.contracts.meetings import MeetingHeld, TouchpointLogged
from shared.contracts.pairing import ErasureDone
from shared.platform import members, receipts
from shared.platform.consumer import EventConsumer
from shared.platform.database import Transaction

events = EventConsumer("pairing")
events.include(members.listener())
events.include(receipts.listener("pairing", ErasureDone))


@events.on(InstitutionJoined)
async def on_institution_joined(tx: Transaction, event: InstitutionJoined) -> None:
    """An institution may lend and borrow."""
    use_cases.take_in_institution(tx, event.institution_id, event.time_zone)


@events.on(CapsSet)
async def on_caps_set(tx: Transaction, event: CapsSet) -> None:
    """An institution bounds what it lends and borrows in all."""
    await use_cases.set_caps(tx, event.institution_id, lend_cap=event.lend_cap, borrow_cap=event.borrow_cap)


@events.on(ConflictPolicySet)
async def on_conflict_policy_set(tx: Transaction, event: ConflictPolicySet) -> None:
    """An institution has other conflicts of interest block than before."""
    await use_cases.set_conflict_policy(tx, event.institution_id, event.warns, tx.now)


@events.on(PersonJoined)
async def on_person_joined(tx: Transaction, event: PersonJoined) -> None:
    """A person is known, without a role."""
    use_cases.take_in_person(tx, event.institution_id, event.person_id)


@events.on(RoleAssigned)
async def on_role_assigned(tx: Transaction, event: RoleAssigned) -> None:
    """A mentor has places; a mentee may be proposed; other roles change no pair."""
    if event.role == "mentor":
        await use_cases.assign_mentor(
            tx,
            event.institution_id,
            event.person_id,
            specialty=event.specialty,
            places=event.places,
            shared_places=event.shared_places,
        )
    elif event.role == "mentee":
        mentee = event.institution_id, event.person_id
        await use_cases.assign_mentee(tx, *mentee, event.programme, tx.now, level=event.level)


@events.on(RoleAssigned)
async def on_level_assigned(tx: Transaction, event: RoleAssigned) -> None:
    """A mentee is in this year since then; mentors' records name it, however late it is heard."""
    if event.role == "mentee":
        keep_level(tx, event.institution_id, event.person_id, event.level, event.occurred_at)


@events.on(RoleRemoved)
async def on_role_removed(tx: Transaction, event: RoleRemoved) -> None:
    """Pairs in that role are over."""
    await use_cases.remove_role(tx, event.institution_id, event.person_id, event.role, tx.now)


@events.on(DutyAssigned)
async def on_duty_assigned(tx: Transaction, event: DutyAssigned) -> None:
    """Pairs with the programme's mentees are in conflict of interest, except for a coach's."""
    duty = event.institution_id, event.person_id, event.programme, event.duty
    await use_cases.take_up_duty(tx, *duty, tx.now)


@events.on(DutyRemoved)
async def on_duty_removed(tx: Transaction, event: DutyRemoved) -> None:
    """What followed from the duty is resolved."""
    duty = event.institution_id, event.person_id, event.programme, event.duty
    await use_cases.lay_down_duty(tx, *duty, tx.now)


@events.on(ProfileChanged)
async def on_profile_changed(tx: Transaction, event: ProfileChanged) -> None:
    """What somebody speaks is shown with their places."""
    await use_cases.note_languages(tx, event.institution_id, event.person_id, event.languages)


@events.on(PersonWentOnLeave)
async def on_person_went_on_leave(tx: Transaction, event: PersonWentOnLeave) -> None:
    """Active pairs pause."""
    await use_cases.send_on_leave(tx, event.institution_id, event.person_id, tx.now)


@events.on(PersonReturned)
async def on_person_returned(tx: Transaction, event: PersonReturned) -> None:
    """Pairs that leave paused go on."""
    await use_cases.bring_back(tx, event.institution_id, event.person_id, tx.now)


@events.on(PersonLeft)
async def on_person_left(tx: Transaction, event: PersonLeft) -> None:
    """Pairs end, and their places are free."""
    await use_cases.part_with(tx, event.institution_id, event.person_id, "left", tx.now)


@events.on(PersonErased)
async def on_person_erased(tx: Transaction, event: PersonErased) -> None:
    """Pairs end; what stays is ids that name nobody."""
    await use_cases.part_with(tx, event.institution_id, event.person_id, "erased", tx.now)


@events.on(MeetingHeld)
async def on_meeting_held(tx: Transaction, event: MeetingHeld) -> None:
    """The two were in contact until the meeting's end."""
    await hear_contact(tx, event.pair_id, event.ended_at, tx.now)


@events.on(MeetingHeld)
async def on_meeting_counted(tx: Transaction, event: MeetingHeld) -> None:
    """It counts in the mentor's record; a handler of its own, because pairs without a compact count too."""
    minutes = (event.ended_at - event.starts_at) // timedelta(minutes=1)
    count_meeting(tx, event.pair_id, minutes, confirmed=event.confirmed)


@events.on(TouchpointLogged)
async def on_touchpoint_counted(tx: Transaction, event: TouchpointLogged) -> None:
    """It counts in the mentor's record."""
    count_touchpoint(tx, event.pair_id, event.minutes)


@events.on(TouchpointLogged)
async def on_touchpoint_logged(tx: Transaction, event: TouchpointLogged) -> None:
    """The two were in contact when it happened, which may be a while ago."""
    await hear_contact(tx, event.pair_id, event.happened_at, tx.now)


@events.on(AgreementSigned)
async def on_agreement_signed(tx: Transaction, event: AgreementSigned) -> None:
    """The lender's shared mentors get cards at the borrower."""
    agreement = Agreement(
        event.agreement_id,
        event.lender_institution_id,
        event.borrower_institution_id,
        event.cap,
        event.starts_at,
        event.ends_at,
    )
    await use_cases.sign_agreement(tx, agreement)


@events.on(AgreementNoticeGiven)
async def on_agreement_notice_given(tx: Transaction, event: AgreementNoticeGiven) -> None:
    """Nothing new is lent, and the cards end when the agreement does."""
    sides = event.lender_institution_id, event.borrower_institution_id
    await use_cases.take_in_notice(tx, event.agreement_id, *sides, ends_at=event.ends_at, now=tx.now)


@events.on(AgreementNoticeGiven)
async def on_notice_given_to_pairs(tx: Transaction, event: AgreementNoticeGiven) -> None:
    """The two of each pair under it are asked whether they go on; a handler of its own, because it locks pairs."""
    sides = event.lender_institution_id, event.borrower_institution_id
    await use_cases.ask_pairs(tx, event.agreement_id, *sides, ends_at=event.ends_at, now=tx.now)


@events.on(AgreementEnded)
async def on_agreement_ended(tx: Transaction, event: AgreementEnded) -> None:
    """The cards are gone."""
    sides = event.lender_institution_id, event.borrower_institution_id
    await use_cases.end_agreement(tx, event.agreement_id, *sides, reason=event.reason, now=tx.now)

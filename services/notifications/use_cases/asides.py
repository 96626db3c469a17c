"""From what pairing says aside to a mail for one person: of a concern, an introduction or an invitation to a circle."""

from dataclasses import replace
from uuid import uuid5

from services.notifications import store
from services.notifications.domain import LIFE, Cause
from services.notifications.use_cases.causes import write
from shared.contracts.asides import (
    CircleAside,
    CircleInvitationOver,
    CircleInvited,
    ConcernReached,
    IntroductionAside,
    IntroductionAsked,
    IntroductionOver,
    IntroductionWished,
)
from shared.contracts.pairing import IntroductionConsented
from shared.platform.database import Transaction


async def tell_of_concern(tx: Transaction, event: ConcernReached) -> None:
    """The contact is asked to look, and nothing more."""
    cause = Cause.of_one(event.about_id, "concern", event.person_id, event.institution_id)
    await store.add_cause(tx, cause)
    await write(tx, cause, event.person_id, "concern_reached", event, ends_at=event.occurred_at + LIFE)


async def tell_wished(tx: Transaction, event: IntroductionWished) -> None:
    """A mentor hears that a mentee asks them for an introduction."""
    cause = Cause(
        cause_id=event.about_id,
        kind="introduction",
        mentor_id=event.person_id,
        mentee_id=event.mentee_id,
        mentor_institution_id=event.institution_id,
        mentee_institution_id=event.mentee_institution_id,
        state="open",
        answer_by=event.answer_by,
    )
    await store.add_cause(tx, cause)
    await write(tx, cause, event.person_id, "introduction_wished", event, ends_at=event.answer_by)


async def ask_about_introduction(tx: Transaction, event: IntroductionAsked) -> None:
    """Somebody is asked whether they want to meet somebody, who is not named."""
    cause = replace(_of_introduction(event), answer_by=event.answer_by, followed_at=event.occurred_at)
    await store.turn_cause(tx, cause)
    await write(tx, cause, event.person_id, "introduction_asked", event, ends_at=event.answer_by)


async def tell_that_it_did_not_come_about(tx: Transaction, event: IntroductionOver) -> None:
    """Somebody hears that it did not, and neither why nor whose answer it was."""
    cause = replace(_of_introduction(event), state="over", closed_at=event.occurred_at)
    await store.turn_cause(tx, cause)
    await write(tx, cause, event.person_id, "introduction_over", event, ends_at=event.occurred_at + LIFE)


async def connect(tx: Transaction, event: IntroductionConsented) -> None:
    """The two are named to each other, and neither is asked any more."""
    both = Cause(
        cause_id=event.introduction_id,
        kind="introduction",
        mentor_id=event.colleague_id,
        mentee_id=event.mentee_id,
        mentor_institution_id=event.colleague_institution_id,
        mentee_institution_id=event.mentee_institution_id,
        state="accepted",
    )
    await store.add_cause(tx, both)
    for person_id in (event.mentee_id, event.colleague_id):
        asked = Cause(
            cause_id=uuid5(event.introduction_id, str(person_id)),
            kind="introduction",
            mentor_id=event.mentor_id,
            mentee_id=person_id,
            mentor_institution_id=event.mentor_institution_id,
            mentee_institution_id=both.institution_of(person_id),
            state="over",
            closed_at=event.occurred_at,
        )
        await store.turn_cause(tx, asked)
        await write(tx, both, person_id, "introduction_connected", event, ends_at=event.occurred_at + LIFE)


async def tell_invited(tx: Transaction, event: CircleInvited) -> None:
    """Somebody is invited to a circle, and by whom."""
    cause = replace(_of_circle(event), followed_at=event.occurred_at)
    await store.turn_cause(tx, cause)
    await write(tx, cause, event.person_id, "circle_invited", event, ends_at=event.occurred_at + LIFE)


async def end_invitation(tx: Transaction, event: CircleInvitationOver) -> None:
    """There is nothing to answer any more."""
    await store.turn_cause(tx, replace(_of_circle(event), state="over", closed_at=event.occurred_at))


def _of_introduction(event: IntroductionAside) -> Cause:
    """Of the mentor and one of the two whom they ask; each of the two has a cause of their own."""
    return Cause(
        cause_id=event.about_id,
        kind="introduction",
        mentor_id=event.mentor_id,
        mentee_id=event.person_id,
        mentor_institution_id=event.mentor_institution_id,
        mentee_institution_id=event.institution_id,
        state="open",
    )


def _of_circle(event: CircleAside) -> Cause:
    return Cause(
        cause_id=event.about_id,
        kind="circle",
        mentor_id=event.led_by,
        mentee_id=event.person_id,
        mentor_institution_id=event.leader_institution_id,
        mentee_institution_id=event.institution_id,
        state="open",
    )

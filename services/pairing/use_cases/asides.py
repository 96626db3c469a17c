"""What one person alone is told, on a topic that only notifications reads: refuses to say it where others read."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from services.pairing.domain import Circle, CircleMember, Introduction, Wish
from services.pairing.domain.concern import Concern
from shared.contracts.asides import (
    AsideEvent,
    CircleAside,
    CircleInvitationOver,
    CircleInvited,
    ConcernReached,
    IntroductionAside,
    IntroductionAsked,
    IntroductionOver,
    IntroductionWished,
)
from shared.platform import outbox
from shared.platform.database import Transaction

E = TypeVar("E", bound=AsideEvent)


async def tell_contact(tx: Transaction, concern: Concern) -> None:
    """A concern reached its contact, who learns here of nothing but that; no id leads from one to the other."""
    await outbox.publish(
        tx, _aside(ConcernReached, uuid4(), concern.contact_id, concern.institution_id, concern.raised_at)
    )


async def tell_wished(tx: Transaction, wish: Wish) -> None:
    """A mentor learns that a mentee asks them for an introduction."""
    asked_by = {"mentee_id": wish.mentee_id, "mentee_institution_id": wish.mentee_institution_id}
    to = wish.mentor_id, wish.mentor_institution_id
    facts = asked_by | {"answer_by": wish.answer_by}
    await outbox.publish(tx, _aside(IntroductionWished, wish.wish_id, *to, wish.asked_at, **facts))


async def ask_both(tx: Transaction, introduction: Introduction) -> None:
    """The two whom a mentor asks learn so, each by themselves."""
    await _tell_both(tx, introduction, IntroductionAsked, introduction.offered_at, answer_by=introduction.answer_by)


async def tell_both_that_it_is_over(tx: Transaction, introduction: Introduction, now: datetime) -> None:
    """The two who were asked learn that it did not come about, in the same words whatever either answered."""
    await _tell_both(tx, introduction, IntroductionOver, now)


async def tell_invited(tx: Transaction, circle: Circle, member: CircleMember) -> None:
    """Somebody learns that a circle invites them."""
    await _tell_of_circle(tx, circle, member, CircleInvited, member.invited_at)


async def end_invitation(tx: Transaction, circle: Circle, member: CircleMember, now: datetime) -> None:
    """Nobody is to tell somebody any more that they are invited."""
    await _tell_of_circle(tx, circle, member, CircleInvitationOver, now)


async def _tell_both(
    tx: Transaction, introduction: Introduction, kind: type[IntroductionAside], now: datetime, **facts: Any
) -> None:
    facts |= {"mentor_id": introduction.mentor_id, "mentor_institution_id": introduction.institution_id}
    for asked in (introduction.mentee, introduction.colleague):
        about_id = uuid5(introduction.introduction_id, str(asked.person_id))
        await outbox.publish(tx, _aside(kind, about_id, asked.person_id, asked.institution_id, now, **facts))


async def _tell_of_circle(
    tx: Transaction, circle: Circle, member: CircleMember, kind: type[CircleAside], now: datetime
) -> None:
    about_id = uuid5(circle.circle_id, str(member.person_id))
    facts = {"led_by": circle.led_by, "leader_institution_id": circle.institution_id}
    await outbox.publish(tx, _aside(kind, about_id, member.person_id, member.institution_id, now, **facts))


def _aside(kind: type[E], about_id: UUID, person_id: UUID, institution_id: UUID, now: datetime, **facts: Any) -> E:
    """Each is an aggregate of its own: what is said to one person counts nothing that others could count."""
    return kind(
        version=1,
        occurred_at=now,
        institution_ids=(institution_id,),
        aside_id=uuid4(),
        about_id=about_id,
        person_id=person_id,
        institution_id=institution_id,
        **facts,
    )

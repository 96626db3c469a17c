"""What pairing has notifications tell one person alone: never a word, nor who else has part in it."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event


class AsideEvent(Event):
    """There is something to tell one person, which no other reader may learn."""

    topic: ClassVar[str] = "osler.asides"
    aggregate: ClassVar[str] = "aside_id"
    aside_id: UUID
    about_id: UUID
    """What it is about, by an id for this person alone."""
    person_id: UUID
    institution_id: UUID


class ConcernReached(AsideEvent):
    """A concern reached this person, whom the institution names for it; who raised it, and about whom, is not said."""

    type: ClassVar[str] = "osler.asides.concern_reached.v1"


class IntroductionAside(AsideEvent):
    """Something happened to an introduction that a mentor offered this person; the other one is not named."""

    mentor_id: UUID
    mentor_institution_id: UUID


class IntroductionAsked(IntroductionAside):
    """A mentor asks this person until `answer_by` whether they want to meet somebody."""

    type: ClassVar[str] = "osler.asides.introduction_asked.v1"
    answer_by: AwareDatetime


class IntroductionOver(IntroductionAside):
    """The introduction that this person was asked about did not come about."""

    type: ClassVar[str] = "osler.asides.introduction_over.v1"


class IntroductionWished(AsideEvent):
    """A mentee asks this mentor until `answer_by` for an introduction in a field that they list."""

    type: ClassVar[str] = "osler.asides.introduction_wished.v1"
    mentee_id: UUID
    mentee_institution_id: UUID
    answer_by: AwareDatetime


class CircleAside(AsideEvent):
    """Something happened to this person's invitation to a circle."""

    led_by: UUID
    leader_institution_id: UUID


class CircleInvited(CircleAside):
    """This person is invited to a circle."""

    type: ClassVar[str] = "osler.asides.circle_invited.v1"


class CircleInvitationOver(CircleAside):
    """This person is invited to a circle no more: they answered, or it is over."""

    type: ClassVar[str] = "osler.asides.circle_invitation_over.v1"

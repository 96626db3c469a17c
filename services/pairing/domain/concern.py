"""A concern about the other of a pair, and whom it reaches; refuses to let it reach one of the two."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.platform.errors import Conflict, NotFound


class NoConcernContact(NotFound):
    """Your hospital has named nobody whom a concern reaches. Turn to an administrator of yours; nothing was sent."""


class ContactConcerned(Conflict):
    """The contact whom your hospital names is one of you two. Turn to an administrator of yours; nothing was sent."""


class ContactNotFound(NotFound):
    """Nobody of your institution who is here has this id. Nothing was changed."""


@dataclass(frozen=True)
class ConcernContact:
    """Whom the concerns of an institution's people reach."""

    institution_id: UUID
    person_id: UUID
    named_at: datetime


@dataclass(frozen=True)
class Concern:
    """What one of a pair raised about working with the other, for one contact's eyes."""

    concern_id: UUID
    institution_id: UUID
    pair_id: UUID
    person_id: UUID
    about_id: UUID
    contact_id: UUID
    words: str
    raised_at: datetime

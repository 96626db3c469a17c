"""When an erasure is complete, judged by the last words of the contacts topic; refuses to take a version for proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.contacts import contact_id
from shared.platform.errors import NotFound


class CheckNotFound(NotFound):
    """There is no such look at the contacts topic."""


@dataclass(frozen=True)
class Check:
    """A look at the contacts topic that was asked for, and what it found once it is finished."""

    check_id: UUID
    finished_at: datetime | None
    tombstones_sent: int | None
    erasures_completed: int | None


@dataclass(frozen=True)
class ErasedContact:
    """An erased person's contact as it was just before a look at the topic.

    `under_way`: its tombstone had not reached Kafka yet. `completed`: an earlier look found it gone.
    """

    person_id: UUID
    institution_id: UUID
    under_way: bool
    completed: bool


@dataclass(frozen=True)
class Heard:
    """The last word of the topic on a contact: its version, and whether it is a tombstone or has content."""

    version: int
    has_body: bool


@dataclass(frozen=True)
class Findings:
    """What a look at the contacts topic found: who speaks again, who is gone now, and whether to look again soon."""

    speak_again: dict[UUID, int]
    """Person and the version of the record that came after the tombstone."""
    gone: tuple[UUID, ...]
    look_again: bool


def judge(erased: list[ErasedContact], last_words: Mapping[UUID, Heard]) -> Findings:
    """Decide what a look at the contacts topic means for people who were erased before it began.

    `last_words` are by contact. An absent one is gone: compaction has removed record and tombstone. A record with
    content says nothing while the tombstone is still under way.
    """
    speak_again: dict[UUID, int] = {}
    gone: list[UUID] = []
    for contact in erased:
        word = last_words.get(contact_id(contact.person_id))
        if contact.under_way:
            continue
        if word is not None and word.has_body:
            speak_again[contact.person_id] = word.version
        elif not contact.completed:
            gone.append(contact.person_id)
    return Findings(speak_again, tuple(gone), bool(speak_again) or any(contact.under_way for contact in erased))

"""Puts names to a mentor's record, which pairing gives by ids; names nobody whom the record does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.console.domain import Name, Viewer
from services.console.store import named, shown
from shared.platform.database import Transaction
from shared.platform.person import Person


@dataclass(frozen=True)
class NamedRecord:
    """A record as pairing gave it to its mentor, and what the ids in it are called."""

    mentor: Viewer
    document: Mapping[str, Any]
    names: Mapping[UUID, Name]

    def name(self, id_: str | None) -> Name | None:
        """What somebody or an institution is called; None for nobody, and where the name is not here."""
        return None if id_ is None else self.names.get(UUID(id_))


async def put_names(tx: Transaction, mentor: Person, document: Mapping[str, Any]) -> NamedRecord:
    """The record with the names of its mentor, of mentees who consented and of institutions."""
    viewer = await shown.get_viewer(tx, mentor)
    mentees = {UUID(pair["mentee_id"]) for pair in document["pairs"] if pair["mentee_id"] is not None}
    institutions = {UUID(pair["mentee_institution_id"]) for pair in document["pairs"]} | {mentor.institution_id}
    names = {
        **await named.list_names_of_mentees(tx, mentor, mentees),
        **await named.list_names_of_institutions(tx, institutions),
    }
    own: dict[UUID, Name] = {} if viewer.name is None else {mentor.person_id: (viewer.name, viewer.locale)}
    return NamedRecord(viewer, document, names | own)

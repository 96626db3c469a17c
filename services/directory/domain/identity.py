"""Whom a row of a roster means: by external id, else by address; by name alone it asks, and takes nobody unasked."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.directory.domain import cells
from services.directory.domain.cells import BadCell
from services.directory.domain.people import Person
from services.directory.domain.sheet import Line

Answers = Mapping[int, UUID | None]
"""Who a row is, by its number: one of those whom the preview named, or None for somebody new."""

_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_WITHOUT_ACCENT: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"}
)


def fold_name(name: str) -> str:
    """A name without what people vary when they write it: capitals, accents and blanks."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", name)).casefold()
    return " ".join(plain.translate(_WITHOUT_ACCENT).split())


@dataclass(frozen=True)
class Match:
    """Whom a row means: `person` is None for somebody new; while there are `candidates` it is not known.

    `refused` is what is wrong with it if nothing else is.
    """

    external_id: str
    person: Person | None = None
    candidates: tuple[UUID, ...] = ()
    refused: BadCell | None = None


@dataclass(frozen=True)
class Told:
    """What a file says before its rows are judged: the address of each person who has a row, by id in lower case.

    `ids` are the ids that rows have, in lower case, and `emails` the addresses of these rows.
    """

    email_of: Mapping[str, str]
    ids: frozenset[str]
    emails: frozenset[str]


class Known:
    """The people of one institution whom the rows of a roster may mean; whoever was erased is nobody."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.by_external_id: dict[str, Person] = {}
        self._by_email: defaultdict[str, list[Person]] = defaultdict(list)
        self._by_name: defaultdict[str, list[Person]] = defaultdict(list)
        for person in people:
            if person.details is not None:
                self.by_external_id[person.details.external_id.lower()] = person
                self._by_email[person.details.email.lower()].append(person)
                self._by_name[fold_name(person.details.name)].append(person)

    def read_ahead(self, lines: Sequence[Line]) -> Told:
        """What a file says of who is in it, so that sending it again after its import means the same people."""
        email_of: dict[str, str] = {}
        for line in lines:
            if external_id := _id_of(line):
                email_of.setdefault(external_id, _email_of(line))
        ids, emails = frozenset(email_of), frozenset(email_of.values()) - {""}
        for line in lines:
            of_email = self._left_with(_email_of(line), email_of)
            if not _id_of(line) and _email_of(line) not in emails and len(of_email) == 1:
                email_of.setdefault(_key_of(of_email[0]), _email_of(line))
        return Told(email_of, ids, emails)

    def identify(self, line: Line, told: Told, answers: Answers) -> Match:
        """Whom a row means: an address counts as the file leaves it, and a name only of who has no row of their own.

        Raises BadCell where somebody new has no id, and where a row without one means whoever has another row.
        """
        external_id = cells.optional(cells.read_external_id, line.cell("external_id"))
        if external_id is not None and (person := self.by_external_id.get(external_id.lower())) is not None:
            # In which letters an id is written means nothing, so a person keeps those that came first.
            return Match(person.known().external_id, person)
        email = _email_of(line)
        if external_id is None and email in told.emails:
            raise BadCell("duplicate_external_id")
        of_email = self._left_with(email, told.email_of)
        # Whoever has a row with their own id is somebody else, who may share an address: two rows say so.
        if external_id is not None and any(_key_of(one) not in told.ids for one in of_email):
            return Match(external_id, refused=BadCell("other_external_id"))
        if external_id is None and len(of_email) > 1:
            return Match("", refused=BadCell("several_of_email"))
        if external_id is None and of_email:
            return Match(of_email[0].known().external_id, of_email[0])
        return self._ask(line, external_id, told, answers)

    def _left_with(self, email: str, email_of: Mapping[str, str]) -> list[Person]:
        return [one for one in self._by_email.get(email, []) if email_of.get(_key_of(one), email) == email]

    def _ask(self, line: Line, external_id: str | None, told: Told, answers: Answers) -> Match:
        of_name = self._by_name.get(fold_name(line.cell("name")), [])
        candidates = {one.person_id: one for one in of_name if _key_of(one) not in told.email_of}
        is_answered = line.row in answers
        person = candidates.get(answers.get(line.row) or UUID(int=0))
        if person is not None and external_id is not None:
            return Match(external_id, refused=BadCell("other_external_id"))
        if person is not None:
            return Match(person.known().external_id, person)
        is_new = not candidates or (is_answered and answers[line.row] is None)
        if is_new and external_id is None:
            raise BadCell("bad_external_id")
        return Match(external_id or "", None, () if is_new else tuple(sorted(candidates)))


def _id_of(line: Line) -> str:
    return line.cell("external_id").strip().lower()


def _email_of(line: Line) -> str:
    return line.cell("email").strip().lower()


def _key_of(person: Person) -> str:
    return person.known().external_id.lower()

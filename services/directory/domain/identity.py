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

    `emails` are the addresses of the rows that have an id.
    """

    email_of: Mapping[str, str]
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
        with_id = [line for line in lines if _id_of(line)]
        email_of: dict[str, str] = {}
        for line in with_id:
            email_of.setdefault(_id_of(line), _email_of(line))
        for line in lines:
            of_email = self._by_email.get(_email_of(line), [])
            if not _id_of(line) and len(of_email) == 1:
                email_of.setdefault(of_email[0].known().external_id.lower(), _email_of(line))
        return Told(email_of, frozenset(_email_of(line) for line in with_id) - {""})

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
        of_email = [one for one in self._by_email.get(email, []) if told.email_of.get(_key_of(one), email) == email]
        if of_email and external_id is not None:
            return Match(external_id, refused=BadCell("other_external_id"))
        if len(of_email) > 1:
            return Match("", refused=BadCell("several_of_email"))
        if of_email:
            return Match(of_email[0].known().external_id, of_email[0])
        return self._ask(line, external_id, told, answers)

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

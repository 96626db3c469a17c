"""A roster against what is known: new, changed, same, unsure or error, row by row; none takes another with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.directory.domain import cells
from services.directory.domain.cells import BadCell, RosterRole, RosterStatus
from services.directory.domain.duties import evaluate_until
from services.directory.domain.identity import Answers, Known, Match, Told
from services.directory.domain.institutions import Institution
from services.directory.domain.people import Details, HeldRole, Person, RoleFacts
from services.directory.domain.sheet import Line
from shared.contracts.directory import PersonEvent
from shared.contracts.event import Role

Kind = Literal["new", "changed", "same", "unsure", "error"]
_NO_ANSWERS: Final[Answers] = {}


@dataclass(frozen=True)
class Entry:
    """One row as it is understood. `since` is when its status begins: now or before, or later.

    `evaluation` is a programme of which they are an evaluator, and until when, which may be over; None says nothing.
    """

    details: Details
    role: RosterRole
    facts: RoleFacts
    status: RosterStatus
    since: datetime
    evaluation: tuple[str, datetime] | None = None


@dataclass(frozen=True)
class Verdict:
    """What one row would do: `changes` names the columns that differ, `reason` is an error's code.

    It is unsure while `candidates` have its name and nobody said whether it is one of them.
    """

    row: int
    kind: Kind
    external_id: str
    reason: str | None = None
    changes: tuple[str, ...] = ()
    entry: Entry | None = None
    candidates: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Register:
    """What is known when a roster is read.

    `known` are those whom a row may mean; `is_erased` tells of an external id whether its owner was erased;
    `importer_id` is the administrator who imports, and must be one afterwards too; `staying` are the external ids in
    lower case of the administrators whom nobody expects to leave, and some must be left of them; `judged` are the
    programmes in which people have a duty, who are no mentees of them.
    """

    institution: Institution
    programmes: frozenset[str]
    known: Known
    is_erased: Callable[[str], bool]
    importer_id: UUID
    staying: frozenset[str]
    judged: Mapping[UUID, frozenset[str]] = field(default_factory=dict[UUID, frozenset[str]])


def compare(lines: Sequence[Line], register: Register, now: datetime, answers: Answers = _NO_ANSWERS) -> list[Verdict]:
    """Say of each row what it would do. Of rows that mean one person the first stands and later ones are errors."""
    reading = _Reading(register.known.read_ahead(lines), set(), answers, now)
    verdicts: list[Verdict] = []
    for line in lines:
        try:
            verdicts.append(_judge_line(line, register, reading))
        except BadCell as bad:
            verdicts.append(_refuse(line.row, _shown_id(line), bad))
    return _leave_an_administrator(verdicts, register, now)


@dataclass(frozen=True)
class _Reading:
    """What holds of a whole file while its rows are read; `seen` are the ids that earlier rows have taken."""

    told: Told
    seen: set[str]
    answers: Answers
    now: datetime


def follow(person: Person, entry: Entry, now: datetime) -> list[PersonEvent]:
    """Make a person what their row says, except for their contact details; give what is to be said, in order."""
    said: list[PersonEvent] = []
    said += [person.remove(role, now) for role in _other_roster_roles(person, entry)]
    held = person.roles.get(entry.role)
    if held is None or held.facts != entry.facts:
        from_roster = held is None or held.from_roster
        said.append(person.assign(entry.role, HeldRole(entry.facts, from_roster), now))
    if entry.evaluation is not None:
        said += evaluate_until(person, *entry.evaluation, now)
    if entry.status != person.status and entry.since > now:
        person.plan(entry.status, entry.since)
    else:
        said += person.become(entry.status, entry.since, now)
    return said


def _judge_line(line: Line, register: Register, reading: _Reading) -> Verdict:
    """What one row would do; raises BadCell with the first reason that holds, in the order of the columns."""
    match = _identify(line, register, reading)
    entry = _understand(line, match, register, reading.now)
    if match.refused is not None:
        raise match.refused
    if match.candidates:
        reason = "same_person" if len(match.candidates) == 1 else "several_people"
        return Verdict(line.row, "unsure", match.external_id, reason, candidates=match.candidates)
    return _judge(line.row, entry, match.person, reading.now)


def _understand(line: Line, match: Match, register: Register, now: datetime) -> Entry:
    institution, known = register.institution, match.person
    entry = Entry(
        Details(
            external_id=match.external_id,
            name=cells.read_name(line.cell("name")),
            email=cells.read_email(line.cell("email")),
            locale=institution.locale if known is None else known.known().locale,
            time_zone=cells.optional(cells.read_time_zone, line.cell("time_zone")) or institution.time_zone,
        ),
        role := cells.read_role(line.cell("role")),
        _read_facts(line, role, register.programmes),
        cells.read_status(line.cell("status")),
        _read_since(line.cell("status_from"), institution.time_zone, now),
        _read_evaluation(line, register, now),
    )
    if _judges_their_own(entry, known, register, now):
        raise BadCell("own_programme")
    if known is not None and known.person_id == register.importer_id and _takes_their_own_role(known, entry):
        raise BadCell("own_administrator")
    return entry


def _judges_their_own(entry: Entry, known: Person | None, register: Register, now: datetime) -> bool:
    """Whether a row would leave somebody a mentee of a programme that they judge: by itself, or by a group."""
    judged = set[str]() if known is None else set(register.judged.get(known.person_id, ()))
    if entry.evaluation is not None and entry.evaluation[1] > now:
        judged.add(entry.evaluation[0])
    if entry.role == "mentee":
        return entry.facts.programme in judged
    stays = None if known is None else known.roles.get("mentee")
    return stays is not None and not stays.from_roster and stays.facts.programme in judged


def _refuse(row: int, external_id: str, bad: BadCell) -> Verdict:
    return Verdict(row, "error", external_id, bad.reason)


def _shown_id(line: Line) -> str:
    """The external id of a row with errors; what is none may be anything, so it is not repeated."""
    try:
        return cells.read_external_id(line.cell("external_id"))
    except BadCell:
        return ""


def _identify(line: Line, register: Register, reading: _Reading) -> Match:
    """Whom a row means. A row with other errors is the first of its id all the same, so later ones are errors."""
    if line.cells is None:
        raise BadCell("wrong_cell_count")
    if cells.looks_like_a_formula(line.cell("external_id")):
        raise BadCell("formula_cell")
    said = cells.optional(cells.read_external_id, line.cell("external_id"))
    if said is not None:
        _take(said, reading)
    if any(cells.looks_like_a_formula(cell) for cell in line.cells):
        raise BadCell("formula_cell")
    if said is not None and register.is_erased(said):
        raise BadCell("erased_person")
    match = register.known.identify(line, reading.told, reading.answers)
    if said is None and match.person is not None:
        _take(match.external_id, reading)
    return match


def _take(external_id: str, reading: _Reading) -> None:
    if external_id.lower() in reading.seen:
        raise BadCell("duplicate_external_id")
    reading.seen.add(external_id.lower())


def _read_facts(line: Line, role: RosterRole, programmes: frozenset[str]) -> RoleFacts:
    programme = line.cell("programme").strip().casefold() or None
    if programme is not None and programme not in programmes:
        raise BadCell("unknown_programme")
    places = cells.read_places(line.cell("places"))
    shared_places = cells.read_places(line.cell("shared_places"))
    if places and role != "mentor":
        raise BadCell("places_without_mentor")
    if shared_places > places:
        raise BadCell("shared_above_places")
    return RoleFacts(
        programme,
        cells.optional(cells.read_level, line.cell("level")),
        cells.optional(lambda text: cells.read_code(text, "bad_specialty"), line.cell("specialty")),
        places,
        shared_places,
    )


def _read_evaluation(line: Line, register: Register, now: datetime) -> tuple[str, datetime] | None:
    """Of which programme somebody is an evaluator, and the first instant after the last day of it."""
    programme, until = line.cell("evaluator_of").strip().casefold(), line.cell("evaluator_until").strip()
    if not programme and not until:
        return None
    if not programme or not until:
        raise BadCell("half_evaluator")
    if programme not in register.programmes:
        raise BadCell("unknown_programme")
    zone = register.institution.time_zone
    last = cells.read_date(until, now.astimezone(ZoneInfo(zone)).date())
    return programme, cells.start_of(last + timedelta(days=1), zone)


def _read_since(text: str, zone: str, now: datetime) -> datetime:
    """When a status begins: at that day's start in the institution's zone; an empty cell says today."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return cells.start_of(cells.read_date(text, today) if text.strip() else today, zone)


def _takes_their_own_role(importer: Person, entry: Entry) -> bool:
    """Whether a row would leave the importing administrator without access to undo it."""
    held = importer.roles.get("administrator")
    loses = held is not None and held.from_roster and entry.role != "administrator"
    return loses or entry.status == "left"


def _leave_an_administrator(verdicts: Sequence[Verdict], register: Register, now: datetime) -> list[Verdict]:
    """Make an error of a row that takes the last administrator who stays, whom no other row replaces."""
    staying = set(register.staying)
    leaving: list[tuple[int, str]] = []
    for index, verdict in enumerate(verdicts):
        key = verdict.external_id.lower()
        person = register.known.by_external_id.get(key)
        if verdict.entry is not None and _stays_administrator(person, verdict.entry, now):
            staying.add(key)
        elif verdict.entry is not None and key in staying:
            leaving.append((index, key))
    left = list(verdicts)
    for index, key in leaving:
        if staying == {key}:
            left[index] = _refuse(left[index].row, left[index].external_id, BadCell("last_administrator"))
        else:
            staying.remove(key)
    return left


def _stays_administrator(person: Person | None, entry: Entry, now: datetime) -> bool:
    """Whether a row makes or leaves its person an administrator whom nobody expects to leave."""
    held = None if person is None else person.roles.get("administrator")
    administers = entry.role == "administrator" or (held is not None and not held.from_roster)
    is_away = person is not None and person.status == "left" and entry.since > now
    return administers and entry.status != "left" and not is_away


def _other_roster_roles(person: Person, entry: Entry) -> list[Role]:
    """What a roster gave this person before and this one does not."""
    return [role for role, held in person.roles.items() if held.from_roster and role != entry.role]


def _judge(row: int, entry: Entry, person: Person | None, now: datetime) -> Verdict:
    external_id = entry.details.external_id
    if person is None:
        return Verdict(row, "new", external_id, entry=entry)
    changes = _changes(person, entry, now)
    return Verdict(row, "changed" if changes else "same", external_id, changes=changes, entry=entry)


def _changes(person: Person, entry: Entry, now: datetime) -> tuple[str, ...]:
    """The columns that differ from what is known, in their order."""
    known, wanted = person.known(), entry.details
    held = person.roles.get(entry.role)
    facts = held.facts if held else RoleFacts()
    later = (entry.status, entry.since) if entry.status != person.status and entry.since > now else (None, None)
    differs = {
        "name": known.name != wanted.name,
        "email": known.email != wanted.email,
        "role": held is None or bool(_other_roster_roles(person, entry)),
        "programme": facts.programme != entry.facts.programme,
        "level": facts.level != entry.facts.level,
        "specialty": facts.specialty != entry.facts.specialty,
        "status": (entry.status != person.status and later == (None, None))
        or (person.next_status, person.next_status_at) != later,
        "time_zone": known.time_zone != wanted.time_zone,
        "places": facts.places != entry.facts.places,
        "shared_places": facts.shared_places != entry.facts.shared_places,
        "evaluator_until": entry.evaluation is not None and _evaluates_otherwise(person, *entry.evaluation, now),
    }
    return tuple(column for column, differs_now in differs.items() if differs_now)


def _evaluates_otherwise(person: Person, programme: str, ends_at: datetime, now: datetime) -> bool:
    return person.evaluates.get(programme) != (ends_at if ends_at > now else None)

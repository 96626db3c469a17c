"""Roster imports: a preview that changes nobody, and applying it in one transaction, whole or with its good rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, LiteralString
from uuid import UUID, uuid4

from services.directory.domain.identity import Answers, Known, fold_name
from services.directory.domain.imports import KEPT_FOR, ImportSummary, RosterImport, Rows
from services.directory.domain.institutions import Institution
from services.directory.domain.people import Person
from services.directory.domain.reverts import Snapshot
from services.directory.domain.roster import Entry, Register, compare, follow
from services.directory.domain.sheet import Line, read_sheet
from services.directory.store import imports, institutions
from services.directory.store import people as store
from services.directory.use_cases.duties import attach_duties
from services.directory.use_cases.keys import Keys
from services.directory.use_cases.people import attach_roles, list_administrators
from services.directory.use_cases.reverts import keep_changes
from services.directory.use_cases.saving import Saved, save_people
from shared.platform import timers
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


class RosterExpires(timers.Timer):
    """A day has passed since a roster was sent: what it holds of people is deleted."""

    kind: ClassVar[str] = "roster_expires"
    lock: ClassVar[LiteralString] = (
        "SELECT import_id FROM roster_imports WHERE import_id = ANY($1) ORDER BY import_id FOR UPDATE SKIP LOCKED"
    )


_NOTHING: Final[Mapping[str, str]] = {}
_NO_ANSWERS: Final[Answers] = {}


async def preview_roster(
    tx: Transaction, content: bytes, by: Member, keys: Keys, stated: Mapping[str, str] = _NOTHING
) -> RosterImport:
    """Read a roster and say what each row would do; only the import itself is kept. `stated` are headers by column.

    Raises what `read_sheet` raises, and Forbidden for whoever is no administrator any more.
    """
    sheet = read_sheet(content, stated, await imports.find_columns(tx, by.institution_id))
    # An erasure was before this, or waits for its end and then forgets it.
    institution = await institutions.get_institution_for_key_share(tx, by.institution_id)
    known = await store.list_people_meant(tx, by.institution_id, *_keys_of(sheet.lines))
    register = await _register(tx, institution, known, by, keys)
    draft = RosterImport(
        import_id=uuid4(),
        institution_id=by.institution_id,
        imported_by=by.person_id,
        created_at=tx.now,
        expires_at=tx.now + KEPT_FOR,
        lines=sheet.lines,
        columns=sheet.columns,
        ignored_columns=sheet.ignored_columns,
    )
    draft.show(compare(sheet.lines, register, tx.now))
    await imports.add_roster_import(tx, draft)
    await timers.schedule(tx, RosterExpires(subject_id=draft.import_id), draft.expires_at)
    return draft


async def get_roster_import(tx: Transaction, institution_id: UUID, import_id: UUID) -> RosterImport:
    """One import as it was shown last; raises RosterImportNotFound."""
    return await imports.get_roster_import(tx, institution_id, import_id)


async def list_roster_imports(
    tx: Transaction, institution_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[ImportSummary]:
    """What became of the files of an institution, the latest first."""
    return await imports.list_roster_imports(tx, institution_id, before, limit)


async def apply_roster(
    tx: Transaction, import_id: UUID, rows: Rows, by: Member, keys: Keys, answers: Answers = _NO_ANSWERS
) -> RosterImport:
    """Import all rows, or the good ones, judged anew by what is known now; everything or nothing is stored.

    A row that may be somebody of the same name is imported with an answer alone; one that fits no question is nothing.
    Raises RosterImportNotFound, RosterAlreadyApplied, RosterExpired, RosterHasErrors, and Forbidden for whoever is no
    administrator any more.
    """
    # One roster at a time: two files that bring the same new person, or take the last administrators, wait here.
    [institution] = await institutions.lock_institutions(tx, [by.institution_id])
    draft = await imports.get_roster_import_for_update(tx, by.institution_id, import_id)
    draft.check_open(tx.now)
    known = await store.lock_people_meant(tx, by.institution_id, *_keys_of(draft.lines))
    register = await _register(tx, institution, known, by, keys)
    verdicts = compare(draft.lines, register, tx.now, answers)
    draft.apply(verdicts, rows, tx.now)
    saved = {
        verdict.row: _follow(tx, verdict.entry, register, keys)
        for verdict in verdicts
        if verdict.entry is not None and verdict.kind != "same"
    }
    await save_people(tx, list(saved.values()))
    await imports.save_roster_import(tx, draft)
    if draft.columns:  # what was sent before there were any to remember says nothing
        await imports.save_columns(tx, draft)
    await keep_changes(tx, draft, saved)
    return draft


async def forget_roster(tx: Transaction, import_id: UUID) -> None:
    """Delete what an import holds of people, a day after it was sent."""
    draft = await imports.get_roster_import_of_any_institution(tx, import_id)
    draft.forget()
    await imports.save_roster_import(tx, draft)


async def _register(tx: Transaction, institution: Institution, known: list[Person], by: Member, keys: Keys) -> Register:
    institution_id = institution.institution_id
    administrators = await list_administrators(tx, by)
    await attach_roles(tx, institution_id, known)
    programmes = await institutions.list_programmes(tx, institution_id, "", None)
    erased = await store.list_erased_keys(tx, institution_id)
    return Register(
        institution=institution,
        programmes=frozenset(programme.code for programme in programmes),
        known=Known(known),
        # Without erased people no key is computed: it is the dearest step of a row.
        is_erased=lambda external_id: bool(erased) and keys.sign_in_key(external_id, institution.mail_domain) in erased,
        importer_id=by.person_id,
        staying=frozenset(one.known().external_id.lower() for one in administrators if one.stays()),
        judged=await attach_duties(tx, institution_id, known),
    )


def _keys_of(lines: Sequence[Line]) -> tuple[list[str], list[str], list[str]]:
    """By what the rows of a file may mean somebody: external ids, addresses, names; an empty one means nobody."""
    external_keys = {line.cell("external_id").strip().lower() for line in lines}
    email_keys = {line.cell("email").strip().lower() for line in lines}
    name_keys = {fold_name(line.cell("name")) for line in lines}
    return sorted(external_keys), sorted(email_keys), sorted(name_keys)


def _follow(tx: Transaction, entry: Entry, register: Register, keys: Keys) -> Saved:
    """Change or make the person of one good row, in memory."""
    person = register.known.by_external_id.get(entry.details.external_id.lower())
    saved = Saved(person, Snapshot.of(person)) if person else _enrol(tx, entry, register.institution, keys)
    saved.said += follow(saved.person, entry, tx.now)
    if saved.before is None or saved.person.details != entry.details:
        saved.said.append(saved.person.record_contact(entry.details, keys.contacts, tx.now))
    return saved


def _enrol(tx: Transaction, entry: Entry, institution: Institution, keys: Keys) -> Saved:
    key = keys.sign_in_key(entry.details.external_id, institution.mail_domain)
    person = Person(uuid4(), institution.institution_id, key, entry.details)
    return Saved(person, None, [person.join(tx.now)])

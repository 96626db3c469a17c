"""What the consortium decides: which institutions are in it, and who lends mentors to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, LiteralString
from uuid import UUID, uuid4

from services.directory.domain.institutions import (
    Agreement,
    AgreementsOverlap,
    EndReason,
    Institution,
    InstitutionNotFound,
    MailDomainTaken,
    MayWarn,
    Programme,
    ProgrammeExists,
)
from services.directory.domain.people import Details, HeldRole, Person, RoleFacts
from services.directory.store import institutions as store
from services.directory.store import people
from services.directory.use_cases.keys import Keys
from shared.contracts.event import Role
from shared.platform import outbox, timers
from shared.platform.database import Transaction
from shared.platform.http.revisions import Revision


@dataclass(frozen=True)
class NewInstitution:
    """What an institution says when it joins."""

    name: str
    mail_domain: str
    time_zone: str
    locale: str


@dataclass(frozen=True)
class NewPerson:
    """Somebody who is known before there is a roster."""

    external_id: str
    name: str
    email: str


class AgreementOver(timers.Timer):
    """An agreement's last instant has come."""

    kind: ClassVar[str] = "agreement_over"
    lock: ClassVar[LiteralString] = (
        "SELECT agreement_id FROM agreements WHERE agreement_id = ANY($1) ORDER BY agreement_id FOR UPDATE SKIP LOCKED"
    )


async def found_consortium(
    tx: Transaction, office: NewInstitution, chief: NewPerson, keys: Keys, own_administrator: NewPerson | None = None
) -> UUID:
    """Make the institution that runs the consortium, with the consortium's administrator; twice is the same as once.

    For the worker login. Somebody has to be first: every other institution joins by a command of this administrator,
    whose id is given. Where the office is a hospital with people of its own, `own_administrator` administers those.
    """
    institution = await store.find_institution_of_domain(tx, office.mail_domain)
    if institution is None:
        institution = await _join(tx, office)
    if own_administrator is not None:
        await _appoint_once(tx, institution, own_administrator, "administrator", keys)
    return await _appoint_once(tx, institution, chief, "consortium_administrator", keys)


async def _appoint_once(tx: Transaction, institution: Institution, who: NewPerson, role: Role, keys: Keys) -> UUID:
    person = await people.find_person_of_external_id(tx, institution.institution_id, who.external_id)
    return (person or await _appoint(tx, institution, who, role, keys)).person_id


async def add_institution(
    tx: Transaction, wanted: NewInstitution, administrator: NewPerson, keys: Keys
) -> tuple[Institution, UUID]:
    """Let an institution join, with its first administrator, whose id is given too; raises MailDomainTaken."""
    institution = await _join(tx, wanted)
    person = await _appoint(tx, institution, administrator, "administrator", keys)
    return institution, person.person_id


async def _join(tx: Transaction, wanted: NewInstitution) -> Institution:
    institution = Institution(
        uuid4(), wanted.name, wanted.mail_domain, wanted.time_zone, wanted.locale, joined_at=tx.now
    )
    joined = institution.join(tx.now)
    if not await store.add_institution(tx, institution):
        raise MailDomainTaken
    await outbox.publish(tx, joined)
    return institution


async def _appoint(tx: Transaction, institution: Institution, who: NewPerson, role: Role, keys: Keys) -> Person:
    """Add somebody whose role no roster gave, so that none takes it."""
    details = Details(who.external_id, who.name, who.email, institution.locale, institution.time_zone)
    key = keys.sign_in_key(who.external_id, institution.mail_domain)
    person = Person(uuid4(), institution.institution_id, key, details)
    said = [
        person.join(tx.now),
        person.assign(role, HeldRole(RoleFacts(), from_roster=False), tx.now),
        person.record_contact(details, keys.contacts, tx.now),
    ]
    people.add_person(tx, person)
    await tx.flush()  # the role refers to the person
    people.add_role(tx, person, role)
    for event in said:
        await outbox.publish(tx, event)
    return person


async def list_institutions(tx: Transaction, after: tuple[str, UUID] | None, limit: int) -> list[Institution]:
    """The institutions by name."""
    return await store.list_institutions(tx, after, limit)


async def get_institution(tx: Transaction, institution_id: UUID) -> Institution:
    """One institution; raises InstitutionNotFound."""
    return await store.get_institution(tx, institution_id)


async def set_caps(
    tx: Transaction, institution_id: UUID, seen: Revision, *, lend_cap: int | None, borrow_cap: int | None
) -> Institution:
    """Bound an institution's cross pairs with all others together; lower than today's number ends none of them.

    Raises InstitutionNotFound, StaleRevision.
    """
    found = await store.lock_institutions(tx, [institution_id])
    if not found:
        raise InstitutionNotFound
    [institution] = found
    seen.check(institution.revision)
    said = institution.set_caps(lend_cap, borrow_cap, tx.now)
    if said is not None:
        await store.save_caps(tx, institution)
        await outbox.publish(tx, said)
    return institution


async def set_conflict_policy(
    tx: Transaction, institution_id: UUID, seen: Revision, warns: Sequence[MayWarn]
) -> Institution:
    """Say which kinds of conflict of interest only warn; pairs that it concerns are looked at anew.

    Raises InstitutionNotFound, StaleRevision.
    """
    found = await store.lock_institutions(tx, [institution_id])
    if not found:
        raise InstitutionNotFound
    [institution] = found
    seen.check(institution.revision)
    said = institution.set_conflict_policy(warns, tx.now)
    if said is not None:
        await store.save_conflict_policy(tx, institution)
        await outbox.publish(tx, said)
    return institution


async def add_programme(tx: Transaction, programme: Programme) -> None:
    """Add a training programme that rosters may name; raises ProgrammeExists."""
    if not await store.add_programme(tx, programme):
        raise ProgrammeExists


async def list_programmes(tx: Transaction, institution_id: UUID, after: str, limit: int) -> list[Programme]:
    """The programmes of an institution by code."""
    return await store.list_programmes(tx, institution_id, after, limit)


async def sign_agreement(tx: Transaction, agreement: Agreement) -> Agreement:
    """Put an agreement between two institutions in force.

    Raises AgreementWithOneself, AbsurdDates, InstitutionNotFound, AgreementsOverlap.
    """
    signed = agreement.sign(tx.now)
    parties = [agreement.lender_institution_id, agreement.borrower_institution_id]
    # Both rows are locked, so that two agreements of the same two cannot be signed past each other.
    if len(await store.lock_institutions(tx, parties)) < len(parties):
        raise InstitutionNotFound
    for other in await store.list_agreements_between(tx, *parties):
        if agreement.overlaps(other):
            raise AgreementsOverlap
    await store.add_agreement(tx, agreement)
    if agreement.ends_at is not None:
        await timers.schedule(tx, AgreementOver(subject_id=agreement.agreement_id), agreement.ends_at)
    await outbox.publish(tx, signed)
    return agreement


async def end_agreement(tx: Transaction, agreement_id: UUID, reason: EndReason, seen: Revision) -> Agreement:
    """End an agreement at once, where both want it, or give notice, which ends it later.

    Raises AgreementNotFound, StaleRevision, AgreementEnding.
    """
    agreement = await store.get_agreement_for_update(tx, agreement_id)
    seen.check(agreement.revision)
    if reason == "notice":
        given = agreement.give_notice(tx.now)
        await store.save_agreement(tx, agreement)
        await timers.schedule(tx, AgreementOver(subject_id=agreement_id), given.ends_at)
        await outbox.publish(tx, given)
    else:
        await _end(tx, agreement, reason)
        await timers.cancel(tx, AgreementOver, agreement_id)
    return agreement


async def end_agreement_in_time(tx: Transaction, agreement_id: UUID) -> None:
    """The instant has come that was agreed, or to which notice was given."""
    agreement = await store.get_agreement(tx, agreement_id)
    await _end(tx, agreement, "term_over" if agreement.notice_given_at is None else "notice")


async def _end(tx: Transaction, agreement: Agreement, reason: EndReason) -> None:
    ended = agreement.end(reason, tx.now)
    await store.save_agreement(tx, agreement)
    await outbox.publish(tx, ended)


async def get_agreement(tx: Transaction, agreement_id: UUID) -> Agreement:
    """One agreement; raises AgreementNotFound."""
    return await store.get_agreement(tx, agreement_id)


async def list_agreements(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[Agreement]:
    """The agreements by their start: all of them for the consortium, one's own for an institution."""
    return await store.list_agreements(tx, after, limit)

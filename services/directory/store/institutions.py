"""SQL about institutions, programmes and agreements; one function, one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.directory.domain.institutions import (
    Agreement,
    AgreementNotFound,
    Institution,
    InstitutionNotFound,
    Programme,
)
from shared.platform.database import Row, Transaction

_INSTITUTION: Final = (
    "SELECT institution_id, name, mail_domain, time_zone, locale, joined_at, lend_cap, borrow_cap, warns, version, "
    "revision FROM institutions "
)
_AGREEMENT: Final = """
SELECT agreement_id, lender_institution_id, borrower_institution_id, cap, starts_at, ends_at, notice_days,
       notice_given_at, ended_at, end_reason, version, revision
FROM agreements
"""


async def add_institution(tx: Transaction, one: Institution) -> bool:
    """Whether the institution was added: its mail domain may be another one's."""
    added = await tx.execute(
        """
        INSERT INTO institutions (institution_id, name, mail_domain, time_zone, locale, joined_at, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (mail_domain) DO NOTHING
        """,
        one.institution_id,
        one.name,
        one.mail_domain,
        one.time_zone,
        one.locale,
        one.joined_at,
        one.version,
        one.revision,
    )
    return added == "INSERT 0 1"


async def save_caps(tx: Transaction, one: Institution) -> None:
    """Keep how many cross pairs an institution allows."""
    await tx.execute(
        "UPDATE institutions SET lend_cap = $2, borrow_cap = $3, version = $4, revision = $5 WHERE institution_id = $1",
        one.institution_id,
        one.lend_cap,
        one.borrow_cap,
        one.version,
        one.revision,
    )


async def save_conflict_policy(tx: Transaction, one: Institution) -> None:
    """Keep which kinds of conflict of interest only warn at an institution."""
    await tx.execute(
        "UPDATE institutions SET warns = $2, version = $3, revision = $4 WHERE institution_id = $1",
        one.institution_id,
        one.warns,
        one.version,
        one.revision,
    )


async def find_institution_of_domain(tx: Transaction, mail_domain: str) -> Institution | None:
    """The institution that signs in with a mail domain, or None."""
    row = await tx.find(_INSTITUTION + "WHERE mail_domain = $1", mail_domain)
    return None if row is None else Institution(**dict(row))


async def get_institution(tx: Transaction, institution_id: UUID) -> Institution:
    """One institution; raises InstitutionNotFound."""
    return _found(await tx.find(_INSTITUTION + "WHERE institution_id = $1", institution_id))


async def get_institution_for_key_share(tx: Transaction, institution_id: UUID) -> Institution:
    """One institution, of whose people nobody is erased before this transaction ends; raises InstitutionNotFound."""
    # The lock that a row which refers to the institution takes by itself, only too late: imports do not wait for it.
    return _found(await tx.find(_INSTITUTION + "WHERE institution_id = $1 FOR KEY SHARE", institution_id))


async def get_institution_for_update(tx: Transaction, institution_id: UUID) -> Institution:
    """One institution, locked for an erasure, which waits for everything that is written of it."""
    return _found(await tx.find(_INSTITUTION + "WHERE institution_id = $1 FOR UPDATE", institution_id))


async def lock_institutions(tx: Transaction, institution_ids: Sequence[UUID]) -> list[Institution]:
    """Those of the institutions that exist, locked in order of id."""
    # Weaker than FOR UPDATE: rows that refer to an institution may be written meanwhile.
    rows = await tx.fetch(
        _INSTITUTION + "WHERE institution_id = ANY($1::uuid[]) ORDER BY institution_id FOR NO KEY UPDATE",
        institution_ids,
    )
    return [Institution(**dict(row)) for row in rows]


async def list_institutions(tx: Transaction, after: tuple[str, UUID] | None, limit: int) -> list[Institution]:
    """A page of institutions by name."""
    name, last = after or ("", UUID(int=0))
    rows = await tx.fetch(
        _INSTITUTION + "WHERE (name, institution_id) > ($1, $2) ORDER BY name, institution_id LIMIT $3",
        name,
        last,
        limit,
    )
    return [Institution(**dict(row)) for row in rows]


async def add_programme(tx: Transaction, one: Programme) -> bool:
    """Whether the programme was added: its code may be taken."""
    added = await tx.execute(
        "INSERT INTO programmes (institution_id, code, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        one.institution_id,
        one.code,
        one.name,
    )
    return added == "INSERT 0 1"


async def has_programme(tx: Transaction, institution_id: UUID, code: str) -> bool:
    """Whether an institution has a programme with this code."""
    row = await tx.find("SELECT true FROM programmes WHERE institution_id = $1 AND code = $2", institution_id, code)
    return row is not None


async def list_programmes(tx: Transaction, institution_id: UUID, after: str, limit: int | None) -> list[Programme]:
    """A page of programmes by code, or all of them where `limit` is None."""
    rows = await tx.fetch(
        """
        SELECT institution_id, code, name FROM programmes
        WHERE institution_id = $1 AND code > $2 ORDER BY code LIMIT $3
        """,
        institution_id,
        after,
        limit,
    )
    return [Programme(**dict(row)) for row in rows]


async def add_agreement(tx: Transaction, one: Agreement) -> None:
    """Keep a new agreement."""
    await tx.execute(
        """
        INSERT INTO agreements (agreement_id, lender_institution_id, borrower_institution_id, cap, starts_at, ends_at,
                                notice_days, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        one.agreement_id,
        one.lender_institution_id,
        one.borrower_institution_id,
        one.cap,
        one.starts_at,
        one.ends_at,
        one.notice_days,
        one.version,
        one.revision,
    )


async def get_agreement(tx: Transaction, agreement_id: UUID) -> Agreement:
    """One agreement; raises AgreementNotFound."""
    row = await tx.find(_AGREEMENT + "WHERE agreement_id = $1", agreement_id)
    if row is None:
        raise AgreementNotFound
    return Agreement(**dict(row))


async def get_agreement_for_update(tx: Transaction, agreement_id: UUID) -> Agreement:
    """One agreement, locked; raises AgreementNotFound."""
    row = await tx.find(_AGREEMENT + "WHERE agreement_id = $1 FOR UPDATE", agreement_id)
    if row is None:
        raise AgreementNotFound
    return Agreement(**dict(row))


async def save_agreement(tx: Transaction, one: Agreement) -> None:
    """Keep how an agreement stands now."""
    await tx.execute(
        """
        UPDATE agreements
        SET ends_at = $2, notice_given_at = $3, ended_at = $4, end_reason = $5, version = $6, revision = $7
        WHERE agreement_id = $1
        """,
        one.agreement_id,
        one.ends_at,
        one.notice_given_at,
        one.ended_at,
        one.end_reason,
        one.version,
        one.revision,
    )


async def list_agreements_between(tx: Transaction, lender_id: UUID, borrower_id: UUID) -> list[Agreement]:
    """Every agreement of two institutions in one direction."""
    rows = await tx.fetch(
        _AGREEMENT + "WHERE lender_institution_id = $1 AND borrower_institution_id = $2", lender_id, borrower_id
    )
    return [Agreement(**dict(row)) for row in rows]


async def list_agreements(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[Agreement]:
    """A page of agreements by start."""
    starts_at, last = after or (None, UUID(int=0))
    rows = await tx.fetch(
        _AGREEMENT
        + """
        WHERE $1::timestamptz IS NULL OR (starts_at, agreement_id) > ($1, $2)
        ORDER BY starts_at, agreement_id LIMIT $3
        """,
        starts_at,
        last,
        limit,
    )
    return [Agreement(**dict(row)) for row in rows]


def _found(row: Row | None) -> Institution:
    if row is None:
        raise InstitutionNotFound
    return Institution(**dict(row))

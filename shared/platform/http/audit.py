"""What administrators did or looked for, one record per act, whatever became of it; ordinary requests leave none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID, uuid4

from shared.contracts.event import Role
from shared.platform.database import Transaction
from shared.platform.http.routes import Operation
from shared.platform.members import Person

Outcome = Literal["done", "refused", "failed", "unknown"]
ADMINISTRATORS: Final[frozenset[Role]] = frozenset({"administrator", "consortium_administrator"})
_LONGEST_PATH: Final = 500
_LONGEST_REASON: Final = 500


def acts_as_administrator(person: Person, row: Mapping[Role, object]) -> bool:
    """Whether the person uses the operation as an administrator.

    Who is also a mentor and is let in as that alone acts as a mentor; whom nothing lets in tried what their roles are.
    """
    admitted = person.roles & row.keys()
    return not ADMINISTRATORS.isdisjoint(admitted or person.roles)


def is_due(operation: Operation, status: int) -> bool:
    """Whether an administrator's request leaves a record: every change, and each look-up by id that found nothing."""
    return operation.changes_something or (operation.looks_up_by_id and status == HTTPStatus.NOT_FOUND)


@dataclass(frozen=True)
class Act:
    """One request of an administrator. It has its record's id from the start, and so is recorded once."""

    person: Person
    operation: str
    path: str
    audit_id: UUID = field(default_factory=uuid4)

    async def record(self, tx: Transaction, outcome: Outcome, reason: str | None) -> None:
        """Record what became of it; `reason` is the form's own on success, and otherwise the code of the refusal."""
        await tx.execute(
            """
            INSERT INTO audit_records (audit_id, institution_id, person_id, operation, path, outcome, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
            """,
            self.audit_id,
            self.person.institution_id,
            self.person.person_id,
            self.operation,
            self.path[:_LONGEST_PATH],
            outcome,
            reason and reason[:_LONGEST_REASON],
        )

"""The person behind a request, as rules see them: who, of where, in which roles; no I/O."""

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.event import Role


@dataclass(frozen=True)
class Person:
    """The person behind a request: who, of which institution, in which roles."""

    person_id: UUID
    institution_id: UUID
    roles: frozenset[Role]

    @property
    def administers(self) -> bool:
        """Whether they act for their institution."""
        return "administrator" in self.roles

"""Who may do what, read from `policy.toml`; an operation without a row there is nobody's."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.event import Role

Relation = Literal["institution", "party", "own", "consortium", "any"]
"""How a person must be related to what an operation touches; `policy.toml` says what each means."""

Row = Annotated[dict[Role, Relation], Field(min_length=1)]
"""The roles that may use an operation, each with its relation."""

EVERY = "every"
"""In a service's place: the operation is the platform's, and each service that has it is meant."""


class Policy(BaseModel):
    """Everything `policy.toml` says: service, then operation, then role and relation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    services: dict[str, dict[str, Row]]

    def find_row(self, operation_id: str) -> Mapping[Role, Relation] | None:
        """Who may use the operation `<service>.<function name>`; None where nobody decided."""
        service, _, operation = operation_id.partition(".")
        own, every = (self.services.get(name, {}).get(operation) for name in (service, EVERY))
        return own or every

    def operation_ids(self) -> list[str]:
        """Every operation that has a row, sorted."""
        return sorted(f"{service}.{name}" for service, rows in self.services.items() for name in rows)


@cache
def load() -> Policy:
    """The committed policy."""
    raw = tomllib.loads(Path(__file__).with_name("policy.toml").read_text(encoding="utf-8"))
    return Policy.model_validate({"services": raw})

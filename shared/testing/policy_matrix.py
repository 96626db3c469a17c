"""The policy as a matrix, operation by role, from what services offer; it knows no operation that none of them has."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from shared.contracts import policy as contract
from shared.contracts.event import Role
from shared.contracts.policy import Policy, Relation
from shared.platform.http import Operation, operations
from shared.platform.http.routes import HasRoutes

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Cell:
    """What the policy says of one role on one operation; without a relation the role is refused."""

    operation: Operation
    role: Role
    relation: Relation | None


def cells(services: Iterable[HasRoutes], policy: Policy | None = None) -> list[Cell]:
    """Every operation of every service with every role."""
    said = policy or contract.load()
    return [
        Cell(operation, role, (said.find_row(operation.id) or {}).get(role))
        for service in services
        for operation in operations(service)
        for role in ROLES
    ]


def unused_rows(services: Iterable[HasRoutes], policy: Policy | None = None) -> list[str]:
    """Rows that no operation needs any more."""
    offered = {operation.id for service in services for operation in operations(service)}
    offered |= {f"{contract.EVERY}.{operation_id.partition('.')[2]}" for operation_id in offered}
    return [row for row in (policy or contract.load()).operation_ids() if row not in offered]

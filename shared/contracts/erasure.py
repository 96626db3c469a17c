"""The receipt of an erasure: each service that holds something of people says one on its own topic."""

from typing import ClassVar
from uuid import UUID, uuid5

from shared.contracts.event import Event


def receipt_id(person_id: UUID, service: str) -> UUID:
    """The aggregate that is a service's receipt for a person: the same in every life of the service."""
    return uuid5(person_id, f"erasure in {service}")


class ErasureReceipt(Event):
    """A service deleted what it held of a person who was erased."""

    aggregate: ClassVar[str] = "receipt_id"
    receipt_id: UUID
    person_id: UUID
    institution_id: UUID

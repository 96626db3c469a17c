"""Who may do what in Kafka, as it follows from the catalogue; what does not follow from it is refused by the broker."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.topics import Catalogue


@dataclass(frozen=True, order=True)
class Grant:
    """One thing that a principal may do; `prefixed` means with every name that begins with `name`."""

    principal: str
    resource: Literal["topic", "group"]
    name: str
    operation: Literal["READ", "WRITE", "DESCRIBE"]
    prefixed: bool = False

    def __str__(self) -> str:
        return f"{self.principal} may {self.operation} {self.resource} {self.name}{'*' if self.prefixed else ''}"


def acls(catalogue: Catalogue) -> list[Grant]:
    """Everything that the catalogue permits, sorted.

    A publisher writes and describes its topic; an idempotent producer needs no more since Kafka 3.0 (KIP-679). A reader
    reads and describes, in groups whose names begin with its own and a dot, or with the prefixes in the catalogue.
    """
    grants: set[Grant] = set()
    for topic in catalogue.topics.values():
        grants.add(Grant(topic.publisher, "topic", topic.name, "WRITE"))
        grants.add(Grant(topic.publisher, "topic", topic.name, "DESCRIBE"))
        for reader in topic.readers:
            grants.add(Grant(reader, "topic", topic.name, "READ"))
            grants.add(Grant(reader, "topic", topic.name, "DESCRIBE"))
            outside = catalogue.principals.get(reader)
            for prefix in outside.groups if outside else (f"{reader}.",):
                grants.add(Grant(reader, "group", prefix, "READ", prefixed=True))
    return sorted(grants)


def principals(catalogue: Catalogue) -> list[str]:
    """Whoever the catalogue permits anything, sorted."""
    return sorted({grant.principal for grant in acls(catalogue)})

"""What every event has in common; a field that could carry a name or free text is refused by a contract test."""

from functools import lru_cache
from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A short word from a fixed vocabulary, such as a reason; never prose."""

ZoneName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+\-/]{0,62}$")]
"""An IANA time zone, such as Europe/Warsaw."""

Role = Literal["mentor", "mentee", "administrator", "consortium_administrator"]


class Event(BaseModel):
    """A fact in the past tense: one version of one aggregate.

    `version` rises by one per event of the aggregate; `institution_ids` are the institutions that it concerns.
    Readers ignore fields that they do not know, because optional ones may be added within a version.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[str]
    aggregate: ClassVar[str]
    """Name of the field that holds the aggregate's id."""
    keyed_by: ClassVar[str | None] = None
    """Name of the field whose value is the Kafka key, where it is not the aggregate's id."""
    tombstone: ClassVar[bool] = False
    """Whether its record has no body, so that a compacted topic forgets the key; the headers say everything."""

    version: int = Field(ge=1)
    occurred_at: AwareDatetime
    institution_ids: tuple[UUID, ...]

    @property
    def aggregate_id(self) -> UUID:
        """The id whose versions this event counts."""
        return getattr(self, type(self).aggregate)

    @property
    def key(self) -> UUID:
        """The Kafka key: events with one key share a partition."""
        return getattr(self, self.keyed_by or type(self).aggregate)

    @property
    def event_id(self) -> UUID:
        """Follows from aggregate and version, so that the same fact has the same id wherever it is made."""
        return event_id(self.aggregate_id, self.version)


@lru_cache(maxsize=1_024)  # whoever writes an event needs it twice
def event_id(aggregate_id: UUID, version: int) -> UUID:
    """The id of an aggregate's event number `version` (UUIDv5, RFC 9562)."""
    return uuid5(aggregate_id, str(version))

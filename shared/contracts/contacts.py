"""How to reach a person: states, not events, sealed for the few services that may read them."""

from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.event import Event, ZoneName


def contact_id(person_id: UUID) -> UUID:
    """The aggregate that holds a person's contact details, with versions of its own."""
    return uuid5(person_id, "contact")


class ContactRecorded(Event):
    """These are a person's contact details now; a record counts when its version is above the one held."""

    type: ClassVar[str] = "osler.contacts.contact_recorded.v1"
    topic: ClassVar[str] = "osler.contacts"
    aggregate: ClassVar[str] = "contact_id"
    contact_id: UUID
    person_id: UUID
    institution_id: UUID
    key_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    sealed: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=8192)]
    """AES-256-GCM of ContactDetails, base64: 12 bytes of nonce, then the ciphertext; bound to person and version."""


class ContactErased(Event):
    """A person's contact details are gone: the tombstone, a record without a body whose headers say which."""

    type: ClassVar[str] = "osler.contacts.contact_erased.v1"
    topic: ClassVar[str] = "osler.contacts"
    aggregate: ClassVar[str] = "contact_id"
    tombstone: ClassVar[bool] = True
    contact_id: UUID


class ContactDetails(BaseModel):
    """What the seal holds; never logged, never in another topic."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,253}$")]
    locale: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    time_zone: ZoneName

"""Contact details under seal: AES-256-GCM, bound to person and version; refuses what was altered or moved elsewhere."""

import hashlib
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from shared.contracts.contacts import ContactDetails, ContactRecorded
from shared.platform.errors import Refused, Unavailable

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # random; AES-GCM allows 2**32 messages of one key with random nonces (NIST SP 800-38D, 8.3)
_PURPOSE: Final = b"osler contact details 1"


class SealedWithAnotherKey(Unavailable):
    """These contact details are sealed with a key that this process was not given; they wait until it is."""


class SealBroken(Refused):
    """These contact details were altered, or belong to another person or version. They are not used."""


@dataclass(frozen=True)
class ContactsKey:
    """The key of contact details; `key_id` follows from it, so that nobody has to name keys, and does not tell it."""

    key_id: str
    secret: bytes = field(repr=False)

    @classmethod
    def from_base64(cls, encoded: str) -> Self:
        """The key that OSLER_CONTACTS_KEY holds; raises ValueError where that is not base64 of 32 bytes."""
        try:
            secret = b64decode(encoded, validate=True)
        except ValueError:
            secret = b""
        if len(secret) != _KEY_BYTES:
            message = "OSLER_CONTACTS_KEY must be base64 of 32 bytes"
            raise ValueError(message)
        return cls(hashlib.sha256(b"osler contacts key id" + secret).hexdigest()[:16], secret)


def seal(key: ContactsKey, details: ContactDetails, person_id: UUID, version: int) -> str:
    """What `ContactRecorded.sealed` holds: base64 of a nonce of 12 bytes and the ciphertext."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    plain = details.model_dump_json().encode()
    return b64encode(nonce + AESGCM(key.secret).encrypt(nonce, plain, _bound_to(person_id, version))).decode()


def open_sealed(key: ContactsKey, record: ContactRecorded) -> ContactDetails:
    """The contact details of a record; raises SealedWithAnotherKey, SealBroken."""
    if record.key_id != key.key_id:
        raise SealedWithAnotherKey
    try:
        sealed = b64decode(record.sealed, validate=True)
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        plain = AESGCM(key.secret).decrypt(nonce, ciphertext, _bound_to(record.person_id, record.version))
        return ContactDetails.model_validate_json(plain)
    except (InvalidTag, ValidationError, ValueError):
        # The cause could quote what it read.
        raise SealBroken from None


def _bound_to(person_id: UUID, version: int) -> bytes:
    """The additional data: a sealed value that is copied into another record, or an older one, does not open."""
    return _PURPOSE + person_id.bytes + version.to_bytes(8, "big")

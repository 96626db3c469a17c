"""Contact details under seal."""

from base64 import b64decode, b64encode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.contacts import ContactDetails, ContactRecorded, contact_id
from shared.platform.seal import ContactsKey, SealBroken, SealedWithAnotherKey, open_sealed, seal
from tests.unit.directory.rosters import NOW

KEY = ContactsKey.from_base64(b64encode(bytes(range(32))).decode())
DETAILS = ContactDetails(name="Ada Nowak", email="ada@north.example", locale="pl", time_zone="Europe/Warsaw")
ADA = uuid4()


def a_record(sealed: str, person_id: UUID = ADA, version: int = 3, key_id: str = KEY.key_id) -> ContactRecorded:
    institution_id = uuid4()
    return ContactRecorded(
        version=version,
        occurred_at=NOW,
        institution_ids=(institution_id,),
        contact_id=contact_id(person_id),
        person_id=person_id,
        institution_id=institution_id,
        key_id=key_id,
        sealed=sealed,
    )


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_what_is_sealed_opens_again(name: str) -> None:
    details = DETAILS.model_copy(update={"name": name})
    assert open_sealed(KEY, a_record(seal(KEY, details, ADA, 3))) == details


def test_the_same_details_never_look_the_same() -> None:
    assert seal(KEY, DETAILS, ADA, 3) != seal(KEY, DETAILS, ADA, 3)


def test_a_seal_does_not_open_for_another_person_or_version() -> None:
    sealed = seal(KEY, DETAILS, ADA, 3)
    for record in (a_record(sealed, person_id=uuid4()), a_record(sealed, version=4)):
        with pytest.raises(SealBroken):
            open_sealed(KEY, record)


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=1, max_value=255))
def test_one_altered_byte_breaks_the_seal(place: int, change: int) -> None:
    sealed = bytearray(b64decode(seal(KEY, DETAILS, ADA, 3)))
    sealed[place] ^= change
    with pytest.raises(SealBroken) as broken:
        open_sealed(KEY, a_record(b64encode(sealed).decode()))
    assert broken.value.__cause__ is None


@pytest.mark.parametrize("sealed", ["AA==", "AAAA", "A" * 16])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(SealBroken):
        open_sealed(KEY, a_record(sealed))


def test_another_key_waits_instead_of_failing() -> None:
    other = ContactsKey.from_base64(b64encode(bytes(32)).decode())
    with pytest.raises(SealedWithAnotherKey):
        open_sealed(other, a_record(seal(KEY, DETAILS, ADA, 3)))


def test_a_key_tells_its_secret_to_nobody() -> None:
    assert "secret" not in repr(KEY)
    assert bytes(range(32)).hex()[:16] not in KEY.key_id


@pytest.mark.parametrize("encoded", ["", "AAAA", "not base64!", b64encode(bytes(31)).decode()])
def test_a_key_has_32_bytes(encoded: str) -> None:
    with pytest.raises(ValueError, match="base64 of 32 bytes"):
        ContactsKey.from_base64(encoded)

"""Erasure, contact records and the looks that prove them gone."""

from uuid import UUID, uuid4

import pytest

from services.directory.domain.erasure import ErasedContact, Heard, judge
from services.directory.domain.people import Details, HeldRole, Person, PersonAlreadyErased, RoleFacts
from shared.contracts.contacts import contact_id
from shared.platform.seal import ContactsKey, open_sealed
from tests.unit.directory.rosters import NOW

KEY = ContactsKey("test", bytes(range(32)))
DETAILS = Details("E-1", "Ada Nowak", "ada@north.example", "pl", "Europe/Warsaw")


def a_person() -> Person:
    person = Person(uuid4(), uuid4(), "0" * 32, DETAILS)
    person.join(NOW)
    person.assign("mentor", HeldRole(RoleFacts(places=2), from_roster=True), NOW)
    person.record_contact(DETAILS, KEY, NOW)
    return person


def test_contact_details_have_versions_of_their_own() -> None:
    person = a_person()
    record = person.record_contact(DETAILS, KEY, NOW)
    assert (person.version, record.version, record.contact_id) == (2, 2, contact_id(person.person_id))
    assert open_sealed(KEY, record).email == "ada@north.example"


def test_an_event_of_a_person_names_nobody() -> None:
    person = Person(uuid4(), uuid4(), "0" * 32, DETAILS)
    said = [person.join(NOW), person.record_contact(DETAILS, KEY, NOW), *person.erase("asked", NOW)]
    for event in said:
        assert "Ada" not in event.model_dump_json()
        assert "north" not in event.model_dump_json()


def test_erasure_leaves_no_details_and_buries_the_contact_above_every_record() -> None:
    person = a_person()
    person.plan("left", NOW)
    said, tombstone = person.erase("asked", NOW)
    assert (person.status, person.details, person.roles, person.next_status) == ("erased", None, {}, None)
    assert (said.version, tombstone.version) == (3, 2)
    with pytest.raises(PersonAlreadyErased):
        person.erase("asked", NOW)


def erased(*, under_way: bool = False, completed: bool = False) -> ErasedContact:
    return ErasedContact(uuid4(), uuid4(), under_way, completed)


def last_word(contact: ErasedContact, version: int, *, has_body: bool) -> dict[UUID, Heard]:
    return {contact_id(contact.person_id): Heard(version, has_body)}


def test_an_old_record_behind_its_tombstone_is_answered_with_another_tombstone() -> None:
    contact = erased(completed=True)
    findings = judge([contact], last_word(contact, 1, has_body=True))
    assert findings.speak_again == {contact.person_id: 1}
    assert findings.look_again


def test_an_erasure_is_complete_when_the_last_word_is_a_tombstone_or_nothing() -> None:
    silent, compacted = erased(), erased()
    findings = judge([silent, compacted], last_word(silent, 2, has_body=False))
    assert set(findings.gone) == {silent.person_id, compacted.person_id}
    assert not findings.look_again


def test_a_tombstone_that_is_still_under_way_is_waited_for() -> None:
    contact = erased(under_way=True)
    findings = judge([contact], last_word(contact, 1, has_body=True))
    assert (findings.speak_again, findings.gone, findings.look_again) == ({}, (), True)


def test_a_complete_erasure_is_not_completed_again() -> None:
    assert judge([erased(completed=True)], {}).gone == ()


def test_another_tombstone_is_above_whatever_was_published() -> None:
    person = a_person()
    person.erase("asked", NOW)
    assert person.bury_contact(7, NOW).version == 8
    assert person.bury_contact(0, NOW).version == 9

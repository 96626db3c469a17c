"""How far an erasure is at each instant, and what of a legal hold a person is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from deploy.schemas.__main__ import services
from services.directory.domain.holds import Held, Hold, HoldReleased
from services.directory.domain.receipts import RECEIPT_WITHIN, RECEIPTS, Erasure, service_of
from shared.contracts.directory import PersonErased
from shared.contracts.erasure import ErasureReceipt, receipt_id

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def an_erasure(
    receipts: Mapping[str, datetime | None],
    *,
    erased_at: datetime | None = NOW,
    contacts_gone_at: datetime | None = NOW,
) -> Erasure:
    return Erasure(uuid4(), "asked", uuid4(), NOW, erased_at, contacts_gone_at, receipts)


@pytest.mark.parametrize(
    ("erasure", "at", "state"),
    [
        (an_erasure({}, erased_at=None, contacts_gone_at=None), NOW + 10 * RECEIPT_WITHIN, "delayed"),
        (an_erasure({"pairing": None}), NOW, "under_way"),
        (an_erasure({"pairing": None}), NOW + RECEIPT_WITHIN - MOMENT, "under_way"),
        (an_erasure({"pairing": None}), NOW + RECEIPT_WITHIN, "overdue"),
        (an_erasure({"pairing": NOW, "console": None}), NOW + RECEIPT_WITHIN, "overdue"),
        (an_erasure({"pairing": NOW}, contacts_gone_at=None), NOW + 10 * RECEIPT_WITHIN, "under_way"),
        (an_erasure({"pairing": NOW}), NOW, "complete"),
    ],
)
def test_an_erasure_is_complete_with_the_last_receipt_and_overdue_after_72_hours(
    erasure: Erasure, at: datetime, state: str
) -> None:
    assert erasure.state(at) == state


def test_every_service_that_hears_of_erasures_says_a_receipt_that_is_waited_for() -> None:
    hear = {
        service.name for service in services() if any(PersonErased.type in events.heard for events in service.events)
    }
    say = {service.name for service in services() if any(issubclass(said, ErasureReceipt) for said in service.says)}
    assert hear == say == RECEIPTS.keys()


@pytest.mark.parametrize("service", RECEIPTS)
def test_a_receipt_tells_which_service_says_it(service: str) -> None:
    person_id, institution_id = uuid4(), uuid4()
    receipt = RECEIPTS[service](
        version=1,
        occurred_at=NOW,
        institution_ids=(institution_id,),
        receipt_id=receipt_id(person_id, service),
        person_id=person_id,
        institution_id=institution_id,
    )
    assert service_of(receipt) == service
    assert receipt.topic == f"osler.{service}"


def a_hold(*, tell_person: bool, at: datetime = NOW) -> Hold:
    return Hold(uuid4(), uuid4(), uuid4(), "legal_claim", tell_person, uuid4(), at)


def test_a_person_is_told_of_a_hold_unless_law_forbids_it() -> None:
    told, secret = a_hold(tell_person=True, at=NOW), a_hold(tell_person=False, at=NOW - timedelta(days=1))
    delayed_since = NOW + timedelta(days=1)
    assert Held.of([secret, told], delayed_since, to_the_person=True) == Held(told.recorded_at, delayed_since)
    assert Held.of([secret, told], delayed_since, to_the_person=False) == Held(secret.recorded_at, delayed_since)
    assert Held.of([secret], delayed_since, to_the_person=True) == Held()
    assert Held.of([], None, to_the_person=False) == Held()


def test_a_hold_is_released_once_and_then_holds_nobody() -> None:
    hold, by = a_hold(tell_person=True), uuid4()
    hold.release(by, NOW)
    assert (hold.released_by, hold.released_at, hold.is_open) == (by, NOW, False)
    assert Held.of([hold], None, to_the_person=False) == Held()
    with pytest.raises(HoldReleased):
        hold.release(uuid4(), NOW + MOMENT)
    assert hold.released_by == by

"""Each service's receipt of an erasure: said with the erasure, and once in all of the service's lives."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.directory.domain.receipts import RECEIPTS
from shared.contracts.contacts import ContactErased, ContactRecorded, contact_id
from shared.contracts.directory import InstitutionJoined, PersonErased, PersonJoined
from shared.contracts.erasure import receipt_id
from shared.platform.service import Service
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, make_stage

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def a_service(name: str) -> Service:
    """The service as it runs, its handlers and what it says."""
    return import_module(f"services.{name}.app").build()


@pytest.fixture(params=sorted(RECEIPTS))
async def running(
    request: pytest.FixtureRequest, engines: Engines, passwords: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Running]:
    """Each of the services, with an empty database."""
    monkeypatch.setenv("OSLER_CONTACTS_KEY", LOCAL_CONTACTS_KEY)
    stage = await make_stage(engines, passwords, [request.param])
    async with run_service(stage, a_service(request.param)) as running:
        yield running


class Someone:
    """A person of a hospital, and what the directory says of them."""

    def __init__(self) -> None:
        self.person_id, self.institution_id = uuid4(), uuid4()

    def _of(self, version: int) -> dict[str, Any]:
        return {
            "version": version,
            "occurred_at": NOW,
            "institution_ids": (self.institution_id,),
            "institution_id": self.institution_id,
        }

    def joined(self) -> list[InstitutionJoined | PersonJoined]:
        """The hospital, and then the person."""
        hospital = InstitutionJoined(
            **self._of(1), name="Alder", mail_domain=f"{self.institution_id.hex}.example", time_zone="Europe/Prague"
        )
        person = PersonJoined(
            **self._of(1), person_id=self.person_id, sign_in_key=uuid4().hex, time_zone="Europe/Prague"
        )
        return [hospital, person]

    def erased(self) -> PersonErased:
        """The person's end."""
        return PersonErased(**self._of(2), person_id=self.person_id)

    def sealed(self) -> ContactRecorded:
        """Contact details under a seal that no key opens."""
        return ContactRecorded(
            **self._of(1),
            contact_id=contact_id(self.person_id),
            person_id=self.person_id,
            key_id="another-key",
            sealed="c2VhbGVk",
        )

    def buried(self) -> ContactErased:
        """The tombstone."""
        said = self._of(2)
        del said["institution_id"]
        return ContactErased(**said, contact_id=contact_id(self.person_id))


async def receipts(running: Running, person_id: UUID) -> list[str]:
    return await running.said(receipt_id(person_id, running.service.name))


async def test_a_service_says_once_that_it_has_erased(running: Running) -> None:
    someone, kind = Someone(), RECEIPTS[running.service.name]
    await running.deliver(*someone.joined())
    assert await receipts(running, someone.person_id) == []
    await running.deliver(someone.erased())
    await running.deliver(someone.erased())
    assert await receipts(running, someone.person_id) == [kind.type]
    [said] = await running.bodies(kind)
    assert (said.version, said.person_id, said.institution_id) == (1, someone.person_id, someone.institution_id)
    [kept] = await running.rows("SELECT status FROM members WHERE person_id = $1", someone.person_id)
    assert kept["status"] == "erased"


async def test_a_service_that_was_emptied_does_not_say_it_again(running: Running) -> None:
    """What the service's own topic holds is in `past` before anything is heard (tests/integration/rebuilding)."""
    someone, name = Someone(), running.service.name
    await running.worker.pool.execute(
        "INSERT INTO past (aggregate_id, version, type, body) VALUES ($1, 1, $2, $3)",
        receipt_id(someone.person_id, name),
        RECEIPTS[name].type,
        RECEIPTS[name](
            version=1,
            occurred_at=NOW,
            institution_ids=(someone.institution_id,),
            receipt_id=receipt_id(someone.person_id, name),
            person_id=someone.person_id,
            institution_id=someone.institution_id,
        )
        .model_dump_json()
        .encode(),
    )
    await running.deliver(*someone.joined(), someone.erased())
    assert await receipts(running, someone.person_id) == []
    assert await running.rows("SELECT FROM past") == []


@pytest.mark.parametrize("running", ["console", "notifications"], indirect=True)
async def test_contact_details_that_wait_go_with_the_person_and_the_tombstone_is_heard(running: Running) -> None:
    someone, name = Someone(), running.service.name
    await running.deliver(*someone.joined())
    await park(running, someone.sealed())
    await running.deliver(someone.erased())
    assert await running.rows("SELECT FROM parked WHERE consumer = $1", name) == []
    passed = "SELECT version, waiting FROM inbox WHERE aggregate_id = $1"
    [row] = await running.rows(passed, contact_id(someone.person_id))
    assert tuple(row) == (1, 0)
    await running.deliver(someone.buried())
    [row] = await running.rows(passed, contact_id(someone.person_id))
    assert tuple(row) == (2, 0)


async def park(running: Running, event: ContactRecorded) -> None:
    """Let an event wait for a person, as after a rule's no."""
    pool, name = running.worker.pool, running.service.name
    await pool.execute(
        "INSERT INTO inbox (consumer, aggregate_id, waiting) VALUES ($1, $2, 1)", name, event.aggregate_id
    )
    await pool.execute(
        """
        INSERT INTO parked (consumer, aggregate_id, version, event_id, type, topic, partition, "offset", headers, body,
                            reason)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '[]', $7, 'seal_broken')
        """,
        name,
        event.aggregate_id,
        event.version,
        event.event_id,
        event.type,
        event.topic,
        event.model_dump_json().encode(),
    )

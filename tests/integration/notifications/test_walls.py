"""Who can be reached, who is forgotten, and who sees what became of a message."""

from base64 import b64encode
from typing import LiteralString
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from services.notifications.sender import sending
from shared.contracts.contacts import contact_id
from shared.platform.service import Runtime
from shared.testing.eventually import eventually
from shared.testing.running import Running
from tests.integration.notifications.office import KEY, Office

SEALED: LiteralString = "SELECT sealed, erased FROM contacts WHERE contact_id = $1"


async def test_names_and_addresses_are_stored_under_seal_only(office: Office) -> None:
    await office.hear(await office.proposed())
    await office.send()
    for row in await office.service.rows("SELECT to_jsonb(c)::text AS whole FROM contacts c"):
        assert "Okafor" not in row["whole"]
        assert "hospital.example" not in row["whole"]
    for row in await office.service.rows("SELECT to_jsonb(m)::text AS whole FROM messages m"):
        assert "Okafor" not in row["whole"]
        assert "hospital.example" not in row["whole"]


async def test_a_newer_contact_counts_even_where_versions_were_skipped(office: Office) -> None:
    old = await office.contact(office.mentor)
    await office.contact(office.mentor)
    new_name = office.mentor.details.model_copy(update={"name": "Ada Nwosu"})
    new = await office.contact(office.mentor, details=new_name)
    await office.hear(new)
    await office.hear(old)
    await office.hear(await office.proposed())
    await office.send()
    assert office.mails(office.mentor)[0]["To"].addresses[0].display_name == "Ada Nwosu"


async def test_the_directorys_word_erases_a_contact_and_no_later_record_is_taken(office: Office) -> None:
    await office.hear(await office.proposed(), await office.erased(office.mentor), await office.contact(office.mentor))
    (row,) = await office.service.rows(SEALED, contact_id(office.mentor.person_id))
    assert (row["sealed"], row["erased"]) == (None, True)
    await office.send()
    assert await office.became(office.mentor) == [("pair_proposed", "suppressed", "erased")]


async def test_the_topics_word_erases_a_contact_and_no_later_record_is_taken(office: Office) -> None:
    await office.hear(await office.contact_erased(office.mentor), await office.contact(office.mentor))
    (row,) = await office.service.rows(SEALED, contact_id(office.mentor.person_id))
    assert (row["sealed"], row["erased"]) == (None, True)


async def test_an_erasure_that_comes_before_the_contact_counts_too(office: Office) -> None:
    stranger = Office(office.service, office.mailbox)
    await stranger.hear(await stranger.joined(stranger.mentor), await stranger.erased(stranger.mentor))
    await stranger.hear(await stranger.contact(stranger.mentor))
    (row,) = await office.service.rows(SEALED, contact_id(stranger.mentor.person_id))
    assert (row["sealed"], row["erased"]) == (None, True)


async def test_who_left_gets_nothing(office: Office) -> None:
    await office.hear(await office.proposed(), await office.left(office.mentor))
    await office.send()
    assert await office.became(office.mentor) == [("pair_proposed", "suppressed", "left")]


async def test_a_proposal_that_was_declined_before_its_mail_went_is_not_mailed(office: Office) -> None:
    await office.hear(await office.proposed(), await office.declined())
    await office.send()
    assert await office.became(office.mentor) == [("pair_proposed", "suppressed", "cause_gone")]
    assert office.mails(office.mentor) == []


async def test_a_name_that_could_forge_a_header_is_recorded_and_the_rest_goes(office: Office) -> None:
    forged = office.mentor.details.model_copy(update={"name": "Ada\r\nBcc: all@hospital.example"})
    await office.hear(await office.contact(office.mentor, details=forged))
    await office.hear(await office.proposed(), await office.accepted())
    await office.send()
    assert await office.became(office.mentor) == [("pair_proposed", "failed", "unsafe_name")]
    assert await office.became(office.mentee) == [("pair_accepted", "sent", None)]


async def test_each_sees_their_own_messages_and_an_administrator_the_institutions(office: Office) -> None:
    await office.hear(await office.proposed(), await office.accepted())
    await office.send()
    service = office.service
    async with service.client(office.mentor.person_id, office.mentor.institution_id, ["mentor"]) as http:
        (item,) = (await http.get("/notifications")).json()["items"]
    assert (item["category"], item["state"], item["person_id"]) == (
        "pair_proposed",
        "sent",
        str(office.mentor.person_id),
    )
    assert set(item) == {
        *("notification_id", "person_id", "category", "channel", "caused_at", "state", "reason", "decided_at")
    }
    async with service.client(uuid4(), office.mentee.institution_id, ["administrator"]) as http:
        items = (await http.get("/notifications")).json()["items"]
        assert [each["person_id"] for each in items] == [str(office.mentee.person_id)]
    async with service.client(uuid4(), office.mentee.institution_id, ["mentee"]) as http:
        assert (await http.get("/notifications")).json()["items"] == []
    async with service.client(uuid4(), uuid4(), ["administrator"]) as http:
        assert (await http.get("/notifications")).json()["items"] == []
    async with service.client(uuid4(), uuid4(), ["consortium_administrator"]) as http:
        assert (await http.get("/notifications")).status_code == 403


async def test_a_list_goes_on_where_its_page_ended(office: Office) -> None:
    start = await office.now()
    await office.hear(await office.proposed(), await office.accepted(), await office.asked())
    service = office.service
    async with service.client(uuid4(), office.mentee.institution_id, ["administrator"]) as http:
        first = (await http.get("/notifications", params={"limit": 1})).json()
        second = (await http.get("/notifications", params={"limit": 1, "after": first["next"]})).json()
    seen = [each["category"] for page in (first, second) for each in page["items"]]
    assert sorted(seen) == ["feedback_requested", "pair_accepted"]
    assert second["next"] is None
    assert start == await office.now()


@pytest.mark.parametrize("table", ["contacts", "causes", "beginnings"])
async def test_a_request_reads_neither_contacts_nor_causes(notifications: Running, table: str) -> None:
    reads: dict[str, LiteralString] = {
        "contacts": "SELECT 1 FROM contacts",
        "causes": "SELECT 1 FROM causes",
        "beginnings": "SELECT 1 FROM beginnings",
    }
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with notifications.app.transaction(uuid4(), uuid4()) as tx:
            await tx.fetch(reads[table])


async def test_the_loop_sends_by_itself_and_frees_what_its_place_held_when_it_died(office: Office) -> None:
    settings = office.service.stage.settings("notifications").model_copy(
        update={
            "smtp_port": office.mailbox.port,
            "contacts_key": SecretStr(b64encode(KEY.secret).decode()),
            "place": "the-same-place",
        }
    )
    runtime = Runtime(office.service.app, office.service.worker, settings)
    await office.hear(await office.proposed())
    await office.service.worker.pool.execute(
        "UPDATE messages SET leased_by = 'the-same-place', lease_until = clock_timestamp() + interval '2 minutes'"
        " WHERE person_id = $1",
        office.mentor.person_id,
    )

    async def mailed() -> bool:
        return len(office.mails(office.mentor)) == 1 and len(office.mails(office.mentee)) == 1

    async with sending(runtime):
        await office.hear(await office.accepted())
        await eventually(mailed)

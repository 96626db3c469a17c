"""A mentor's record at the console: made with the mentor's token, naming whom pairing names and nobody else."""

import json
from http import HTTPStatus
from io import BytesIO
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from shared.contracts.directory import PersonErased
from tests.docs.repository import ROOT
from tests.integration.console.consortium import Hospital, Pair, Person
from tests.integration.console.front import Front

NUMBERS = {"meetings": 2, "verified_minutes": 60, "unconfirmed_meetings": 0, "touchpoints": 1, "touchpoint_minutes": 10}


async def two_pairs(front: Front) -> tuple[Pair, Pair]:
    """One mentor with a mentee at home and one in another hospital."""
    home, other = Hospital("St Brigid's"), Hospital("Holy Spirit")
    mentor = home.person("Dr Ada", "mentor", places=2, shared_places=1)
    pairs = Pair(mentor, home.person("Luz Ibarra", "mentee")), Pair(mentor, other.person("Žofie Nová", "mentee"))
    await front.console.deliver(*home.said, *other.said, *(event for pair in pairs for event in pair.active().said))
    return pairs


def a_line(pair: Pair, mentee: Person | None) -> dict[str, Any]:
    return {
        "pair_id": str(pair.pair_id),
        "mentor_institution_id": str(pair.mentor.hospital.institution_id),
        "mentee_institution_id": str(pair.mentee.hospital.institution_id),
        "mentee_id": None if mentee is None else str(mentee.person_id),
        "level": "pgy_1",
        "began_at": "2026-10-01T09:00:00Z",
        "ended_at": None,
        "tally": NUMBERS,
        "thanks": None,
    }


def a_document(mentor: Person, *lines: dict[str, Any]) -> dict[str, Any]:
    """What pairing answers; its own tests say that it does."""
    return {
        "form": "osler.mentor_record.v1",
        "as_of": "2027-01-04T09:00:00Z",
        "mentor_id": str(mentor.person_id),
        "counts": {"person_id": str(mentor.person_id)}
        | dict.fromkeys(("network", "people_mentored", "circles_led", "leadership"), 2),
        "total": NUMBERS,
        "levels": [{"level": "pgy_1", "mentees": len(lines)}],
        "pairs": list(lines),
    }


async def download(front: Front, mentor: Person, address: str) -> httpx.Response:
    async with front.browser(await front.let_in(mentor)) as browser:
        return await browser.get(address)


def text_of(answer: httpx.Response) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).split())


async def test_the_json_is_pairings_record_with_names_of_whom_it_names(front: Front) -> None:
    own, lent = await two_pairs(front)
    document = a_document(own.mentor, a_line(own, None), a_line(lent, lent.mentee))
    front.world.record = httpx.Response(200, json=document)
    answer = await download(front, own.mentor, "/record.json")
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
    assert answer.headers["content-disposition"] == 'attachment; filename="osler-record-2027-01-04.json"'
    found = answer.json()
    assert found.pop("names") == {
        str(own.mentor.person_id): "Dr Ada",
        str(own.mentor.hospital.institution_id): "St Brigid's",
        str(lent.mentee.hospital.institution_id): "Holy Spirit",
        str(lent.mentee.person_id): "Žofie Nová",
    }
    assert found == document
    assert "Luz" not in answer.text
    assert front.world.recorded_as == ["Bearer access"]


async def test_the_paper_names_whom_the_record_names(front: Front) -> None:
    own, lent = await two_pairs(front)
    front.world.record = httpx.Response(200, json=a_document(own.mentor, a_line(own, None), a_line(lent, lent.mentee)))
    answer = await download(front, own.mentor, "/record.pdf")
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/pdf", "no-store")
    text = text_of(answer)
    assert "Mentoring record of Dr Ada" in text
    assert "Žofie Nová" in text
    assert "Luz" not in text


async def test_a_mentee_who_was_erased_here_first_is_not_named(front: Front) -> None:
    own, _ = await two_pairs(front)
    front.world.record = httpx.Response(200, json=a_document(own.mentor, a_line(own, own.mentee)))
    hospital = own.mentee.hospital
    erased = hospital.say(PersonErased, person_id=own.mentee.person_id, institution_id=hospital.institution_id)
    await front.console.deliver(erased)
    assert "Luz" not in (await download(front, own.mentor, "/record.json")).text
    assert "not named" in text_of(await download(front, own.mentor, "/record.pdf"))


async def test_only_ones_own_mentees_get_a_name(front: Front) -> None:
    own, _ = await two_pairs(front)
    hospital = own.mentor.hospital
    hospital.said.clear()
    theirs = Pair(hospital.person("Dr Bo", "mentor", places=1), hospital.person("Ana Belo", "mentee"))
    await front.console.deliver(*hospital.said, *theirs.active().said)
    front.world.record = httpx.Response(200, json=a_document(own.mentor, a_line(own, theirs.mentee)))
    names = (await download(front, own.mentor, "/record.json")).json()["names"]
    assert str(theirs.mentee.person_id) not in names


@pytest.mark.parametrize("address", ["/record.json", "/record.pdf"])
async def test_without_an_answer_there_is_no_file_and_the_page_says_so(front: Front, address: str) -> None:
    own, _ = await two_pairs(front)
    answer = await download(front, own.mentor, address)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "This was not done" in answer.text


async def test_a_mentors_page_leads_to_both_files_and_a_mentees_to_none(front: Front) -> None:
    own, _ = await two_pairs(front)
    for person, leads in ((own.mentor, True), (own.mentee, False)):
        page = (await download(front, person, "/today")).text
        assert [f'href="{address}" download' in page for address in ("/record.pdf", "/record.json")] == [leads] * 2


def test_a_document_here_has_the_fields_that_pairing_publishes() -> None:
    published = json.loads((ROOT / "shared/contracts/schemas/openapi/pairing.json").read_text(encoding="utf-8"))
    pairing_record = published["components"]["schemas"]
    mentor = Hospital("A hospital").person("Dr Ada", "mentor")
    pair = Pair(mentor, mentor.hospital.person("Luz", "mentee"))
    document = a_document(mentor, a_line(pair, None))
    assert document.keys() == pairing_record["RecordView"]["properties"].keys()
    assert document["pairs"][0].keys() == pairing_record["MentoredView"]["properties"].keys()

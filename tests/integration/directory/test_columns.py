"""What a roster's headers are taken for: guessed, stated with the file, and remembered for the institution."""

import csv
from io import StringIO
from typing import Any

import httpx
import pytest

from services.directory.domain.headers import COLUMNS
from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, Hospital
from tests.unit.directory.rosters import a_roster

GERMAN = {"external_id": "Personal-Nr.", "name": "Vollständiger Name", "email": "E-Mail", "role": "Rolle"}
ODD = {"external_id": "Nummer im Haus", "name": "Wer"}


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    return await consortium.add_hospital()


def with_headers(headers: dict[str, str], *more: str) -> bytes:
    """Ada's row under these headers, and empty columns under others."""
    text = StringIO()
    csv.writer(text).writerow([*(headers.get(column, column) for column in COLUMNS), *more])
    row = a_roster({}).split(b"\r\n")[1] + b"," * len(more)
    return text.getvalue().encode() + row


async def send(hospital: Hospital, content: bytes, **stated: str) -> httpx.Response:
    return await hospital.post("/roster-imports", content=content, params=stated, headers={"Content-Type": "text/csv"})


def taken(answer: httpx.Response) -> dict[str, tuple[str, str]]:
    assert answer.status_code == 201, answer.text
    return {one["column"]: (one["header"], one["by"]) for one in answer.json()["columns"]}


async def apply(hospital: Hospital, preview: httpx.Response) -> dict[str, Any]:
    applied = await hospital.post(f"/roster-imports/{preview.json()['import_id']}/apply", json={"rows": "all"})
    assert applied.status_code == 200, applied.text
    return applied.json()


async def test_a_preview_says_what_was_taken_as_what_and_what_was_left(hospital: Hospital) -> None:
    preview = await send(hospital, with_headers(GERMAN, "Büro", ""))
    columns = taken(preview)
    assert columns["external_id"] == ("Personal-Nr.", "guessed")
    assert columns["places"] == ("places", "guessed")
    assert preview.json()["ignored_columns"] == ["Büro"]
    shown = await hospital.get(f"/roster-imports/{preview.json()['import_id']}")
    assert (shown["columns"], shown["ignored_columns"]) == (preview.json()["columns"], ["Büro"])


async def test_what_was_stated_is_remembered_for_the_institution_once_it_was_imported(
    consortium: Consortium, hospital: Hospital
) -> None:
    content = with_headers(ODD)
    refused = await send(hospital, content)
    assert (refused.status_code, refused.json()["code"]) == (422, "missing_column")
    preview = await send(hospital, content, **ODD)
    assert taken(preview)["name"] == ("Wer", "stated")
    assert (await send(hospital, content)).json()["code"] == "missing_column"
    await apply(hospital, preview)
    again = await send(hospital, content)
    assert set(taken(again).values()) >= {("Wer", "remembered"), ("Nummer im Haus", "remembered")}
    assert again.json()["counts"]["same"] == 1
    other = await consortium.add_hospital()
    assert (await send(other, content)).json()["code"] == "missing_column"


async def test_another_file_is_guessed_and_then_remembered_instead(hospital: Hospital) -> None:
    await apply(hospital, await send(hospital, with_headers(ODD), **ODD))
    preview = await send(hospital, with_headers(GERMAN))
    assert {by for _, by in taken(preview).values()} == {"guessed"}
    await apply(hospital, preview)
    assert {by for _, by in taken(await send(hospital, with_headers(GERMAN))).values()} == {"remembered"}
    assert (await send(hospital, with_headers(ODD))).json()["code"] == "missing_column"


async def test_a_statement_that_does_not_fit_is_refused_and_leaves_nothing(
    directory: Running, hospital: Hospital
) -> None:
    for content, stated, code in (
        (a_roster({}), {"name": "Wer"}, "header_not_found"),
        (a_roster({}), {"name": "email", "email": "email"}, "duplicate_column"),
        (with_headers({}, "Full name"), {}, "duplicate_column"),
        (a_roster({}), {"salary": "name"}, "malformed_request"),
        (a_roster({}), {"name": ""}, "malformed_request"),
    ):
        refused = await send(hospital, content, **stated)
        assert (refused.status_code, refused.json()["code"]) == (422, code), stated
        assert "Wer" not in refused.text
    rows = await directory.rows("SELECT FROM roster_imports WHERE institution_id = $1", hospital.institution_id)
    assert rows == []


async def test_headers_are_in_no_event(directory: Running, hospital: Hospital) -> None:
    await apply(hospital, await send(hospital, with_headers(ODD, "Geheim"), **ODD))
    said = await directory.rows("SELECT convert_from(payload, 'UTF8') AS body FROM outbox WHERE payload IS NOT NULL")
    assert not [row for row in said if "Nummer im Haus" in row["body"] or "Geheim" in row["body"]]

"""The code that the guide shows, run as it stands there."""

import ast
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from deploy.local.platform import service_names
from deploy.local.ports import FIRST_SERVICE, PREFERRED
from shared.contracts.event import Event
from shared.contracts.pairing import PairAccepted, PairDeclined, PairProposed
from shared.testing.running import record_of
from tests.docs.repository import ROOT, documents, fences, read

_EVENTS: Final = read(ROOT / "docs/guide/events.md")
_NOW: Final = datetime(2027, 1, 4, 9, tzinfo=UTC)


def _said(kind: type[Event], pair_id: UUID, version: int, **facts: object) -> Event:
    parties = {f"{who}_{what}": uuid4() for who in ("mentor", "mentee") for what in ("id", "institution_id")}
    own = {"version": version, "occurred_at": _NOW, "institution_ids": (uuid4(),), "pair_id": pair_id}
    return kind.model_validate(own | parties | facts)


def test_the_readers_function_takes_each_record_of_ours_once() -> None:
    [code] = [body for language, body in fences(_EVENTS) if language == "python" and "def is_new" in body]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the project's own documentation
    one, other = uuid4(), uuid4()
    proposed = _said(PairProposed, one, 1, proposed_by=uuid4(), answer_by=_NOW + timedelta(days=7))
    accepted = _said(PairAccepted, one, 2, activate_by=_NOW + timedelta(days=21))
    declined = _said(PairDeclined, other, 1, declined_by="mentee")
    log = [record_of(event) for event in (proposed, accepted, proposed, declined, accepted)]
    taken = [record for record in log if names["is_new"](dict(record.headers))]
    assert [json.loads(record.value or b"")["version"] for record in taken] == [1, 2, 1]
    assert names["highest"] == {str(one): 2, str(other): 1}


def test_the_addresses_of_the_pages_are_those_that_a_platform_prefers() -> None:
    assert f"KAFKA=127.0.0.1:{PREFERRED['Kafka']} " in _EVENTS
    said = re.findall(r"^([A-Z]+)=http://127\.0\.0\.1:(\d+)$", read(ROOT / "docs/guide/http.md"), re.MULTILINE)
    numbers = {name.upper(): str(FIRST_SERVICE + place) for place, name in enumerate(service_names())}
    assert said == [(name, numbers[name]) for name in ("DIRECTORY", "PAIRING")]


def test_every_python_block_of_a_document_is_python() -> None:
    blocks = [body for document in documents() for language, body in fences(read(document)) if language == "python"]
    assert blocks
    for body in blocks:
        ast.parse(body)


def test_every_code_block_names_a_language_that_is_known_or_is_a_console() -> None:
    languages = {language for document in documents() for language, _ in fences(read(document))}
    assert languages <= {"", "json", "python", "sql", "toml"}

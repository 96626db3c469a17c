"""The AsyncAPI and OpenAPI documents are valid by their own standards, and lead to everything they name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from openapi_spec_validator import validate

from deploy.schemas.__main__ import FOLDER, ROOT, services
from shared.contracts.topics import catalogue
from shared.platform.http import operations
from shared.platform.service import Service

_SERVICES = services()
_each = pytest.mark.parametrize("service", _SERVICES, ids=lambda service: service.name)


def _document(kind: str, service: Service) -> dict[str, Any]:
    return json.loads((ROOT / FOLDER / kind / f"{service.name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def asyncapi_schema() -> dict[str, Any]:
    """The official schema of AsyncAPI 3.0.0 documents; `asyncapi-3.0.0.md` says where it is from."""
    file = Path(__file__).with_name("asyncapi-3.0.0.json")
    return json.loads(file.read_text(encoding="utf-8"))


@_each
def test_the_asyncapi_document_is_valid(service: Service, asyncapi_schema: dict[str, Any]) -> None:
    jsonschema.validate(_document("asyncapi", service), asyncapi_schema)


def test_a_wrong_asyncapi_document_would_be_found(asyncapi_schema: dict[str, Any]) -> None:
    document = _document("asyncapi", _SERVICES[0])
    document["channels"]["osler.pairing"]["bindings"]["kafka"]["partitions"] = "twelve"
    with pytest.raises(jsonschema.ValidationError, match="twelve"):
        jsonschema.validate(document, asyncapi_schema)


@_each
def test_every_reference_of_the_asyncapi_document_leads_somewhere(service: Service) -> None:
    document = _document("asyncapi", service)
    for reference in _references(document):
        file, _, pointer = reference.partition("#")
        found: Any = document
        if file:
            found = json.loads((ROOT / FOLDER / "asyncapi" / file).resolve().read_text(encoding="utf-8"))
        for step in pointer.split("/")[1:]:
            found = found[step]
        assert found


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in cast("dict[str, object]", part).items():
            if key == "$ref":
                yield str(value)
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for value in cast("list[object]", part):
            yield from _references(value)


@_each
def test_the_asyncapi_document_names_what_the_service_says_and_hears(service: Service) -> None:
    named: dict[str, set[str]] = {"send": set(), "receive": set()}
    for operation in _document("asyncapi", service)["operations"].values():
        named[operation["action"]] |= {reference["$ref"].rpartition("/")[2] for reference in operation["messages"]}
    assert named["send"] == {event.type for event in service.says}
    assert named["receive"] == {wire for events in service.events for wire in events.heard}


@_each
def test_the_asyncapi_document_describes_the_topics_of_the_catalogue(service: Service) -> None:
    for name, channel in _document("asyncapi", service)["channels"].items():
        assert channel["bindings"]["kafka"]["partitions"] == catalogue().topics[name].partitions


@_each
def test_the_openapi_document_is_valid(service: Service) -> None:
    document = _document("openapi", service)
    assert document["openapi"].startswith("3.1")
    validate(document)


@_each
def test_the_openapi_document_names_every_operation_of_the_service(service: Service) -> None:
    document = _document("openapi", service)
    named = {
        operation["operationId"]
        for path in document.get("paths", {}).values()
        for method, operation in path.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }
    assert named == {operation.id for operation in operations(service)}

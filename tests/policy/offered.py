"""What every service offers, found by folder, so that a new service or operation is tried without being listed here."""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from shared.platform.http import Operation, openapi, operations
from shared.platform.service import Service
from shared.testing.policy_matrix import Cell, cells

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final[Mapping[str, Service]] = {
    folder.parent.name: import_module(f"services.{folder.parent.name}.app").build()
    for folder in sorted((ROOT / "services").glob("*/app.py"))
}
DOCUMENTS: Final[Mapping[str, dict[str, Any]]] = {
    name: openapi(name, service.routes) for name, service in SERVICES.items()
}
OPERATIONS: Final[list[Operation]] = [each for service in SERVICES.values() for each in operations(service)]
CELLS: Final[list[Cell]] = cells(SERVICES.values())
# A consortium's administrator stands outside of the institutions' walls, for what the consortium itself owns.
WALLED_CELLS: Final = [cell for cell in CELLS if cell.relation not in {None, "consortium"}]


def name_of(value: object) -> str | None:
    """The name of a case in a test's id."""
    match value:
        case Cell():
            return f"{value.operation.id}-{value.role}"
        case Operation():
            return value.id
        case _:
            return None


def path_names(operation: Operation) -> set[str]:
    """What the address of an operation names, such as `pair_id`."""
    return set(re.findall(r"\{(\w+)\}", operation.path))


def body_of(operation: Operation, *, whole: bool = False) -> dict[str, Any]:
    """A body that the operation can read, made from its document; nothing where it takes none.

    It is as small as allowed, or, if `whole`, has every field.
    """
    document = DOCUMENTS[operation.service]
    said = document["paths"][operation.path][operation.method.lower()]
    content = said.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"json": _example(content["application/json"]["schema"], document, whole=whole)}
    return {"content": b"x", "headers": {"Content-Type": next(iter(content))}} if content else {}


async def ask(
    http: httpx.AsyncClient,
    operation: Operation,
    ids: Mapping[str, UUID] | None = None,
    body: Mapping[str, Any] | None = None,
) -> httpx.Response:
    """Ask for an operation on these rows; a name without a row gets an id that nothing has."""
    known = ids or {}
    path = re.sub(r"\{(\w+)\}", lambda found: str(known.get(found[1]) or uuid4()), operation.path)
    sent = dict(body_of(operation) if body is None else body)
    headers = {"If-Match": '"1"', **sent.pop("headers", {})}
    return await http.request(operation.method, path, headers=headers, **sent)


def _example(  # noqa: C901, PLR0911 - one line per kind
    schema: Mapping[str, Any], document: Mapping[str, Any], *, whole: bool
) -> Any:
    if "$ref" in schema:
        return _example(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, whole=whole)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], document, whole=whole)
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            names = schema.get("properties", {}) if whole else schema.get("required", ())
            return {name: _example(schema["properties"][name], document, whole=whole) for name in names}
        case "array":
            return [_example(schema["items"], document, whole=whole)] * max(schema.get("minItems", 0), int(whole))
        case "integer":
            return int(schema.get("minimum", 0))
        case "boolean":
            return True
        case "string" if schema.get("format") == "uuid":
            return str(uuid4())
        case "string" if schema.get("format") == "date-time":
            return "2027-03-01T10:00:00Z"
        case "string" if schema.get("format") == "date":
            return "2027-03-01"
        case "string":
            return "a" * schema.get("minLength", 1)
        case kind:
            message = f"say here how a body gets {kind}"
            raise AssertionError(message)

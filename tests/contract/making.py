"""Any event that its schema allows, made from the schema alone, as somebody would who has never seen our classes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]
Values = st.SearchStrategy[Any]

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def bodies(schema: Schema) -> Values:
    """Bodies that a JSON Schema of ours allows, as JSON values."""
    return _values(schema, schema.get("$defs", {}))


def _values(schema: Schema, definitions: Schema) -> Values:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema:
        return st.one_of([_values(each, definitions) for each in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if schema["type"] == "object":
        return _objects(schema, definitions)
    if schema["type"] == "array":
        items = _values(schema["items"], definitions)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 4))
    return _scalars(schema)


def _objects(schema: Schema, definitions: Schema) -> Values:
    fields = {name: _values(part, definitions) for name, part in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(required, optional=fields)


def _scalars(schema: Schema) -> Values:
    match schema:
        case {"type": "string", "format": "uuid"}:
            return st.uuids().map(str)
        case {"type": "string", "format": "date-time"}:
            return st.integers(0, 3 * 10**15).map(lambda us: (_EPOCH + timedelta(microseconds=us)).isoformat())
        case {"type": "string", "pattern": pattern}:
            longest: int = schema.get("maxLength", 10**6)
            texts: st.SearchStrategy[str] = st.from_regex(pattern, fullmatch=True)
            return texts.filter(lambda text: len(text) <= longest)
        case {"type": "string"}:
            return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 50))
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", 0), schema.get("maximum", 10**18))
        case {"type": "boolean"}:
            return st.booleans()
        case _:
            return st.none()

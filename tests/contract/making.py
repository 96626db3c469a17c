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
    if schema["type"] == "string":
        return _strings(schema)
    if schema["type"] == "integer":
        return st.integers(schema.get("minimum", 0), schema.get("maximum", 10**18))
    return st.booleans() if schema["type"] == "boolean" else st.none()


def _strings(schema: Schema) -> Values:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        return st.integers(0, 3 * 10**15).map(lambda us: (_EPOCH + timedelta(microseconds=us)).isoformat())
    longest: int = schema.get("maxLength", 100)
    if "pattern" in schema:
        return st.from_regex(str(schema["pattern"]), fullmatch=True).filter(lambda text: len(text) <= longest)
    return st.text(min_size=schema.get("minLength", 0), max_size=longest)

"""Filters of SCIM searches: `eq` on what identifies somebody, joined by `and`; refuses every other one."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from scim2_models import InvalidFilterException
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

from services.directory.domain.provisioning import GroupSearch, UserSearch

NOBODY: Final = UUID(int=0)
_OF_USERS: Final = {"id": "person_id", "externalid": "external_id", "username": "user_name"}
_OF_GROUPS: Final = {
    "id": "group_id",
    "displayname": "display_name",
    "externalid": "external_id",
    "members": "member_id",
    "members.value": "member_id",
}


def read_user_search(node: FilterNode | None) -> UserSearch | None:
    """What is looked for; None where nobody can be both. Raises InvalidFilterException."""
    found = _read(node, _OF_USERS)
    return None if found is None else UserSearch(**found)


def read_group_search(node: FilterNode | None) -> GroupSearch | None:
    """What is looked for; None where no group can be both. Raises InvalidFilterException."""
    found = _read(node, _OF_GROUPS)
    return None if found is None else GroupSearch(**found)


def _read(node: FilterNode | None, fields: Mapping[str, str]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for comparison in _comparisons(node):
        name = str(comparison.attr_path).rpartition(":")[2].lower()
        if name not in fields or comparison.op != CompareOperator.eq or not isinstance(comparison.value, str):
            raise InvalidFilterException(
                detail=f"Only eq on {', '.join(sorted(fields))} with a text, joined by and, is supported here"
            )
        field, text = fields[name], comparison.value
        if "\x00" in text or (not text.isascii() and text.encode("utf-8", "replace").decode() != text):
            return None  # what PostgreSQL cannot store is nobody's
        value = _id_of(text) if field.endswith("_id") and field != "external_id" else text
        if found.setdefault(field, value) != value:
            return None
    return found


def _comparisons(node: FilterNode | None) -> Iterator[Comparison]:
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        for term in node.terms:
            yield from _comparisons(term)
    elif node is not None:
        raise InvalidFilterException(detail="Only comparisons with eq, joined by and, are supported here")


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return NOBODY

"""A JSON Schema as a tree to read: pure.

It knows what the catalogue's schemas are made of (apps/event_log/catalogue): objects,
arrays, `$ref` into `$defs`, `enum`, and several types at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import translation

Schema = Mapping[str, Any]
_PREFIX: Final = "#/$defs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A member: `kinds` as "string, null", `values` those that it may have.

    `shape` is the name of a shared object. `members` are those of an object, or of
    the objects in an array.
    """

    name: str
    kinds: str
    shape: str
    is_required: bool
    description: str
    values: tuple[str, ...]
    members: tuple[Node, ...]


def tree_of(schema: Schema) -> tuple[Node, ...]:
    """The members of a payload, in the order of the schema."""
    return _members(schema, schema.get("$defs", {}), ())


def _members(
    schema: Schema, definitions: Schema, within: tuple[str, ...]
) -> tuple[Node, ...]:
    whole, shapes = _resolved(schema, definitions)
    # An object may hold others of its kind; once is enough to be read.
    if set(shapes) & set(within):
        return ()
    required = set(whole.get("required", ()))
    return tuple(
        _node(name, member, definitions, name in required, (*within, *shapes))
        for name, member in whole.get("properties", {}).items()
    )


def _node(
    name: str,
    schema: Schema,
    definitions: Schema,
    is_required: bool,
    within: tuple[str, ...],
) -> Node:
    whole, shapes = _resolved(schema, definitions)
    inner, described = schema, whole
    kinds = _kinds(whole)
    if "array" in kinds and "items" in whole:
        inner = whole["items"]
        described, shapes = _resolved(inner, definitions)
    members = _members(inner, definitions, within)
    return Node(
        name=name,
        kinds=", ".join(kinds),
        shape=shapes[0] if members and shapes else "",
        is_required=is_required,
        description=_translated(described.get("description", "")),
        values=tuple(_values(whole)),
        members=members,
    )


def _resolved(schema: Schema, definitions: Schema) -> tuple[Schema, tuple[str, ...]]:
    """What `$ref` leads to, with what is said beside it on top, and its names."""
    reference = schema.get("$ref", "")
    if not reference.startswith(_PREFIX):
        return schema, ()
    name = reference.removeprefix(_PREFIX)
    base, names = _resolved(definitions[name], definitions)
    own = {key: value for key, value in schema.items() if key != "$ref"}
    both: dict[str, Any] = {**base, **own}
    both["properties"] = {**base.get("properties", {}), **own.get("properties", {})}
    both["required"] = [*base.get("required", ()), *own.get("required", ())]
    return both, (name, *names)


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type")
    if kinds is None:
        return sorted({_kind(value) for value in schema.get("enum", ())}, reverse=True)
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _kind(value: object) -> str:
    return "null" if value is None else "string"


def _values(schema: Schema) -> Iterable[str]:
    return (value for value in schema.get("enum", ()) if value is not None)


def _translated(text: str) -> str:
    """gettext's answer to no text at all is the header of its catalogue."""
    return translation.gettext(text) if text else ""

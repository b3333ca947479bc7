"""JSON Schemas in few words: what the API reads and writes is made of these."""

from __future__ import annotations

from typing import Any, Final

from apps.webhooks.api.parameters import MAX_ID

Schema = dict[str, Any]

ID: Final[Schema] = {"type": "integer", "format": "int64", "minimum": 1}
GIVEN_ID: Final[Schema] = {**ID, "maximum": MAX_ID}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER: Final[Schema] = {"type": "number"}
TRUTH: Final[Schema] = {"type": "boolean"}
TEXT: Final[Schema] = {"type": "string"}
INSTANT: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
}
# What the original has, and this service has no use for.
MEANINGLESS: Final[Schema] = {
    "type": "null",
    "deprecated": True,
    "description": "The original's; it means nothing here.",
}
# What is read: with a zone or, without one, the wall time of the payloads.
GIVEN_INSTANT: Final[Schema] = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date"},
    ]
}


def ref(name: str) -> Schema:
    """A schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(**members: Schema) -> Schema:
    """An object with these members, with all of them and with no others."""
    return choice(*members, **members)


def choice(*required: str, **members: Schema) -> Schema:
    """An object with these members at most, and with those that are required."""
    schema: Schema = {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }
    return schema | ({"required": list(required)} if required else {})


def listing(name: str, item: Schema) -> Schema:
    """A page of a list, and how many there are on all of its pages."""
    return record(
        **{name: {"type": "array", "items": item}},
        total=told(COUNT, "How many there are on all pages together."),
    )


def one_of(*values: str) -> Schema:
    """A text out of these."""
    return {"type": "string", "enum": list(values)}


def text(most: int, least: int = 1) -> Schema:
    """A text with so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most}


def whole(most: int, least: int = 1) -> Schema:
    """A whole number between these."""
    return {"type": "integer", "minimum": least, "maximum": most}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    wider = {**schema, "type": [schema["type"], "null"]}
    return wider | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def told(schema: Schema, description: str) -> Schema:
    """The same, with what it means."""
    return {**schema, "description": description}

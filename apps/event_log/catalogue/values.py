"""Kinds of values that payloads are made of, as JSON Schema.

They are as tolerant as receivers have to be: what need not be known may be null, and
members that are not described may be there too.
"""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_noop as _

Schema = dict[str, Any]

_DAY: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

# Shared as the objects are.
VALUES: Final[dict[str, Schema]] = {
    "Id": {
        "description": _("An object's own number."),
        "type": "integer",
        "minimum": 1,
    },
    "Decimal": {
        "description": _("A number, or its decimal notation, or null."),
        "type": ["number", "string", "null"],
        "pattern": "^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$",
    },
    "Moment": {
        "description": _(
            "Wall time of Paris without a zone, or null. "
            "A transaction's datetime, vdatetime and rdatetime are UTC."
        ),
        "type": ["string", "null"],
        "pattern": f"^{_DAY} {_TIME}$",
    },
    "Day": {"type": ["string", "null"], "pattern": f"^{_DAY}$"},
    "Date": {
        "description": _("A day, with or without a time, or null."),
        "type": ["string", "null"],
        "pattern": f"^{_DAY}( {_TIME})?$",
    },
}


def ref(name: str) -> Schema:
    """One of the shared values or objects."""
    return {"$ref": f"#/$defs/{name}"}


ID: Final = ref("Id")
DECIMAL: Final = ref("Decimal")
MOMENT: Final = ref("Moment")
DAY: Final = ref("Day")
DATE: Final = ref("Date")
# Of another object, which may be gone, or of no interest.
REFERENCE: Final[Schema] = {"type": ["integer", "null"]}
WHOLE: Final[Schema] = {"type": ["integer", "null"]}
TEXT: Final[Schema] = {"type": ["string", "null"]}
FLAG: Final[Schema] = {"type": ["boolean", "null"]}
ANY_OBJECT: Final[Schema] = {"type": ["object", "null"]}
TEXTS: Final[Schema] = {"type": ["array", "null"], "items": {"type": "string"}}
# Deprecated lists, of which nothing but that is known.
OBJECTS: Final[Schema] = {"type": ["array", "null"], "items": {"type": "object"}}


def one_of(*values: str | None) -> Schema:
    """One of these values."""
    return {"enum": list(values)}


def each(names: str, schema: Schema) -> dict[str, Schema]:
    """Several members of the same kind."""
    return dict.fromkeys(names.split(), schema)


def list_of(name: str) -> Schema:
    """A list of shared objects."""
    return {"type": "array", "items": ref(name)}


def an_object(
    description: str,
    members: dict[str, Schema],
    *,
    required: str = "id",
    kinds: str | list[str] = "object",
) -> Schema:
    """An object with these members, and perhaps others."""
    return {
        "description": description,
        "type": kinds,
        **({"required": required.split()} if required else {}),
        "properties": members,
    }

"""What a webhook adds to its bodies: what is allowed in it, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apps.auth_providers.providers import Refused
from apps.event_log.user_config import KEY_CHARACTERS
from apps.webhooks.formats.json_body import ID_KEY, InvalidJson, parse_strict

FIELD: Final = "add_to_data"
# Each is looked up whenever an event is told; a body has few members at its top.
MEMBERS: Final = 50
# A member's name is as long as the key of a user's configuration may be.
NAME_CHARACTERS: Final = KEY_CHARACTERS


def additions(value: object) -> dict[str, str]:
    """Names of members with keys of the user's configuration; raises `Refused`.

    `value` is the object or its JSON text; None adds nothing.
    """
    given = _parsed(value) if isinstance(value, str) else value
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _refused(f"{FIELD} must be a JSON object, or the text of one.")
    if len(given) > MEMBERS:
        raise _refused(f"A webhook adds {MEMBERS} members at most.")
    return {_name(name): _key(name, key) for name, key in given.items()}


def _parsed(text: str) -> object:
    try:
        # Half a surrogate pair is left for the parser to refuse.
        return parse_strict(text.encode("utf-8", "surrogatepass"))
    except InvalidJson as error:
        raise _refused(f"{FIELD} is no JSON: {error}") from error


def _name(name: object) -> str:
    if not isinstance(name, str) or not _is_allowed(name):
        raise _refused(
            f"A member's name has 1 to {NAME_CHARACTERS} printable characters: "
            f"{str(name)[:80]!r}."
        )
    if name == ID_KEY:
        raise _refused(f"{ID_KEY} is a member of every body already.")
    return name


def _key(name: str, key: object) -> str:
    if not isinstance(key, str) or not _is_allowed(key):
        raise _refused(
            f"{name} needs a key of the user's configuration, as text: "
            f"1 to {KEY_CHARACTERS} printable characters."
        )
    return key


def _is_allowed(text: str) -> bool:
    return 0 < len(text) <= KEY_CHARACTERS and text.isprintable()


def _refused(sentence: str) -> Refused:
    return Refused("invalidValue", FIELD, sentence)

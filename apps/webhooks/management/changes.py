"""Changes to a sample payload, as `PATH=VALUE` has them: pure."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any


class ChangeRefused(ValueError):
    """A change leads nowhere; the sentence says why."""


def changed(sample: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """A copy of the sample with each change made, in their order.

    A path's parts are members, or numbers of list items from 0. The last may be new:
    a member of an object, or the item after a list's last. A value is JSON if it can
    be read as such, else text. Raises `ChangeRefused`.
    """
    payload: dict[str, Any] = copy.deepcopy(dict(sample))
    for change in changes:
        path, sign, text = change.partition("=")
        parts = path.split(".")
        if not sign or not all(parts):
            raise ChangeRefused(f"{change!r} is not PATH=VALUE.")
        *way, last = parts
        place: Any = payload
        for part in way:
            place = _within(place, part, path)
        _put(place, last, _value(text), path)
    return payload


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _within(place: Any, part: str, path: str) -> Any:
    if isinstance(place, dict) and part in place:
        return place[part]
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    raise ChangeRefused(f"The sample has no {part!r} where {path} has it.")


def _put(place: Any, part: str, value: Any, path: str) -> None:
    if isinstance(place, dict):
        place[part] = value
    elif isinstance(place, list) and part.isdecimal() and int(part) <= len(place):
        place[int(part) : int(part) + 1] = [value]
    else:
        raise ChangeRefused(f"The sample has no place for {path}.")

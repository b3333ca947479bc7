"""The installation's connector, by the dotted path in `WEBHOOKS_CONNECTOR`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.connections.connectors.base import Connector


def connector() -> Connector:
    """The plug-in, made once in a process."""
    return _made(settings.WEBHOOKS_CONNECTOR)


def profile_of(id_connector: int) -> Mapping[str, Any]:
    """The Connector resource; of one that is gone, what identifies it."""
    for profile in connector().profiles:
        if profile["id"] == id_connector:
            return profile
    return {"id": id_connector, "uuid": None, "name": None}


@lru_cache(maxsize=4)
def _made(path: str) -> Connector:
    made: Connector = import_string(path)()
    return made

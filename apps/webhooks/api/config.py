"""`/config`: the configuration and the log of its changes (contract, 2.3)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import caller_of
from apps.configuration.models import ConfigLog
from apps.configuration.store import change, current
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, parameters
from apps.webhooks.formats.instants import instant
from apps.webhooks.registrations import Refused


class ConfigView(ApiView):
    """All keys."""

    def get(self, request: Request) -> Response:
        """Key and value of each; `search` is a part of the key's name."""
        page = Page.of(request, "search")
        search = page.filters.get("search", "").lower()
        return Response(
            {key: text for key, text in current().items() if search in key.lower()}
        )

    def post(self, request: Request) -> Response:
        """Set keys, all or none; null puts one back to its default."""
        changes = parameters(request)
        if not changes:
            raise Refused("missingParameter", "", "Give keys and their values.")
        change(changes, actor=f"token {caller_of(request).token}")
        return Response(current())

    put = post


class ConfigLogsView(ApiView):
    """Who changed what."""

    def get(self, request: Request) -> Response:
        """The newest changes last; `type` is add, update or delete."""
        page = Page.of(request, "search", "type", "min_date", "max_date")
        logs = page.between(ConfigLog.objects.all(), "timestamp")
        if search := page.filters.get("search"):
            logs = logs.filter(key__icontains=search)
        if kind := page.filters.get("type"):
            if kind not in ConfigLog.Kind.values:
                raise Refused(
                    "invalidValue", "type", "type must be add, update or delete."
                )
            logs = logs.filter(type=kind)
        return page.reply("configlogs", logs, _resource)


def _resource(log: ConfigLog) -> dict[str, Any]:
    return {
        "id": log.pk,
        "key": log.key,
        "previous_value": log.previous_value,
        "new_value": log.new_value,
        "type": log.type,
        "timestamp": instant(log.timestamp),
    }

"""Every URL of the console, and a row for each to be about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from apps.api_tokens.clients import create_client
from apps.api_tokens.issuing import issue_token
from apps.api_tokens.models import ApiToken, Scope
from apps.auth_providers.models import AuthProvider
from apps.connections.models import Account, Connection
from apps.event_log.models import EndUser, Event
from apps.webhooks.emit import emit
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import DeliveryAttempt, Replay, Webhook, WebhookData
from tests.make import make_user, make_webhook

OF_ROWS: Final[dict[str, type[Any]]] = {
    "id_webhook": Webhook,
    "id_auth": AuthProvider,
    "id_event": Event,
    "id_user": EndUser,
    "id_connection": Connection,
    "id_account": Account,
    "id_operator": User,
    "id_token": ApiToken,
    "id": User,
}
GIVEN: Final = {
    "name": "USER_CREATED",
    "key": "autosync.cfonb",
    "app_label": "auth",
    "content_type_id": 1,
    "url": "nowhere",
}


class Url(NamedTuple):
    """A URL by its name, or by its route where it has none."""

    name: str
    path: str


def urls(shown: Mapping[type[Any], int] = MappingProxyType({})) -> Iterator[Url]:
    """All that the site answers to, each with the first row, or the one to be shown."""
    for route, pattern in _patterns(admin.site.get_urls()):
        name = pattern.name or route
        model = _model_of(route)
        arguments = {
            argument: _value(argument, name, model, shown)
            for argument in pattern.pattern.converters or _groups(pattern)
        }
        yield Url(name, _path(route, arguments))


def _patterns(
    found: Iterable[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for each in found:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, route)
        else:
            yield route, each


def _groups(pattern: URLPattern) -> list[str]:
    return re.findall(r"\(\?P<(\w+)>", str(pattern.pattern))


def _model_of(route: str) -> type[Any] | None:
    for model in admin.site._registry:
        if route.startswith(f"{model._meta.app_label}/{model._meta.model_name}/"):
            return model
    return None


def _value(
    argument: str,
    name: str,
    model: type[Any] | None,
    shown: Mapping[type[Any], int],
) -> object:
    if argument in GIVEN:
        return GIVEN[argument]
    if argument == "pk":
        model = Replay if name.startswith("replay") else WebhookData
    rows = OF_ROWS.get(argument) or model
    if rows is None:
        return 1
    return shown.get(rows) or rows._default_manager.earliest("pk").pk


def _path(route: str, arguments: dict[str, object]) -> str:
    route = route.removeprefix("^").removesuffix("$")
    for argument, value in arguments.items():
        pattern = rf"\(\?P<{argument}>[^)]*\)|<(\w+:)?{argument}>"
        route = re.sub(pattern, str(value), route)
    return reverse("admin:index") + route


def make_world() -> None:
    """One of everything that has a page."""
    webhook = make_webhook("https://example.org/")
    person = make_user()
    make_platform(person)
    emit("CONNECTION_SYNCED", b"{}", user=person.pk)
    data = WebhookData.objects.get()
    DeliveryAttempt.objects.create(
        webhook_data=data,
        webhook=webhook,
        number=1,
        token=1,
        execution=1,
        started_at=timezone.now(),
        cause="timeout",
        total_us=1,
        body_bytes=1,
        sent_bytes=1,
    )
    begin_execution()
    Replay.objects.create(filters={}, rate=1, actor="somebody")


def make_platform(person: EndUser) -> None:
    """An operator, what the person has connected, and who may call the API."""
    User.objects.create(username="grace", is_staff=True)
    connection = Connection.objects.create(
        user=person, id_connector=40, fields='{"login": "ada"}'
    )
    Account.objects.create(
        connection=connection,
        found_number=0,
        found_at=timezone.now(),
        balance=0,
        id_type=2,
    )
    issue_token("shop", [Scope.EMIT])
    create_client("shop")

"""The world that the examples of the description are about: its ids exist here.

And those who call: one token of each kind, and the client of the examples.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

from apps.api_tokens.models import (
    USER_SCOPE,
    ApiToken,
    Client,
    Scope,
    ServiceScope,
    TemporaryCode,
    issue,
)
from apps.api_tokens.tokens import SERVICE_MARK, token_hash
from apps.auth_providers.models import AuthProvider
from apps.configuration.store import change
from apps.connections.connectors.sandbox import PROFILE
from apps.connections.models import Account, Connection, Subscription
from apps.event_log.models import EndUser, Event
from apps.event_log.user_config import change_config
from apps.webhooks.models import DeliveryAttempt, Replay, Webhook, WebhookData
from apps.webhooks.openapi.document import OPERATIONS
from apps.webhooks.openapi.schemas.users import (
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    USER_TOKEN,
)
from tests.make import SECRET

USER, WEBHOOK, PROVIDER, CONNECTION, ACCOUNT, SUBSCRIPTION = 5, 7, 3, 9, 21, 31
UNUSED_PROVIDER, OAUTH_PROVIDER, REPLAY, DATA, EVENT = 2, 4, 11, 1, 1042
IDS: dict[str, Any] = {
    "id_user": str(USER),
    "id_webhook": WEBHOOK,
    "id_auth": PROVIDER,
    "id_connection": CONNECTION,
    "id_account": ACCOUNT,
    "id_subscription": SUBSCRIPTION,
    "id_replay": REPLAY,
    "id_data": DATA,
    "id_event": EVENT,
    "key": "agency",
    "name": "USER_CREATED",
}


@dataclass(slots=True)
class World:
    """Tokens by the names that the description has for their kinds."""

    tokens: dict[str, str]
    _turns: dict[str, Iterator[str]] = field(default_factory=dict)

    def token(self, name: str) -> str:
        """For an operation: one of each kind that will do, in turn.

        Where none is needed one is sent all the same, as some clients do.
        """
        if name not in self._turns:
            security = OPERATIONS[name].written()["security"]
            kinds = [kind for one in security for kind in one] or ["config"]
            self._turns[name] = itertools.cycle(self.tokens[kind] for kind in kinds)
        return next(self._turns[name])


@contextmanager
def undone() -> Iterator[None]:
    """What happens within has not happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_world(url: str) -> World:
    """All of it, in the transaction of a test. `url`: where the webhook goes."""
    _make_user()
    _make_registrations(url)
    _make_connection()
    client = Client.objects.create(
        name="shop", client_id=CLIENT_ID, sha256=token_hash(CLIENT_SECRET)
    )
    change({"autosync.cfonb": "0"}, actor="somebody")
    _reset_sequences(
        Replay,
        Event,
        WebhookData,
        EndUser,
        Webhook,
        AuthProvider,
        Connection,
        Account,
        Subscription,
    )
    return World(
        tokens={
            "config": issue("operator", [Scope.CONFIG])[1],
            "users": issue("operator", [Scope.USERS])[1],
            "emission": issue("platform", [Scope.EMIT])[1],
            "user": USER_TOKEN,
            "service": issue(
                "shop",
                [ServiceScope.PAYMENTS_ADMIN],
                mark=SERVICE_MARK,
                client=client,
            )[1],
        }
    )


def _make_user() -> None:
    now = timezone.now()
    EndUser.objects.create(pk=USER, signin=now, permanent_at=now, token=USER_TOKEN)
    ApiToken.objects.create(
        name="user", sha256=token_hash(USER_TOKEN), scopes=USER_SCOPE, user=USER
    )
    TemporaryCode.objects.create(
        sha256=token_hash(CODE), user=USER, expires_at=now + timedelta(minutes=30)
    )
    change_config(USER, {"branch": "Lyon", "tariff": "2"})


def _make_registrations(url: str) -> None:
    for number, kind, name in (
        (UNUSED_PROVIDER, "hmac_signature", "unused"),
        (PROVIDER, "hmac_signature", "billing"),
        (OAUTH_PROVIDER, "oauth", "ACME provider"),
    ):
        AuthProvider.objects.create(
            pk=number, type=kind, name=name, config=json.dumps({"secret_key": SECRET})
        )
    Webhook.objects.create(
        pk=WEBHOOK,
        event="CONNECTION_SYNCED",
        url=url,
        add_to_data={"agency": "branch"},
        auth_provider_id=PROVIDER,
    )
    event = Event.objects.create(
        pk=EVENT,
        name="CONNECTION_SYNCED",
        user_id=USER,
        payload="{}",
        payload_sha256=b"",
        payload_size=2,
    )
    data = WebhookData.objects.create(
        pk=DATA,
        webhook_id=WEBHOOK,
        event=event,
        state=WebhookData.State.PENDING,
        attempts=1,
    )
    # Another one that the webhook was not there for.
    event.pk = EVENT + 1
    event.save()
    Replay.objects.create(pk=REPLAY, filters={}, rate=50, actor="somebody", total=1)
    DeliveryAttempt.objects.create(
        webhook_data=data,
        webhook_id=WEBHOOK,
        number=1,
        token=0,
        execution=0,
        started_at=timezone.now(),
        cause="status",
        status=503,
        total_us=52_000,
        body_bytes=2,
        sent_bytes=2,
        next_try_at=timezone.now(),
    )


def _make_connection() -> None:
    now = timezone.now()
    Connection.objects.create(
        pk=CONNECTION,
        user_id=USER,
        id_connector=PROFILE["id"],
        fields=json.dumps({"login": "ada", "transactions": "3", "accounts": "1"}),
        created_at=now,
    )
    found = {"connection_id": CONNECTION, "found_number": 0, "found_at": now}
    Account.objects.create(
        pk=ACCOUNT,
        reference="account-1",
        number="00000012345",
        name="Current account",
        type="checking",
        id_type=2,
        balance=Decimal("1845.20"),
        currency="EUR",
        **found,
    )
    Subscription.objects.create(
        pk=SUBSCRIPTION,
        reference="subscription-1",
        number="SUB-000031",
        label="Electricity",
        subscriber="Ada Lovelace",
        **found,
    )


def _reset_sequences(*kinds: type[models.Model]) -> None:
    """So that what is created later has other ids."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(kinds)):
            cursor.execute(statement)

"""A webhook to which requests are sent outside of the engine, as it would send them.

The same authentication, compression, deadline and guard, and the code that builds the
engine's requests; but no row, no counter, no health. All that is taken is a number,
so that an `id_webhook_data` is no other delivery's. Only an access token that is due
is renewed, as for any delivery.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

from django.db import connection

from apps.auth_providers.models import OAuthToken
from apps.auth_providers.schemes import Scheme, UserToken
from apps.auth_providers.signing import signature_date
from apps.configuration.keys import CA_CERT, COMPRESSION
from apps.configuration.store import is_on, value
from apps.encryption.keyring import KeyringError
from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import EndUser
from apps.event_log.user_config import config_of
from apps.outbound.handle import MAX_RESPONSE_BYTES
from apps.outbound.outcome import Cause, Outcome
from apps.outbound.transport import OutgoingRequest, Transport
from apps.webhooks.conf import engine_settings, transport_policy
from apps.webhooks.emit import prepare
from apps.webhooks.engine.glance import glance
from apps.webhooks.engine.lane import Lane, Registration
from apps.webhooks.engine.leases import Lease
from apps.webhooks.engine.request import JSON, build
from apps.webhooks.engine.unsent import Unsent
from apps.webhooks.formats.cfonb import CONTENT_TYPE
from apps.webhooks.formats.json_body import CheckedPayload, dump, splice_id
from apps.webhooks.models import Webhook
from apps.webhooks.registrations import Refused
from apps.webhooks.tasks import renew_here
from apps.webhooks.trial import NO_TOKEN, Unsendable

logger = logging.getLogger(__name__)

MARK: Final = "X-Webhook-Test: 1"
# libcurl paces what is sent slowly by its clock: no socket wakes whoever waits for it.
_LOOK_SECONDS: Final = 0.05
_NEXT_ID: Final = """
SELECT nextval(pg_get_serial_sequence('webhooks_webhookdata', 'id'))
"""


class Content(NamedTuple):
    """What is told: a payload with what the webhook adds to it, or a CFONB file."""

    text: bytes
    is_cfonb: bool = False
    extra: bytes | None = None

    @property
    def content_type(self) -> str:
        """As the header says it."""
        return CONTENT_TYPE if self.is_cfonb else JSON

    def body(self, number: int) -> bytes:
        """The text that is sent, before compression."""
        return self.text if self.is_cfonb else splice_id(self.text, number, self.extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A webhook, and how it would be sent for now."""

    webhook: Webhook
    lease: Lease
    registration: Registration

    @classmethod
    def of(cls, webhook_id: int) -> Self:
        """Raises `Refused` where there is none, or none that anything is sent to."""
        webhook = Webhook.objects.filter(pk=webhook_id).first()
        if webhook is None:
            raise Refused("notFound", "id", f"There is no webhook {webhook_id}.")
        if webhook.deleted_at is not None:
            raise Refused("conflict", "deleted", "The webhook is deleted.")
        if webhook.url is None:
            raise Refused("invalidValue", "url", "The webhook has no URL yet.")
        lease = glance(webhook_id)
        if lease is None:
            raise Refused(
                "conflict", "", "The webhook was changed at this very moment."
            )
        return cls(webhook=webhook, lease=lease, registration=_registration(lease))

    def check_user(self, user_id: int) -> None:
        """Only who could be told of: nobody's token goes where it never would."""
        if not CATALOGUE[self.webhook.event].user_scoped:
            raise _no_user(f"{self.webhook.event} belongs to no user.")
        if self.webhook.user_id not in (None, user_id):
            raise _no_user("The webhook is told of another user only.")
        users = EndUser.objects.defer("token").filter(
            pk=user_id, deleted_at__isnull=True
        )
        user = users.first()
        if user is None:
            raise _no_user("There is no such user.")
        if user.is_temporary:
            raise _no_user("Nobody is told of a temporary user.")

    def content(
        self, payload: Mapping[str, Any] | bytes | None, user_id: int | None
    ) -> Content:
        """`payload`, or the event's sample, as emitting it would keep it."""
        event = self.webhook.event
        given = CATALOGUE[event].sample if payload is None else payload
        body, cfonb = prepare(event, given)
        if cfonb is not None:
            return Content(cfonb.encode("ascii"), True)
        return Content(body, False, self._extra(body, user_id))

    def _extra(self, payload: CheckedPayload, user_id: int | None) -> bytes | None:
        """What emission would have the webhook add (see fan_out.py)."""
        if user_id is None or not self.webhook.add_to_data:
            return None
        config = config_of(user_id)
        added = {
            name: config[key]
            for name, key in sorted(self.webhook.add_to_data.items())
            if key in config and name not in payload.members
        }
        return dump(added) if added else None

    def scheme(self, *, renew: bool = True) -> Scheme:
        """How it is authenticated. Raises `Unsendable` where that is impossible now.

        Without `renew` no access token is asked for: nothing leaves the service.
        """
        lease, provider = self.lease, self.lease.oauth_provider
        if provider is not None and lease.access_token is None:
            if renew:
                # As a worker would; False if it may not be asked for just now.
                renew_here(provider)
            lease = glance(lease.webhook) or lease
            if lease.access_token is None:
                raise Unsendable(NO_TOKEN, _why_no_token(provider))
        scheme = _lane(lease).scheme
        if scheme is None:
            raise Unsendable(
                Cause.INTERNAL, "The auth provider's secret does not open."
            )
        return scheme

    def request(
        self,
        number: int,
        content: Content,
        *,
        scheme: Scheme | None = None,
        user_token: str | None = None,
        date: str = "",
        attempts: int = 0,
        mark: str | None = MARK,
    ) -> OutgoingRequest:
        """The request, marked as a test; `date` of the signature, or now.

        `attempts` there were before; without a `mark` it is a delivery's.
        """
        row = Unsent(
            webhook=self.registration.id,
            id=number,
            event=0,
            attempts=attempts,
            size=len(content.text),
            token=None,
            payload=None,
            is_cfonb=content.is_cfonb,
            extra=None,
            has_extra=False,
        )
        request, _ = build(
            row,
            self.registration,
            scheme or UserToken(),
            payload=content.text,
            extra=content.extra,
            user_token=user_token,
            date=date or signature_date(time.time_ns() // 1000),
        )
        return request._replace(headers=[*request.headers, *([mark] if mark else [])])


def token_of(user_id: int | None) -> str | None:
    """The user's token. Raises `Unsendable` if it does not open."""
    if user_id is None:
        return None
    users = EndUser.objects.filter(pk=user_id)
    try:
        return users.values_list("token", flat=True).first()
    except KeyringError as error:
        logger.exception(
            "The token of user %s does not open.", user_id, extra={"id_user": user_id}
        )
        raise Unsendable(Cause.INTERNAL, "The user's token does not open.") from error


def next_id() -> int:
    """An `id_webhook_data` that no delivery has or will have."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_ID)
        return int(cursor.fetchone()[0])


def send(request: OutgoingRequest, **policy: Any) -> Outcome:
    """Send it now, and wait; `policy` changes fields of the `TransportPolicy`."""
    usual = replace(transport_policy(value(CA_CERT)), kept_bytes=MAX_RESPONSE_BYTES)
    with closing(Transport(replace(usual, **policy), sockets=1)) as door:
        door.submit(request, None)
        while True:
            for _, outcome in door.completed(_LOOK_SECONDS):
                return outcome


def _no_user(sentence: str) -> Refused:
    return Refused("invalidValue", "user", sentence)


def _registration(lease: Lease) -> Registration:
    """It says nothing of how requests are authenticated."""
    bare = replace(lease, provider_type=None, provider_config=None, access_token=None)
    return _lane(bare).registration


def _lane(lease: Lease) -> Lane:
    engine = engine_settings(compression=is_on(COMPRESSION))
    return Lane.of(lease, engine, time.monotonic())


def _why_no_token(provider: int) -> str:
    tokens = OAuthToken.objects.filter(pk=provider)
    error = tokens.values_list("last_error", flat=True).first()
    if not error:
        return "There is no access token yet; it is being asked for."
    return f"There is no access token: asking the token server ended with {error}."

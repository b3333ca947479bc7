"""Diagnosing a delivery with what this service knows: secrets, URLs, what was sent.

The secret of a webhook is taken here and shown nowhere; nor is the right signature,
with which whoever may look could sign.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.auth_providers.diagnosis import BadInput, Cause, Diagnosis, Verdict, diagnose
from apps.auth_providers.diagnosis.pasted import Pasted, read_pasted
from apps.auth_providers.models import AuthProvider
from apps.encryption.keyring import KeyringError
from apps.webhooks.models import Webhook, WebhookData
from apps.webhooks.target import Content

# Secrets of other providers that are tried, the latest first.
_OTHERS: Final = 20
_OTHER_OF_ITS_OWN: Final = ("the other secret of the provider's rotation",)


class Unanswerable(Exception):
    """What was given does not do; the field, None for all of it, and a sentence."""

    def __init__(self, field: str | None, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What was asked. `file` is the body as bytes, and counts more than `body`."""

    headers: str
    body: str = ""
    file: bytes | None = None
    webhook: int | None = None
    delivery: int | None = None
    secret: str = field(default="", repr=False)
    target: str = ""
    received: datetime | None = None


class Difference(NamedTuple):
    """How what arrived differs from what was sent; `at` is the first other byte."""

    at: int
    sent: int
    arrived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`is_stored`: the body was this service's own copy, none having been given."""

    diagnosis: Diagnosis
    webhook: Webhook | None
    is_stored: bool
    difference: Difference | None

    @property
    def is_only_late(self) -> bool:
        """The signature fits; it is merely looked into later than it was sent."""
        causes = [finding.cause for finding in self.diagnosis.findings]
        return causes == [Cause.STALE]


def answer(inquiry: Inquiry, *, sees_providers: bool) -> Answer:
    """Raises `Unanswerable`. Other providers' names are told only to who may see."""
    try:
        pasted = read_pasted(inquiry.headers)
    except BadInput as error:
        raise Unanswerable("headers", str(error)) from error
    webhook, sent = _known(inquiry)
    bodies = list(_bodies(inquiry, pasted, sent))
    if not bodies:
        raise Unanswerable("body", _("Give the body, or the id of the delivery."))
    secrets = _secrets(inquiry, webhook, pasted)
    others = dict(zip(_OTHER_OF_ITS_OWN, secrets[1:], strict=False))
    if webhook and sees_providers:
        others |= _other_secrets(webhook)
    registered = webhook.url if webhook else None
    ask = partial(
        diagnose,
        headers=pasted.headers,
        now=inquiry.received or timezone.now(),
        target=inquiry.target or pasted.target or registered,
        method=pasted.method,
        secret=next(iter(secrets), None),
        other_secrets=others,
        registered=registered,
    )
    try:
        found = [ask(body=body) for body in bodies]
    except BadInput as error:
        raise Unanswerable(None, str(error)) from error
    best = next((each for each in found if each.verdict is Verdict.VALID), found[0])
    is_stored = bool(sent) and not _has_body(inquiry, pasted)
    arrived = bodies[found.index(best)]
    return Answer(
        diagnosis=best,
        webhook=webhook,
        is_stored=is_stored,
        difference=None if sent is None else _difference(sent, _unpacked(arrived)),
    )


def _known(inquiry: Inquiry) -> tuple[Webhook | None, bytes | None]:
    """The webhook, and what was sent to it if a delivery is named."""
    webhooks = Webhook.objects.defer("auth_provider__config")
    if inquiry.delivery is not None:
        rows = WebhookData.objects.select_related("event")
        data = rows.filter(pk=inquiry.delivery).first()
        if data is None:
            raise Unanswerable("delivery", _("There is no such delivery."))
        return webhooks.get(pk=data.webhook_id), _sent(data)
    if inquiry.webhook is None:
        return None, None
    webhook = webhooks.filter(pk=inquiry.webhook).first()
    if webhook is None:
        raise Unanswerable("webhook", _("There is no such webhook."))
    return webhook, None


def _sent(data: WebhookData) -> bytes:
    event = data.event
    if event.cfonb is not None:
        return event.cfonb.encode("ascii")
    if event.payload is None:
        raise Unanswerable("delivery", event.removal)
    extra = data.extra.encode() if data.extra else None
    return Content(event.payload.encode(), False, extra).body(data.pk)


def _has_body(inquiry: Inquiry, pasted: Pasted) -> bool:
    given = inquiry.file is not None or bool(inquiry.body)
    return given or pasted.body is not None


def _bodies(inquiry: Inquiry, pasted: Pasted, sent: bytes | None) -> Iterator[bytes]:
    """As it may have been on the wire: browsers send a text with other line ends, and
    a text is never what was compressed."""
    if inquiry.file is not None:
        yield inquiry.file
        return
    if not _has_body(inquiry, pasted):
        if sent is not None:
            yield _as_on_the_wire(sent, pasted.headers)
        return
    text = inquiry.body.encode("utf-8", "replace") or pasted.body or b""
    lines = text.replace(b"\r\n", b"\n")
    forms = (lines, lines.replace(b"\n", b"\r\n"), lines.rstrip(b"\n"))
    for form in dict.fromkeys(forms):
        yield _as_on_the_wire(form, pasted.headers)


def _as_on_the_wire(text: bytes, headers: Mapping[str, str]) -> bytes:
    packed = "gzip" in headers.get("content-encoding", "").lower()
    return gzip.compress(text, mtime=0) if packed else text


def _unpacked(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError):
        return body


def _secrets(inquiry: Inquiry, webhook: Webhook | None, pasted: Pasted) -> list[str]:
    """The one that is to be in force first, then the other one of a rotation."""
    if inquiry.secret:
        return [inquiry.secret]
    if webhook is None:
        return []
    config = _config(webhook.auth_provider)
    if "secret_key" not in config:
        raise Unanswerable(
            "delivery" if inquiry.delivery else "webhook",
            _(
                "This webhook's deliveries are not signed: it has no provider of the "
                "type hmac_signature."
            ),
        )
    found = [config["secret_key"]]
    if "next_secret_key" in config:
        due = pasted.headers.get("bi-signature-date", "") >= config["next_from"]
        found.insert(0 if due else 1, config["next_secret_key"])
    return found


def _config(provider: AuthProvider | None) -> dict[str, Any]:
    if provider is None or provider.type != AuthProvider.Type.HMAC_SIGNATURE:
        return {}
    try:
        return provider.settings
    except KeyringError as error:
        raise Unanswerable(
            None, _("The auth provider's secret does not open.")
        ) from error


def _other_secrets(webhook: Webhook) -> dict[str, str]:
    """Of other providers: receivers mix them up."""
    rows = AuthProvider.objects.filter(type=AuthProvider.Type.HMAC_SIGNATURE)
    found = {}
    for provider in rows.defer("config").order_by("-pk")[:_OTHERS]:
        if provider.pk == webhook.auth_provider_id:
            continue
        try:
            secret = provider.settings["secret_key"]
        except KeyringError:
            continue
        found[f"the secret of the provider {provider.name}"] = secret
    return found


def _difference(sent: bytes, arrived: bytes) -> Difference | None:
    if sent == arrived:
        return None
    common = zip(sent, arrived, strict=False)
    at = next((n for n, (one, other) in enumerate(common) if one != other), None)
    first = min(len(sent), len(arrived)) if at is None else at
    return Difference(first, len(sent), len(arrived))

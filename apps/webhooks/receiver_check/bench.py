"""What the checks send: a genuine test delivery, and variations on it."""

from __future__ import annotations

import dataclasses
import gzip
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

from apps.auth_providers.schemes import (
    BearerToken,
    HmacSignature,
    RotatingSignature,
    Scheme,
    UserToken,
)
from apps.auth_providers.signing import signature_date
from apps.outbound.outcome import Outcome
from apps.webhooks.engine.request import GZIP_LEVEL
from apps.webhooks.target import Content, Target, next_id, send

_US: Final = 1_000_000
_GZIP: Final = "Content-Encoding: gzip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A webhook, what it would be told, and how that is authenticated.

    `number` is the `id_webhook_data` of the genuine delivery.
    """

    target: Target
    content: Content
    scheme: Scheme
    user_token: str | None
    number: int

    @property
    def deadline(self) -> float:
        """Seconds that an answer may take."""
        return self.target.registration.deadline

    @property
    def signs(self) -> bool:
        """Is there a signature, with a date of its own?"""
        return isinstance(self.scheme, HmacSignature | RotatingSignature)

    @property
    def proves(self) -> bool:
        """Is there anything by which the receiver could tell a forgery?"""
        return not isinstance(self.scheme, UserToken) or self.user_token is not None

    def deliver(self, **policy: Any) -> Outcome:
        """The genuine delivery; the same one each time."""
        return self._send(self.number, self.content, policy=policy)

    def forge(self) -> Outcome:
        """One by somebody who does not know the secret."""
        forged = secrets.token_urlsafe(32)
        scheme: Scheme = UserToken()
        token: str | None = forged
        if self.signs:
            scheme, token = HmacSignature(secret_key=forged), self.user_token
        elif isinstance(self.scheme, BearerToken):
            scheme = BearerToken(access_token=forged)
        other = dataclasses.replace(self, scheme=scheme, user_token=token)
        return other._send(next_id(), self.content)

    def replay(self, age: float) -> Outcome:
        """One that was signed `age` seconds ago, and kept until now."""
        date = signature_date(time.time_ns() // 1000 - int(age * _US))
        return self._send(next_id(), self.content, date=date)

    def compress(self) -> Outcome:
        """One with a gzip body, whatever the webhook has configured."""
        request = self.target.request(
            next_id(), self.content, scheme=self.scheme, user_token=self.user_token
        )
        if _GZIP not in request.headers:
            request = request._replace(
                headers=[*request.headers, _GZIP],
                body=gzip.compress(request.body, GZIP_LEVEL, mtime=0),
            )
        return send(request)

    def enlarge(self, size: int, **policy: Any) -> Outcome:
        """One of `size` bytes that gzip cannot make much smaller."""
        return self._send(next_id(), self._filled(size), policy=policy)

    def _filled(self, size: int) -> Content:
        text = self.content.text
        missing = max(size - len(text), 0)
        if self.content.is_cfonb:
            return self.content._replace(text=text * (1 + missing // len(text)))
        filling = b'"_filling":"%s"}' % secrets.token_hex(missing // 2).encode()
        opened = b"{" if text == b"{}" else text[:-1] + b","
        return self.content._replace(text=opened + filling)

    def _send(
        self,
        number: int,
        content: Content,
        *,
        date: str = "",
        policy: dict[str, Any] | None = None,
    ) -> Outcome:
        request = self.target.request(
            number,
            content,
            scheme=self.scheme,
            user_token=self.user_token,
            date=date,
        )
        return send(request, **(policy or {}))

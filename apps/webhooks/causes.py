"""Why a delivery was not accepted, in plain language, and what to do next.

Pure: a cause and a status in, two sentences out, in the reader's language.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.outbound.outcome import Cause


class Plain(NamedTuple):
    """What happened, and the next step; `next_step` empty after a success."""

    sentence: str
    next_step: str


class _Words(NamedTuple):
    sentence: str | Promise
    next_step: str | Promise


_OF_CAUSES: Final[dict[str, _Words]] = {
    Cause.ACCEPTED: _Words(_lazy("The receiver accepted it."), ""),
    Cause.TIMEOUT: _Words(
        _lazy("The receiver did not answer in time."),
        _lazy(
            "Answer first, with 204, and work afterwards; or give the webhook a "
            "longer deadline."
        ),
    ),
    Cause.DNS: _Words(
        _lazy("The name of the host does not resolve."),
        _lazy("Check the spelling of the host in the URL, and its DNS record."),
    ),
    Cause.BLOCKED: _Words(
        _lazy("The address of the host may not be called from here."),
        _lazy(
            "Use a public address, or have the network allowed in "
            "WEBHOOKS_ALLOWED_NETWORKS."
        ),
    ),
    Cause.CONNECT: _Words(
        _lazy("The host does not take connections."),
        _lazy("Check that the receiver runs, the port, and the firewall before it."),
    ),
    Cause.TLS: _Words(
        _lazy("There is no trusted TLS session with the host."),
        _lazy(
            "Check the certificate: its date, its names, and that the chain is sent "
            "whole. An authority of your own goes into WEBHOOKS_CA_FILE."
        ),
    ),
    Cause.DISCONNECTED: _Words(
        _lazy("The connection ended before there was an answer."),
        _lazy(
            "Look for a crash or a restart of the receiver, or of the proxy before it."
        ),
    ),
    Cause.PROTOCOL: _Words(
        _lazy("The answer is not HTTP."),
        _lazy("Check that the port speaks HTTP, and https if the URL says so."),
    ),
    Cause.INTERNAL: _Words(
        _lazy("This service could not send the request."),
        _lazy("Nothing is wrong with the receiver. Look at the logs of the workers."),
    ),
    # Of what is sent outside of the engine alone: see trial.py.
    "no_token": _Words(
        _lazy("There is no access token, so nothing was sent."),
        _lazy("Ask the auth provider for a token: its page shows the answer."),
    ),
}
_OF_STATUSES: Final[dict[int, str | Promise]] = {
    400: _lazy("The receiver does not understand the body. Compare it with a sample."),
    401: _lazy(
        "The receiver does not accept the authentication. Check the secret that it "
        "verifies with; the verification page says what differs."
    ),
    403: _lazy(
        "The receiver knows who calls and forbids it. Check its rights, and a "
        "firewall that filters by address."
    ),
    404: _lazy("There is nothing at this path. Check the path in the URL."),
    405: _lazy(
        "The path does not take POST. Check the path and the receiver's routes."
    ),
    408: _lazy("The receiver did not read the body in time. Look at its load."),
    410: _lazy("The receiver is gone for good. Delete the webhook, or change its URL."),
    413: _lazy(
        "The body is too large for the receiver. Turn compression on, or raise the "
        "receiver's limit."
    ),
    415: _lazy(
        "The receiver does not take this content type or this encoding. Turn "
        "compression off if it cannot unpack gzip."
    ),
    422: _lazy("The receiver refuses the content. Its answer may say which field."),
    429: _lazy(
        "The receiver is called too often. Lower the requests at a time of this "
        "webhook; Retry-After is respected."
    ),
}
_REDIRECT: Final = _lazy(
    "Redirects are never followed. Put the final address into the URL."
)
_REFUSED: Final = _lazy("Look at its answer, and at the receiver's own log.")
_BROKEN: Final = _lazy(
    "The receiver has failed. Look at its log at this instant; what was not accepted "
    "is sent again."
)
_ODD: Final = _lazy("200 to 299 are a receipt, nothing else is.")
_UNKNOWN: Final = _Words(
    _lazy("The reason is not known."), _lazy("Look at the logs of the workers.")
)


def explain(cause: str, status: int | None = None) -> Plain:
    """In the active language. `cause` as in apps/outbound/outcome.py, or `no_token`."""
    if cause == Cause.STATUS and status is not None:
        sentence = _("The receiver answered %(status)d.") % {"status": status}
        return Plain(sentence, str(_advice(status)))
    words = _OF_CAUSES.get(cause, _UNKNOWN)
    return Plain(str(words.sentence), str(words.next_step))


def _advice(status: int) -> str | Promise:
    if status in _OF_STATUSES:
        return _OF_STATUSES[status]
    if 300 <= status < 400:
        return _REDIRECT
    if 400 <= status < 500:
        return _REFUSED
    return _BROKEN if status >= 500 else _ODD

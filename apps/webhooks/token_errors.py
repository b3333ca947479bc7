"""Why a token server gave no token, in plain language, and what to do next.

Pure: a code of apps/auth_providers/oauth.py in, two sentences out.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.outbound.outcome import Cause
from apps.webhooks.causes import Plain

_STEPS: Final[dict[str, tuple[str | Promise, str | Promise]]] = {
    Cause.TIMEOUT: (
        _lazy("The token server did not answer in time."),
        _lazy("Look at its load; the deadline is 10 seconds."),
    ),
    Cause.DNS: (
        _lazy("The name of the token server does not resolve."),
        _lazy("Check the spelling of the host in the URL, and its DNS record."),
    ),
    Cause.BLOCKED: (
        _lazy("The address of the token server may not be called from here."),
        _lazy(
            "Use a public address, or have the network allowed in "
            "WEBHOOKS_ALLOWED_NETWORKS."
        ),
    ),
    Cause.CONNECT: (
        _lazy("The token server does not take connections."),
        _lazy("Check that it runs, the port, and the firewall before it."),
    ),
    Cause.TLS: (
        _lazy("There is no trusted TLS session with the token server."),
        _lazy(
            "Check its certificate, and whether it wants one from here: then give "
            "the provider the client's certificate and its key."
        ),
    ),
    Cause.DISCONNECTED: (
        _lazy("The token server hung up before it answered."),
        _lazy("If it wants a client's certificate, give one to the provider."),
    ),
    Cause.PROTOCOL: (
        _lazy("What the token server answers is not HTTP."),
        _lazy("Check that the port speaks HTTP, and https if the URL says so."),
    ),
    Cause.INTERNAL: (
        _lazy("The token server could not be asked."),
        _lazy("Nothing is wrong with the token server. Look at the logs of the web."),
    ),
    "invalid_request": (
        _lazy("The token server finds the request wrong."),
        _lazy("Check that the URL is that of its token endpoint."),
    ),
    "invalid_client": (
        _lazy("The token server does not know the client, or the secret is another."),
        _lazy("Check client_id and client_secret, and whether the client is active."),
    ),
    "invalid_grant": (
        _lazy("The token server does not accept the grant."),
        _lazy("Allow the client to use client_credentials there."),
    ),
    "unauthorized_client": (
        _lazy("The client may not use client_credentials."),
        _lazy("Allow it at the token server."),
    ),
    "unsupported_grant_type": (
        _lazy("The token server does not know client_credentials."),
        _lazy("Use a server, or an endpoint of it, that does."),
    ),
    "invalid_scope": (
        _lazy("The token server wants a scope, or another one."),
        _lazy("Give the client a default scope there; none is sent from here."),
    ),
    "too_large": (
        _lazy("The token server answered more than 64 KB."),
        _lazy("Check that the URL is that of its token endpoint."),
    ),
    "not_json": (
        _lazy("What the token server answered is not JSON."),
        _lazy("Check that the URL is that of its token endpoint, not of a login page."),
    ),
    "access_token": (
        _lazy("There is no access_token in the answer that a header can carry."),
        _lazy("It has to be text of visible ASCII, up to 16,384 characters."),
    ),
    "token_type": (
        _lazy("The token is not of the type bearer."),
        _lazy("Have the token server give bearer tokens; others cannot be sent."),
    ),
    "expires_in": (
        _lazy("The answer's expires_in is not a number of seconds."),
        _lazy("Have the token server send a number above zero, or leave it out."),
    ),
    "refresh_token": (
        _lazy("There is a refresh_token that cannot be sent back."),
        _lazy("It has to be text of visible ASCII, up to 16,384 characters."),
    ),
}


def explain_token_error(code: str) -> Plain:
    """In the active language."""
    if code in _STEPS:
        sentence, step = _STEPS[code]
        return Plain(str(sentence), str(step))
    status = code.removeprefix("status_")
    return Plain(
        _("The token server answered %(status)s.") % {"status": status},
        _("Check that the URL is that of its token endpoint, and look at its log."),
    )

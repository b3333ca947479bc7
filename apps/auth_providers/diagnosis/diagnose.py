"""The signature debugger: is a delivery genuine, and if not, why not."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from apps.auth_providers.diagnosis import problems
from apps.auth_providers.diagnosis.bodies import GZIP_MAGIC, body_guesses
from apps.auth_providers.diagnosis.dates import date_finding, date_guesses
from apps.auth_providers.diagnosis.explain import explain
from apps.auth_providers.diagnosis.findings import (
    Diagnosis,
    Finding,
    Verdict,
    shown_bytes,
)
from apps.auth_providers.diagnosis.guesses import Axis
from apps.auth_providers.diagnosis.keys import key_guesses
from apps.auth_providers.diagnosis.paths import path_guesses
from apps.auth_providers.diagnosis.recipes import recipe_guesses
from apps.auth_providers.diagnosis.request import Request, method_guesses, read_request
from apps.auth_providers.diagnosis.signatures import malformed, readings
from apps.auth_providers.signing import keyed, sign


def diagnose(
    *,
    headers: str | Mapping[str, str],
    body: bytes | None = None,
    now: datetime,
    target: str | None = None,
    method: str | None = None,
    secret: str | None = None,
    other_secrets: Mapping[str, str] | None = None,
    registered: str | None = None,
) -> Diagnosis:
    """Tell whether a request is a genuine delivery, and if not what is the matter.

    `headers` are a mapping, or what somebody has pasted (see `pasted.read_pasted`),
    which may tell method, target and body as well; what is given here counts more.
    `body` is as on the wire, compressed or not. `target` is the URL or the path that
    was received, `registered` the URL that the sender knows. `other_secrets` are
    tried too; their keys say what each is, as in `the secret of the provider shop`.
    Without `secret` only what needs none is checked. Raise `BadInput`.
    """
    request = read_request(
        headers=headers, body=body, target=target, method=method, registered=registered
    )
    findings = tuple(_findings(request, secret, other_secrets or {}, now))
    verdict = Verdict.INVALID
    if not findings:
        verdict = Verdict.VALID if secret is not None else Verdict.UNCHECKED
        findings = (problems.NONE if secret is not None else problems.NO_SECRET,)
    signed = request.parts(b"").message()
    return Diagnosis(
        verdict=verdict,
        findings=findings,
        signed=shown_bytes(signed),
        signed_bytes=len(signed),
    )


def _findings(
    request: Request, secret: str | None, others: Mapping[str, str], now: datetime
) -> Iterator[Finding]:
    """First what is wrong with the signature: a delivery that is looked into later is
    always stale as well."""
    if request.date and request.signature:
        yield from _signature_findings(request, secret, others)
    else:
        yield problems.missing(request.headers)
    late = date_finding(request.date, now) if request.date else None
    if late is not None:
        yield late


def _signature_findings(
    request: Request, secret: str | None, others: Mapping[str, str]
) -> Iterator[Finding]:
    if request.text is None:
        if request.body.startswith(GZIP_MAGIC):
            yield problems.BAD_GZIP
            return
        yield problems.GZIP_UNPACKED
    possible = readings(request.signature)
    if not possible:
        yield malformed(request.signature)
    elif secret is None:
        if possible[0].finding is not None:
            yield possible[0].finding
    elif not _is_genuine(request, secret):
        parts = request.parts(secret.encode("utf-8", "replace"))
        found = explain(parts, possible, _axes(request, secret, others))
        yield from found or (problems.NO_MATCH,)


def _is_genuine(request: Request, secret: str) -> bool:
    """By the sender's own function."""
    try:
        expected = sign(
            keyed(secret),
            method=request.method,
            path=request.target.path,
            date=request.date,
            payload=request.payload,
        )
    except UnicodeEncodeError:
        # Half a surrogate pair was pasted.
        return False
    given = request.signature.encode("utf-8", "replace")
    return hmac.compare_digest(expected.encode(), given)


def _axes(request: Request, secret: str, others: Mapping[str, str]) -> Sequence[Axis]:
    """The likeliest first: what fits first is what is told."""
    paths = path_guesses(request.target, request.headers, request.registered)
    return (
        Axis("path", paths),
        Axis("payload", body_guesses(request.payload, request.body)),
        Axis("key", key_guesses(secret, others)),
        Axis("method", method_guesses(request.method)),
        Axis("date", date_guesses(request.date, request.headers)),
        Axis("recipe", recipe_guesses()),
    )

"""What was received, read from what was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from apps.auth_providers.diagnosis.bodies import gunzip
from apps.auth_providers.diagnosis.findings import BadInput, Cause, Finding
from apps.auth_providers.diagnosis.guesses import Guess, Parts
from apps.auth_providers.diagnosis.pasted import Pasted, clean_headers, read_pasted
from apps.auth_providers.diagnosis.paths import Target, read_target

METHOD: Final = "POST"
DATE: Final = "bi-signature-date"
SIGNATURE: Final = "bi-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was received. Header names in lower case; `body` as on the wire.

    `text` is the body unpacked, None where that cannot be done; `registered` is the
    URL that the sender knows, if that was told too.
    """

    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes
    text: bytes | None
    registered: Target | None

    @property
    def date(self) -> str:
        """The date of the signature."""
        return self.headers.get(DATE, "")

    @property
    def signature(self) -> str:
        """The signature."""
        return self.headers.get(SIGNATURE, "")

    @property
    def payload(self) -> bytes:
        """What is signed of the body."""
        return self.body if self.text is None else self.text

    def parts(self, key: bytes) -> Parts:
        """What the rule signs."""
        return Parts(
            key=key,
            method=self.method,
            path=self.target.path,
            date=self.date,
            payload=self.payload,
        )


def read_request(
    *,
    headers: str | Mapping[str, str],
    body: bytes | None,
    target: str | None,
    method: str | None,
    registered: str | None,
) -> Request:
    """Join what was pasted and what was given, which counts more; `BadInput`."""
    if isinstance(headers, str):
        pasted = read_pasted(headers)
    else:
        pasted = Pasted(headers=clean_headers(headers.items()))
    target = target or pasted.target
    if not target:
        raise BadInput("Give the path or the URL of the request.")
    body = pasted.body if body is None else body
    if body is None:
        raise BadInput("Give the body, and be it empty.")
    return Request(
        method=method or pasted.method or METHOD,
        target=read_target(target, pasted.headers),
        headers=pasted.headers,
        body=body,
        text=_text(pasted.headers, body),
        registered=read_target(registered, {}) if registered else None,
    )


def method_guesses(method: str) -> Iterator[Guess]:
    """Each other method that may have been signed."""
    for other in (method.upper(), method.lower(), method.capitalize()):
        if other != method:
            yield Guess(other, replace(_CASE, sentence=_sentence(other)))
    for other in (METHOD, "PUT", "GET", ""):
        if other != method.upper():
            yield Guess(other, replace(_OTHER, sentence=_sentence(other)))


def _text(headers: Mapping[str, str], body: bytes) -> bytes | None:
    encoding = headers.get("content-encoding", "").lower()
    return gunzip(body) if encoding in ("gzip", "x-gzip") else body


def _sentence(method: str) -> str:
    return f"The signature is for {method or 'no'} as the method."


_CASE: Final = Finding(
    cause=Cause.METHOD_CASE,
    sentence="",
    remedy="Sign the method in capital letters: POST.",
)
_OTHER: Final = Finding(
    cause=Cause.METHOD_OTHER,
    sentence="",
    remedy="Sign and verify the request's own method; deliveries are POST.",
)

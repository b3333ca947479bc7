"""How the value of `BI-Signature` may be read."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, NamedTuple

from apps.auth_providers.diagnosis.findings import Cause, Finding, shown
from apps.auth_providers.diagnosis.guesses import SHA256

DIGEST_BYTES: Final = 32
# Fewer would fit by chance one day.
LEAST_TRUNCATED: Final = 8
_RIGHT: Final = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
_DECORATED: Final = re.compile(
    r"(?:[\"'<]|sha256[=:]\s*|hmac[-_ ]sha256[=: ]\s*|v1[=,]\s*|t=[0-9]+,\s*v1=)"
    r"(?P<bare>[^\"'>]+)[\"'>]?",
    re.IGNORECASE,
)
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_ALGORITHMS: Final = {20: "sha1", 32: SHA256, 48: "sha384", 64: "sha512"}
_RULE: Final = (
    "Write the 32 bytes of the HMAC in base64, standard alphabet, with its =."
)


class Reading(NamedTuple):
    """Bytes that a signature may stand for; a finding if it is not written so."""

    raw: bytes
    algorithm: str
    finding: Finding | None

    def fits(self, digest: bytes) -> bool:
        """Whether a digest is this one, or begins with it where it is cut."""
        return digest[: len(self.raw)] == self.raw


def readings(signature: str) -> list[Reading]:
    """The ways to read a signature, the most likely first; none: it is no such."""
    if _RIGHT.fullmatch(signature):
        return [Reading(base64.b64decode(signature), SHA256, None)]
    decorated = _DECORATED.fullmatch(signature)
    if decorated is not None:
        return [_redecorated(each, signature) for each in readings(decorated["bare"])]
    found = [_hex(signature), _base64(signature)]
    return [reading for reading in found if reading is not None]


def malformed(signature: str) -> Finding:
    """There is no way to read it."""
    return Finding(
        cause=Cause.SIGNATURE_MALFORMED,
        sentence=f"BI-Signature is not base64 of 32 bytes: {shown(signature)}",
        remedy="Look for what changed the header on its way. " + _RULE,
    )


def _redecorated(reading: Reading, signature: str) -> Reading:
    return reading._replace(
        finding=Finding(
            cause=Cause.SIGNATURE_DECORATED,
            sentence=f"There is more than the base64 in {shown(signature)}.",
            remedy="BI-Signature is the base64 alone: no prefix, no quotes.",
        )
    )


def _hex(signature: str) -> Reading | None:
    if not _HEX.fullmatch(signature) or len(signature) % 2:
        return None
    raw = bytes.fromhex(signature)
    if len(raw) not in _ALGORITHMS:
        return None
    finding = Finding(
        cause=Cause.SIGNATURE_HEX,
        sentence="The signature is written in hexadecimal.",
        remedy="Encode the raw bytes of the HMAC (digest, not hexdigest) in base64.",
    )
    return Reading(raw, _ALGORITHMS[len(raw)], finding)


def _base64(signature: str) -> Reading | None:
    """Base64 in some way: another alphabet, no padding, of hex, too long, cut."""
    standard = signature.replace("-", "+").replace("_", "/").rstrip("=")
    url_safe = standard != signature.rstrip("=")
    # One character more than a multiple of four holds no whole byte.
    whole = standard[:-1] if len(standard) % 4 == 1 else standard
    try:
        raw = base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if _HEX.fullmatch(raw.decode("latin-1")) and len(raw) == 2 * DIGEST_BYTES:
        return Reading(bytes.fromhex(raw.decode()), SHA256, _of_hex())
    if len(raw) == DIGEST_BYTES:
        return Reading(raw, SHA256, _url_safe() if url_safe else _padding())
    if len(raw) in _ALGORITHMS and not _is_cut(signature, raw):
        name = _ALGORITHMS[len(raw)]
        return Reading(raw, name, _algorithm(name))
    if LEAST_TRUNCATED < len(raw) < DIGEST_BYTES:
        # The last byte may lack bits.
        return Reading(raw[:-1], SHA256, _truncated(signature))
    return None


def _is_cut(signature: str, raw: bytes) -> bool:
    """20 bytes are SHA-1 if their padding is there, and a cut SHA-256 if not."""
    return len(raw) < DIGEST_BYTES and len(signature) % 4 != 0


def _of_hex() -> Finding:
    return Finding(
        cause=Cause.SIGNATURE_OF_HEX,
        sentence="The signature is the base64 of hexadecimal text.",
        remedy="Encode the raw bytes of the HMAC (digest, not hexdigest) in base64.",
    )


def _url_safe() -> Finding:
    return Finding(
        cause=Cause.SIGNATURE_URL_SAFE,
        sentence="The signature is in the URL-safe alphabet of base64 (- and _).",
        remedy=_RULE,
    )


def _padding() -> Finding:
    return Finding(
        cause=Cause.SIGNATURE_PADDING,
        sentence="The signature does not end as base64 of 32 bytes does, with one =.",
        remedy=_RULE,
    )


def _algorithm(name: str) -> Finding:
    return Finding(
        cause=Cause.SIGNATURE_ALGORITHM,
        sentence=f"The signature is as long as one of HMAC-{name.upper()}.",
        remedy="Use HMAC-SHA256.",
    )


def _truncated(signature: str) -> Finding:
    return Finding(
        cause=Cause.SIGNATURE_TRUNCATED,
        sentence=f"The signature is cut: {len(signature)} characters of 44.",
        remedy="Look where it is shortened: a column, a log, a copy by hand.",
    )

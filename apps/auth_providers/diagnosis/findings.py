"""What the signature debugger may find, in values: causes, findings, a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

SHOWN_BYTES: Final = 200
SHOWN_CHARACTERS: Final = 80


class BadInput(ValueError):
    """What was given cannot be read; the text is a sentence for who gave it."""


class Verdict(StrEnum):
    """Whether the delivery is genuine; `unchecked` without a secret to tell by."""

    VALID = "valid"
    INVALID = "invalid"
    UNCHECKED = "unchecked"


class Cause(StrEnum):
    """Why. Stable: scripts and the golden vectors compare them."""

    VALID = "valid"
    NO_SECRET = "no_secret"
    MISSING_HEADER = "missing_header"
    BAD_DATE = "bad_date"
    STALE = "stale"
    FUTURE = "future"
    BAD_GZIP = "bad_gzip"
    GZIP_UNPACKED = "gzip_unpacked"
    GZIP_UNANNOUNCED = "gzip_unannounced"
    METHOD_CASE = "method_case"
    METHOD_OTHER = "method_other"
    PATH_WITH_QUERY = "path_with_query"
    PATH_WITH_HOST = "path_with_host"
    PATH_TRAILING_SLASH = "path_trailing_slash"
    PATH_PREFIX = "path_prefix"
    PATH_ENCODING = "path_encoding"
    PATH_SPELLING = "path_spelling"
    PATH_REGISTERED = "path_registered"
    DATE_FORMAT = "date_format"
    SECRET_BLANKS = "secret_blanks"
    SECRET_QUOTES = "secret_quotes"
    SECRET_DECODED = "secret_decoded"
    SECRET_ENCODED = "secret_encoded"
    SECRET_EMPTY = "secret_empty"
    SECRET_OTHER = "secret_other"
    BODY_COMPRESSED = "body_compressed"
    BODY_NEWLINE = "body_newline"
    BODY_LINE_ENDS = "body_line_ends"
    BODY_EMPTY = "body_empty"
    BODY_REWRITTEN = "body_rewritten"
    BODY_WITHOUT_ID = "body_without_id"
    BODY_AS_VALUE = "body_as_value"
    BODY_CHARSET = "body_charset"
    STRING_PARTS = "string_parts"
    STRING_JOINED = "string_joined"
    NOT_HMAC = "not_hmac"
    SIGNATURE_HEX = "signature_hex"
    SIGNATURE_URL_SAFE = "signature_url_safe"
    SIGNATURE_PADDING = "signature_padding"
    SIGNATURE_TRUNCATED = "signature_truncated"
    SIGNATURE_DECORATED = "signature_decorated"
    SIGNATURE_OF_HEX = "signature_of_hex"
    SIGNATURE_ALGORITHM = "signature_algorithm"
    SIGNATURE_MALFORMED = "signature_malformed"
    NO_MATCH = "no_match"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found: what is so, and what to do about it."""

    cause: Cause
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The verdict, and what was found; the first finding is the one that matters.

    `signed` is the string that the rule signs for this request, its first 200 bytes
    with unprintable characters escaped; `signed_bytes` its whole length. The right
    signature is not told: shown for any body and with a stored secret, it would let
    whoever may look sign whatever they like.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    signed: str
    signed_bytes: int

    @property
    def cause(self) -> Cause:
        """The stable code of what matters."""
        return self.findings[0].cause

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        return " ".join(finding.sentence for finding in self.findings)

    @property
    def remedy(self) -> str:
        """What to do, in words."""
        return " ".join(finding.remedy for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "verdict": self.verdict,
            "cause": self.cause,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "causes": [finding.cause for finding in self.findings],
            "signed": self.signed,
            "signed_bytes": self.signed_bytes,
        }


def shown(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """Something that was given, safe and short enough for a sentence."""
    cut = text if len(text) <= most else text[:most] + "..."
    return escaped(cut)


def shown_bytes(text: bytes) -> str:
    """The first 200 bytes, likewise."""
    return escaped(text[:SHOWN_BYTES].decode("utf-8", "backslashreplace"))


def escaped(text: str) -> str:
    """Without characters that a terminal would obey."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in text
    )

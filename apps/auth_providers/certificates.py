"""Client certificates for token servers: a pair that will work, and how long."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

LONGEST_PEM: Final = 64 * 1024


class BadCertificate(ValueError):
    """A pair that no TLS session could use; the text is a sentence."""


def check_pair(certificate: str, key: str, now: datetime) -> None:
    """Raise `BadCertificate` unless the key is the certificate's, valid now.

    Both are PEM; more certificates may follow the first one, up to its authority.
    """
    leaf = _leaf(certificate)
    if _public(leaf.public_key()) != _public(_public_of_private(key)):
        raise BadCertificate("private_cert is not the key of public_cert.")
    if leaf.not_valid_after_utc <= now:
        raise BadCertificate(
            f"public_cert has expired on {leaf.not_valid_after_utc:%Y-%m-%d}."
        )
    if leaf.not_valid_before_utc > now:
        raise BadCertificate(
            f"public_cert is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}."
        )


def ends_at(certificate: str) -> datetime:
    """When a certificate in PEM expires; raise `BadCertificate`."""
    return _leaf(certificate).not_valid_after_utc


def _leaf(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_bounded(pem))[0]
    except ValueError as error:
        raise BadCertificate("public_cert is not a certificate in PEM.") from error


def _public_of_private(pem: str) -> PublicKeyTypes:
    try:
        private = serialization.load_pem_private_key(_bounded(pem), password=None)
    except TypeError as error:
        raise BadCertificate(
            "private_cert is encrypted; give it without a password."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCertificate("private_cert is not a private key in PEM.") from error
    return private.public_key()


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _bounded(pem: str) -> bytes:
    if len(pem) > LONGEST_PEM:
        raise ValueError
    return pem.encode()

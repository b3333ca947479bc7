"""Creating, changing and deleting auth providers: for the API and the console."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.auth_providers.models import AuthProvider, new_secret_key

NAME_CHARACTERS: Final = 100
# What there is code for; `oauth` is known to the contract and not yet to us.
TYPES: Final = frozenset({AuthProvider.Type.HMAC_SIGNATURE})


class Refused(ValueError):
    """A request that cannot be granted: a code of contract section 2.5, the field
    that is to blame, and a sentence for the one who asked."""

    def __init__(self, code: str, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.field = field
        self.sentence = sentence


def create_provider(
    kind: object, name: object, config: object = None
) -> tuple[AuthProvider, dict[str, Any]]:
    """A new provider, and the part of its configuration that is shown this once."""
    given = _given(config)
    provider = AuthProvider(type=_type(kind), name=_name(name))
    secret = {"secret_key": new_secret_key()}
    provider.config = json.dumps(secret | given)
    _save(provider)
    return provider, secret


def update_provider(
    provider_id: int, kind: object, name: object, config: object = None
) -> AuthProvider:
    """Change a provider; its secret stays, and so does what `config` leaves out."""
    given = _given(config)
    with transaction.atomic():
        provider = locked_provider(provider_id)
        if _type(kind) != provider.type:
            raise Refused("invalidValue", "type", "A provider's type cannot change.")
        provider.name = _name(name)
        provider.config = json.dumps(provider.settings | given)
        _save(provider)
    return provider


def delete_provider(provider: AuthProvider) -> None:
    """Delete a provider that nothing refers to."""
    try:
        AuthProvider.objects.filter(pk=provider.pk).delete()
    except ProtectedError as error:
        raise in_use(provider) from error


def locked_provider(provider_id: int) -> AuthProvider:
    """A provider that nobody else changes or newly uses in this transaction."""
    provider = AuthProvider.objects.select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise Refused("notFound", "id", f"There is no auth provider {provider_id}.")
    return provider


def locked_providers() -> list[AuthProvider]:
    """All providers, locked likewise."""
    return list(AuthProvider.objects.select_for_update().order_by("pk"))


def in_use(provider: AuthProvider) -> Refused:
    """Why a provider is not deleted."""
    return Refused(
        "conflict", "id", f"A webhook is authenticated by the provider {provider.name}."
    )


def _type(kind: object) -> str:
    if kind is None:
        raise Refused("missingParameter", "type", "The parameter type is missing.")
    if kind == AuthProvider.Type.OAUTH and kind not in TYPES:
        raise Refused(
            "invalidValue", "type", "Providers of type oauth are not available yet."
        )
    if not isinstance(kind, str) or kind not in TYPES:
        raise Refused("invalidValue", "type", "The type must be hmac_signature.")
    return kind


def _name(name: object) -> str:
    if name is None:
        raise Refused("missingParameter", "name", "The parameter name is missing.")
    text = name.strip() if isinstance(name, str) else ""
    if not 0 < len(text) <= NAME_CHARACTERS or not text.isprintable():
        raise Refused(
            "invalidValue",
            "name",
            f"The name must be text of 1 to {NAME_CHARACTERS} printable characters.",
        )
    # A webhook names its provider by id or by name, in one and the same field.
    if text.isdecimal() or text == "null":
        raise Refused(
            "invalidValue", "name", "The name may be neither a number nor null."
        )
    return text


def _given(config: object) -> dict[str, bool]:
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise Refused("invalidValue", "config", "The config must be an object.")
    for key, value in config.items():
        if key != "send_user_token":
            raise Refused(
                "invalidValue", "config", "The config may have send_user_token only."
            )
        if not isinstance(value, bool):
            raise Refused(
                "invalidValue", "config", "send_user_token must be true or false."
            )
    return dict(config)


def _save(provider: AuthProvider) -> None:
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise Refused(
            "conflict", "name", f"There is an auth provider named {provider.name}."
        ) from error

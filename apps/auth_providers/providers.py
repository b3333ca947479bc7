"""Creating, changing and deleting auth providers: for the API and the console."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.auth_providers.models import AuthProvider, new_secret_key
from apps.auth_providers.oauth_config import oauth_config
from apps.auth_providers.refusal import Refused as Refused
from apps.auth_providers.tokens import reset

NAME_CHARACTERS: Final = 100
# A secret that comes into force later than this is a mistake.
LONGEST_NOTICE: Final = timedelta(days=366)
TYPES: Final = frozenset(AuthProvider.Type.values)
# What of a configuration the audit trail has in clear.
_NO_SECRETS: Final = frozenset(
    {"client_id", "grant_type", "next_from", "send_user_token", "url"}
)


def create_provider(
    kind: object, name: object, config: object = None
) -> tuple[AuthProvider, dict[str, Any]]:
    """A new provider, and the part of its configuration that is shown this once."""
    provider = AuthProvider(type=_type(kind), name=_name(name))
    made = _made(provider.type)
    provider.config = json.dumps(_changed(provider.type, made, _given(config)))
    with transaction.atomic():
        _save(provider)
        _record(Action.PROVIDER_CREATE, provider, {})
    return provider, made


def update_provider(
    provider_id: int, kind: object, name: object, config: object = None
) -> AuthProvider:
    """Change a provider; what `config` leaves out stays, a secret that was made here
    always does. Another configuration of `oauth` needs another token."""
    given = _given(config)
    with transaction.atomic():
        provider = locked_provider(provider_id)
        if _type(kind) != provider.type:
            raise Refused("invalidValue", "type", "A provider's type cannot change.")
        before, was = provider.settings, _audited(provider)
        provider.name = _name(name)
        if given:
            provider.config = json.dumps(_changed(provider.type, before, given))
        _save(provider)
        if provider.settings != before:
            reset(provider.pk)
        _record(Action.PROVIDER_UPDATE, provider, was)
    return provider


def rotate_secret(provider: AuthProvider, at: datetime | None) -> str:
    """A new secret for `hmac_signature`, shown this once, in force from `at` on.

    None: at once; but pumps at work may sign with the former one for as long as a
    run of theirs lasts (20 s, setting). A rotation that is still to come is replaced.
    """
    secret = new_secret_key()
    now = timezone.now()
    if at is not None and at - now > LONGEST_NOTICE:
        raise Refused("invalidValue", "at", "at is more than a year away.")
    with transaction.atomic():
        provider = locked_provider(provider.pk)
        if provider.type != AuthProvider.Type.HMAC_SIGNATURE:
            raise Refused(
                "conflict", "id", "Only providers of type hmac_signature have a secret."
            )
        config, was = _settled(provider.settings, now), _audited(provider)
        if at is None or at <= now:
            config["secret_key"] = secret
        else:
            config |= {"next_secret_key": secret, "next_from": _instant(at)}
        provider.config = json.dumps(config)
        provider.save(update_fields=["config"])
        _record(Action.PROVIDER_ROTATE, provider, was)
    return secret


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


def _audited(provider: AuthProvider) -> dict[str, Any]:
    return {"name": provider.name, "type": provider.type, **provider.settings}


def _record(action: Action, provider: AuthProvider, was: Mapping[str, Any]) -> None:
    now = _audited(provider)
    hide = {*was, *now} - _NO_SECRETS - {"name", "type"}
    record(action, provider.pk, old=was, new=now, hide=hide)


def _type(kind: object) -> str:
    if kind is None:
        raise Refused("missingParameter", "type", "The parameter type is missing.")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Refused(
            "invalidValue", "type", "The type must be hmac_signature or oauth."
        )
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


def _given(config: object) -> Mapping[str, object]:
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise Refused("invalidValue", "config", "The config must be an object.")
    return config


def _made(kind: str) -> dict[str, Any]:
    """What the service itself chooses for a new provider."""
    if kind == AuthProvider.Type.HMAC_SIGNATURE:
        return {"secret_key": new_secret_key()}
    return {}


def _changed(
    kind: str, before: Mapping[str, Any], given: Mapping[str, object]
) -> dict[str, Any]:
    """The configuration with what is given in it, once that is valid."""
    if kind == AuthProvider.Type.OAUTH:
        return dict(oauth_config(given, before, timezone.now()))
    for key, value in given.items():
        if key != "send_user_token":
            raise Refused(
                "invalidValue", "config", "The config may have send_user_token only."
            )
        if not isinstance(value, bool):
            raise Refused(
                "invalidValue", "config", "send_user_token must be true or false."
            )
    return {**before, **given}


def _settled(config: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Without a next secret: it has come into force, or it never will."""
    following = config.pop("next_secret_key", None)
    since = config.pop("next_from", None)
    if following is not None and since <= _instant(now):
        config["secret_key"] = following
    return config


def _instant(moment: datetime) -> str:
    """As `signing.signature_date` writes it: such texts compare as their instants."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _save(provider: AuthProvider) -> None:
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise Refused(
            "conflict", "name", f"There is an auth provider named {provider.name}."
        ) from error

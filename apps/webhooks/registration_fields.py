"""The fields of a webhook's registration: what is allowed in each, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import Refused
from apps.event_log.catalogue import UnknownEvent, event_name
from apps.event_log.models import EndUser
from apps.outbound.policies import url_policy
from apps.outbound.urls import ForbiddenUrl, check_url
from apps.webhooks.addition_fields import additions

MAX_DEADLINE: Final = 30
MAX_IN_FLIGHT: Final = 256
# A webhook is disabled as of a date; one before that is a mistake.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


def model_values(fields: Mapping[str, object]) -> dict[str, Any]:
    """The model's attributes that fields give, once they are valid; in the caller's
    transaction, where a provider they name is kept from deletion."""
    values: dict[str, Any] = {}
    for field, value in fields.items():
        if field in _WITHOUT_MEANING:
            _check_meaningless(field, value)
            continue
        if field not in _FIELDS:
            raise invalid(field[:80], f"There is no parameter {field[:80]!r}.")
        attribute, validate = _FIELDS[field]
        values[attribute] = None if value is None else validate(value)
    if "event" in values and values["event"] is None:
        raise invalid("event", "A webhook always has an event.")
    if "add_to_data" in values:
        values["add_to_data"] = values["add_to_data"] or {}
    return values


def resolve_auth(id_or_name: object) -> AuthProvider:
    """The provider of this id or name, kept from deletion in this transaction."""
    if isinstance(id_or_name, bool) or not isinstance(id_or_name, int | str):
        raise invalid("id_auth", "id_auth must be an auth provider's id or name.")
    text = str(id_or_name)
    is_id = text.isascii() and text.isdecimal() and len(text) < 20
    found = {"pk": int(text)} if is_id else {"name": text}
    providers = AuthProvider.objects.select_for_update(no_key=True)
    provider = providers.filter(**found).first()
    if provider is None:
        raise invalid("id_auth", "There is no such auth provider.")
    return provider


def deletion_date(value: object) -> datetime | None:
    """When a webhook was disabled, never later than now; None: it is not."""
    if value is None or value == "null":
        return None
    try:
        moment = (
            value
            if isinstance(value, datetime)
            else datetime.fromisoformat(value if isinstance(value, str) else "")
        )
    except ValueError as error:
        raise invalid("deleted", "deleted must be a date, or null.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.PAYLOAD_ZONE)
    if moment < EARLIEST:
        raise invalid("deleted", "deleted is too long ago.")
    return min(moment, timezone.now())


def invalid(field: str, sentence: str) -> Refused:
    """The refusal of a value."""
    return Refused("invalidValue", field, sentence)


def _check_meaningless(field: str, value: object) -> None:
    """Nothing is ignored that might have been meant to restrict what is told."""
    if value not in _WITHOUT_MEANING[field]:
        raise invalid(field, f"{field} means nothing here; it may be null only.")


def _event(value: object) -> str:
    if not isinstance(value, str):
        raise invalid("event", "The event must be a name.")
    try:
        return event_name(value)
    except UnknownEvent as error:
        raise invalid("event", str(error)) from error


def _url(value: object) -> str:
    if not isinstance(value, str):
        raise invalid("url", "The URL must be text.")
    try:
        # The canonical form: libcurl would write a path's escapes otherwise than
        # they were signed.
        return check_url(value, url_policy()).url
    except ForbiddenUrl as error:
        raise invalid("url", error.sentence) from error


def _user(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("id_user", "id_user must be an integer.")
    if not EndUser.objects.filter(pk=value, deleted_at__isnull=True).exists():
        raise invalid("id_user", "There is no such user.")
    return value


def _compression(value: object) -> bool:
    if not isinstance(value, bool):
        raise invalid("compression", "compression must be true, false or null.")
    return value


def _deadline(value: object) -> int:
    return _integer("deadline", value, MAX_DEADLINE)


def _max_in_flight(value: object) -> int:
    return _integer("max_in_flight", value, MAX_IN_FLIGHT)


def _integer(field: str, value: object, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    raise invalid(field, f"{field} must be an integer from 1 to {most}.")


# Parameters of the original for what is not here, and the values that ask for nothing.
_WITHOUT_MEANING: Final[Mapping[str, tuple[object, ...]]] = {
    "id_service": (None,),
    "params": (None, {}),
}
_FIELDS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "event": ("event", _event),
    "url": ("url", _url),
    "id_auth": ("auth_provider", resolve_auth),
    "id_user": ("user_id", _user),
    "compression": ("compression", _compression),
    "deadline": ("deadline", _deadline),
    "max_in_flight": ("max_in_flight", _max_in_flight),
    "add_to_data": ("add_to_data", additions),
}

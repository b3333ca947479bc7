"""What models and their fields are called for people.

Here instead of in the models: names for people are the console's matter, in two
languages, and no migration is due when one changes (Django's deconstruction of a
field keeps the name that its constructor was given).
"""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_APPS: Final = {
    "api_tokens": _("API access"),
    "audit": _("Audit trail"),
    "auth_providers": _("Authentication"),
    "configuration": _("Configuration"),
    "connections": _("Connections"),
    "event_log": _("Events and users"),
    "webhooks": _("Webhooks"),
    "auth": _("Console accounts"),
}
_MODELS: Final = {
    "api_tokens.apitoken": (_("API token"), _("API tokens")),
    "api_tokens.client": (_("client application"), _("client applications")),
    "auth_providers.authprovider": (_("auth provider"), _("auth providers")),
    "configuration.configentry": (_("configuration entry"), _("configuration")),
    "configuration.configlog": (_("configuration change"), _("configuration changes")),
    "event_log.enduser": (_("end user"), _("end users")),
    "event_log.event": (_("event"), _("events")),
    "webhooks.deliveryattempt": (_("delivery attempt"), _("delivery attempts")),
    "webhooks.flusherexecution": (_("flusher execution"), _("flusher executions")),
    "webhooks.lease": (_("lease"), _("leases")),
    "webhooks.replay": (_("replay"), _("replays")),
    "webhooks.webhook": (_("webhook"), _("webhooks")),
    "webhooks.webhookdata": (_("delivery"), _("deliveries")),
    "auth.user": (_("operator"), _("operators")),
    "auth.group": (_("role"), _("roles")),
}
# The same name means the same in every model.
_FIELDS: Final = {
    "add_to_data": _("added members"),
    "attempts": _("attempts"),
    "auth_provider": _("auth provider"),
    "body_bytes": _("body, bytes"),
    "careful_left": _("one by one, still"),
    "cause": _("outcome"),
    "client_id": _("client id"),
    "compression": _("compression"),
    "connect_us": _("connecting, µs"),
    "consecutive_failures": _("failures in a row"),
    "created_at": _("created"),
    "cut_off_at": _("cut off"),
    "deadline": _("deadline"),
    "deleted_at": _("deleted"),
    "delivered_at": _("delivered"),
    "dns_us": _("name look-up, µs"),
    "event": _("event"),
    "execution": _("flusher execution"),
    "expires_at": _("expires"),
    "first_byte_us": _("first byte, µs"),
    "flushed_execution": _("forced execution"),
    "holder": _("holder"),
    "id": _("id"),
    "idempotency_key": _("idempotency key"),
    "key": _("key"),
    "kind": _("kind"),
    "last_execution": _("execution of the last failure"),
    "last_used_at": _("last used"),
    "leased_until": _("leased until"),
    "max_in_flight": _("requests at a time"),
    "name": _("name"),
    "new_value": _("new value"),
    "next_try_at": _("next try"),
    "number": _("attempt"),
    "origin": _("origin"),
    "payload_size": _("payload, bytes"),
    "peer": _("address"),
    "permanent_at": _("permanent since"),
    "prefix": _("begins with"),
    "previous_value": _("previous value"),
    "response_headers": _("response headers"),
    "rest_until": _("rests until"),
    "revoked_at": _("revoked"),
    "scopes": _("scopes"),
    "sent_bytes": _("sent, bytes"),
    "signin": _("signed in"),
    "source": _("source"),
    "started_at": _("started"),
    "state": _("state"),
    "status": _("status"),
    "suspect": _("suspect"),
    "suspect_expiries": _("deaths of the suspect"),
    "timeouts": _("timeouts"),
    "timestamp": _("date"),
    "tls_us": _("TLS, µs"),
    "token": _("token"),
    "total_us": _("duration, µs"),
    "type": _("type"),
    "updated_at": _("changed"),
    "url": _("URL"),
    "user": _("end user"),
    "value": _("value"),
    "webhook": _("webhook"),
    "webhook_data": _("delivery"),
}


def name_models() -> None:
    """Give models, fields and apps their names, once all of them are loaded."""
    for label, title in _APPS.items():
        apps.get_app_config(label).verbose_name = title
    for label, (one, many) in _MODELS.items():
        model = apps.get_model(label)
        model._meta.verbose_name, model._meta.verbose_name_plural = one, many
        if model._meta.app_label == "auth":
            continue
        for field in model._meta.fields:
            name: str | Promise | None = _FIELDS.get(field.name)
            if name is not None:
                field.verbose_name = name

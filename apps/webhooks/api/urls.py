"""The API's routes, below `/2.0/` and below `/` alike."""

from __future__ import annotations

from django.urls import path

from apps.webhooks.api.auth import AuthProvidersView, AuthProviderView
from apps.webhooks.api.config import ConfigLogsView, ConfigView
from apps.webhooks.api.events import EventsView
from apps.webhooks.api.webhooks import WebhookLogsView, WebhooksView, WebhookView

urlpatterns = [
    path("config", ConfigView.as_view()),
    path("config/logs", ConfigLogsView.as_view()),
    path("events", EventsView.as_view()),
    path("webhooks", WebhooksView.as_view()),
    path("webhooks/<int:id_webhook>", WebhookView.as_view()),
    path("webhooks/<int:id_webhook>/logs", WebhookLogsView.as_view()),
    path("webhooks/auth", AuthProvidersView.as_view()),
    path("webhooks/auth/<int:id_auth>", AuthProviderView.as_view()),
]

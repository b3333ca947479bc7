"""The API's routes, below `/2.0/` and below `/` alike."""

from __future__ import annotations

from django.urls import path

from apps.webhooks.api.add_to_data import AddedMembersView, AddedMemberView
from apps.webhooks.api.auth import AuthProvidersView, AuthProviderView, RotationView
from apps.webhooks.api.catalogue import EventTypesView, EventTypeView
from apps.webhooks.api.config import ConfigLogsView, ConfigView
from apps.webhooks.api.connections import (
    AccountsView,
    AccountView,
    ConnectionsView,
    ConnectionView,
    SubscriptionsView,
    SubscriptionView,
    TestSyncView,
)
from apps.webhooks.api.deliveries import WebhookDataBodyView, WebhookDataListView
from apps.webhooks.api.events import EventsView
from apps.webhooks.api.explanations import (
    DeliveryExplanationView,
    EventExplanationView,
)
from apps.webhooks.api.pauses import PauseView, ResumeView
from apps.webhooks.api.replays import (
    BackfillView,
    RecoveryView,
    ReplaysView,
    ReplayView,
    ResendView,
    SteeringView,
)
from apps.webhooks.api.testing import TestDeliveryView
from apps.webhooks.api.tokens import (
    AccessView,
    CodeView,
    InitView,
    RenewView,
    TokenView,
)
from apps.webhooks.api.users import UserConfigView, UsersView, UserView
from apps.webhooks.api.webhooks import WebhookLogsView, WebhooksView, WebhookView

urlpatterns = [
    # The busiest: what stands before it is tried for each event.
    path("events", EventsView.as_view()),
    path("events/<int:id_event>/explanation", EventExplanationView.as_view()),
    path("auth/init", InitView.as_view()),
    path("auth/renew", RenewView.as_view()),
    path("auth/token", TokenView.as_view()),
    path("auth/token/access", AccessView.as_view()),
    path("auth/token/code", CodeView.as_view()),
    path("config", ConfigView.as_view()),
    path("config/logs", ConfigLogsView.as_view()),
    path("replays", ReplaysView.as_view()),
    path("replays/<int:id_replay>", ReplayView.as_view()),
    *(
        path(
            f"replays/<int:id_replay>/{word}",
            SteeringView.as_view(),
            kwargs={"word": word},
        )
        for word in ("pause", "resume", "cancel")
    ),
    path("test/sync", TestSyncView.as_view()),
    path("test/webhooks", TestSyncView.as_view()),
    path("users", UsersView.as_view()),
    path("users/<str:id_user>", UserView.as_view()),
    path("users/<str:id_user>/accounts", AccountsView.as_view()),
    path("users/<str:id_user>/accounts/<int:id_account>", AccountView.as_view()),
    path("users/<str:id_user>/config", UserConfigView.as_view()),
    path("users/<str:id_user>/connections", ConnectionsView.as_view()),
    path(
        "users/<str:id_user>/connections/<int:id_connection>", ConnectionView.as_view()
    ),
    path(
        "users/<str:id_user>/connections/<int:id_connection>/accounts",
        AccountsView.as_view(),
    ),
    path("users/<str:id_user>/subscriptions", SubscriptionsView.as_view()),
    path(
        "users/<str:id_user>/subscriptions/<int:id_subscription>",
        SubscriptionView.as_view(),
    ),
    path("webhooks", WebhooksView.as_view()),
    path("webhooks/<int:id_webhook>", WebhookView.as_view()),
    path("webhooks/<int:id_webhook>/add_to_data", AddedMembersView.as_view()),
    # A member's name may have slashes.
    path("webhooks/<int:id_webhook>/add_to_data/<path:key>", AddedMemberView.as_view()),
    path("webhooks/<int:id_webhook>/backfill", BackfillView.as_view()),
    path("webhooks/<int:id_webhook>/data", WebhookDataListView.as_view()),
    path(
        "webhooks/<int:id_webhook>/data/<int:id_data>/body",
        WebhookDataBodyView.as_view(),
    ),
    path(
        "webhooks/<int:id_webhook>/data/<int:id_data>/explanation",
        DeliveryExplanationView.as_view(),
    ),
    path("webhooks/<int:id_webhook>/data/<int:id_data>/resend", ResendView.as_view()),
    path("webhooks/<int:id_webhook>/pause", PauseView.as_view()),
    path("webhooks/<int:id_webhook>/recover", RecoveryView.as_view()),
    path("webhooks/<int:id_webhook>/logs", WebhookLogsView.as_view()),
    path("webhooks/<int:id_webhook>/resume", ResumeView.as_view()),
    path("webhooks/<int:id_webhook>/test", TestDeliveryView.as_view()),
    path("webhooks/auth", AuthProvidersView.as_view()),
    path("webhooks/auth/<int:id_auth>", AuthProviderView.as_view()),
    path("webhooks/auth/<int:id_auth>/rotate", RotationView.as_view()),
    path("webhooks_events", EventTypesView.as_view()),
    path("webhooks_events/<str:name>", EventTypeView.as_view()),
]

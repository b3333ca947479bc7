"""Deliveries in the navigation."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.deliveries.actions import CurlView, ResendView
from apps.webhooks.console.deliveries.detail import DeliveryView, PayloadView
from apps.webhooks.console.deliveries.export import CsvView, NdjsonView
from apps.webhooks.console.deliveries.listing import DeliveriesView
from apps.webhooks.console.registry import Group, Page, Screen

SCREEN: Final = Screen(
    title=_("Deliveries"),
    url_name="admin:deliveries",
    permission="webhooks.view_webhookdata",
    group=Group.DELIVERY,
    icon="send",
    pages=(
        Page(route="deliveries/", name="deliveries", view=DeliveriesView),
        Page(route="deliveries/csv/", name="deliveries_csv", view=CsvView),
        Page(route="deliveries/ndjson/", name="deliveries_ndjson", view=NdjsonView),
        Page(route="deliveries/<int:pk>/", name="delivery", view=DeliveryView),
        Page(route="deliveries/<int:pk>/payload/", name="payload", view=PayloadView),
        Page(route="deliveries/<int:pk>/resend/", name="resend", view=ResendView),
        Page(route="deliveries/<int:pk>/curl/", name="curl", view=CurlView),
    ),
)

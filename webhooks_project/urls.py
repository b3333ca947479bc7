"""URLs: the console, and the API under `/2.0/` and unversioned alike."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("2.0/", include("apps.webhooks.api.urls")),
    path("", include("apps.webhooks.api.urls")),
]
handler400 = "apps.webhooks.api.errors.bad_request"
handler404 = "apps.webhooks.api.errors.not_found"
handler500 = "apps.webhooks.api.errors.server_error"

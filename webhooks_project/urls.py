"""URLs: the console, and the API with its description.

The API is under `/2.0/` and unversioned alike.
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from apps.webhooks.openapi.views import DocsView, openapi

urlpatterns = [
    path("admin/", admin.site.urls),
    path("openapi.json", openapi),
    path("docs", DocsView.as_view()),
    path("2.0/", include("apps.webhooks.api.urls")),
    path("", include("apps.webhooks.api.urls")),
]
handler400 = "apps.webhooks.api.errors.bad_request"
handler404 = "apps.webhooks.api.errors.not_found"
handler500 = "apps.webhooks.api.errors.server_error"

"""URLs: the console, and the API with its description.

The API is under `/2.0/` and unversioned alike.
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from apps.webhooks.api.errors import unknown_route
from apps.webhooks.openapi.views import DocsView, openapi

urlpatterns = [
    path("admin/", admin.site.urls),
    path("openapi.json", openapi),
    path("docs", DocsView.as_view()),
    path("2.0/", include("apps.webhooks.api.urls")),
    path("", include("apps.webhooks.api.urls")),
    # The last: with DEBUG Django would answer with a page of its own.
    re_path("", unknown_route),
]
handler400 = "apps.webhooks.api.errors.bad_request"
handler404 = "apps.webhooks.api.errors.not_found"
handler500 = "apps.webhooks.api.errors.server_error"

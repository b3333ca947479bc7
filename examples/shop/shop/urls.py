"""One view, and the shop's own admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from orders.views import pay

urlpatterns = [
    path("admin/", admin.site.urls),
    path("orders/<int:number>/pay", pay),
]

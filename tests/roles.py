"""The console's roles, which a test that truncates the tables takes away."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

MIGRATIONS = ("apps.webhooks.migrations.0009_roles", "apps.audit.migrations.0002_role")


def seed_roles() -> None:
    """As the migrations make them; what is there already stays."""
    for name in MIGRATIONS:
        import_module(name).seed(apps, None)


def client_of_role(role: str) -> Client:
    """Somebody of the staff who has this role."""
    seed_roles()
    user = User.objects.create(username=f"a {role}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client

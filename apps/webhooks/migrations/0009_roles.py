"""What the console lets do, and three roles to begin with.

The roles are ordinary groups: change them, or make others. Run again, this adds what
is missing and takes nothing away.
"""

from __future__ import annotations

from django.db import migrations

APPS = (
    "api_tokens",
    "auth_providers",
    "configuration",
    "connections",
    "event_log",
    "webhooks",
)
# What operators may do, besides looking: nothing that changes a registration.
OPERATE = {
    ("webhooks", "webhook"): {
        "flush_webhook": "Can flush webhooks",
        "test_webhook": "Can send test deliveries",
        "pause_webhook": "Can pause webhooks",
        "restore_webhook": "Can restore deleted webhooks",
    },
    ("webhooks", "webhookdata"): {"resend_webhookdata": "Can send deliveries again"},
    ("webhooks", "replay"): {
        "add_replay": "Can add replay",
        "change_replay": "Can change replay",
    },
}
# Bank data of persons: for administrators, and for whom they give it to.
PAYLOADS = {("webhooks", "webhookdata"): {"view_payload": "Can read payloads"}}


def seed(apps, schema_editor):
    """Make the permissions, which Django itself does only after all migrations."""
    models = [
        (label, model._meta.model_name, model._meta.verbose_name)
        for label in APPS
        for model in apps.get_app_config(label).get_models()
    ]
    view = [_permission(apps, *model[:2], *_ours("view", *model[1:])) for model in models]
    operate = _permissions(apps, OPERATE)
    manage = [
        _permission(apps, label, name, *_ours(action, name, title))
        for label, name, title in models
        for action in ("add", "change", "delete")
    ]
    accounts = [
        _permission(apps, "auth", name, *_ours(action, name, name))
        for name in ("user", "group")
        for action in ("view", "add", "change", "delete")
    ]
    accounts.append(
        _permission(apps, "admin", "logentry", *_ours("view", "logentry", "log entry"))
    )
    _role(apps, "Viewer", view)
    _role(apps, "Operator", [*view, *operate])
    payloads = _permissions(apps, PAYLOADS)
    _role(apps, "Administrator", [*view, *operate, *manage, *accounts, *payloads])


def _ours(action, name, title):
    return f"{action}_{name}", f"Can {action} {title}"


def _permissions(apps, table):
    return [
        _permission(apps, label, model, codename, title)
        for (label, model), rows in table.items()
        for codename, title in rows.items()
    ]


def _permission(apps, label, model, codename, title):
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=label, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": title}
    )
    return permission


def _role(apps, name, permissions):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
    group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("api_tokens", "0002_users_and_clients"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("auth_providers", "0003_token_of_every_oauth_provider"),
        ("configuration", "0001_initial"),
        ("connections", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("event_log", "0003_users_and_clients"),
        ("webhooks", "0008_failed_attempts"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="webhook",
            options={
                "permissions": [
                    ("flush_webhook", "Can flush webhooks"),
                    ("test_webhook", "Can send test deliveries"),
                    ("pause_webhook", "Can pause webhooks"),
                    ("restore_webhook", "Can restore deleted webhooks"),
                ]
            },
        ),
        migrations.AlterModelOptions(
            name="webhookdata",
            options={
                "permissions": [
                    ("resend_webhookdata", "Can send deliveries again"),
                    ("view_payload", "Can read payloads"),
                ],
                "verbose_name_plural": "webhook data",
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]

"""Administrators read the audit trail. Run again, this adds what is missing."""

from __future__ import annotations

from django.db import migrations


def seed(apps, schema_editor):
    """Make the permission, which Django itself does only after all migrations."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="audit", model="auditentry"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename="view_auditentry",
        defaults={"name": "Can view audit entry"},
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Administrator")
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("webhooks", "0009_roles")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]

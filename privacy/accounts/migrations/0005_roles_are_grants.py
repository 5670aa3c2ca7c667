"""Write a grant for each role that an account had by its group."""

from django.db import migrations
from django.utils.timezone import now


def roles_become_grants(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    grants = apps.get_model("accounts", "AccessGrant").objects
    for user in apps.get_model("accounts", "User").objects.all():
        for group in user.groups.all():
            grants.create(
                user=user,
                role=group.name,
                reason="migration",
                granted_by="system:migration",
                granted_at=now(),
                valid_from=user.joined_at.date(),
            )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_register_of_access")]
    operations = [migrations.RunPython(roles_become_grants, migrations.RunPython.noop)]

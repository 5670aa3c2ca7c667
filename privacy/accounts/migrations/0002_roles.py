"""The four roles. What each may do is the table ``accounts/roles.py``, applied after every migration."""

from django.db import migrations

ROLES = ("officer", "handler", "auditor", "employee")


def make_roles(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.using("default").get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_tables"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]

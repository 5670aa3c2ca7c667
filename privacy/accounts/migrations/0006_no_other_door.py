"""Drop groups, permissions of single accounts and the superuser: the register of access is the only source."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_roles_are_grants")]
    operations = [
        migrations.RemoveField(
            model_name='user',
            name='groups',
        ),
        migrations.RemoveField(
            model_name='user',
            name='is_staff',
        ),
        migrations.RemoveField(
            model_name='user',
            name='is_superuser',
        ),
        migrations.RemoveField(
            model_name='user',
            name='user_permissions',
        ),
    ]

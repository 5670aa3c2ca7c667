"""Labels say in plain English what they mean; nothing in the tables changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0002_guards"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="turncursor",
            options={"verbose_name": "progress of a key rotation", "verbose_name_plural": "progress of key rotations"},
        ),
    ]

"""Ciphertext does not compress: the archive keeps its boxes as they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("retention", "0003_fewer_indexes_on_lines")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE retention_archivedrecord ALTER COLUMN body SET STORAGE EXTERNAL",
            "ALTER TABLE retention_archivedrecord ALTER COLUMN body SET STORAGE EXTENDED",
            hints={"database": "archive"},
        )
    ]

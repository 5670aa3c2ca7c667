"""Notes of changed rows in ``personal`` and ``archive`` as well."""

from pathlib import Path

from django.db import migrations

NOTES = (Path(__file__).resolve().parent.parent / "sql/07_rows_of_other_databases.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_tables_and_guards")]

    operations = [
        migrations.RunSQL(NOTES, hints={"database": "personal"}),
        migrations.RunSQL(NOTES, hints={"database": "archive"}),
    ]

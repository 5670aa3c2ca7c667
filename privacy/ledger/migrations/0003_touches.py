"""The record of touches, in each of the three databases (omission control)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "04_touches.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_tables")]

    operations = [
        migrations.RunSQL(SQL, hints={"database": alias}) for alias in ("default", "personal", "archive")
    ]

"""A touch counted and written by one statement, in each of the three databases."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "08_touched_at_once.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_filled_search")]

    operations = [
        migrations.RunSQL(SQL, hints={"database": alias}) for alias in ("default", "personal", "archive")
    ]

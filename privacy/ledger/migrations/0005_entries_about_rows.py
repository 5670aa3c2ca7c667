"""The index on the entries about rows, so that it is not taken where the one on their names is meant."""

from pathlib import Path

from django.db import migrations

INDEX = (Path(__file__).resolve().parent.parent / "sql/09_entry_rows.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_copies")]

    operations = [migrations.RunSQL(INDEX)]

"""Pruning by certificate, for a role of its own."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "05_pruning.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_touches")]

    operations = [migrations.RunSQL(SQL)]

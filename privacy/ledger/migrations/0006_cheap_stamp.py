"""Stamping an entry without a query, and an index of subjects that holds only entries that name some."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "06_cheap_stamp.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_reviews")]

    operations = [migrations.RunSQL(SQL)]

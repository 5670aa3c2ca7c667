"""Search columns filled by the stamp instead of being generated anew by every statement's plan."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "07_filled_search.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_cheap_stamp")]

    operations = [migrations.RunSQL(SQL)]

"""An index of what left the portal as a file or on paper."""

from pathlib import Path

from django.db import migrations

INDEX = (Path(__file__).resolve().parent.parent / "sql/08_copies.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_rows_of_other_databases")]

    operations = [migrations.RunSQL(INDEX)]

"""The schema ``ledger``: tables, guards and rights, made by SQL because Django knows none of the three."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def text(name: str) -> str:
    return (SQL / name).read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(text("01_schema.sql")),
        migrations.RunSQL(text("02_guards.sql")),
        migrations.RunSQL(text("03_rights.sql")),
    ]

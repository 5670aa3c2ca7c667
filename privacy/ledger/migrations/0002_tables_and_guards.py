"""The schema ``ledger``: tables, guards and rights, made by SQL because Django knows none of the three.

Captured writes are kept in each of the three databases (omission control); pruning is for a role of its own.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# The archive opens to a role of its own: pages and worker are ``portal_archivist`` there, and nobody else (D-04).
ARCHIVIST = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_archivist') THEN
        RAISE EXCEPTION 'The role portal_archivist is missing.'
            USING HINT = 'As a superuser run what manage.py provision_sql prints, then migrate again.';
    END IF;
END $$;
"""


def text(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


CAPTURE = text("04_write_capture.sql")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_schema")]

    operations = [
        migrations.RunSQL(text("01_schema.sql")),
        migrations.RunSQL(text("02_guards_and_triggers.sql")),
        migrations.RunSQL(text("03_rights.sql")),
        migrations.RunSQL(CAPTURE, hints={"database": "default"}),
        migrations.RunSQL(CAPTURE, hints={"database": "personal"}),
        migrations.RunSQL(ARCHIVIST + CAPTURE.replace("portal_worker", "portal_archivist"), hints={"database": "archive"}),
        migrations.RunSQL(text("05_pruning.sql")),
        migrations.RunSQL(text("06_protected_rows.sql")),
    ]

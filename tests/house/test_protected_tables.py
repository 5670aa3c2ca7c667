"""For each table of the three databases the audit trail vouches, or its app says why not."""

import pytest
from django.apps import apps
from django.db import connections, models, router

from privacy.ledger import protected_tables, write_capture
from privacy.ledger.protected_tables import EXEMPT, TABLES


def tables() -> list[type[models.Model]]:
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


@pytest.mark.attack("19.7")
def test_every_model_is_protected_or_says_why_not() -> None:
    silent = []
    for model in tables():
        protected, exempt = model._meta.db_table in TABLES, EXEMPT.get(model._meta.db_table)
        if protected == bool(exempt):
            silent.append(model._meta.label)
        if router.db_for_write(model) != protected_tables.DATABASE:
            # Sealed, written by captured statements that entries explain (decision 0140).
            assert write_capture.holds_personal_data(model) or model._meta.label in OF_OTHER_DATABASES
    assert not silent, f"declare or exempt in the app's protected_rows.py, and not both: {silent}"


def test_what_is_sealed_and_has_no_digest_of_each_row_is_written_in_bulk() -> None:
    elsewhere = [model for alias in ("personal", "archive") for model in write_capture.captured_models(alias)]
    assert {model._meta.label for model in elsewhere if model._meta.db_table in EXEMPT} == {
        "devices.AppLog", "devices.ImportedRow", "devices.Report", "retention.ArchivedRecord",
    }  # fmt: skip
    left_out = {
        (name, column) for name, table in TABLES.items() for column in table.left_out if table.model in elsewhere
    }
    assert left_out == {("vault_encryptedfile", "content")}


# What is neither sealed nor in the general database.
OF_OTHER_DATABASES = {
    "devices.Batch": "a call of intake: its digest is in the entry of the call",
    "devices.SettledError": "what a handler looked at",
    "devices.AppLogRemoval": "what intake removed",
    "jobs.PersonalOutbox": "work under way",
    "retention.PersonalJournalCursor": "how far the journal was read",
    "retention.ArchiveJournalCursor": "how far the journal was read",
}


@pytest.mark.django_db(databases=["default", "personal", "archive"])
def test_every_protected_table_has_the_columns_that_its_digests_are_of() -> None:
    """A column that Django doesn't know would enter the digests of the triggers and not those of the check."""
    for table in TABLES.values():
        with connections[table.database].cursor() as cursor:
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                [f"public.{table.name}"],
            )
            assert {name for (name,) in cursor.fetchall()} == {*table.columns, *table.left_out}
            assert table.key in table.columns

"""Following the journal: each database notes the last line it carries out."""

from datetime import datetime

from django.db import connections, transaction

from privacy.retention.models import ArchiveJournalCursor, JournalCursor, PersonalJournalCursor

CURSORS: dict[str, type[JournalCursor] | type[PersonalJournalCursor] | type[ArchiveJournalCursor]] = {
    "default": JournalCursor,
    "personal": PersonalJournalCursor,
    "archive": ArchiveJournalCursor,
}


def advance_cursor(line: int, *, using: str, at: datetime) -> None:
    """Note in ``using`` that the journal is carried out up to ``line``; an older line never takes it back."""
    table = CURSORS[using]._meta.db_table
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (single, line, at) VALUES (true, %s, %s)"  # noqa: S608 - the table's name is ours
            f" ON CONFLICT (single) DO UPDATE SET line = GREATEST({table}.line, EXCLUDED.line), at = EXCLUDED.at",
            [line, at],
        )


def cursor_position(using: str) -> int:
    """Return the last line that ``using`` carries out."""
    mark = CURSORS[using]._default_manager.using(using).first()
    return mark.line if mark else 0

"""What must be true at start-up.

retention.E001  a database is behind the journal of destructions: a backup was restored and not replayed
retention.E002  the certificate key is missing or is no Ed25519 key
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from privacy.lib.crypto import document_signing
from privacy.lib.errors.refusals import Unavailable
from privacy.retention.refusals import JournalUnavailable
from privacy.retention.restore_gate import gate


@register(Tags.database)
def no_restored_backup_is_open(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """retention.E001 and E003. Says nothing before the first migration."""
    if not databases or "default" not in databases:
        return []
    for alias, table in (
        ("default", "retention_journalcursor"),
        ("personal", "retention_personaljournalcursor"),
        ("archive", "retention_archivejournalcursor"),
    ):
        if table not in connections[alias].introspection.table_names():
            return []
    try:
        behind = gate.databases_behind()
    except JournalUnavailable as away:
        return [Error(str(away), hint="JOURNAL_DATABASE_URL", id="retention.E003")]
    if not behind:
        return []
    return [
        Error(
            f"A backup was restored: {', '.join(behind)} is behind the journal of destructions.",
            hint="manage.py replay_destructions",
            id="retention.E001",
        )
    ]


@register(Tags.security, deploy=True)
def the_certificate_key_is_there(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """retention.E002."""
    try:
        document_signing.public_key()
    except Unavailable:
        return []  # the key service starts later, or is away: /readyz says so
    except (OSError, ValueError, ImproperlyConfigured):
        return [Error("CERTIFICATE_KEY_FILE holds no Ed25519 key.", hint="manage.py make_keys", id="retention.E002")]
    return []

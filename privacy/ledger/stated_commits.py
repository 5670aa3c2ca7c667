"""No transaction changes a protected row and commits without an entry that says so (decision 0196)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from privacy.ledger import row_statements
from privacy.ledger.actions.announced_rows import announce_rows, close_rows
from privacy.ledger.actions.entries import record_rows
from privacy.ledger.protected_tables import DATABASE


def install_on_connection(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Have a connection put on record, before it commits, what no verb's entry has taken along."""
    if connection.vendor != "postgresql" or row_statements.mark_writes in connection.execute_wrappers:
        return
    connection.execute_wrappers.append(row_statements.mark_writes)
    commit = _stating(connection) if connection.alias == DATABASE else _announcing(connection)
    connection._commit = commit  # type: ignore[attr-defined]


def _stating(connection: BaseDatabaseWrapper) -> Callable[[], None]:
    def stated_commit() -> None:
        try:
            for rows in row_statements.taken(connection):
                record_rows(connection, rows)
        except BaseException:
            connection.rollback()
            raise
        type(connection)._commit(connection)  # type: ignore[attr-defined]

    return stated_commit


def _announcing(connection: BaseDatabaseWrapper) -> Callable[[], None]:
    """Of another database: what its transaction changed is on the trail before it commits, and closed after."""

    def announced_commit() -> None:
        try:
            changed = row_statements.taken(connection)
            number = row_statements.transaction_number(connection) if changed else ""
            announced = announce_rows(connection.alias, number, changed)
        except BaseException:
            connection.rollback()
            raise
        type(connection)._commit(connection)  # type: ignore[attr-defined]
        close_rows(announced)

    return announced_commit

"""No transaction changes a protected row and commits without an entry that says so (decision 0196)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from privacy.ledger import row_statements
from privacy.ledger.actions.entries import record_rows
from privacy.ledger.protected_tables import DATABASE


def install_on_connection(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Have a connection put on record, before it commits, what no verb's entry has taken along."""
    if connection.alias != DATABASE or connection.vendor != "postgresql":
        return
    if row_statements.mark_writes not in connection.execute_wrappers:
        connection.execute_wrappers.append(row_statements.mark_writes)
        connection._commit = _stating(connection)  # type: ignore[attr-defined]


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

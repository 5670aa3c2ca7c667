"""Rows of ``personal`` and ``archive``: an entry announces them before they are committed, another closes that after.

No transaction spans two databases. Until it is closed, a row is right as it was before and as it was announced
(decision 0365). Both entries have the digests of the rows, and stand on a connection of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import Error

from privacy.ledger import row_statements
from privacy.ledger.actions.entries import LedgerUnavailable, append_alone, with_rows
from privacy.ledger.entries.payloads import compose
from privacy.ledger.events import Event

log = logging.getLogger("portal.ledger")


class Announcement(NamedTuple):
    """What an entry announced: its nonce, by which the closing one names it, and the rows."""

    nonce: str
    database: str
    rows: row_statements.Rows


def announce_rows(database: str, transaction: str, parts: Sequence[row_statements.Rows]) -> list[Announcement]:
    """Put on record what a transaction of another database is about to commit. Raises ``LedgerUnavailable``."""
    return [_announce(database, transaction, rows) for rows in parts]


def _announce(database: str, transaction: str, rows: row_statements.Rows) -> Announcement:
    nonce = _state(Event.ROWS_ANNOUNCED, {"database": database, "transaction": transaction}, rows)
    return Announcement(nonce, database, rows)


def close_rows(announced: Iterable[Announcement]) -> None:
    """Put on record that what was announced is committed. What can't be said now, the nightly comparison closes."""
    for one in announced:
        try:
            close_announcement(one)
        except (LedgerUnavailable, Error):
            log.exception("rows were committed and their announcement stays open until the nightly comparison")


def close_announcement(one: Announcement) -> None:
    """Put on record which of the rows that were announced is what. Raises ``LedgerUnavailable``."""
    rows: row_statements.Rows = {
        table: {key: change[-1:] for key, change in changes.items()} for table, changes in one.rows.items()
    }
    _state(Event.ROWS_CLOSED, {"announced": one.nonce, "database": one.database}, rows)


def _state(event: Event, facts: dict[str, str], rows: row_statements.Rows) -> str:
    payload, nonce = compose(event, actor=None, at=None, facts=facts)
    stated = with_rows(payload, rows)
    if stated is None:
        raise ValueError("The rows do not fit an entry.")
    append_alone(stated)
    return nonce

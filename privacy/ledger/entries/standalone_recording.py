"""Entries of the processes beside the portal, the notary and what commands do, each on a connection of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from privacy.ledger.entries import payloads

if TYPE_CHECKING:
    import psycopg


def append_entry(connection: psycopg.Connection[Any], event: StrEnum, *, kind: str = "act", **said: Any) -> None:
    """Put an entry on record at once; ``said`` is what ``payloads.compose`` takes beside the event."""
    payload, _nonce = payloads.compose(event, at=None, **said)
    connection.execute("SELECT ledger.append(%s, %s)", [kind, payload])

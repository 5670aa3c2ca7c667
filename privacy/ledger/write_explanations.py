"""Which entries explain which captured writes: one counts for the tables and rows that it names, and for no others.

The id of a request alone explains nothing: whoever holds the portal's role can set it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connections

from privacy.ledger.captured_tables import TABLES
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.write_capture import CapturedWrite

# Between an entry and the write that it explains: a slice of a destruction or of a move ends long before.
MAX_DISTANCE = timedelta(hours=1)
_MONTH_OF_A_TABLE = re.compile(r"_\d{4}_\d{2}$")


def rows_digest(ids: Sequence[bytes]) -> str:
    """Return the digest by which an entry names many rows: SHA-256 of their ids in order, 16 bytes each."""
    return sha256(b"".join(sorted(ids))).hexdigest()


class Explanations:
    """The entries of the requests that made some captured writes, asked for at once."""

    def __init__(self, writes: Sequence[CapturedWrite]) -> None:
        self._writes = writes

    def covers(self, write: CapturedWrite) -> bool:
        """Whether entries of the same request name the table and every row of a captured write."""
        table = TABLES.get(_MONTH_OF_A_TABLE.sub("", write.relation))
        if table is None:
            return False
        for word, column in table.events.get(write.operation, {}).items():
            written = (write.keys or {}).get(column)
            if written and (
                all(self._is_named(one, write, word, table.label) for one in _strings(written))
                or self._is_named(_digest_of(written), write, word, table.label)
            ):
                return True
        return False

    def _is_named(self, name: str, write: CapturedWrite, word: str, label: str) -> bool:
        moments = (
            moment for of in ("", label) for moment in self._moments.get((write.request, word, of), {}).get(name, ())
        )
        return any(abs(moment - write.at) <= MAX_DISTANCE for moment in moments)

    @cached_property
    def _moments(self) -> dict[tuple[str, str, str], dict[str, list[datetime]]]:
        """When each name was said, by request, event and the table that the entry is of (empty: of none)."""
        found: dict[tuple[str, str, str], dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
        words = sorted({word for table in TABLES.values() for events in table.events.values() for word in events})
        requests = sorted({write.request for write in self._writes} - {""})
        after = min((write.at for write in self._writes), default=None)
        with connections["default"].cursor() as cursor:
            for at in range(0, len(requests), 5_000):
                cursor.execute(
                    "SELECT payload::jsonb ->> 'request', word, time, about, subjects, payload"
                    " FROM ledger.entry WHERE time >= %s AND kind = 'act' AND word = ANY(%s)"
                    " AND payload::jsonb ->> 'request' = ANY(%s)",
                    [after and after - MAX_DISTANCE, words, requests[at : at + 5_000]],
                )
                for request, word, time, about, subjects, payload in cursor.fetchall():
                    facts = facts_in(payload)
                    names = {(about or "").partition(":")[2], *(subjects or ()), *_texts(facts)}
                    # An entry about no record names none; what was written has no digest where it is no list of ids.
                    for name in names - {""}:
                        found[request, word, facts.get("of", "")][name].append(time)
        return found


def _strings(written: object) -> list[str]:
    return written if isinstance(written, list) else [str(written)]


def _digest_of(written: object) -> str:
    try:
        return rows_digest([UUID(one).bytes for one in written]) if isinstance(written, list) else ""
    except ValueError:
        return ""


def _texts(facts: Any) -> Iterator[str]:
    """Yield every text among the facts of an entry."""
    if isinstance(facts, str):
        yield facts
    elif isinstance(facts, (dict, list)):
        for one in facts.values() if isinstance(facts, dict) else facts:
            yield from _texts(one)

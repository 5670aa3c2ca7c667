"""Which entries explain which captured writes: one counts for the tables and rows that it names, and for no others.

The id of a request alone explains nothing: whoever holds the portal's role can set it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connections

from privacy.ledger.captured_tables import TABLES
from privacy.ledger.write_capture import CapturedWrite

# Between an entry and the write that it explains: a slice of a destruction or of a move ends long before.
MAX_DISTANCE = timedelta(hours=1)
_MONTH_OF_A_TABLE = re.compile(r"_\d{4}_\d{2}$")


def rows_digest(ids: Sequence[bytes]) -> str:
    """Return the digest by which an entry names many rows: SHA-256 of their ids in order, 16 bytes each."""
    return sha256(b"".join(sorted(ids))).hexdigest()


@dataclass(frozen=True)
class _Entry:
    time: datetime
    of: str
    names: frozenset[str]


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
            named = self._names(write, word, table.label)
            if written and named and (named >= _strings(written) or _digest_of(written) in named):
                return True
        return False

    def _names(self, write: CapturedWrite, word: str, label: str) -> frozenset[str]:
        entries = self._entries.get((write.request, word), ())
        near = [one.names for one in entries if abs(one.time - write.at) <= MAX_DISTANCE and one.of in {"", label}]
        return frozenset[str]().union(*near)

    @cached_property
    def _entries(self) -> dict[tuple[str, str], list[_Entry]]:
        found: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
        words = sorted({word for table in TABLES.values() for events in table.events.values() for word in events})
        requests = sorted({write.request for write in self._writes} - {""})
        after = min((write.at for write in self._writes), default=None)
        with connections["default"].cursor() as cursor:
            for at in range(0, len(requests), 5_000):
                cursor.execute(
                    "SELECT payload::jsonb ->> 'request', word, time, about, subjects, payload::jsonb -> 'facts'"
                    " FROM ledger.entry WHERE time >= %s AND kind = 'act' AND word = ANY(%s)"
                    " AND payload::jsonb ->> 'request' = ANY(%s)",
                    [after and after - MAX_DISTANCE, words, requests[at : at + 5_000]],
                )
                for request, word, time, about, subjects, told in cursor.fetchall():
                    facts = json.loads(told) if told else {}
                    names = {(about or "").partition(":")[2], *(subjects or ()), *_texts(facts)}
                    found[request, word].append(_Entry(time, facts.get("of", ""), frozenset(names)))
        return found


def _strings(written: object) -> frozenset[str]:
    return frozenset(written if isinstance(written, list) else [str(written)])


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

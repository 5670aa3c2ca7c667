"""Whether what is put on record is still being sealed and signed: a record that nobody outside vouches for is none.

Sealing takes a second and signing some more. Where an entry has waited too long for the notary's signature, whoever
rules the database could still change what was written since, so nothing more is opened until it is caught up with. Only
a checkpoint that a pinned key signed for the tree as it stands counts (``newest_checkpoint``).
"""

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from django.utils.translation import ngettext

from privacy.ledger.checkpoints import newest_checkpoint
from privacy.vault.keyservice.reading_policy import Query
from privacy.vault.keyservice.refusals import TrailUnsigned

log = logging.getLogger("portal.keyservice")
# Of the entries from so many numbers before the last signed one on, and of those remembered: which are not signed, or
# say something else than was read, and whether one that came later is older than it may be. One that committed late has
# a lower number, and is no such.
UNSIGNED = """
WITH last AS (
    SELECT size, coalesce((SELECT entry_id FROM ledger.leaf WHERE index = size - 1), 0) AS id
    FROM (SELECT %s::bigint AS size) AS signed)
SELECT asked.id, coalesce(
    asked.id > last.id AND asked.time < clock_timestamp() - make_interval(mins => %s), false)
FROM last, (
    (SELECT id, time, '' AS digest FROM ledger.entry WHERE id > (SELECT id - 2000 FROM last) ORDER BY id LIMIT 4000)
    UNION ALL SELECT id, NULL, digest FROM unnest(%s::bigint[], %s::text[]) AS seen (id, digest)) AS asked
WHERE NOT EXISTS (SELECT FROM ledger.leaf l WHERE l.entry_id = asked.id AND l.index < last.size)
    OR asked.digest <> '' AND NOT EXISTS (
        SELECT FROM ledger.entry e WHERE e.id = asked.id
        AND encode(sha256(convert_to(e.payload, 'UTF8')), 'hex') = asked.digest)
"""
# An answer holds for so long.
SECONDS = 5.0


class Seen(NamedTuple):
    """When an entry was first seen, and the SHA-256 of its payload where it was read; else nothing."""

    at: float
    digest: str = ""


class TrailWatch:
    """Asks the tables, at most once in a few seconds; ``minutes`` of 0 asks nothing.

    An entry that was seen stays on its mind until it is signed as it was read: whoever hides, changes or removes it
    gains nothing by that.
    """

    def __init__(self, query: Query, *, minutes: int, monotonic: Callable[[], float]) -> None:
        self.query = query
        self.minutes = minutes
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._late = False
        # Entries that are not signed.
        self._seen: dict[int, Seen] = {}

    def remember(self, number: int, digest: str) -> None:
        """Keep in mind that something was opened by this record, whose payload has this SHA-256."""
        if self.minutes:
            with self._lock:
                self._seen[number] = Seen(self._seen.get(number, Seen(self.monotonic())).at, digest)

    def refuse_unsigned(self) -> None:
        """Raise TrailUnsigned where sealing or signing is behind by more than the minutes allowed."""
        if not self.minutes:
            return
        with self._lock:
            if self.monotonic() - self._asked_at > SECONDS:
                self._late = self._is_late()
                self._asked_at = self.monotonic()
            late = self._late
        if late:
            raise TrailUnsigned(
                ngettext(
                    "The audit trail has not been signed for more than %(minutes)d minute, so nothing is opened. Tell "
                    "whoever operates the portal.",
                    "The audit trail has not been signed for more than %(minutes)d minutes, so nothing is opened. Tell "
                    "whoever operates the portal.",
                    self.minutes,
                )
                % {"minutes": self.minutes}
            )

    def _is_late(self) -> bool:
        now, newest = self.monotonic(), newest_checkpoint.newest(self.query)
        size = newest.checkpoint.size if newest else 0
        digests = [seen.digest for seen in self._seen.values()]
        waiting = self.query(UNSIGNED, [size, self.minutes, list(self._seen), digests])
        self._seen = {number: self._seen.get(number, Seen(now)) for number, _late in waiting}
        late = [number for number, is_late in waiting if is_late or self._seen[number].at < now - 60 * self.minutes]
        if late and not self._late:
            log.error("entry %s on the audit trail is not signed as it was seen: nothing is opened", min(late))
        return bool(late)

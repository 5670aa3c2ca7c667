"""Whether what is put on record now is still being sealed and signed: a record that nobody outside vouches for is none.

Sealing takes a second and signing some more. Where either has not happened for too long, whoever rules the database
could still change what was written since, so nothing more is opened until it is caught up with.
"""

import threading
from collections.abc import Callable

from django.utils.translation import ngettext

from privacy.ledger.merkle.log_reader import UNSEALED
from privacy.vault.keyservice.reading_policy import Query
from privacy.vault.keyservice.refusals import TrailUnsigned

# Whether an entry waits for its seal, or a tree head for its signature, for longer than so many minutes.
LATE = f"""
WITH bound AS (SELECT clock_timestamp() - make_interval(mins => %s) AS moment)
SELECT coalesce((
        SELECT time FROM {UNSEALED} ORDER BY id LIMIT 1) < moment, false)
    OR coalesce((
        SELECT sealed_at FROM ledger.tree
        WHERE size > coalesce((SELECT size FROM ledger.checkpoint
            WHERE size <= (SELECT max(size) FROM ledger.tree) ORDER BY size DESC LIMIT 1), 0)
        ORDER BY size LIMIT 1) < moment, false)
FROM bound
"""  # noqa: S608 - constants
# An answer holds for so long.
SECONDS = 5.0


class TrailWatch:
    """Asks the tables, at most once in a few seconds; ``minutes`` of 0 asks nothing."""

    def __init__(self, query: Query, *, minutes: int, monotonic: Callable[[], float]) -> None:
        self.query = query
        self.minutes = minutes
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._late = False

    def refuse_unsigned(self) -> None:
        """Raise TrailUnsigned where sealing or signing is behind by more than the minutes allowed."""
        if not self.minutes:
            return
        with self._lock:
            if self.monotonic() - self._asked_at > SECONDS:
                ((self._late,),) = self.query(LATE, [self.minutes])
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

"""When the master key is turned and an old generation ended: the key service reads itself who approved it.

The approval is a standing one: the numbers of the rulebook, which two officers lessen together (decisions 0166, 0190).
``dated``: moments are the database's own; ordinary tests have days of their own, and are asked nothing of them.
"""

import threading
import time
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from privacy.vault.keyservice.key_material import unwrap, wrapped_keys
from privacy.vault.keyservice.messages import MonthKey, Rewrap, SubjectKey
from privacy.vault.keyservice.reading_policy import Query
from privacy.vault.keyservice.refusals import KeysRefused, StillChecking

TURN_DAYS, GRACE_DAYS = "keys.turn.days", "keys.grace.days"
CURRENT = "SELECT generation FROM vault_keycheck WHERE kind = 'master' AND current"
# Whether so many days have passed, by the database's clock, since a generation's moment.
PASSED = """
SELECT EXISTS (SELECT FROM vault_keycheck WHERE kind = 'master' AND generation = %s
    AND {moment} <= clock_timestamp() - make_interval(days => (
        SELECT value FROM policies_parameter WHERE code = %s AND effective_on <= (now() AT TIME ZONE 'Asia/Seoul')::date
        ORDER BY effective_on DESC LIMIT 1)))
"""
ENDING = (
    "SELECT EXISTS (SELECT FROM vault_keycheck WHERE kind = 'master' AND generation = %s AND ending_at IS NOT NULL)"
)
# The keys of one table, slice by slice.
SLICE = "SELECT id, {} FROM {} WHERE id > %s ORDER BY id LIMIT %s"
TABLES = (
    ("vault_monthkey", "category, month, generation, wrapped"),
    ("vault_subjectkey", "subject_id, category, generation, wrapped"),
)
FIRST = "00000000-0000-0000-0000-000000000000"
# An answer is waited for 2 s; what is left is looked at by the next call.
SECONDS = 1.0


class RotationPolicy:
    """Says whether a turn may begin, what may be wrapped anew, and whether a generation may end."""

    def __init__(self, query: Query, *, dated: bool) -> None:
        self.query = query
        self.dated = dated
        self._lock = threading.Lock()
        # How far the keys were looked at before the end of a generation: table, and the last key.
        self._looked: dict[int, tuple[int, Any]] = {}

    def refuse_early_turn(self, after: int) -> None:
        """Raise KeysRefused unless this is the current generation and has lasted as long as two officers let it."""
        if self.query(CURRENT, []) != [(after,)]:
            raise KeysRefused(_("This is not the current generation of the master key."))
        if not self._has_passed("begun_at", after, TURN_DAYS):
            raise KeysRefused(
                _("The current generation of the master key can't be replaced yet."),
                code="too-early",
            )

    def refuse_rewrap(self, asked: Rewrap) -> None:
        """Raise KeysRefused unless older keys are to be wrapped under the generation that the turn made current."""
        generations = {key.generation for key in wrapped_keys(asked.keys)}
        if self.query(CURRENT, []) != [(asked.generation,)] or any(one >= asked.generation for one in generations):
            raise KeysRefused(_("This is not the current generation of the master key."))

    def refuse_end(self, generation: int, *, newest: int) -> None:
        """Raise KeysRefused while a generation is in use or in its grace, StillChecking while not every key was seen to
        open under a later one. Raises WrongKey where one does not.
        """
        if generation >= newest or not self.query(ENDING, [generation])[0][0]:
            raise KeysRefused(_("This generation of the master key is still in use."))
        if not self._has_passed("emptied_at", generation, GRACE_DAYS):
            raise KeysRefused(_("This generation of the master key must still be kept for backups."), code="too-early")
        self._open_all(generation)

    def _has_passed(self, moment: str, generation: int, code: str) -> bool:
        return not self.dated or bool(self.query(PASSED.format(moment=moment), [generation, code])[0][0])

    def _open_all(self, generation: int) -> None:
        """Open every key that is left: once wrapped under a later generation, none is replaced before the next turn.

        No query looks at a whole table, and what was looked at counts also where a later slice is not answered.
        """
        until = time.monotonic() + SECONDS
        with self._lock:
            place, last = self._looked.get(generation, (0, FIRST))
            while place < len(TABLES):
                table, columns = TABLES[place]
                rows = self.query(SLICE.format(columns, table), [last, settings.VAULT_TURN_BATCH])
                if any(row[-2] <= generation for row in rows):
                    raise KeysRefused(_("This generation of the master key is still in use."))
                unwrap([_key(*row[1:]) for row in rows])
                self._looked[generation] = place, last = (place, rows[-1][0]) if rows else (place + 1, FIRST)
                if time.monotonic() > until:
                    raise StillChecking
            self._looked.pop(generation, None)


def _key(first: Any, second: Any, generation: int, wrapped: Any) -> SubjectKey | MonthKey:
    if isinstance(second, date):
        return MonthKey(first, second, generation, bytes(wrapped))
    return SubjectKey(first.bytes, second, generation, bytes(wrapped))

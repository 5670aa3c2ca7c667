"""Which hosts hold which generations of the master key: each key service says so, and ends what has to end.

A turn begins only once every host that is alive holds the next generation (decision 0251), so nobody is left with
keys that it can't open; and a generation has ended only once no host holds it any more, by its own word.
"""

import json
import logging
import socket
import threading
from typing import Any

from django.db import DatabaseError, connection

from privacy.lib.errors.refusals import Refusal
from privacy.vault import key_providers
from privacy.vault.keyservice.refusals import StillChecking
from privacy.vault.keyservice.rotation_policy import RotationPolicy

log = logging.getLogger("portal.keyservice")
EVERY_SECONDS = 15.0
SAY = """
INSERT INTO vault_keyholder AS holder (host, generations, seen_at) VALUES (%s, %s, clock_timestamp())
ON CONFLICT (host) DO UPDATE SET generations = EXCLUDED.generations, seen_at = EXCLUDED.seen_at,
    awaited = CASE WHEN EXCLUDED.generations ->> holder.awaited::text = holder.awaited_value
        THEN NULL ELSE holder.awaited END
"""
ENDING = "SELECT generation FROM vault_keycheck WHERE kind = 'master' AND ending_at IS NOT NULL ORDER BY generation"


def host_name() -> str:
    """Return what this host is called among those that hold keys."""
    return socket.gethostname()


def held() -> dict[int, bytes]:
    """Return the check values of the generations that are at hand, by their numbers. Raises WrongKey."""
    master = key_providers.master_keys()
    return {number: master.check_value(number) for number in sorted(master.generations())}


class HolderReports:
    """Says every few seconds what this host holds, until it is stopped."""

    def __init__(self, turning: RotationPolicy) -> None:
        self.turning = turning
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Say nothing more."""
        self._ended.set()

    def _go_on(self) -> None:
        while True:
            try:
                self.report()
            except (DatabaseError, Refusal, OSError) as error:
                # Whoever turns the key takes a host that says nothing for one that is away.
                log.warning("this host's keys are not reported: %s", error)
                connection.close()
            if self._ended.wait(EVERY_SECONDS):
                connection.close()
                return

    def report(self) -> None:
        """Say what is held; end what has to end here too, and say it again then. Raises WrongKey, DatabaseError."""
        with connection.cursor() as cursor:
            _say(cursor)
            cursor.execute(ENDING)
            went = [self._end(number) for (number,) in cursor.fetchall()]
            if any(went):
                _say(cursor)

    def _end(self, number: int) -> bool:
        """Destroy a generation that ends, if this host still holds it and the policy agrees; return whether it went.

        Looking at millions of keys takes several rounds.
        """
        master = key_providers.master_keys()
        generations = master.generations()
        if number not in generations:
            return False
        try:
            self.turning.refuse_end(number, newest=max(generations))
            master.destroy(number)
        except StillChecking:
            return False
        except (Refusal, OSError) as error:
            log.warning("generation %d stays here: %s", number, error)
            return False
        return True


def _say(cursor: Any) -> None:
    values = {number: value.hex() for number, value in held().items()}
    cursor.execute(SAY, [host_name(), json.dumps(values)])

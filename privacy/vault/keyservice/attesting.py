"""What the key service has read of access records, signed with a key of its own once a second and put on the trail.

The notary compares it with what was sealed (``attested_reads``). What a process that is killed had not signed yet is
not attested; nobody is accused of that.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable

import psycopg

from privacy.ledger.checkpoints.attested_reads import KEY_SERVICE, Attestation, text
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.merkle import log_reader

log = logging.getLogger("portal.keyservice")
SECONDS = 1.0
# So many records fit into one entry.
MOST_READS = 500


class Attestations:
    """Collects records and puts them on the trail; ``append`` takes the facts of an entry."""

    def __init__(self, signer: Signer, append: Callable[[dict[str, object]], None]) -> None:
        self._signer = signer
        self._append = append
        self._run = secrets.token_hex(8)
        self._number = 0
        # What was signed and is not known to stand on the trail.
        self._written: dict[str, object] | None = None
        self._reads: dict[int, str] = {}
        self._lock = threading.Lock()

    def add(self, number: int, digest: str) -> None:
        """A record gave keys; ``digest`` is the SHA-256 of its payload."""
        with self._lock:
            self._reads[number] = digest

    def attest(self) -> None:
        """Sign what was read since the last time, and put it on the trail; what can't be is tried again."""
        if self._written is None:
            self._written = self._write()
        if self._written is None:
            return
        # The same bytes again where the answer was lost: one number never says two things.
        self._append(self._written)
        self._written = None
        self._number += 1

    def _write(self) -> dict[str, object] | None:
        """Sign what was read and is not attested yet, under the next number."""
        with self._lock:
            reads = list(self._reads.items())[:MOST_READS]
            for number, _digest in reads:
                del self._reads[number]
        if not reads:
            return None
        said = text(Attestation(self._signer.name, self._run, self._number + 1, reads))
        note = self._signer.note(said, int(time.time()))
        return {"service": self._signer.name, "number": self._number + 1, "signed_note": note}

    def run(self, ended: threading.Event) -> None:
        """Attest every second until told to end, and once more then."""
        while not ended.wait(SECONDS):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.attest()
        except psycopg.Error as error:
            log.warning("what was read can't be attested now: %s", type(error).__name__)


def append(facts: dict[str, object]) -> None:
    """Put an attestation on the trail, on a connection of its own."""
    with log_reader.connect() as connection:
        append_entry(connection, Event.READS_ATTESTED, actor=KEY_SERVICE, facts=facts)

"""Time stamps of an authority (RFC 3161) on checkpoints: one more party that says when (``TIMESTAMP_URL``)."""

from __future__ import annotations

import http.client
import logging
import threading
import urllib.request
from pathlib import Path

import rfc3161_client

from privacy.ledger.verify_timestamps import MAX_FILE, SUFFIX
from privacy.lib.durable_files import replace_bytes
from privacy.lib.http.direct_requests import OPENER

log = logging.getLogger("portal.ledger")
# A checkpoint in so many seconds is stamped, because authorities count requests; where one gives nothing, it is asked
# again after so many.
EVERY = 3_600
AGAIN = 300
SECONDS = 10.0
READ_ONLY = 0o444


class Stamping:
    """Has the newest checkpoint stamped now and then, beside the notary, whom no authority holds up."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.running: threading.Thread | None = None
        self._next = 0.0

    def begin(self, checkpoint: Path, moment: float) -> None:
        """Have an anchored checkpoint stamped if one is due. ``moment``: when it was signed."""
        if moment < self._next or (self.running is not None and self.running.is_alive()):
            return
        self.running = threading.Thread(target=self._stamp, args=(checkpoint, moment), daemon=True)
        self.running.start()

    def _stamp(self, checkpoint: Path, moment: float) -> None:
        self._next = moment + AGAIN
        try:
            replace_bytes(checkpoint.with_suffix(SUFFIX), ask(self.url, checkpoint.read_bytes()), mode=READ_ONLY)
            self._next = moment + EVERY
        except (OSError, ValueError, http.client.HTTPException) as error:
            log.warning("notary: the time stamp authority gives no token: %s", error)


def ask(url: str, note: bytes) -> bytes:
    """Return the authority's answer about these bytes. Raises ``OSError``, ``ValueError`` for one of something else."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("TIMESTAMP_URL is no address of HTTP")
    request = rfc3161_client.TimestampRequestBuilder().data(note).build()
    asked = urllib.request.Request(  # noqa: S310 - HTTP, see above
        url, data=request.as_bytes(), headers={"Content-Type": "application/timestamp-query"}, method="POST"
    )
    with OPENER.open(asked, timeout=SECONDS) as answer:
        token: bytes = answer.read(MAX_FILE + 1)
    if len(token) > MAX_FILE:
        raise ValueError("the answer is too long")
    response = rfc3161_client.decode_timestamp_response(token)
    if rfc3161_client.PKIStatus(response.status) != rfc3161_client.PKIStatus.GRANTED:
        raise ValueError(f"the answer has the status {response.status}")
    said = response.tst_info
    if said.nonce != request.nonce or said.message_imprint.message != request.message_imprint.message:
        raise ValueError("the answer is about something else")
    return token

"""Telling that the notary refuses: once for each reason, and again once a day for as long as it lasts.

A refusal is the same one where only its numbers differ: a log that was rolled back goes on growing, a clock goes on.
What was told, and to whom, outlives the process.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from smtplib import SMTPException
from typing import Any

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints import anchors
from privacy.ledger.entries.appending import append_entry
from privacy.ledger.events import Event

log = logging.getLogger("portal.ledger")
# A mail server that hangs holds the notary up for ten seconds: after a failure it is left alone for so long.
MAIL_RETRY_SECONDS = 10 * 60
DAY = 24 * 60 * 60
_NUMBER = re.compile(r"\d+")
# Whom a refusal is told to beside the auditors' addresses.
_TRAIL = ""


class RefusalNotices:
    """The refusal that holds now, kept in the notary's folder: ``refusal`` for people, ``refusal.told`` for itself."""

    def __init__(self, folder: Path) -> None:
        self.text = ""
        self._folder = folder
        self._reason, self._since, self._told = self._load()
        self._mail_from = 0.0

    def tell(
        self,
        refusal: str,
        size: int,
        auditors: list[str],
        now: float,
        connection: psycopg.Connection[Any],
        *,
        what: dict[str, Any] | None = None,
    ) -> None:
        """Tell what was not told yet: on the log, in the folder, to the auditors, on the trail.

        What can't be told now is told later. ``what`` are facts for the trail: which entries' times were refused.
        """
        self.text, reason = refusal, _NUMBER.sub("#", refusal)
        if reason != self._reason or now >= self._since + DAY:
            self._reason, self._since = reason, now
            self._told = {_TRAIL: False, **dict.fromkeys(auditors, False)}
            self._mail_from = 0.0
            log.error("notary: refused: %s", refusal)
            (self._folder / "refusal").write_text(f"{int(now)} {refusal}\n")
        self._mail(size, now)
        if not self._told.get(_TRAIL, True):
            self._record(size, connection, what or {})
        self._save()

    def end(self) -> None:
        """The notary has signed again; so what an earlier process left here is over, too."""
        self.text = self._reason = ""
        for name in ("refusal", "refusal.told"):
            (self._folder / name).unlink(missing_ok=True)

    def _mail(self, size: int, now: float) -> None:
        if now < self._mail_from:
            return
        for address in [address for address, told in self._told.items() if address != _TRAIL and not told]:
            try:
                anchors.mail_refusal([address], size, self.text, int(now))
                self._told[address] = True
            except (OSError, SMTPException) as error:
                self._mail_from = now + MAIL_RETRY_SECONDS
                log.error("notary: an auditor could not be told: %s", type(error).__name__)

    def _record(self, size: int, connection: psycopg.Connection[Any], what: dict[str, Any]) -> None:
        append_entry(
            connection,
            Event.NOTARY_REFUSED,
            kind="denied",
            actor=SystemActor("notary"),
            result="denied",
            facts={"size": size, "reason": self.text, **what},
        )
        self._told[_TRAIL] = True

    def _load(self) -> tuple[str, float, dict[str, bool]]:
        try:
            kept = json.loads((self._folder / "refusal.told").read_text("utf-8"))
            return kept["reason"], kept["since"], kept["told"]
        except (OSError, ValueError, LookupError):
            return "", 0.0, {}

    def _save(self) -> None:
        kept = {"reason": self._reason, "since": self._since, "told": self._told}
        temporary = self._folder / ".refusal.told.new"
        temporary.write_text(json.dumps(kept), "utf-8")
        temporary.replace(self._folder / "refusal.told")

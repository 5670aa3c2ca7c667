"""Telling that the notary refuses: once for each reason, and again once a day for as long as it lasts.

A refusal is the same one where only its numbers differ: a log that was rolled back goes on growing, a clock goes on.
What was told, and to whom, outlives the process.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from smtplib import SMTPException
from typing import Any

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints import anchors
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event

log = logging.getLogger("portal.ledger")
# A mail server that hangs holds the notary up for ten seconds: after a failure it is left alone for so long.
MAIL_RETRY_SECONDS = 10 * 60
DAY = 24 * 60 * 60
_NUMBER = re.compile(r"\d+")
# Whom a refusal is told to beside the auditors' addresses.
_TRAIL = ""


@dataclass
class _Telling:
    """Since when a refusal holds for one reason, and who was told it."""

    since: float
    told: dict[str, bool]

    def is_over(self, now: float) -> bool:
        """Whether it is told again; a clock that was put right doesn't hold it back for longer than a day."""
        return abs(now - self.since) >= DAY


class RefusalNotices:
    """The refusals of a day, kept in the notary's folder: ``refusal`` for people, ``refusal.told`` for itself."""

    def __init__(self, folder: Path) -> None:
        self.text = ""
        self._folder = folder
        self._shown = ""
        self._tellings = self._load()
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
        self._tellings = {one: telling for one, telling in self._tellings.items() if not telling.is_over(now)}
        telling = self._tellings.get(reason)
        if telling is None:
            telling = _Telling(now, {_TRAIL: False, **dict.fromkeys(auditors, False)})
            self._tellings[reason] = telling
            self._mail_from, self._shown = 0.0, ""
            log.error("notary: refused: %s", refusal)
        if reason != self._shown:
            (self._folder / "refusal").write_text(f"{int(telling.since)} {refusal}\n", "utf-8")
            self._shown = reason
        self._mail(telling, size, now)
        # A mail is out for good, whatever becomes of the rest.
        self._save()
        if not telling.told.get(_TRAIL, True):
            self._record(telling, size, connection, what or {})
            self._save()

    def end(self) -> None:
        """The notary has signed again; so what an earlier process left here is over, too."""
        self.text = self._shown = ""
        self._tellings = {}
        for name in ("refusal", "refusal.told"):
            (self._folder / name).unlink(missing_ok=True)

    def _mail(self, telling: _Telling, size: int, now: float) -> None:
        if now < self._mail_from:
            return
        for address in [address for address, told in telling.told.items() if address != _TRAIL and not told]:
            try:
                anchors.mail_refusal([address], size, self.text, int(now))
                telling.told[address] = True
            except (OSError, SMTPException) as error:
                self._mail_from = now + MAIL_RETRY_SECONDS
                log.error("notary: an auditor could not be told: %s", type(error).__name__)

    def _record(self, telling: _Telling, size: int, connection: psycopg.Connection[Any], what: dict[str, Any]) -> None:
        append_entry(
            connection,
            Event.NOTARY_REFUSED,
            kind="denied",
            actor=SystemActor("notary"),
            result="denied",
            facts={"size": size, "reason": self.text, **what},
        )
        telling.told[_TRAIL] = True

    def _load(self) -> dict[str, _Telling]:
        try:
            kept = json.loads((self._folder / "refusal.told").read_text("utf-8"))
            return {reason: _Telling(float(one["since"]), dict(one["told"])) for reason, one in kept.items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return {}

    def _save(self) -> None:
        temporary = self._folder / ".refusal.told.new"
        temporary.write_text(json.dumps({reason: asdict(one) for reason, one in self._tellings.items()}), "utf-8")
        temporary.replace(self._folder / "refusal.told")

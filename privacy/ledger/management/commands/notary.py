"""``manage.py notary``: signs checkpoints. Its own key, its own state; meant for another host than the database's."""

import fcntl
import os
import time
from pathlib import Path
from smtplib import SMTPException
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger import anchors, payloads, reading
from privacy.ledger.actors import System
from privacy.ledger.daemons import Daemon, log
from privacy.ledger.events import Event
from privacy.ledger.notary import Notary, Refused
from privacy.ledger.notes import Signer


class Command(BaseCommand):
    help = "Re-hash sealed entries, sign checkpoints, mirror and anchor them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="sign what there is and end; exit 2 on a refusal")
        parser.add_argument("--interval", type=float, default=3.0, help="seconds between checkpoints (3)")
        parser.add_argument("--make-key", action="store_true", help="make the signing key where there is none")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = settings.NOTARY_STATE_DIR
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CommandError("Another notary works with this state.", returncode=1) from None
            notary = make_notary(make_key=options["make_key"] or settings.DEVELOPMENT)
            self.refusal = ""
            if options["once"]:
                self._once(notary)
            else:
                Daemon("notary", lambda connection: self._step(notary, connection), options["interval"]).run()

    def _once(self, notary: Notary) -> None:
        with reading.connect() as connection:
            while self._step(notary, connection):
                self.stdout.write(f"Signed a checkpoint of {notary.state.size} entries.")
        if self.refusal:
            raise CommandError(f"Refused: {self.refusal}", returncode=2)

    def _step(self, notary: Notary, connection: psycopg.Connection[Any]) -> int | None:
        """One step; a refusal is told once for each reason: on the log, in the state folder, and on the ledger."""
        try:
            signed = notary.step(connection)
        except Refused as refusal:
            if str(refusal) != self.refusal:
                self.refusal = str(refusal)
                log.error("notary: refused: %s", refusal)
                moment = int(time.time())
                (settings.NOTARY_STATE_DIR / "refusal").write_text(f"{moment} {refusal}\n")
                try:
                    anchors.tell_refusal(notary.auditors, notary.state.size, self.refusal, moment)
                except (OSError, SMTPException) as error:
                    log.error("notary: the auditors could not be told: %s", type(error).__name__)
                payload, _nonce = payloads.compose(
                    Event.NOTARY_REFUSED,
                    actor=System("notary"),
                    at=None,
                    result="denied",
                    facts={"size": notary.state.size, "reason": self.refusal},
                )
                connection.execute("SELECT ledger.append('denied', %s)", [payload])
            return None
        if signed and self.refusal:
            self.refusal = ""
            (settings.NOTARY_STATE_DIR / "refusal").unlink(missing_ok=True)
        return signed


def make_notary(*, make_key: bool) -> Notary:
    """Return the notary that the settings describe. Raises ``CommandError`` without a key."""
    path: Path = settings.NOTARY_KEY_FILE
    if not path.exists():
        if not make_key:
            raise CommandError(f"There is no signing key at {path}: make one with --make-key.", returncode=1)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Signer.make(settings.LEDGER_ORIGIN).save(path)
    signer = Signer.load(path)
    vkeys = settings.NOTARY_STATE_DIR / "vkeys"
    vkeys.write_text("".join(f"{vkey}\n" for vkey in signer.vkeys))
    os.chmod(vkeys, 0o644)  # noqa: PTH101 - beside the call above
    return Notary(
        signer,
        state=settings.NOTARY_STATE_DIR,
        mirror=settings.MIRROR_DIR,
        anchor=settings.ANCHOR_DIR,
        auditors=list(settings.ANCHOR_EMAILS),
        mail_every=getattr(settings, "ANCHOR_EMAIL_SECONDS", 86_400),
        clock=time.time,
    )

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

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints import anchors
from privacy.ledger.checkpoints.notary import MAIL_RETRY_SECONDS, Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.daemon import Daemon, log
from privacy.ledger.entries import payloads
from privacy.ledger.events import Event
from privacy.ledger.management.usage import exit_on_usage_error
from privacy.ledger.merkle import log_reader


class Command(BaseCommand):
    help = "Re-hash sealed entries, sign checkpoints, mirror and anchor them."
    requires_system_checks: list[str] = []
    LEDGER = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The refusal that holds, whom it was told to, and until when the mail server is left alone.
        self.refusal = ""
        self.told: dict[str, bool] = {}
        self.mail_from = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        exit_on_usage_error(parser, 1)
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
            if options["once"]:
                self._once(notary)
            else:
                Daemon("notary", lambda connection: self._step(notary, connection), options["interval"]).run()

    def _once(self, notary: Notary) -> None:
        with log_reader.connect() as connection:
            while self._step(notary, connection):
                self.stdout.write(f"Signed a checkpoint of {notary.state.size} entries.")
        if self.refusal:
            raise CommandError(f"Refused: {self.refusal}", returncode=2)

    def _step(self, notary: Notary, connection: psycopg.Connection[Any]) -> int | None:
        """One step; a refusal is told once for each reason: on the log, in the state folder, to the auditors, on the
        ledger. What can't be told now is told later."""
        folder: Path = settings.NOTARY_STATE_DIR
        try:
            signed = notary.step(connection)
        except SigningRefused as refusal:
            if str(refusal) != self.refusal:
                self.refusal = str(refusal)
                self.told = {self.LEDGER: False, **dict.fromkeys(notary.auditors, False)}
                self.mail_from = 0.0
                log.error("notary: refused: %s", refusal)
                (folder / "refusal").write_text(f"{int(time.time())} {refusal}\n")
            self._mail_refusal(notary)
            self._record_refusal(notary, connection)
            return None
        if signed:
            # Also what an earlier process left there: it has signed again.
            self.refusal = ""
            (folder / "refusal").unlink(missing_ok=True)
        return signed

    def _mail_refusal(self, notary: Notary) -> None:
        moment = notary.clock()
        if moment < self.mail_from:
            return
        for address in [address for address in notary.auditors if not self.told.get(address, True)]:
            try:
                anchors.mail_refusal([address], notary.state.size, self.refusal, int(moment))
                self.told[address] = True
            except (OSError, SMTPException) as error:
                self.mail_from = moment + MAIL_RETRY_SECONDS
                log.error("notary: an auditor could not be told: %s", type(error).__name__)

    def _record_refusal(self, notary: Notary, connection: psycopg.Connection[Any]) -> None:
        if self.told.get(self.LEDGER, True):
            return
        payload, _nonce = payloads.compose(
            Event.NOTARY_REFUSED,
            actor=SystemActor("notary"),
            at=None,
            result="denied",
            facts={"size": notary.state.size, "reason": self.refusal},
        )
        connection.execute("SELECT ledger.append('denied', %s)", [payload])
        self.told[self.LEDGER] = True


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
        mail_every=settings.ANCHOR_EMAIL_SECONDS,
        clock=time.time,
    )

"""``manage.py notary``: signs checkpoints. Its own key, its own state; meant for another host than the database's."""

import fcntl
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints import accepted_times, attested_reads, key_handovers, rebuilding
from privacy.ledger.checkpoints.accepted_times import TimesRefused
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.refusal_notices import RefusalNotices
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.checkpoints.timestamps import Stamping
from privacy.ledger.daemon import Daemon
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.management.usage import exit_on_usage_error
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify import Problem, parse_key
from privacy.ledger.witness import asking
from privacy.ledger.witness.asking import Witnesses


class Command(BaseCommand):
    help = "Re-hash sealed entries, sign checkpoints, mirror and anchor them."
    requires_system_checks: list[str] = []
    notices: RefusalNotices

    def add_arguments(self, parser: CommandParser) -> None:
        exit_on_usage_error(parser, 1)
        parser.add_argument("--once", action="store_true", help="sign what there is and end; exit 2 on a refusal")
        parser.add_argument("--interval", type=float, default=3.0, help="seconds between checkpoints (3)")
        parser.add_argument("--rebuild", action="store_true", help="restore a lost state from mirror and anchors")
        parser.add_argument("--accept", type=int, metavar="ENTRY", help="go on after this refusal because of times")
        parser.add_argument("--because", default="", help="with --accept: why these times are not right")
        parser.add_argument("--new-key", action="store_true", help="hand the signing over to a new key, and end")
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
            if options["rebuild"]:
                self._rebuild(notary)
            elif options["accept"] is not None:
                self._accept(notary, options["accept"], options["because"])
            elif options["new_key"]:
                self._hand_over(notary)
            elif options["once"]:
                self._once(notary)
            else:
                Daemon("notary", lambda connection: self._step(notary, connection), options["interval"]).run()

    def _once(self, notary: Notary) -> None:
        with log_reader.connect() as connection:
            while self._step(notary, connection):
                self.stdout.write(f"Signed a checkpoint of {notary.state.size} entries.")
        if self.notices.text:
            raise CommandError(f"Refused: {self.notices.text}", returncode=2)

    def _accept(self, notary: Notary, entry: int, because: str) -> None:
        """Go on after a refusal because of times that two officers accepted."""
        if not because.strip():
            raise CommandError("Say --because: every verification shows it from then on.", returncode=1)
        with log_reader.connect() as connection:
            try:
                accepted = accepted_times.accept(
                    connection, notary.signer, notary.mirror, notary.state.size, entry, because, int(notary.clock())
                )
            except SigningRefused as refusal:
                raise CommandError(f"Refused: {refusal}", returncode=2) from None
        self.stdout.write(f"Accepted for good: {accepted}")
        # What more has wrong times is another refusal, which officers see at once and not a day later.
        self.notices = RefusalNotices(settings.NOTARY_STATE_DIR)
        self.notices.end()
        self._once(notary)

    def _hand_over(self, notary: Notary) -> None:
        """Sign what there is with the old key, then let a new one follow; refuse where the old one refuses to sign."""
        if not key_handovers.is_begun(settings.NOTARY_KEY_FILE):
            self._once(notary)
        if not notary.state.size:
            raise CommandError("Nothing has been signed yet, so there is nothing to hand over.", returncode=1)
        with log_reader.connect() as connection:
            new = key_handovers.hand_over(
                settings.NOTARY_KEY_FILE, notary.path, notary.mirror, connection, int(notary.clock())
            )
        new.publish(settings.NOTARY_STATE_DIR / "vkeys")
        self.stdout.write(f"From entry {notary.state.size} on a new key signs. Pin its two lines (NOTARY_VKEYS):")
        self.stdout.write("\n".join(new.vkeys))
        former = key_handovers.former_key(settings.NOTARY_KEY_FILE, notary.signer, notary.state.size)
        self.stdout.write(f"Destroy {former} when the new one has signed.")

    def _step(self, notary: Notary, connection: psycopg.Connection[Any]) -> int | None:
        """One step; a refusal is told once for each reason, and once a day."""
        if not hasattr(self, "notices"):
            self.notices = RefusalNotices(settings.NOTARY_STATE_DIR)
        try:
            signed = notary.step(connection)
        except SigningRefused as refusal:
            what: dict[str, object] = {}
            if isinstance(refusal, TimesRefused):
                what = {"until": refusal.until, "root": refusal.root.hex()}
            self.notices.tell(str(refusal), notary.state.size, notary.auditors, notary.clock(), connection, what=what)
            return None
        if signed:
            self.notices.end()
        return signed

    def _rebuild(self, notary: Notary) -> None:
        """Take the state from what was published; the one that was there, if any, is kept beside it."""
        with log_reader.connect() as connection:
            try:
                state = rebuilding.rebuild(notary.signer, notary.mirror.root, notary.anchor, connection)
            except SigningRefused as refusal:
                raise CommandError(f"Refused: {refusal}", returncode=2) from None
            if notary.state.size > state.size or notary.state.says_the_same(state):
                raise CommandError("The state is as new as what was published: nothing to rebuild.", returncode=1)
            if notary.path.exists():
                notary.path.replace(notary.path.with_name(f"state.json.before-{int(time.time())}"))
            attested = attested_reads.numbers_until(connection, notary.attesting, state.size)
            replace(state, attested=attested).save(notary.path, notary.signer)
            append_entry(connection, Event.NOTARY_REBUILT, actor=SystemActor("notary"), facts={"size": state.size})
        self.stdout.write(f"Rebuilt the state: it goes on from the checkpoint of {state.size} entries.")


def make_notary(*, make_key: bool) -> Notary:
    """Return the notary that the settings describe. Raises ``CommandError`` without a key."""
    path: Path = settings.NOTARY_KEY_FILE
    if not path.exists():
        if not make_key:
            raise CommandError(f"There is no signing key at {path}: make one with --make-key.", returncode=1)
        if beside := key_handovers.left_over(path):
            raise CommandError(
                f"There is no signing key at {path}, but {beside[0].name} lies there from a hand-over: bring the key"
                " back, or go on as for a key that was lost (docs/ledger.md).",
                returncode=1,
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Signer.make(settings.LEDGER_ORIGIN).save(path)
    signer = Signer.load(path)
    if signer.name != settings.LEDGER_ORIGIN:
        raise CommandError(
            f"The key in {path} is of the log {signer.name}, LEDGER_ORIGIN is {settings.LEDGER_ORIGIN}: set that origin"
            " again, or give the new log a NOTARY_KEY_FILE and a NOTARY_STATE_DIR of its own (docs/ledger.md).",
            returncode=1,
        )
    try:
        policy = asking.load_policy()
    except Problem as problem:
        raise CommandError(f"WITNESS_POLICY: {problem}", returncode=1) from None
    try:
        attesting = [parse_key(vkey) for vkey in settings.ATTESTATION_VKEYS]
    except Problem as problem:
        raise CommandError(f"ATTESTATION_VKEYS: {problem}", returncode=1) from None
    return Notary(
        signer,
        state=settings.NOTARY_STATE_DIR,
        mirror=settings.MIRROR_DIR,
        anchor=settings.ANCHOR_DIR,
        auditors=list(settings.ANCHOR_EMAILS),
        mail_every=settings.ANCHOR_EMAIL_SECONDS,
        clock=time.time,
        witnesses=Witnesses(policy) if policy and policy.witnesses else None,
        attesting=attesting,
        stamping=Stamping(settings.TIMESTAMP_URL) if settings.TIMESTAMP_URL else None,
    )

"""``manage.py witness``: cosigns what continues the log. For another host than the portal's and the notary's."""

import fcntl
import json
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.verify import Problem
from privacy.ledger.witness.cosigning import Witness
from privacy.ledger.witness.serving import make_server
from privacy.ledger.witness.witness_keys import Ed25519Signer, MlDsaSigner, WitnessSigner, load_key


class Command(BaseCommand):
    help = "Answer logs that ask for a cosignature (C2SP tlog-witness). Uses no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--make-key", metavar="NAME", help="make the witness's key under a name, once, and end")
        parser.add_argument("--ml-dsa", action="store_true", help="with --make-key: an ML-DSA-44 key, not Ed25519")
        parser.add_argument("--add-log", metavar="VKEY", help="watch a log, or accept its new key, and end")
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8100, help="the port to listen at (8100)")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = settings.WITNESS_DIR
        if options["make_key"]:
            self._make_key(folder, options["make_key"], is_ml_dsa=options["ml_dsa"])
            return
        with suppress(FileNotFoundError), (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CommandError(
                    f"A witness runs in {folder}: two with one memory would cosign two histories."
                ) from None
            self._work(folder, options)
            return
        raise CommandError(f"{folder} holds no witness. Make one with --make-key NAME.")

    def _work(self, folder: Path, options: dict[str, Any]) -> None:
        try:
            witness = Witness(load_key(folder / "witness.key"), folder, time.time)
        except (OSError, ValueError) as error:
            raise CommandError(
                f"{folder} holds no witness: {error}. Make one with --make-key NAME. If its key is here and logs.json "
                "is not, its memory is lost: make a new one, in another folder, under a new name."
            ) from None
        if options["add_log"]:
            try:
                witness.add_log(options["add_log"])
            except Problem as problem:
                raise CommandError(f"{options['add_log']}: {problem}") from None
            self.stdout.write("This witness watches the log from now on.")
            return
        self._serve(witness, options["host"], options["port"])

    def _make_key(self, folder: Path, name: str, *, is_ml_dsa: bool) -> None:
        if any(c.isspace() for c in name) or "+" in name:
            raise CommandError("The name of a witness has no spaces and no “+”: witness.example/1")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        signer: WitnessSigner = MlDsaSigner.make(name) if is_ml_dsa else Ed25519Signer.make(name)
        try:
            signer.save(folder / "witness.key")
        except FileExistsError:
            raise CommandError(f"{folder} holds a witness already: its key is never replaced.") from None
        (folder / "logs.json").write_text(json.dumps({}))
        self.stdout.write(signer.vkey)

    def _serve(self, witness: Witness, host: str, port: int) -> None:
        try:
            server = make_server(witness, host, port)
        except OSError as error:
            raise CommandError(f"The witness can't listen at {host}:{port}: {error.strerror}") from None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_signal: threading.Thread(target=server.shutdown).start())
        self.stdout.write(f"The witness {witness.signer.name} answers at http://{host}:{server.server_port}/")
        self.stdout.flush()
        server.serve_forever()
        server.server_close()

"""``manage.py keyservice``: the process that holds the keys."""

import os
import pwd
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify import Problem, parse_key
from privacy.lib.processes import readiness
from privacy.vault import actions as vault
from privacy.vault.keyservice import client
from privacy.vault.keyservice.attesting import Attestations, append
from privacy.vault.keyservice.custodian import process_names
from privacy.vault.keyservice.database_questions import DatabaseQuestions
from privacy.vault.keyservice.holders import HolderReports
from privacy.vault.keyservice.server import KeyServer, bound_memory, make_custodian, protect_memory


class Command(BaseCommand):
    help = "Hold the keys of the vault, and give what a committed access record names. Ends on SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--make-attestation-key",
            metavar="NAME",
            help="make the key that signs what was read, once, and end",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["make_attestation_key"]:
            self.stdout.write(_make_key(options["make_attestation_key"]))
            return
        self._serve()

    def _serve(self) -> None:
        """Compare the keys with the database's check values, then serve; refuse to start with others."""
        bound_memory()
        for sentence in protect_memory():
            self.stderr.write(sentence)
        settings.KEY_SERVICE = client.IN_PROCESS  # this process asks nobody else for keys
        try:
            vault.check_keys()
        except (vault.WrongKey, vault.KeyServiceUnavailable) as refusal:
            raise CommandError(str(refusal)) from refusal
        query = DatabaseQuestions()
        attestations = _attestations()
        custodian = make_custodian(query, attestations)
        server = KeyServer(settings.KEY_SERVICE_DIR, custodian, _users())
        reports = HolderReports(custodian.turning)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_signal: ended.set())
        try:
            server.start()
        except OSError as error:
            raise CommandError(
                f"The key service can't open its sockets in {settings.KEY_SERVICE_DIR}: {error}"
            ) from error
        self.stdout.write(f"The key service answers in {settings.KEY_SERVICE_DIR}.")
        self.stdout.flush()
        readiness.tell_ready()
        attesting = threading.Thread(target=attestations.run, args=(ended,)) if attestations else None
        if attesting:
            attesting.start()
        reports.start()
        ended.wait()
        reports.stop()
        server.stop()
        if attesting:
            attesting.join()
        query.close()


def _attestations() -> Attestations | None:
    """Return what attests, where there is a key for it."""
    try:
        return Attestations(Signer.load(_key_file()), append)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CommandError(f"The key service can't sign what it reads: {error}") from error


def _make_key(name: str) -> str:
    """Make the key that signs what was read; return what the notary pins."""
    signer = Signer.make(name)
    try:
        parse_key(signer.vkeys[0])
        signer.save(_key_file())
    except Problem:
        raise CommandError("The name of a key has no spaces and no “+”: keys.example/1") from None
    except FileExistsError:
        raise CommandError(f"{_key_file()} is there already: it is never replaced.") from None
    return signer.vkeys[0]


def _key_file() -> Path:
    beside: Path = settings.CERTIFICATE_KEY_FILE
    return beside.with_name("attestation.key")


def _users() -> dict[str, int]:
    """Return the user id that may connect for each process."""
    given = settings.KEY_SERVICE_USERS
    try:
        return {name: pwd.getpwnam(given[name]).pw_uid if name in given else os.getuid() for name in process_names()}
    except KeyError as unknown:
        raise CommandError(f"KEY_SERVICE_USERS names a user that this host does not have: {unknown}") from unknown

"""``manage.py keyservice``: the process that holds the keys."""

import os
import pwd
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from privacy.vault import actions as vault
from privacy.vault.keyservice import client
from privacy.vault.keyservice.custodian import process_names
from privacy.vault.keyservice.database_questions import DatabaseQuestions
from privacy.vault.keyservice.server import KeyServer, bound_memory, make_custodian, protect_memory


class Command(BaseCommand):
    help = "Hold the keys of the vault, and give what a committed access record names. Ends on SIGTERM."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
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
        server = KeyServer(settings.KEY_SERVICE_DIR, make_custodian(query), _users())
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
        ended.wait()
        server.stop()
        query.close()


def _users() -> dict[str, int]:
    """Return the user id that may connect for each process."""
    given = settings.KEY_SERVICE_USERS
    try:
        return {name: pwd.getpwnam(given[name]).pw_uid if name in given else os.getuid() for name in process_names()}
    except KeyError as unknown:
        raise CommandError(f"KEY_SERVICE_USERS names a user that this host does not have: {unknown}") from unknown

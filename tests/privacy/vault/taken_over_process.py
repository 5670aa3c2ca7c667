"""Inside a process that was taken over: it starts as the portal's processes do, and then does what it is sent."""

import os
import sys
from multiprocessing.connection import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

# Loaded when settings are changed; another user can't read a checkout in a folder that is its owner's alone.
import django.contrib.staticfiles.storage  # noqa: E402
from django.db import connections  # noqa: E402

from config import startup, wsgi  # noqa: E402
from privacy.ledger.entries import autocommit  # noqa: E402
from privacy.vault.keyservice import client  # noqa: E402
from tests.privacy.vault import attacks  # noqa: E402


def become(user: int) -> None:
    """Open the databases, then be another user of the host for good."""
    for alias in connections:
        connections[alias].ensure_connection()
    autocommit.connection().ensure_connection()
    client.forget_connection()
    if user != os.getuid():
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)


def main(wire: Connection, user: int) -> None:
    """Do what is asked until nobody asks any more."""
    assert wsgi.application
    become(user)
    startup.require_valid_keys()
    attacks.tape_answers()
    wire.send((True, "ready"))
    while True:
        try:
            act, arguments, named = wire.recv()
        except EOFError:
            return
        try:
            wire.send((True, act(*arguments, **named)))
        except Exception as error:
            wire.send((False, (type(error).__name__, str(error))))


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), int(sys.argv[2]))

#!/usr/bin/env python
"""The portal's command line. Each command connects to the database as the least role that can do it."""

import gc
import os
import sys

# Of what a start makes nearly everything stays: looking through it again each 2,000 objects took a sixth of the start.
COLLECT_EVERY = 50_000
# What serves collects as usual once it has started: a traceback in a circle keeps decrypted values until then.
SERVES = {"demo", "keyservice", "mailbox", "notary", "qcluster", "seal", "textbox", "witness"}


def main() -> None:
    """Run a management command."""
    usual = gc.get_threshold()
    gc.set_threshold(COLLECT_EVERY)
    from config.databases import ROLE_OF_COMMAND, current_role

    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PORTAL_ROLE", ROLE_OF_COMMAND.get(command, current_role()))
    try:
        import django
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django is not installed here: run `make` and use .venv/bin/python.") from error
    if command in SERVES:
        django.setup()
        gc.set_threshold(*usual)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

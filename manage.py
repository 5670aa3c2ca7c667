#!/usr/bin/env python
"""The portal's command line. Each command connects to the database as the least role that can do it."""

import os
import sys


def main() -> None:
    """Run a management command."""
    from config.databases import ROLE_OF_COMMAND, current_role

    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PORTAL_ROLE", ROLE_OF_COMMAND.get(command, current_role()))
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django is not installed here: run `make` and use .venv/bin/python.") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

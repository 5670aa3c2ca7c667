"""What stops a process at its start: a wrong or missing key (vault.md). It is never replaced by a new one."""

import logging

from django.db import DatabaseError

from privacy.vault import actions as vault

log = logging.getLogger("portal.boot")


def stop_on_wrong_keys() -> None:
    """Raise ``WrongKey`` unless the keys that data is sealed under are at hand; ``/readyz`` waits for the databases."""
    try:
        vault.check_keys()
    except DatabaseError:
        log.warning("The general database does not answer yet, so the keys could not be checked.")

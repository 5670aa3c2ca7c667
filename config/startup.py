"""What stops a process at its start: a wrong or missing key (vault.md), an audit trail that anybody could change."""

import logging

from django.db import DatabaseError

from privacy.ledger.integrity import append_only
from privacy.vault import actions as vault

log = logging.getLogger("portal.boot")


def require_valid_keys() -> None:
    """Raise ``WrongKey`` unless the keys that data is sealed under are at hand; ``/readyz`` waits for who is away."""
    try:
        vault.check_keys()
    except DatabaseError:
        log.warning("The general database does not answer yet, so the keys could not be checked.")
    except vault.KeyServiceUnavailable:
        log.warning("The key service does not answer yet, so the keys could not be checked.")


def require_guarded_ledger() -> None:
    """Raise ``ImproperlyConfigured`` where the portal's role could change the trail, or a trigger is missing."""
    try:
        append_only.require_append_only()
    except DatabaseError:
        log.warning("The general database does not answer yet, so the guards of the audit trail could not be checked.")

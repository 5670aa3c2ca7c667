"""What stops a process at its start: a wrong or missing key (vault.md), an audit trail that anybody could change.

So does a pooler, where it is found, that takes away the sessions, which hold locks, time-outs and roles
(docs/operations.md): by transaction, two sessions after each other usually get one connection, and need not.
"""

import logging

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

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


def require_own_sessions() -> None:
    """Raise ``ImproperlyConfigured`` where a pooler drops the time-outs, or gives two sessions one connection."""
    for alias in connections:
        try:
            _require_own_session(alias)
        except DatabaseError:
            log.warning("The database %s does not answer yet, so its sessions could not be checked.", alias)


def _require_own_session(alias: str) -> None:
    ours, another = connections[alias], connections[alias].copy()
    asked = "SELECT pg_backend_pid(), current_setting('lock_timeout'), current_setting('statement_timeout')"
    try:
        answers = []
        for connection in (ours, another):
            with connection.cursor() as cursor:
                cursor.execute(asked)
                answers.append(cursor.fetchone())
    finally:
        another.close()
    (first, lock, statement), (second, *_rest) = answers
    if first == second:
        raise ImproperlyConfigured(
            f"A pooler before the database {alias} pools by transaction: two sessions got one connection. The portal"
            " needs a session for each connection: let it pool by session (PgBouncer: pool_mode = session)."
        )
    if lock == "0" or statement == "0":
        role = ours.settings_dict["USER"]
        raise ImproperlyConfigured(
            f"A pooler before the database {alias} drops the time-outs that the portal asks for when it connects. Set"
            f" them there: ALTER ROLE {role} SET lock_timeout = '3s'; ALTER ROLE {role} SET statement_timeout = '60s';"
            f" ALTER ROLE {role} SET idle_in_transaction_session_timeout = '60s'."
        )

"""Openings for the vault's tests: a door of the system's for a purpose that a freeze lets through."""

from contextlib import AbstractContextManager
from datetime import datetime

from privacy.ledger.actors import Actor, SystemActor
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests.factory import NOON


def decryption_session(
    purpose: Purpose = Purpose.RIGHTS,
    *,
    task: str = "rights.access.viewed",
    actor: Actor = SystemActor("tests"),  # noqa: B008 - frozen
    at: datetime = NOON,
    reason: str = "",
) -> AbstractContextManager[vault.DecryptionSession]:
    """Open the vault as the tests mostly need it."""
    return vault.opened(purpose=purpose, task=task, actor=actor, at=at, reason=reason)

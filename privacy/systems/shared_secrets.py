"""The secrets that the portal shares with a connected system: derived, never stored."""

from uuid import UUID

from privacy.systems.models import ConnectedSystem
from privacy.vault.derived_secrets import derive_secret


def shared_secret(system: ConnectedSystem) -> bytes:
    """Return the key with which calls to a system are signed: the text that its owner is shown, 64 hex digits.

    A new generation is a new one.
    """
    return derive_secret("systems.call", f"{system.id}:{system.secret_generation}".encode()).hex().encode()


def commitment_key(call_key: UUID) -> bytes:
    """Return the key of a correction's commitments, made anew for each call that corrects."""
    return derive_secret("systems.commitment", call_key.bytes)

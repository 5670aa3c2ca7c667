"""Secrets that are derived, not stored: the same for as long as the portal lives, whatever becomes of SECRET_KEY."""

from privacy.vault.keyservice import client, messages


def derive_secret(purpose: str, about: bytes) -> bytes:
    """Return 32 bytes that only the portal can make, for one purpose and one thing.

    HMAC-SHA-256 under the key of the blind indexes, which is never replaced; no index has this prefix. Raises WrongKey
    without the key, KeyServiceUnavailable.
    """
    return bytes(client.ask(messages.Derive(purpose, about)))

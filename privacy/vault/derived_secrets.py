"""Secrets that are derived, not stored: the same for as long as the portal lives, whatever becomes of SECRET_KEY."""

import hmac

from privacy.vault import key_providers

PREFIX = b"privacy.vault derived v1\0"


def derive_secret(purpose: str, about: bytes) -> bytes:
    """Return 32 bytes that only the portal can make, for one purpose and one thing. Raises WrongKey without the key.

    HMAC-SHA-256 under the key of the blind indexes, which is never replaced; no index has this prefix.
    """
    return hmac.digest(key_providers.index_key(), PREFIX + purpose.encode() + b"\0" + about, "sha256")

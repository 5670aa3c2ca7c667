"""Identifiers: time-ordered UUIDs for rows, short pseudonymous references for people."""

import secrets
import time
import uuid

# Crockford's base 32: no I, L, O, U, so a reference can be read aloud over the phone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562): ordered by the millisecond it was made, otherwise random."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=value)


def new_reference(prefix: str) -> str:
    """Return a reference such as ``D-7F3K-92QX``: 40 random bits behind a prefix, meaningless by itself."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{prefix}-{letters[:4]}-{letters[4:]}"

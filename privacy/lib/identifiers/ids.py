"""Identifiers: time-ordered UUIDs for rows, short pseudonymous references for people."""

import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Iterator

from django.db import IntegrityError

# Crockford's base 32: no I, L, O, U, so a reference can be read aloud over the phone.
CROCKFORD_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# The letters of a reference in an example.
EXAMPLE = "7F3K92QX"


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562): ordered by the millisecond it was made, otherwise random."""
    return next(new_ids(1))


def new_ids(count: int) -> Iterator[uuid.UUID]:
    """Yield many new ids of one millisecond, the randomness of all asked of the system at once."""
    moment = time.time_ns() // 1_000_000 << 80
    random = secrets.token_bytes(10 * count)
    for at in range(0, len(random), 10):
        value = moment | int.from_bytes(random[at : at + 10])
        value = value & ~(0xF << 76) | (0x7 << 76)
        yield uuid.UUID(int=value & ~(0x3 << 62) | (0x2 << 62))


def new_reference(prefix: str) -> str:
    """Return a reference such as ``D-7F3K-92QX``: 40 random bits behind a prefix, meaningless by itself."""
    return _reference(prefix, "".join(secrets.choice(CROCKFORD_BASE32) for _ in EXAMPLE))


def example_reference(prefix: str) -> str:
    """Return a reference for an example, in the form of the real ones."""
    return _reference(prefix, EXAMPLE)


def _reference(prefix: str, letters: str) -> str:
    return f"{prefix}-{letters[:4]}-{letters[4:]}"


def uuid_array_literal(ids: Iterable[uuid.UUID]) -> str:
    """Return ids as PostgreSQL reads an array, for ``%s::uuid[]``: thousands are written at once, not one by one."""
    return f"{{{','.join(map(str, ids))}}}"


def retry_on_reference_collision[T](write: Callable[[], T], *, draws: int = 3) -> T:
    """Return what a write returns; do it again if a reference that it drew was taken.

    Among a million references the next one is taken once in a million times: too rare for a look beforehand, and too
    often to be somebody's error. The write must be one that may be repeated.
    """
    for _draw in range(draws - 1):
        try:
            return write()
        except IntegrityError as error:
            found = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
            if "_reference_" not in found:
                raise
    return write()

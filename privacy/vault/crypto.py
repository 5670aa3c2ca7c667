"""The cryptography of a ciphertext: which keys, which bytes, bound to which place.

A ciphertext is ``version (1) | epoch month (2) | nonce (12) | encrypted value | tag (16)``: AES-256-GCM under the
content key, which needs the subject's key and the month's key together. The associated data name the place, so that a
ciphertext copied to another row, field, subject or category does not open (SEC-23).
"""

import hmac
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from os import urandom
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.vault.refusals import InvalidCiphertext

VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 3
OVERHEAD = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
FIRST_YEAR = 2000


def new_key() -> bytes:
    """Return 256 random bits."""
    return urandom(KEY_BYTES)


def content_key(subject_key: bytes, epoch_key: bytes) -> bytes:
    """Return the key of one subject's ciphertexts of one epoch: without either half there is nothing."""
    return hmac.digest(subject_key, b"privacy.vault content key v1\0" + epoch_key, "sha256")


def check_value(key: bytes) -> bytes:
    """Return what tells this key from another without telling the key."""
    return hmac.digest(key, b"privacy.vault key check v1", "sha256")


@lru_cache(maxsize=1024)
def header(month: date) -> bytes:
    """Return the header of a ciphertext of the epoch ``month``."""
    return bytes((VERSION,)) + ((month.year - FIRST_YEAR) * 12 + month.month - 1).to_bytes(2)


@lru_cache(maxsize=1024)
def _month(head: bytes) -> date:
    year, month = divmod(int.from_bytes(head[1:]), 12)
    return date(FIRST_YEAR + year, month + 1, 1)


def month_of_ciphertext(ciphertext: bytes) -> date:
    """Return the epoch that a ciphertext says it belongs to; raises ``InvalidCiphertext`` for what is no ciphertext."""
    if len(ciphertext) < OVERHEAD or ciphertext[0] != VERSION:
        raise InvalidCiphertext
    return _month(ciphertext[:HEADER_BYTES])


@lru_cache(maxsize=4096)
def associated_data(label: str, field: str, category: str) -> bytes:
    """Return the part of the associated data that all rows of one column share; parts can't run into each other."""
    parts = (label.encode(), field.encode(), category.encode())
    return b"".join(len(part).to_bytes(2) + part for part in parts)


def nonces(count: int) -> Iterator[bytes]:
    """Yield fresh nonces that were asked of the system at once: a call for each costs as much as sealing."""
    random = urandom(NONCE_BYTES * count)
    return (random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES))


def encrypt(
    cipher: AESGCM, month: date, plain: bytes, where: bytes, row: UUID, subject: UUID, *, nonce: bytes | None = None
) -> bytes:
    """Return the ciphertext of ``plain`` for one place; a ``nonce`` of ``nonces`` is used for this ciphertext alone."""
    head = header(month)
    nonce = nonce or urandom(NONCE_BYTES)
    return head + nonce + cipher.encrypt(nonce, plain, head + where + row.bytes + subject.bytes)


def decrypt(cipher: AESGCM, ciphertext: bytes, where: bytes, row: UUID, subject: UUID) -> bytes:
    """Return what the ciphertext of this place holds; raises ``InvalidCiphertext`` if it was altered or belongs
    elsewhere.
    """
    try:
        return cipher.decrypt(
            ciphertext[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES],
            ciphertext[HEADER_BYTES + NONCE_BYTES :],
            ciphertext[:HEADER_BYTES] + where + row.bytes + subject.bytes,
        )
    except InvalidTag:
        raise InvalidCiphertext from None


def subject_key_label(subject: bytes, category: str) -> bytes:
    """Return what a wrapped subject key is bound to, so that it can't stand in for another's."""
    return b"privacy.vault subject key v1\0" + subject + category.encode()


def month_key_label(category: str, month: date) -> bytes:
    """Return what a wrapped epoch key is bound to."""
    return b"privacy.vault epoch key v1\0" + month.isoformat().encode() + category.encode()

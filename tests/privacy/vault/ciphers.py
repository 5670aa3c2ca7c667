"""The cipher of one person, category and month, as whoever holds the keys could make it."""

from datetime import date, datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.vault import keys
from privacy.vault.actions.key_creation import keys_for_encryption
from privacy.vault.keyservice.key_material import content_keys


def cipher_of(subject: UUID, category: str, month: date, *, at: datetime) -> AESGCM:
    """Return the cipher, past every policy; a key that does not exist yet is made."""
    wrapped = keys_for_encryption([(subject, category)], [(category, month)], at=at)
    packed, places = keys.pack(wrapped)
    (key,) = content_keys(packed, [keys.pair_of((subject, category, month), places)])
    return AESGCM(key)

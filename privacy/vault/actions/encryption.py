"""Sealing: it needs a key and reveals nothing, so it needs no opening."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, models

from privacy.vault import blind_indexes, crypto, key_providers
from privacy.vault.actions.key_creation import compare_index_key, keyring_for_encryption
from privacy.vault.encryption_options import encrypted_field, month_of, options_of
from privacy.vault.fields import EncryptedValue

type PlaintextRow = tuple[str, str, UUID, UUID, str, bytes]

# Databases on which this process has compared this index key (by its check value) with the enrolled one.
_compared: set[tuple[str, bytes]] = set()


def encrypt(instance: models.Model, values: Mapping[str, Any], *, at: datetime) -> None:
    """Seal ``values`` (field name to plaintext) into the instance, with their blind indexes. It does not save.

    ``None`` empties a field. Raises ``InvalidIdentifier`` for an identifier that can't be right, ``Destroyed`` if the
    subject's or the month's key is gone, ``WrongKey`` if the key files are not this vault's.
    """
    declared = options_of(type(instance))
    subject, category = declared.subject_of(instance), declared.category_of(instance)
    month, row = declared.month_of(instance, at), declared.row_of(instance)
    fields = {name: encrypted_field(type(instance), name) for name in values}
    indexes = {
        name: None if values[name] is None else blind_index(field.index, values[name])
        for name, field in fields.items()
        if field.index
    }
    cipher = keyring_for_encryption([(subject, category)], [(category, month)], at=at).cipher(subject, category, month)
    for name, value in values.items():
        ciphertext = None
        if value is not None:
            where = crypto.associated_data(declared.label, fields[name].sealed_as, category)
            ciphertext = EncryptedValue(
                crypto.encrypt(cipher, month, fields[name].codec.encode(value), where, row, subject)
            )
        setattr(instance, name, ciphertext)
    for name, digest in indexes.items():
        setattr(instance, f"{name}_index", digest)


def encrypt_batch(rows: Sequence[PlaintextRow], at: datetime, *, months: Sequence[date] | None = None) -> list[bytes]:
    """Return the ciphertexts of ``(label, field, row id, subject id, category, bytes)``, all keys in one query.

    ``months`` gives each row's epoch (default: the month of ``at``). The bytes are what the field's codec makes of a
    value. Raises ``Destroyed`` and ``WrongKey`` like ``encrypt``; then nothing is sealed.
    """
    if not rows:
        return []
    epochs_of_rows = [month_of(at)] * len(rows) if months is None else [month_of(month) for month in months]
    pairs = {(row[3], row[4]) for row in rows}
    epochs = {(row[4], month) for row, month in zip(rows, epochs_of_rows, strict=True)}
    ring = keyring_for_encryption(pairs, epochs, at=at)
    ciphers: dict[tuple[UUID, str, date], AESGCM] = {}
    ciphertexts = []
    for (label, field, row_id, subject, category, plain), month in zip(rows, epochs_of_rows, strict=True):
        cipher = ciphers.get((subject, category, month))
        if cipher is None:
            cipher = ciphers[subject, category, month] = ring.cipher(subject, category, month)
        ciphertexts.append(
            crypto.encrypt(cipher, month, plain, crypto.associated_data(label, field, category), row_id, subject)
        )
    return ciphertexts


def blind_index(kind: str, value: str) -> bytes:
    """Return the blind index of an identifier, for storing or for looking it up.

    ``kind`` is the name of an index (``blind_indexes.NORMALISERS``), or an item that goes by one, as email by contact.
    Raises ``InvalidIdentifier``; ``WrongKey`` if the index key is not this vault's.
    """
    held = (str(connection.settings_dict["NAME"]), crypto.check_value(key_providers.index_key()))
    if held not in _compared and compare_index_key():
        _compared.add(held)
    return blind_indexes.compute(kind, value)

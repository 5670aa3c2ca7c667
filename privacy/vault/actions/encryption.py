"""Sealing: it needs a key and reveals nothing, so it needs no opening."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, models

from privacy.vault import blind_indexes, crypto, keys
from privacy.vault.actions.key_creation import compare_index_key, keys_for_encryption
from privacy.vault.encryption_options import encrypted_field, month_of, options_of
from privacy.vault.fields import EncryptedValue
from privacy.vault.keys import KeyName, WrappedKey
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.parts import in_parts

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
    filled = {name: fields[name].codec.encode(value) for name, value in values.items() if value is not None}
    rows = [(declared.label, fields[name].sealed_as, row, subject, category, plain) for name, plain in filled.items()]
    # Also where every field is emptied: whose key was destroyed takes nothing any more.
    wrapped = keys_for_encryption([(subject, category)], [(category, month)], at=at)
    sealed = dict(zip(filled, _seal(rows, [month] * len(rows), wrapped), strict=True))
    for name in values:
        setattr(instance, name, EncryptedValue(sealed[name]) if name in sealed else None)
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
    return _seal(rows, epochs_of_rows, keys_for_encryption(pairs, epochs, at=at))


def _seal(rows: Sequence[PlaintextRow], months: Sequence[date], wrapped: Mapping[KeyName, WrappedKey]) -> list[bytes]:
    """Return the ciphertexts of rows: the key service seals them."""
    sealed: list[bytes] = []
    for part in in_parts(zip(rows, months, strict=True), lambda one: len(one[0][5])):
        names = [(subject, category, month) for (_label, _field, _id, subject, category, _plain), month in part]
        packed, places = keys.pack_for(names, wrapped)
        values = [
            messages.Plaintext(
                keys.pair_of(name, places), crypto.associated_data(label, field, name[1]), row_id.bytes, plain
            )
            for ((label, field, row_id, _subject, _category, plain), _month), name in zip(part, names, strict=True)
        ]
        sealed += client.ask(messages.Seal(packed, values))
    return sealed


def blind_index(kind: str, value: str) -> bytes:
    """Return the blind index of an identifier, for storing or for looking it up.

    ``kind`` is the name of an index (``blind_indexes.NORMALISERS``), or an item that goes by one, as email by contact.
    Raises ``InvalidIdentifier``; ``WrongKey`` if the index key is not this vault's.
    """
    (digest,) = blind_indexes_of([(kind, value)])
    return digest


def blind_indexes_of(values: Iterable[tuple[str, str]]) -> list[bytes]:
    """Return the blind index of each ``(kind, value)``, many in one question; otherwise like ``blind_index``."""
    asked = [(name := blind_indexes.index_name(kind), blind_indexes.normalise(name, value)) for kind, value in values]
    if not asked:
        return []
    _require_enrolled_index_key()
    return [bytes(digest) for part in in_parts(asked) for digest in client.ask(messages.Index(part))]


def check_identifier(kind: str, value: str) -> None:
    """Raise ``InvalidIdentifier`` for an identifier that can't be right. It needs no key."""
    blind_indexes.normalise(kind, value)


def _require_enrolled_index_key() -> None:
    held = (str(connection.settings_dict["NAME"]), client.index_check_value())
    if held not in _compared and compare_index_key():
        _compared.add(held)

"""Sealed fields: a column of ciphertext whose Python value says nothing.

Reading one outside the door gives a constant mask, never plaintext, never a part of it and never an exception
(P8.4, SEC-03). Plaintext can't be assigned: only ``vault.encrypt`` fills a sealed field.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

MASK = "••••••"


class EncryptedValue:
    """A value that nobody decrypted: prints as the mask and compares by its ciphertext."""

    __slots__ = ("ciphertext",)

    def __init__(self, ciphertext: bytes) -> None:
        self.ciphertext = bytes(ciphertext)

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EncryptedValue) and self.ciphertext == other.ciphertext

    def __hash__(self) -> int:
        return hash(self.ciphertext)

    def __deepcopy__(self, memo: dict[int, Any]) -> "EncryptedValue":
        return self


class UnreadValue(EncryptedValue):
    """A value that the intake process did not fetch, because its role may not: it shows as the mask, and no more."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise PermissionError("The intake process reads no sealed columns.")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


UNREAD = UnreadValue()


@dataclass(frozen=True)
class Codec:
    """How a value becomes the bytes that are sealed, and back."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _encode_text(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError("A sealed text field takes text.")
    return unicodedata.normalize("NFC", value).encode()


def _encode_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def _encode_date(value: Any) -> bytes:
    day = date.fromisoformat(value) if isinstance(value, str) else date(value.year, value.month, value.day)
    return day.isoformat().encode()


TEXT = Codec(_encode_text, bytes.decode)
JSON = Codec(_encode_json, json.loads)
DATE = Codec(_encode_date, lambda plain: date.fromisoformat(plain.decode()))
BYTES = Codec(bytes, bytes)


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]  # the stubs' parameters are not there at run time
    """The look-up column beside a sealed field: a keyed HMAC of the normalised value, equality only (SEC-25)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("null", True)
        options.setdefault("db_index", True)
        options.setdefault("editable", False)
        super().__init__(*args, **options)

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        # A subclass of an abstract model gets it twice: copied, and made by its sealed field.
        if not any(field.name == name for field in cls._meta.local_fields):
            super().contribute_to_class(cls, name, private_only)


class EncryptedField(models.Field):  # type: ignore[type-arg]  # as above
    """One sealed value.

    ``item`` is the policy's item it holds, or ``item_from`` the column that says which (``access-count`` there is the
    item ``access_count``). A field with neither, or with one that the policy does not know, counts as any item when
    a freeze is looked for. ``sealed_as`` is the field's fixed name in the associated data of its ciphertexts, whatever
    the attribute is called (default: its item). ``index`` names the blind index beside it: the model then also gets the
    column ``<name>_index``; don't declare it.
    """

    codec: ClassVar[Codec] = BYTES
    empty_strings_allowed = False

    def __init__(
        self,
        *args: Any,
        item: str = "",
        item_from: str = "",
        index: str = "",
        sealed_as: str = "",
        **options: Any,
    ) -> None:
        self.sealed_as = sealed_as or item
        self.item = item
        self.item_from = item_from
        self.index = index
        options.setdefault("editable", False)
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        options.pop("editable", None)
        for option in ("item", "item_from", "index"):
            if getattr(self, option):
                options[option] = getattr(self, option)
        return name, path, args, options

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        # A migration's historical model lists its blind index itself.
        if self.index and cls.__module__ != "__fake__":
            BlindIndexField().contribute_to_class(cls, f"{name}_index")

    def get_internal_type(self) -> str:
        return "BinaryField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> EncryptedValue | None:
        if settings.PORTAL_PROCESS == "intake":
            return UNREAD
        return None if value is None else EncryptedValue(value)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        # The intake process may not read these columns: its rows come without them.
        return ("NULL", ()) if settings.PORTAL_PROCESS == "intake" else (sql, params)

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, EncryptedValue):
            return value.ciphertext
        raise TypeError(f"{self.model._meta.label}.{self.name} takes sealed values only: fill it with vault.encrypt().")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        ciphertext = super().get_db_prep_value(value, connection, prepared)
        return None if ciphertext is None else connection.Database.Binary(ciphertext)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only ``isnull``: two ciphertexts of one value differ, so equality is asked of the blind index."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        return "" if self.value_from_object(obj) is None else MASK


class EncryptedTextField(EncryptedField):
    """Text, in NFC."""

    codec = TEXT


class EncryptedJSONField(EncryptedField):
    """A JSON value: object, list, text, number, truth value."""

    codec = JSON


class EncryptedDateField(EncryptedField):
    """A calendar day."""

    codec = DATE


class EncryptedBytesField(EncryptedField):
    """Bytes: the content of a file."""

    codec = BYTES


class EncryptedModel(models.Model):
    """A model with sealed fields. Its inner class ``Encryption`` says under whose keys they are:

    ``subject``: the attribute with the subject's id; ``category``: the rulebook's category, or ``category_from``:
    the attribute that holds it; ``month_from``: the attribute with the moment or day whose month gives the epoch
    key (default: the month of sealing); ``row``: the attribute that identifies the row (default ``id``).
    """

    class Meta:
        abstract = True

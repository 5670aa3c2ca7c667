"""What one reveal reads: which fields of which rows, whose they are, and how their ciphertexts open."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import models
from django.db.models import Count, QuerySet

from privacy.vault import crypto, keys
from privacy.vault.encryption_options import encrypted_field, options_of


@dataclass(frozen=True, eq=False, slots=True)
class DecryptionTarget:
    """One kind of row that somebody wants to see: whose, of which category, which items (``None``: any).

    A plan makes each once, so that a row finds its kind, its counter and its ciphers by identity.
    """

    subject: UUID
    category: str
    items: tuple[str, ...] | None


class DecryptionPlan:
    """The fields of one model that one reveal reads."""

    def __init__(self, model: type[models.Model], names: Sequence[str]) -> None:
        self.model = model
        self.names = list(names)
        self.declared = options_of(model)
        self.fields = [encrypted_field(model, name) for name in names]
        self.item_columns = sorted({field.item_from for field in self.fields if field.item_from})
        # Every field says its item, or a freeze of any item counts.
        self.names_items = all(field.item or field.item_from for field in self.fields)
        self.fixed_items = tuple(sorted({field.item for field in self.fields if field.item}))
        self._wants: dict[tuple[Any, ...], DecryptionTarget] = {}

    def _want(self, subject: UUID, category: str, *items: str) -> DecryptionTarget:
        key = (subject, category, *items)
        want = self._wants.get(key)
        if want is None:
            named = (*self.fixed_items, *(item.replace("-", "_") for item in items)) if self.names_items else None
            want = self._wants[key] = DecryptionTarget(subject, category, named)
        return want

    def of_row(self, row: models.Model) -> DecryptionTarget:
        """Return what this row is of."""
        declared = self.declared
        subject, category = getattr(row, declared.subject), declared.category or getattr(row, declared.category_from)
        items = [getattr(row, column) for column in self.item_columns] if self.item_columns else ()
        return self._wants.get((subject, category, *items)) or self._want(subject, category, *items)

    def of(self, rows: Iterable[models.Model]) -> "Counter[DecryptionTarget]":
        """Count the rows of each kind; a queryset is counted by the database, and read later."""
        if not isinstance(rows, QuerySet):
            return Counter(self.of_row(row) for row in rows)
        columns = [self.declared.subject]
        if not self.declared.category:
            columns.append(self.declared.category_from)
        counted: Counter[DecryptionTarget] = Counter()
        kinds = rows.order_by().values_list(*columns, *self.item_columns).annotate(rows_of_it=Count("*"))
        for *values, rows_of_it in kinds:
            if self.declared.category:
                values.insert(1, self.declared.category)
            counted[self._want(*values)] += rows_of_it
        return counted

    def open(
        self, rows: Sequence[tuple[models.Model, DecryptionTarget]], *, record: keys.AccessRecord
    ) -> list[tuple[models.Model, dict[str, Any]]]:
        """Return the plaintext of rows, without those whose key was destroyed; keys are fetched for all at once."""
        months: dict[DecryptionTarget, set[date]] = {}
        read: list[tuple[models.Model, DecryptionTarget, list[tuple[bytes, date] | None]]] = []
        for row, want in rows:
            ciphertexts: list[tuple[bytes, date] | None] = []
            epochs = months.setdefault(want, set())
            for name in self.names:
                sealed = getattr(row, name)
                if sealed is None:
                    ciphertexts.append(None)
                    continue
                month = crypto.month_of_ciphertext(sealed.ciphertext)
                epochs.add(month)
                ciphertexts.append((sealed.ciphertext, month))
            read.append((row, want, ciphertexts))
        ciphers = self._ciphers(months, record)
        places = self._places({want.category for want in months})
        opened: list[tuple[models.Model, dict[str, Any]]] = []
        for row, want, ciphertexts in read:
            cipher_of, where, subject = ciphers[want], places[want.category], want.subject
            row_id = self.declared.row_of(row)
            values: dict[str, Any] = {}
            for field, place, ciphertext in zip(self.fields, where, ciphertexts, strict=True):
                if ciphertext is None:
                    values[field.name] = None
                    continue
                cipher = cipher_of.get(ciphertext[1])
                if cipher is None:
                    break
                values[field.name] = field.codec.decode(crypto.decrypt(cipher, ciphertext[0], place, row_id, subject))
            else:
                if cipher_of or not months[want]:
                    opened.append((row, values))
        return opened

    def _ciphers(
        self, months: dict[DecryptionTarget, set[date]], record: keys.AccessRecord
    ) -> dict[DecryptionTarget, dict[date, AESGCM]]:
        """Return the ciphers of each kind by epoch, without those that were destroyed."""
        # Whose fields are all empty needs no key, and may never have had one.
        names = {(want.subject, want.category, month) for want, days in months.items() for month in days}
        found = keys.content_keys(names, record=record)
        ciphers: dict[bytes, AESGCM] = {}
        made: dict[DecryptionTarget, dict[date, AESGCM]] = {}
        for want, days in months.items():
            of_months = made[want] = {}
            for month in days:
                key = found.get((want.subject, want.category, month))
                if key is not None:
                    of_months[month] = ciphers.get(key) or ciphers.setdefault(key, AESGCM(key))
        return made

    def _places(self, categories: Iterable[str]) -> dict[str, list[bytes]]:
        label = self.declared.label
        return {
            category: [crypto.associated_data(label, field.sealed_as, category) for field in self.fields]
            for category in categories
        }

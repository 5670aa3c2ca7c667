"""What a model's ``class Encryption`` declares, read once: under whose keys a row's fields are sealed."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from privacy.lib.dates import clock
from privacy.lib.record_labels import record_label
from privacy.vault.fields import EncryptedField


def month_of(when: datetime | date) -> date:
    """Return the first day of the calendar month in Korea: the name of an epoch."""
    day = clock.kst_date(when) if isinstance(when, datetime) else when
    return day.replace(day=1)


@dataclass(frozen=True)
class EncryptionOptions:
    """Under whose keys a model's fields are sealed."""

    label: str
    subject: str
    category: str
    category_from: str
    month_from: str
    row: str

    def subject_of(self, instance: models.Model) -> UUID:
        """Return the subject whose key seals this row; a row without one can't be sealed."""
        subject = getattr(instance, self.subject)
        if not isinstance(subject, UUID):
            raise TypeError(f"{self.label}.{self.subject} must hold the subject's UUID before anything is sealed.")
        return subject

    def category_of(self, instance: models.Model) -> str:
        """Return the rulebook's category of this row."""
        return self.category or str(getattr(instance, self.category_from))

    def month_of(self, instance: models.Model, at: datetime) -> date:
        """Return the epoch of this row: its event's month, else the month of its encryption."""
        return month_of(getattr(instance, self.month_from) if self.month_from else at)

    def row_of(self, instance: models.Model) -> UUID:
        """Return the id that binds a ciphertext to its row."""
        row: UUID = getattr(instance, self.row)
        return row


@cache
def options_of(model: type[models.Model]) -> EncryptionOptions:
    """Return what ``model`` declares; raises ``ImproperlyConfigured`` if ``class Encryption`` is missing or wrong."""
    declared: Any = getattr(model, "Encryption", None)
    label = record_label(model)
    if declared is None:
        raise ImproperlyConfigured(f"{label} has sealed fields and no class Encryption.")
    found = EncryptionOptions(
        label=label,
        subject=getattr(declared, "subject", ""),
        category=getattr(declared, "category", ""),
        category_from=getattr(declared, "category_from", ""),
        month_from=getattr(declared, "month_from", ""),
        row=getattr(declared, "row", "id"),
    )
    if not found.subject or bool(found.category) == bool(found.category_from):
        raise ImproperlyConfigured(f"{label}.Encryption must name a subject, and a category or category_from.")
    known = {field.attname for field in model._meta.concrete_fields}
    for attribute in filter(None, (found.subject, found.category_from, found.month_from, found.row)):
        if attribute not in known:
            raise ImproperlyConfigured(f"{label}.Encryption names {attribute}, which is no column of the model.")
    return found


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField]:
    """Return the sealed fields of ``model``."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]


def encrypted_field(model: type[models.Model], name: str) -> EncryptedField:
    """Return one sealed field of ``model`` by name; raises ``FieldDoesNotExist`` or ``TypeError``."""
    field = model._meta.get_field(name)
    if not isinstance(field, EncryptedField):
        raise TypeError(f"{model._meta.label}.{name} is not sealed.")
    return field

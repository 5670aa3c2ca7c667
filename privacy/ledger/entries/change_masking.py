"""What of a changed value may be on the ledger: its name always, its content only where it is a code.

django-auditlog's own masking leaves half of a value readable; this leaves none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models

MASK = "••••••"
# Fields whose values are codes, numbers, dates or ids: never free text, never a person's particulars.
_PLAIN = (
    models.BooleanField,
    models.IntegerField,
    models.DecimalField,
    models.DateField,
    models.UUIDField,
    models.ForeignKey,
)


def mask_value(value: str) -> str:
    """Replace any value by the constant mask (AUDITLOG_MASK_CALLABLE): no length, no part of it."""
    return MASK if value not in ("", "None") else ""


def mask_changes(model: type[models.Model], changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Return ``{field: [old, new]}`` with every value masked that isn't a code, a number, a moment or an id."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    return {
        name: [_shown(fields[name], value) for value in pair]
        for name, pair in sorted(changes.items())
        if name in fields
    }


def _shown(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    plain = isinstance(field, _PLAIN) or bool(getattr(field, "choices", None))
    if not plain:
        return MASK
    if isinstance(value, int):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)[:100]

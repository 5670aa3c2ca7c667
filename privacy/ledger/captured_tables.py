"""The tables of personal data whose writes are captured, and which entries explain a write: declared, each by its app.

An entry counts for the tables and rows that it names. An app says in ``captured_writes.py`` which of its events write a
table, and by which column of the written rows their entries name them; the capture keeps these columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from privacy.ledger.entries.payloads import MAX_SUBJECTS
from privacy.lib.record_labels import about_label

# Who writes rows of more people by one statement parts them, so that its entries name each.
MOST_NAMED = MAX_SUBJECTS
# By event (a word of an ``events.py``): the column.
type Columns = Mapping[Any, str]


@dataclass
class CapturedTable:
    """A table's label in ``about``, and for each operation the events that make it, with their columns."""

    label: str
    events: dict[str, dict[str, str]]


TABLES: dict[str, CapturedTable] = {}


def declare(
    model: type[models.Model],
    *,
    insert: Columns | None = None,
    update: Columns | None = None,
    delete: Columns | None = None,
    truncate: Columns | None = None,
) -> None:
    """Declare which events write ``model``'s table, each with the column by which its entries name the written rows.

    A column is ``id``, another id of the row, or ``moment/month``; of a truncated table it is ``table``. Several apps
    may declare events of one table.
    """
    known = TABLES.setdefault(f"public.{model._meta.db_table}", CapturedTable(about_label(model), {}))
    given = {"INSERT": insert, "UPDATE": update, "DELETE": delete, "TRUNCATE": truncate}
    for operation, columns in given.items():
        known.events.setdefault(operation, {}).update({str(word): column for word, column in (columns or {}).items()})


def captured_columns(model: type[models.Model]) -> dict[str, list[str]]:
    """Return for each operation the columns that the capture keeps of ``model``'s written rows."""
    known = TABLES.get(f"public.{model._meta.db_table}")
    return {verb: sorted(set(columns.values())) for verb, columns in known.events.items()} if known else {}

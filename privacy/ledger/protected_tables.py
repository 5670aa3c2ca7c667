"""The registers beside the ledger whose rows an entry vouches for: declared, each by its app, in ``protected_rows.py``.

A table that *proves* something is declared: whatever changes a row of it puts the row's digest on the ledger, and the
nightly check compares each row with the last entry about it. Of any other table its app says why it isn't. Rows of the
other databases are vouched for by two entries: one before they are committed, one after (decision 0365).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from django.db import connections, models, router
from psycopg import sql

DATABASE = "default"


@dataclass(frozen=True)
class ProtectedTable:
    """A table, and the columns that its digests leave out."""

    model: type[models.Model]
    left_out: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table's name, by which entries name its rows."""
        return self.model._meta.db_table

    @cached_property
    def database(self) -> str:
        """The database that it lies in."""
        return str(router.db_for_write(self.model))

    @property
    def key(self) -> str:
        """The column that names a row."""
        return str(self.model._meta.pk.column)

    @property
    def key_type(self) -> str:
        """The type of that column."""
        return str(self.model._meta.pk.rel_db_type(connections[self.database]))

    @property
    def columns(self) -> list[str]:
        """The columns that enter a digest."""
        return [str(field.column) for field in self.model._meta.concrete_fields if field.column not in self.left_out]

    @property
    def select_list(self) -> sql.Composed:
        """What of a row enters its digest."""
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))

    @cached_property
    def signature(self) -> str:
        """Which columns of which types enter: when a release changes it, its rows are stated anew."""
        types = (field.db_type(connections[DATABASE]) for field in self.model._meta.concrete_fields)
        named = zip((field.column for field in self.model._meta.concrete_fields), types, strict=True)
        text = "\n".join(sorted(f"{name} {kind}" for name, kind in named if name not in self.left_out))
        return sha256(text.encode()).hexdigest()[:16]


TABLES: dict[str, ProtectedTable] = {}
# By name of the table: why nothing vouches for its rows.
EXEMPT: dict[str, str] = {}


def declare(*declared: type[models.Model], without: Sequence[str] = ()) -> None:
    """Declare that rows of these models are vouched for.

    ``without`` are columns that change without an act (progress, a next turn) or that hold private data which goes
    before the entry does: whoever knew the rest of a row could guess it by the digest; a sealed one gives nothing away.
    """
    for model in declared:
        known = {field.column for field in model._meta.concrete_fields}
        if strange := set(without) - known:
            raise ValueError(f"{model._meta.label} has no column {sorted(strange)[0]}.")
        TABLES[model._meta.db_table] = ProtectedTable(model, tuple(without))


def exempt(*models_: type[models.Model], because: str) -> None:
    """Say why nothing vouches for the rows of these models."""
    EXEMPT.update({model._meta.db_table: because for model in models_})

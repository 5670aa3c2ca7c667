"""Thousands of ids sent as one array, not as a parameter each: writing these out took longer than finding the rows."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ForeignKey, Lookup, Q, UUIDField
from django.db.models.sql.compiler import SQLCompiler

from privacy.lib.identifiers.ids import uuid_array_literal


@ForeignKey.register_lookup
@UUIDField.register_lookup
class AnyOf(Lookup[Any]):
    """``field__any_of=ids``: what ``__in`` finds."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::uuid[])", (*parameters, self.rhs)


def any_of(field: str, ids: Iterable[UUID]) -> Q:
    """Return the condition that a field has one of these ids."""
    return Q(**{f"{field}__any_of": uuid_array_literal(ids)})

"""Which keys were destroyed: one question, asked by whoever uses a key and by whoever gives it."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

# Columns of all: subject_id, category, month, generation, wrapped. A destroyed key has no generation.
DESTROYED = """
SELECT asked.subject_id, asked.category, NULL::date, NULL::integer, NULL::bytea
FROM unnest(%s::uuid[], %s::text[]) AS asked (subject_id, category) JOIN vault_tombstone AS stone
  ON stone.subject_id = asked.subject_id AND stone.category IN ('', asked.category)
UNION ALL
SELECT NULL::uuid, asked.category, asked.month, NULL::integer, NULL::bytea
FROM unnest(%s::text[], %s::date[]) AS asked (category, month) JOIN vault_tombstone AS stone
  ON stone.month = asked.month AND stone.category = asked.category
"""


def subject_columns(pairs: Collection[tuple[UUID, str]]) -> list[Any]:
    """Turn pairs of a person and a category into the arrays of their columns, as ``unnest`` reads them."""
    return [uuid_array(person.hex for person, _category in pairs), [category for _person, category in pairs]]


def month_columns(months: Collection[tuple[str, date]]) -> list[Any]:
    """Turn pairs of a category and a month into the arrays of their columns."""
    return [[category for category, _month in months], [month for _category, month in months]]


def uuid_array(digits: Iterable[str]) -> str:
    """Return an array of ids, each given as its 32 hexadecimal digits: thousands are written at once."""
    return "{" + ",".join(digits) + "}"

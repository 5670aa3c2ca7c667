"""Which keys were destroyed: one question, asked by whoever uses a key and by whoever gives it."""

from collections.abc import Collection
from typing import Any

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


def columns(rows: Collection[tuple[Any, Any]]) -> list[list[Any]]:
    """Turn rows into the arrays of their columns, as ``unnest`` reads them."""
    return [[row[0] for row in rows], [row[1] for row in rows]]

"""Adoptions of registers that entries vouched for already: which of them an officer has confirmed.

Whoever rules the database can put such an entry there. So every verification shows each, and the first page of the
console those that no officer has confirmed. Nor does an announcement of other columns wait unseen for a release.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import connections
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from privacy.ledger.events import Event
from privacy.ledger.integrity.row_history import RowHistory
from privacy.ledger.protected_tables import DATABASE, TABLES

ABOUT = "ledger.entry"
_CONFIRMED: LiteralString = (
    "SELECT about, min(id) FROM ledger.entry WHERE about = ANY(%s) AND word = %s AND kind = 'act' GROUP BY about"
)
# By the index on the names in entries about rows: an adoption names its tables. The parameter is all of these.
UNCONFIRMED: LiteralString = (
    "SELECT e.id FROM ledger.entry e WHERE e.payload LIKE '%%,\"rows\":{%%' AND e.kind = 'act'"
    " AND e.word = 'ledger.registers.adopted' AND ledger.named_rows(e.payload) && %s::text[]"
    " AND e.payload::jsonb #> '{facts,announced}' IS DISTINCT FROM 'true'"
    " AND EXISTS (SELECT FROM ledger.entry b WHERE b.payload LIKE '%%,\"rows\":{%%' AND b.kind = 'act' AND b.id < e.id"
    "   AND b.word IN ('ledger.registers.adopted', 'ledger.rows.carried') AND ledger.named_rows(b.payload)"
    "   && ARRAY(SELECT jsonb_object_keys(e.payload::jsonb #> '{facts,tables}')))"
    " AND NOT EXISTS (SELECT FROM ledger.entry c WHERE c.about = 'ledger.entry:' || e.id AND c.kind = 'act'"
    "   AND c.word = 'ledger.adoption.confirmed') ORDER BY e.id"
)


def unconfirmed() -> RawSQL:
    """Return the numbers of the adoptions that no officer has confirmed, as part of a query on the general database."""
    return RawSQL(f"ARRAY({UNCONFIRMED})", [sorted(TABLES)], ArrayField(BigIntegerField()))  # noqa: S611 - constants


def waits_for_confirmation(entry: int) -> bool:
    """Whether an entry is an adoption that no officer has confirmed."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(UNCONFIRMED, [sorted(TABLES)])
        return entry in {row[0] for row in cursor.fetchall()}


def adoption_notes(connection: psycopg.Connection[Any], history: RowHistory) -> list[str]:
    """Return a sentence about each adoption: what it took, why, and by which entry an officer confirmed it.

    And one about each release that was announced and whose columns nothing has taken up yet.
    """
    names = [f"{ABOUT}:{one.entry}" for one in history.adoptions]
    confirmed = dict(connection.execute(_CONFIRMED, [names, Event.ADOPTION_CONFIRMED.value]).fetchall())
    return [
        f"{one}; confirmed by entry {confirmed[name]}" if name in confirmed else f"{one}; no officer has confirmed it"
        for name, one in zip(names, history.adoptions, strict=True)
    ] + [
        f"entry {entry} announces other columns of {', '.join(tables)}: what does not fit from there on is shown until "
        "manage.py sync_schedules takes them up"
        for entry, tables in sorted(history.announcements.items())
    ]

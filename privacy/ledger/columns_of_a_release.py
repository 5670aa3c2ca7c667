"""Before a migration the trail says of which registers this release changes the columns (decision 0449)."""

from __future__ import annotations

from typing import Any

from django.db import connections

from privacy.ledger.actions import announce_columns
from privacy.ledger.actors import SystemActor
from privacy.ledger.protected_tables import DATABASE


def announce(**kwargs: Any) -> None:
    """Say so before whichever database is migrated first; a portal that is only being made has nothing to say."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("SELECT now() WHERE to_regclass('ledger.entry') IS NOT NULL")
        row = cursor.fetchone()
    if row:
        announce_columns(actor=SystemActor("release"), at=row[0])

"""A destruction list that names many people at once, as a sweep's does: an order is for one person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg


def name_everybody(row: Any, category: str, people: Sequence[UUID]) -> None:
    """Put further people on an ordered list and begin it, past the guards: as the superuser."""
    from django.conf import settings

    from config.databases import DATABASES

    url = settings.EMBEDDED_SERVER.url("postgres", DATABASES["default"])
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        server.execute(
            "INSERT INTO retention_destructionline (id, list_id, category, subject_id, state)"
            " SELECT gen_random_uuid(), %s, %s, person, 'planned' FROM unnest(%s::uuid[]) AS person",
            [row.pk, category, list(people)],
        )
        server.execute("UPDATE retention_destructionlist SET state = 'executing' WHERE id = %s", [row.pk])
    row.refresh_from_db()

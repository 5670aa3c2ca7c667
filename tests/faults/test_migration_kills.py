"""A migration is killed on its way: the host is not ready until it is run again, which completes it (FLT-22).

``SCALE`` scales the number of kills, ``SEED`` repeats a run.
"""

import os
import random
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from config import served_databases
from config.databases import create_database
from tests.database import ROOT, PortalDatabase, drop, server_connection, template_names
from tests.faults.invariants import Memory, assert_hold
from tests.seeds import drawn

pytestmark = [pytest.mark.faults, pytest.mark.fault("FLT-22")]

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
KILLS = max(1, int(10 * SCALE))
SHAPE = """
SELECT n.nspname, c.relname, c.relkind::text, coalesce(i.indisvalid, true) FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
 WHERE n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema' AND c.relname NOT LIKE 'pg_%'
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname::text, true FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'migration', app, name, true FROM django_migrations
"""


def shape(name: str) -> set[tuple[Any, ...]]:
    """Return the tables, indexes, triggers and migrations of a database."""
    with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", name)) as superuser:
        return set(superuser.execute(SHAPE).fetchall())


def applied(name: str) -> int:
    """Return how many migrations a database says that it has."""
    try:
        with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", name)) as superuser:
            row = superuser.execute("SELECT count(*) FROM django_migrations").fetchone()
    except psycopg.Error:
        return 0
    return int(row[0]) if row else 0


def killed_after(database: PortalDatabase, number: int) -> None:
    """Begin to migrate, and kill it once so many migrations are done in all."""
    command = [sys.executable, "manage.py", "migrate_all", "--skip-checks"]
    migrating = subprocess.Popen(
        command, cwd=ROOT, env=database.environ("portal_owner"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while sum(map(applied, database.names.values())) < number:
        assert migrating.poll() is None, "it ended before it was killed"
        time.sleep(0.005)
    migrating.kill()
    migrating.wait()


def test_killed_anywhere_it_is_completed_when_run_again(portal_database: PortalDatabase) -> None:
    dice = random.Random(SEED)
    print(f"SEED={SEED}, {KILLS} kills")
    drop(portal_database.names)
    with server_connection() as server:
        for alias, name in portal_database.names.items():
            create_database(server, alias, name)
    templates = template_names()
    whole = sum(map(applied, templates.values()))
    places = sorted(dice.sample(range(1, whole - 10), KILLS))
    served_databases._MIGRATED.clear()
    for place in places:
        killed_after(portal_database, place)
        answer = Client().get("/readyz")
        assert answer.status_code == 503
        assert set(answer.json()["missing"].values()) == {"migrations"}, answer.content
    done = portal_database.manage("migrate_all", "--skip-checks", role="portal_owner", timeout=300)
    assert done.returncode == 0, done.stderr
    for alias, name in portal_database.names.items():
        assert shape(name) == shape(templates[alias])
    assert_hold(Memory())

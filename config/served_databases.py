"""What a process's databases lack: whether each answers, and is migrated."""

import time

from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

# For so long a database that was found migrated is not asked again what it lacks: that reads every migration's file.
MIGRATED_SECONDS = 30.0
_MIGRATED: dict[str, float] = {}


def has_unapplied_migrations(alias: str) -> bool:
    """Whether a database lacks migrations."""
    executor = MigrationExecutor(connections[alias])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def lacking() -> dict[str, str]:
    """Return what each database lacks, by its alias; empty: all is well."""
    lacks = {}
    for alias in connections:
        try:
            if not _is_migrated(alias):
                lacks[alias] = "migrations"
        except (OperationalError, InterfaceError):
            lacks[alias] = "unreachable"
        except DatabaseError:  # a table or a right is not there yet
            lacks[alias] = "migrations"
    return lacks


def _is_migrated(alias: str) -> bool:
    if time.monotonic() < _MIGRATED.get(alias, 0.0):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    if has_unapplied_migrations(alias):
        return False
    _MIGRATED[alias] = time.monotonic() + MIGRATED_SECONDS
    return True

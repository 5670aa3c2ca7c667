"""From the first release on migrations only grow: its databases are migrated up, and its files stay as they were."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest
from django.conf import settings

from config.databases import DATABASES, create_database
from tests import database
from tests.database import PortalDatabase
from tests.releases.first_release import DIGESTS, ROOT, digest_files, dump, dump_file, files_of_migrations

# What two databases must agree in: everything but partitions, which are made month by month.
CATALOGUE: LiteralString = """
WITH ours AS (
    SELECT n.nspname || '.' || c.relname AS name, c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'ledger') AND NOT c.relispartition
)
SELECT concat_ws(' ', 'column', o.name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                 a.attgenerated, a.attstorage, pg_get_expr(d.adbin, d.adrelid))
FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = o.oid AND d.adnum = a.attnum WHERE o.relkind IN ('r', 'p', 'v')
UNION ALL SELECT concat_ws(' ', 'constraint', o.name, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid
UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(o.oid)) FROM ours o WHERE o.relkind IN ('i', 'I')
UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
UNION ALL SELECT concat_ws(' ', 'relation', o.name, o.relkind, o.relpersistence, o.relowner::regrole, o.reloptions, (
    SELECT string_agg(item::text, ',' ORDER BY item::text) FROM unnest(o.relacl) AS item)) FROM ours o
UNION ALL SELECT concat_ws(' ', 'function', p.oid::regprocedure, p.proowner::regrole, p.prosecdef, p.proconfig,
    p.prosrc, (SELECT string_agg(item::text, ',' ORDER BY item::text) FROM unnest(p.proacl) AS item))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('public', 'ledger')
ORDER BY 1
"""
TABLES: LiteralString = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'ledger') AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, 2
"""


def psql(address: str, text: str) -> None:
    program = str(settings.EMBEDDED_SERVER.binaries() / "psql")
    command = [program, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", address]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]


def count_rows(made: PortalDatabase, alias: str) -> dict[str, int]:
    with made.connect("postgres", alias) as connection:
        tables = [psycopg.sql.Identifier(*row) for row in connection.execute(TABLES).fetchall()]
        found = {}
        for table in tables:
            row = connection.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
            assert row is not None
            found[table.as_string(connection)] = int(row[0])
    return found


@contextmanager
def restored(dumps: dict[str, str]) -> Iterator[PortalDatabase]:
    """Three databases from what pg_dump wrote."""
    made = PortalDatabase()
    try:
        with database.server_connection() as server:
            for alias, name in made.names.items():
                create_database(server, alias, name)
                psql(made.url("postgres", alias), dumps[alias])
        yield made
    finally:
        database.drop(made.names)


@pytest.fixture
def released(django_db_setup: None) -> Iterator[PortalDatabase]:
    """The three databases as the first release left them."""
    with restored({alias: gzip.decompress(dump_file(alias).read_bytes()).decode() for alias in DATABASES}) as made:
        yield made


@pytest.fixture
def fresh(portal_database: PortalDatabase) -> Iterator[PortalDatabase]:
    """Three databases as this version makes them; restored too, for PostgreSQL spells an expression otherwise then."""
    with restored({alias: dump(portal_database, alias) for alias in DATABASES}) as made:
        yield made


def test_the_first_release_is_migrated_up_with_its_rows(released: PortalDatabase, fresh: PortalDatabase) -> None:
    before = {alias: count_rows(released, alias) for alias in DATABASES}
    assert sum(number > 0 for counts in before.values() for number in counts.values()) >= 65
    run = released.manage("migrate_all", "--skip-checks", role="portal_owner", timeout=120)
    assert run.returncode == 0, run.stderr
    for alias in DATABASES:
        after = count_rows(released, alias)
        assert {table for table, number in before[alias].items() if after.get(table, 0) < number} == set()
        with released.connect("postgres", alias) as ours, fresh.connect("postgres", alias) as new:
            assert ours.execute(CATALOGUE).fetchall() == new.execute(CATALOGUE).fetchall()


def test_no_file_of_a_released_migration_is_edited() -> None:
    """Add another migration instead (CONTRIBUTING.md). Before the first release: python tools/migrations.py pin."""
    now = digest_files()
    known: dict[str, str] = json.loads(DIGESTS.read_text())
    assert {name for name, digest in known.items() if now.get(name) != digest} == set()


def test_what_a_migration_reads_is_released_with_it() -> None:
    """Else an edition that is edited later makes another number of a new portal than of one that was upgraded."""
    kept = set(files_of_migrations())
    named = {
        path.parent.parent / "editions" / name
        for path in kept
        if path.suffix == ".py"
        for name in re.findall(r'"editions" / "([^"]+)"', path.read_text())
    }
    assert len(named) > 10
    assert named - kept == set()


def test_a_new_migration_follows_the_released_ones_of_its_app() -> None:
    known = json.loads(DIGESTS.read_text())
    last: dict[str, str] = {}
    for name in known:
        if "/migrations/" in name:
            folder, _, file = name.rpartition("/")
            last[folder] = max(last.get(folder, ""), file)
    for path in files_of_migrations():
        name = str(path.relative_to(ROOT))
        folder, _, file = name.rpartition("/")
        if "/migrations/" in name and name not in known:
            assert file[:4] > last.get(folder, "")[:4], f"{name} comes before what is released already."


def test_migrations_import_nothing_of_ours_but_fields_and_defaults() -> None:
    """A migration means what it meant: what it does is written in it, and only names of a field are looked up."""
    allowed = re.compile(r"import (privacy\.lib\.identifiers\.ids|privacy\.vault\.fields|[\w.]+\.models(\.\w+)?)$")
    offences = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in files_of_migrations()
        if path.suffix == ".py"
        for line in path.read_text().splitlines()
        if re.match(r"(from|import) (privacy|consents|devices|config|tests)\b", line) and not allowed.match(line)
    ]
    assert not offences

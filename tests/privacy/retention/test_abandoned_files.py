"""What a crash in the middle of a rewrite leaves on the disk is found, and keeps a destruction from being final."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config.embedded_postgres import EmbeddedServer
from privacy.retention.actions import abandoned_files
from privacy.retention.models import Rewrite
from privacy.vault.actions import key_table
from tests.database import PortalDatabase

KEY = b"A-WRAPPED-KEY-OF-SOMEBODY"
TABLE = """
CREATE TABLE vault_subjectkey (id uuid PRIMARY KEY, subject_id uuid NOT NULL, category text NOT NULL,
    wrapped bytea NOT NULL, generation int NOT NULL, created_at timestamptz NOT NULL)
"""
MANY = """
INSERT INTO vault_subjectkey SELECT gen_random_uuid(), gen_random_uuid(), 'app-log', %s || number::text::bytea, 1, now()
FROM generate_series(1, 20000) AS number
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A cluster of the test's own, with a table of keys: it is killed."""
    server = EmbeddedServer(tmp_path / "postgres", {"fsync": "off"})
    server.start()
    with psycopg.connect(server.url("portal_owner"), autocommit=True) as owner:
        owner.execute(TABLE)
        owner.execute(MANY, [KEY])
    yield server
    server.release()
    server.stop("immediate")


class Killed:
    """A connection whose backend is killed before it sends the statement CHECKPOINT, when the copy is made."""

    def __init__(self, server: psycopg.Connection) -> None:
        self.server = server

    def execute(self, statement: object, values: object = None) -> object:
        if statement == "CHECKPOINT":
            self.server.execute("CHECKPOINT")
            os.kill(self.server.info.backend_pid, signal.SIGKILL)
        return self.server.execute(statement, values)  # type: ignore[call-overload]

    def __getattr__(self, name: str) -> object:
        return getattr(self.server, name)


def owner_of(server: EmbeddedServer, *, starts: int = 1) -> psycopg.Connection:
    """Connect once the cluster has been ready so many times: until it notices that a backend died, it still answers."""
    until = time.monotonic() + 60
    log = server.folder / "postgres.log"
    while log.read_text().count("database system is ready to accept connections") < starts:
        assert time.monotonic() < until, "it never came back"
        time.sleep(0.1)
    return psycopg.connect(server.url("portal_owner"), autocommit=True)


def unknown_with_keys(server: EmbeddedServer, owner: psycopg.Connection) -> set[str]:
    """Return the numbers of the files that hold a wrapped key and belong to no table."""
    found = (server.cluster / "base").rglob("*")
    numbers = {path.name.split(".")[0] for path in found if path.is_file() and KEY in path.read_bytes()}
    known = "SELECT pg_filenode_relation(0, %s::bigint::oid) IS NOT NULL"
    return {number for number in numbers if owner.execute(known, [number]).fetchone() == (False,)}


def test_a_killed_backend_leaves_the_copy_on_the_disk_and_it_is_found(own: EmbeddedServer) -> None:
    with owner_of(own) as owner:
        assert abandoned_files.look(owner.cursor()) == set()
        with pytest.raises(psycopg.OperationalError):
            key_table.rewrite(Killed(owner), patience=10)  # type: ignore[arg-type]
    with owner_of(own, starts=2) as owner:
        left = unknown_with_keys(own, owner)
        assert left, "PostgreSQL removes such a file now: the sentences of decision 0260 may say so"
        found = abandoned_files.look(owner.cursor())
        assert left <= {Path(name).name for name in found}
        # No rewrite removes it.
        key_table.rewrite(owner, patience=10)
        owner.execute("CHECKPOINT")
        notes: list[str] = []
        assert not abandoned_files.none_left("default", owner.cursor(), found, notes)
        assert left <= unknown_with_keys(own, owner)
        assert all(name in notes[0] for name in found)
    own.stop("fast")
    # As the note says.
    for name in found:
        for path in (own.cluster / name).parent.glob(f"{Path(name).name}*"):
            assert path.name[len(Path(name).name) :][:1] in {"", ".", "_"}
            path.unlink()
    own.start()
    with owner_of(own) as owner:
        assert abandoned_files.look(owner.cursor()) == set()
        assert owner.execute("SELECT count(*) FROM vault_subjectkey").fetchone() == (20_000,)


def test_a_file_of_no_table_keeps_the_rewrite_from_being_final(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as server:
        (folder,) = server.execute("SELECT regexp_replace(pg_relation_filepath('pg_class'), '[0-9]+$', '')").fetchone()  # type: ignore[misc]
    left = settings.EMBEDDED_SERVER.cluster / folder / "4000000001"
    left.write_bytes(KEY)
    try:
        done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner", timeout=300)
    finally:
        left.unlink()
    assert done.returncode == 1, done.stdout
    row = Rewrite.objects.get()
    assert not row.log_turned
    assert f"{folder}4000000001" in row.notes
    assert "Stop the server, remove them" in row.notes
    assert f"{folder}4000000001" in done.stderr


def test_a_table_that_somebody_is_just_making_is_not_taken_for_one(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as maker, portal_database.connect("portal_owner") as owner:
        maker.execute("BEGIN")
        maker.execute("CREATE TABLE just_made (id int)")
        seen = abandoned_files.look(owner.cursor())
        assert len(seen) == 1
        ending = threading.Timer(0.5, maker.execute, ["ROLLBACK"])
        ending.start()
        notes: list[str] = []
        assert abandoned_files.none_left("default", owner.cursor(), seen, notes)
        assert notes == []
        ending.join()


def test_who_may_not_look_says_so(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("REVOKE EXECUTE ON FUNCTION pg_ls_dir(text) FROM portal_owner")
    done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner", timeout=300)
    assert done.returncode == 1, done.stdout
    assert "not looked for files of no table (InsufficientPrivilege)" in Rewrite.objects.get().notes

"""The embedded PostgreSQL: starts by itself, survives a kill, is used by many, and is stopped by the last."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(tmp_path / "postgres", {"fsync": "off"})
    made.start()
    yield made
    made.release()
    made.stop("immediate")


def test_it_listens_on_a_private_socket_only(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres", "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert server.password_file.stat().st_mode & 0o077 == 0
    assert server.socket.stat().st_mode & 0o077 == 0


def test_the_portal_connects_as_a_role_that_owns_nothing(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url().replace(server.password_file.read_text(), "wrong"))


@pytest.mark.fault("FLT-01")
def test_it_starts_again_after_a_kill(server: EmbeddedServer) -> None:
    pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        connection.execute("CHECKPOINT")
    os.kill(pid, signal.SIGKILL)
    server.start()
    with psycopg.connect(server.url("postgres", "postgres")) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (1,)


def test_the_last_one_out_stops_it(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from config.embedded import EmbeddedServer\n"
        "EmbeddedServer(Path(sys.argv[2])).start(); print('up', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(ROOT), str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as first, subprocess.Popen(command, **pipes) as second:  # type: ignore[call-overload]
        for process in (first, second):
            assert process.stdout.readline() == b"up\n"
        first.communicate()
        assert EmbeddedServer(folder).running()
        second.communicate()
        assert not EmbeddedServer(folder).running()

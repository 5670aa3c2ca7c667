"""The embedded PostgreSQL: starts by itself, survives a kill, is used by many, and is stopped by the last."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import development_secret
from config.embedded_postgres import EmbeddedServer, EmbeddedServerError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(tmp_path / "postgres", {"fsync": "off"})
    made.start()
    yield made
    made.release()
    made.stop("immediate")


@pytest.mark.law("S-35")
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
        "from pathlib import Path; from config.embedded_postgres import EmbeddedServer\n"
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


@pytest.mark.truth("25")
def test_programs_older_than_the_floor_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles that are taken and not inherited need PostgreSQL 16: an older one fails here, not at the first audit."""
    for version in (15, 16):
        programs = tmp_path / str(version) / "bin"
        programs.mkdir(parents=True)
        (programs / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.9 (Debian)'\n")
        (programs / "postgres").chmod(0o755)
    monkeypatch.setenv("PORTAL_POSTGRES_BIN", str(tmp_path / "15" / "bin"))
    with pytest.raises(EmbeddedServerError, match="PostgreSQL 15; the portal needs 16"):
        EmbeddedServer.binaries()
    monkeypatch.setenv("PORTAL_POSTGRES_BIN", str(tmp_path / "16" / "bin"))
    assert EmbeddedServer.binaries() == tmp_path / "16" / "bin"
    monkeypatch.delenv("PORTAL_POSTGRES_BIN")
    monkeypatch.setattr("config.embedded_postgres.SYSTEM_BINARIES", tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert EmbeddedServer.binaries() == tmp_path / "16" / "bin"
    (tmp_path / "16" / "bin" / "postgres").unlink()
    with pytest.raises(EmbeddedServerError, match="No PostgreSQL found"):
        EmbeddedServer.binaries()


@pytest.fixture
def unmade(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that was never started, in a folder whose name has a space."""
    made = EmbeddedServer(tmp_path / "my portal" / "postgres", {"fsync": "off"})
    made.folder.parent.mkdir()
    yield made
    made.release()
    made.stop("immediate")


@pytest.mark.truth("embedded-half-made")
def test_a_first_start_that_was_killed_after_initdb_is_begun_anew(unmade: EmbeddedServer, tmp_path: Path) -> None:
    real = EmbeddedServer.binaries()
    killing = tmp_path / "killing"
    killing.mkdir()
    for program in real.iterdir():
        (killing / program.name).symlink_to(program)
    (killing / "initdb").unlink()
    (killing / "initdb").write_text(f'#!/bin/sh\n"{real}/initdb" "$@"\nkill -9 $PPID\n')
    (killing / "initdb").chmod(0o755)
    run = subprocess.run(
        [sys.executable, "-c", "import sys, pathlib; from config.embedded_postgres import EmbeddedServer;"
         "EmbeddedServer(pathlib.Path(sys.argv[1])).start()", str(unmade.folder)],
        cwd=ROOT, env={**os.environ, "PORTAL_POSTGRES_BIN": str(killing)}, check=False,
    )  # fmt: skip
    assert run.returncode == -signal.SIGKILL
    unmade.start()
    with psycopg.connect(unmade.url("postgres", "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


@pytest.mark.truth("embedded-half-made")
def test_a_first_start_that_was_broken_off_between_database_and_rights_is_begun_anew(
    unmade: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(alias: str) -> list[object]:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr("config.databases.schema_statements", broken_off)
        unmade.start()
    unmade.start()
    with psycopg.connect(unmade.url("portal_owner")) as owner:
        owner.execute("CREATE TABLE public.kept (id int)")
        owner.execute("GRANT INSERT ON public.kept TO portal_app")
    with psycopg.connect(unmade.url()) as portal:
        portal.execute("INSERT INTO public.kept VALUES (1)")


@pytest.mark.truth("embedded-half-made")
def test_a_secret_that_another_process_makes_at_the_same_time_is_never_read_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def written(path: Path, text: str) -> int:
        if not seen:
            seen.append("begun")
            seen.append(development_secret.load_or_create_secret(tmp_path / "secret-key"))
        with path.open("w") as file:
            return file.write(text)

    monkeypatch.setattr(Path, "write_text", written)
    assert development_secret.load_or_create_secret(tmp_path / "secret-key") == seen[1] != ""

"""``portal-restore`` on stand-ins of pgBackRest and of the server: what failed is never called restored."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONF = "[global]\nrepo1-path=/srv\n\n[general]\npg1-path={0}/17/general\n\n[personal]\npg1-path={0}/17/personal\n"
BEFORE_TARGET = "FATAL:  recovery ended before configured recovery target was reached"
STANDINS = {
    "install": "",
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "pgbackrest": 'echo "$*" >> "$HERE/asked"; case "$*" in ${PGBACKREST_FAILS:-nothing}) exit 55 ;; esac',
    # The server starts unless its last restore was to a moment and SERVER_SAYS what it says instead.
    "systemctl": 'rm -f "$HERE/up"; case "$(tail -n 1 "$HERE/asked")" in *--type=time*)'
    ' [ -z "${SERVER_SAYS:-}" ] || { echo "$SERVER_SAYS" >> "$HERE/log/postgresql-17-${2##*-}.log"; exit 1; } ;; esac;'
    ' touch "$HERE/up"',
    "psql": '[ -e "$HERE/up" ] && echo f',
    "pg_ctlcluster": '[ -e "$HERE/up" ]',
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the stand-ins, the configuration and the servers' logs."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "log").mkdir()
    (tmp_path / "conf").write_text(CONF.format(tmp_path))
    for name, text in STANDINS.items():
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return tmp_path


def restore(place: Path, moment: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program as shipped, but for the places of its files."""
    text = (ROOT / "deploy" / "backups" / "portal-restore").read_text()
    program = place / "portal-restore"
    program.write_text(
        text.replace("/etc/pgbackrest/pgbackrest.conf", f"{place}/conf").replace("/var/log/postgresql", f"{place}/log")
    )
    env = {**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}", "HERE": str(place), **environ}
    return subprocess.run(
        ["/bin/sh", program, moment], env=env, capture_output=True, text=True, check=False, timeout=30
    )


def asked(place: Path) -> list[str]:
    return (place / "asked").read_text().splitlines()


@pytest.mark.parametrize("moment", ["2026-11-27 14:05:00+09", "end"])
def test_a_restore_that_failed_is_not_called_one(place: Path, moment: str) -> None:
    done = restore(place, moment, PGBACKREST_FAILS="*")
    assert done.returncode != 0 and "restored" not in done.stdout
    assert not (place / "up").exists(), "the old cluster was started"
    assert len(asked(place)) == 1


def test_a_fallback_that_failed_is_not_called_one(place: Path) -> None:
    done = restore(place, "2026-11-27 14:05:00+09", PGBACKREST_FAILS="*--type=default*", SERVER_SAYS=BEFORE_TARGET)
    assert done.returncode != 0 and "restored" not in done.stdout and not (place / "up").exists()


def test_a_moment_that_is_not_over_is_refused_before_anything_is_touched(place: Path) -> None:
    done = restore(place, "2999-01-01 00:00:00+09")
    assert done.returncode == 1 and "not over yet" in done.stderr
    assert not (place / "asked").exists()


@pytest.mark.law("S-26")
def test_every_cluster_is_restored_to_the_moment(place: Path) -> None:
    done = restore(place, "2026-11-27 14:05:00+09")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["general:", "personal:"]
    assert all("--type=time --target=2026-11-27 14:05:00+09" in line for line in asked(place))


def test_where_nothing_was_committed_after_the_moment_its_end_is_taken(place: Path) -> None:
    done = restore(place, "2026-11-27 14:05:00+09", SERVER_SAYS=BEFORE_TARGET)
    assert done.returncode == 0, done.stderr
    assert ["--type=default" in line for line in asked(place)] == [False, True, False, True]


def test_what_an_earlier_start_said_is_no_reason_to_take_the_end(place: Path) -> None:
    (place / "log" / "postgresql-17-general.log").write_text(f"{BEFORE_TARGET}\n")
    done = restore(place, "2026-11-27 14:05:00+09", SERVER_SAYS="FATAL:  could not create any TCP/IP sockets")
    assert done.returncode != 0 and "restored" not in done.stdout
    assert not any("--type=default" in line for line in asked(place))
    assert "general" in done.stderr


def test_a_configuration_without_clusters_is_no_success(place: Path) -> None:
    (place / "conf").write_text("[global]\n")
    assert restore(place, "end").returncode != 0

"""Backups by pgBackRest of the clusters on this host: configuration, archiving of their logs, repository, schedule."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.installer import host
from deploy.installer.configuration import Configuration, Secrets
from deploy.installer.plan import Step, Stopped

FILE = Path("/etc/pgbackrest/pgbackrest.conf")
# What portal-backup removes backups by, whatever retention kept.
DAYS_FILE = FILE.with_name("key-backup-days")
# The longest time from one full backup to the next (Wednesday to Sunday), and a day until expiry is looked at.
BETWEEN_FULL_DAYS = 5
# A commit is in the repository after so many seconds at most.
ARCHIVE_SECONDS = 60
PROGRAMS = ("portal-backup", "portal-restore")
UNITS = ("portal-backup.service", "portal-backup.timer")


def text(configuration: Configuration, secrets: Secrets) -> str:
    """Return pgBackRest's configuration. Raises ``Stopped`` where no retention keeps what certificates promise."""
    days = _days(configuration)
    if days <= BETWEEN_FULL_DAYS:
        raise Stopped(
            f"KEY_BACKUP_DAYS is {days}. These backups contain wrapped keys, and with a full one twice a week the "
            f"oldest is kept for {BETWEEN_FULL_DAYS + 1} days at least."
        )
    lines = [
        "# Written by deploy/install from /etc/portal/portal.toml; change that file.",
        "[global]",
        f"repo1-path={configuration.repository}",
        "repo1-cipher-type=aes-256-cbc",
        f"repo1-cipher-pass={secrets.values.get('backups', '')}",
        "repo1-bundle=y",
        "repo1-block=y",
        "repo1-retention-full-type=time",
        f"repo1-retention-full={days - BETWEEN_FULL_DAYS}",
        "compress-type=zst",
        "start-fast=y",
        "lock-path=/var/spool/pgbackrest",
        "log-level-console=warn",
        "log-level-file=off",
    ]
    for name, place in configuration.clusters.items():
        lines += ["", f"[{name}]", f"pg1-path=/var/lib/postgresql/{place}", f"pg1-port={_port(place)}"]
    return "\n".join([*lines, ""])


def _days(configuration: Configuration) -> int:
    return int(configuration.settings.get("KEY_BACKUP_DAYS", 7))


def steps(configuration: Configuration, secrets: Secrets) -> Iterator[Step]:
    """Yield what the backups of this host's clusters need."""
    host.require(["pgbackrest", "pg_lsclusters", "runuser"])
    yield host.folder(Path(configuration.repository), "postgres", "postgres", 0o750)
    yield host.folder(FILE.parent, "root", "postgres", 0o750)
    yield host.file(FILE, text(configuration, secrets), "postgres", 0o640)
    yield host.file(DAYS_FILE, f"{_days(configuration)}\n", "postgres", 0o640)
    for name in PROGRAMS:
        yield host.file(Path("/usr/local/bin") / name, (host.CODE / "deploy/backups" / name).read_text(), "root", 0o755)
    for name, place in configuration.clusters.items():
        yield Step(
            f"{place}: its log goes to the repository, {ARCHIVE_SECONDS} s after a commit at the latest",
            lambda name=name, place=place: _is_archived(name, place),
            lambda name=name, place=place: _archive(name, place),
        )
        yield Step(
            f"{place}: pgBackRest knows it as {name}",
            lambda name=name: _is_known(name),
            lambda name=name: [_pgbackrest(name, "stanza-create"), _pgbackrest(name, "check")],
        )


def _port(place: str) -> str:
    for line in host.run("pg_lsclusters", "--no-header").splitlines():
        version, name, port, *_rest = line.split()
        if f"{version}/{name}" == place:
            return port
    raise Stopped(
        f"There is no cluster {place} on this host (pg_lsclusters). Those of Patroni are not backed up this way: "
        "docs/operations.md, Clusters that fail over."
    )


def _ask(place: str, statement: str) -> str:
    return host.run("runuser", "-u", "postgres", "--", "psql", "--cluster", place, "-XAtc", statement).strip()


def _settings(name: str) -> dict[str, str]:
    command = f"pgbackrest --stanza={name} archive-push %p"
    return {"archive_mode": "on", "archive_command": command, "archive_timeout": f"{ARCHIVE_SECONDS}s"}


def _is_archived(name: str, place: str) -> bool:
    wanted = _settings(name)
    asked = ", ".join(f"current_setting('{setting}')" for setting in wanted)
    found = _ask(place, f"SELECT concat_ws('|', {asked})")
    return found.replace("1min", f"{ARCHIVE_SECONDS}s") == "|".join(wanted.values())


def _archive(name: str, place: str) -> None:
    for setting, value in _settings(name).items():
        _ask(place, f"ALTER SYSTEM SET {setting} = '{value}'")
    _ask(place, "SELECT pg_reload_conf()")
    if _ask(place, "SHOW archive_mode") != "on":
        raise Stopped(
            f"{place} archives its log from its next start on: systemctl restart postgresql@{place.replace('/', '-')}, "
            "then install again."
        )


def _is_known(name: str) -> bool:
    said = _pgbackrest(name, "info", "--output=json")
    return all(one["status"]["code"] in (0, 2) for one in json.loads(said)) and said.strip() != "[]"


def _pgbackrest(name: str, *arguments: str) -> str:
    command = ["runuser", "-u", "postgres", "--", "pgbackrest", f"--stanza={name}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise Stopped(f"pgbackrest {' '.join(arguments)} of {name} (exit {done.returncode}):\n{done.stdout[-2000:]}")
    return done.stdout

"""What an installation puts on this host: users, folders, files, units."""

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.databases import JOURNAL
from deploy.installer.configuration import ETC, Configuration, Secrets
from deploy.installer.environment import MIRROR, NOTARY_STATE, STATE, environment
from deploy.installer.plan import Step, Stopped, always

CODE = Path(__file__).resolve().parents[2]
HOME = Path("/opt/portal")
UNITS = Path("/etc/systemd/system")
COMMAND = Path("/usr/local/bin/portal")
UNITS_OF = {
    "pages": ["portal-pages.service"],
    "intake": ["portal-intake.service"],
    "worker": ["portal-worker.service"],
    "keys": ["portal-keys.service"],
    "sealer": ["portal-sealer.service"],
    "notary": ["portal-notary.service"],
    "owner": ["portal-finish-nightly.timer", "portal-finish-monthly.timer"],
    "auditor": [],
    "backups": ["portal-backup.timer"],
}


def user(process: str) -> str:
    """Return the operating system's user of a process."""
    return f"portal-{process}"


def users(configuration: Configuration) -> Iterator[Step]:
    """Yield the users: one for each process, and a group of all for what they share."""
    yield Step("group portal", lambda: _has(grp.getgrnam, "portal"), lambda: run("groupadd", "--system", "portal"))
    for process in configuration.runs:
        name = user(process)
        yield Step(
            f"user {name}, who can't sign in, in the group portal",
            lambda name=name: _has(pwd.getpwnam, name),
            lambda name=name: run(
                "useradd", "--system", "--user-group", "--groups", "portal", "--no-create-home", "--home-dir",
                str(STATE), "--shell", "/usr/sbin/nologin", name,
            ),
        )  # fmt: skip


def folders(configuration: Configuration) -> Iterator[Step]:
    """Yield the folders and who may do what there."""
    runs, worker = configuration.runs, user("worker")
    wanted: list[tuple[Path, str, str, int]] = [(ETC, "root", "root", 0o755), (STATE, "root", "root", 0o755)]
    wanted += [(STATE / "backups", "root", "root", 0o755)]
    if "keys" in runs:
        wanted.append((ETC / "keys", user("keys"), user("keys"), 0o700))
    if "pages" in runs:
        wanted.append((STATE / "static", user("pages"), "portal", 0o755))
    has_file = "worker" in runs and JOURNAL not in configuration.databases
    if has_file:
        wanted.append((STATE / "destructions", worker, "portal", 0o2750))
    if "notary" in runs:
        wanted.append((NOTARY_STATE, user("notary"), user("notary"), 0o700))
        wanted += [
            (folder, user("notary"), "portal", 0o2750) for folder in (MIRROR, MIRROR.with_name("portal-anchors"))
        ]
    yield from (folder(*one) for one in wanted)
    for path, owner, group, _mode in wanted:
        if path.exists() and any(_owner(one) != owner for one in _left(path)):
            yield Step(f"what lies in {path} is {owner}'s", always, lambda p=path, o=owner, g=group: _give(p, o, g))
    if has_file:
        # Worker and owner write it. That the others read it is the folder's group: nobody else gets there.
        journal = STATE / "destructions" / "journal.jsonl"
        group, mode = (user("owner"), 0o664) if "owner" in runs else ("portal", 0o640)
        yield Step(
            f"file {journal} of {worker}:{group}, {mode:o}",
            lambda: _is(journal, worker, group, mode),
            lambda: _folder(journal, worker, group, mode),
        )


def folder(path: Path, owner: str, group: str, mode: int) -> Step:
    """Return the step that makes a folder, or an empty file where the path has a suffix."""
    return Step(
        f"folder {path} of {owner}:{group}, {mode:o}",
        lambda: _is(path, owner, group, mode),
        lambda: _folder(path, owner, group, mode),
    )


def files(configuration: Configuration, secrets: Secrets) -> Iterator[Step]:
    """Yield the environment file of each process and the command that uses them."""
    for process in configuration.runs:
        yield file(ETC / f"{process}.env", environment(configuration, secrets, process), user(process), 0o640)
    yield file(COMMAND, (CODE / "deploy" / "portal-command").read_text(), "root", 0o755)


def units(configuration: Configuration) -> Iterator[Step]:
    """Yield the units of this host's processes, and that systemd runs them."""
    runs = [*configuration.runs, *(["backups"] if configuration.clusters else [])]
    wanted = [name for process in runs for name in UNITS_OF[process]]
    paired = [name.replace(".timer", ".service") for name in wanted if name.endswith(".timer")]
    for name in [*wanted, *paired]:
        yield file(UNITS / name, (CODE / "deploy" / "systemd" / name).read_text(), "root", 0o644)
    if has_systemd():
        yield Step("systemd reads the units", always, lambda: run("systemctl", "daemon-reload"))
        for name in sorted(wanted, key=lambda name: name != "portal-keys.service"):
            yield Step(
                f"{name} runs now and after each start of the host",
                lambda name=name: (
                    _answers("systemctl", "is-active", name) and _answers("systemctl", "is-enabled", name)
                ),
                lambda name=name: run("systemctl", "enable", "--now", name),
            )
        for process in configuration.runs:
            for name in (name for name in UNITS_OF[process] if name.endswith(".service")):
                yield Step(
                    f"{name} runs with the files as they are now",
                    lambda name=name, process=process: _is_newer(name, [ETC / f"{process}.env", UNITS / name]),
                    lambda name=name: run("systemctl", "restart", name),
                )
    else:
        yield Step("systemd does not run here: start the processes as their units say", lambda: True, always)


def manage(process: str, *arguments: str) -> str:
    """Run ``manage.py`` as the user of a process, with its environment; return what it printed."""
    return run(str(COMMAND), process, *arguments)


def run(*command: str) -> str:
    """Run a program. Raises ``Stopped`` with its words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOME if HOME.exists() else "/")
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise Stopped(f"{' '.join(command)} (exit {done.returncode}):\n{said}")
    return done.stdout


def has_systemd() -> bool:
    """Whether systemd is what runs this host."""
    return Path("/run/systemd/system").is_dir()


def _is_newer(unit: str, files: Sequence[Path]) -> bool:
    """Whether a unit was started after its files were last written."""
    said = run("systemctl", "show", "--timestamp=unix", "--value", "-p", "ActiveEnterTimestamp", unit).strip()
    return bool(said) and all(path.stat().st_mtime <= int(said.lstrip("@")) + 1 for path in files)


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _has(ask: object, name: str) -> bool:
    try:
        ask(name)  # type: ignore[operator]
    except KeyError:
        return False
    return True


def _is(path: Path, owner: str, group: str, mode: int) -> bool:
    if not path.exists() or not _has(pwd.getpwnam, owner) or not _has(grp.getgrnam, group):
        return False
    found = path.stat()
    wanted = (pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid, mode)
    return (found.st_uid, found.st_gid, found.st_mode & 0o7777) == wanted


def _left(folder: Path) -> list[Path]:
    """Return what lies in a folder of a process: brought from another host, it is of that host's users."""
    return [] if folder in (ETC, STATE, STATE / "backups") else list(folder.rglob("*"))


def _give(folder: Path, owner: str, group: str) -> None:
    for path in _left(folder):
        shutil.chown(path, owner, group)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return ""


def _folder(path: Path, owner: str, group: str, mode: int) -> None:
    if path.suffix:
        path.touch()
    else:
        path.mkdir(parents=True, exist_ok=True)
    shutil.chown(path, owner, group)
    path.chmod(mode)


def file(path: Path, text: str, group: str, mode: int) -> Step:
    """Return the step that writes a file of root's."""

    def write() -> None:
        partial = path.with_name(f".{path.name}.new")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as opened:  # noqa: PTH123 - by its descriptor
            opened.write(text)
        shutil.chown(partial, "root", group)
        partial.chmod(mode)
        partial.replace(path)

    def is_written() -> bool:
        return _is(path, "root", group, mode) and path.read_text() == text

    return Step(f"file {path} of root:{group}, {mode:o}", is_written, write)


def require(commands: Sequence[str]) -> None:
    """Raise ``Stopped`` unless this is root on a host with what is needed."""
    if os.geteuid() != 0:
        raise Stopped("Run this as root: it makes users and their files.")
    if CODE != HOME:
        raise Stopped(f"The units run the code at {HOME}, and this is {CODE}: unpack the release there.")
    if missing := [name for name in commands if shutil.which(name) is None]:
        raise Stopped(f"This host has no {', '.join(missing)}.")

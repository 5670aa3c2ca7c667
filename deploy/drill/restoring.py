"""The restore drill: this machine is emptied, and comes back from what is kept elsewhere by the documents' commands."""

import json
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from deploy.drill import documented
from deploy.drill.surroundings import BACKED_UP, PYTHON, Failed, run, watch_log
from deploy.installer.host import UNITS_OF

LONGEST = 900.0
ORIGIN = "privacy.extrus.example/ledger/restored"
KEPT = Path(documented.KEPT)
MOMENT = Path("/run/portal-drill-moment.json")


def backed_up() -> str:
    """Back up by the unit of the timer, and look into the repository."""
    documented.carry_out("backup")
    said = json.loads(run("runuser", "-u", "postgres", "--", "pgbackrest", "info", "--output=json").stdout)
    kinds = {one["name"]: [backup["type"] for backup in one["backup"]] for one in said}
    if kinds != {name: ["full"] for name in BACKED_UP} or any(one["cipher"] != "aes-256-cbc" for one in said):
        raise Failed(f"the repository has {kinds}")
    size = sum(backup["info"]["repository"]["delta"] for one in said for backup in one["backup"])
    return f"{len(kinds)} clusters in full, {size / 1e6:.1f} MB, encrypted; their logs go there by themselves"


def lived() -> str:
    """Play a day: what is restored, the moment, and what is destroyed after it."""
    earlier = _play("before")
    moment = datetime.now(UTC).isoformat(sep=" ")
    time.sleep(1.5)
    later = _play("after")
    MOMENT.write_text(json.dumps({"moment": moment}))
    return f"{earlier}; after the moment: {later}"


def restored() -> str:
    """Lose the machine, and restore its databases to the moment by the documents' commands."""
    KEPT.mkdir(mode=0o700)
    documented.carry_out("keep")
    _archive_the_rest()
    _lose()
    began = time.monotonic()
    moment = json.loads(MOMENT.read_text())["moment"]
    documented.carry_out("restore", MOMENT=moment, ORIGIN=ORIGIN)
    watch_log(Path("/var/lib/portal-notary/vkeys").read_text().split()[0])
    MOMENT.write_text(json.dumps({"moment": moment, "seconds": time.monotonic() - began}))
    return f"to {moment[:19]}: {_play('restored', patience=60)}"


def replayed() -> str:
    """Replay the journal, compare, verify as the auditor."""
    began = time.monotonic()
    said = documented.carry_out("replay")
    if "SOUND" not in said:
        raise Failed(said[-2000:])
    seconds = time.monotonic() - began + json.loads(MOMENT.read_text())["seconds"]
    if seconds > LONGEST:
        raise Failed(f"the restore took {seconds:.0f} s")
    done = next(line for line in said.splitlines() if "carried out again" in line)
    return f"{done}; {_play('replayed', patience=60)}; SOUND. From nothing in {seconds:.0f} s"


def lost_notary() -> str:
    """Lose the machine and the notary's state; restore to the end, with nothing lost."""
    documented.carry_out("keep")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as elsewhere:
        _lose(Path(elsewhere))
        for folder in Path(elsewhere).iterdir():
            shutil.move(folder, "/var/lib")
    said = documented.carry_out("restore to the end")
    if "Rebuilt the state" not in said or "SOUND" not in said:
        raise Failed(said[-2000:])
    seconds = time.monotonic() - began
    return f"to the end, the state rebuilt, SOUND, in {seconds:.0f} s: {_play('working', patience=60)}"


def lost_keys() -> str:
    """Lose the keys of the running installation."""
    run("systemctl", "stop", "portal-keys")
    shutil.rmtree("/etc/portal/keys")
    asked = run("curl", "-sS", "http://127.0.0.1:8001/readyz").stdout
    if '"ready": false' not in asked or "key" not in asked:
        raise Failed(f"without keys /readyz says {asked}")
    began = time.monotonic()
    documented.carry_out("lost keys")
    seconds = time.monotonic() - began
    return f"not ready ({json.loads(asked)['missing']}), back in {seconds:.0f} s: {_play('working', patience=60)}"


def _archive_the_rest() -> None:
    """End the log's segment on each cluster, as its time-out does within a minute."""
    for name in BACKED_UP:
        run("runuser", "-u", "postgres", "--", "psql", "--cluster", f"17/{name}", "-XAtc", "SELECT pg_switch_wal()")
    time.sleep(2)


def _lose(mirrors: Path | None = None) -> None:
    """Take from this machine what a new one would not have; repository, journal, witness and proxy are elsewhere.

    Where the old log goes on, its mirror and anchors are moved to ``mirrors``.
    """
    units = [unit for names in UNITS_OF.values() for unit in names]
    run("systemctl", "disable", "--now", *units)
    for name in BACKED_UP:
        run("pg_dropcluster", "--stop", "17", name)
    for name in ("mirror", "anchors") if mirrors else ():
        shutil.move(f"/var/lib/portal-{name}", str(mirrors))
    for path in (Path("/etc/systemd/system").glob("portal-*"), Path("/var/lib").glob("portal*")):
        for one in path:
            shutil.rmtree(one) if one.is_dir() else one.unlink()
    for folder in ("/etc/portal", "/etc/pgbackrest"):
        shutil.rmtree(folder)
    for file in (
        "/usr/local/bin/portal",
        "/usr/local/bin/portal-backup",
        "/usr/local/bin/portal-restore",
        "/root/.pgpass",
    ):
        Path(file).unlink()
    run("systemctl", "daemon-reload")
    for process in ("pages", "intake", "worker", "keys", "sealer", "notary", "owner", "auditor"):
        run("userdel", f"portal-{process}")
    # Another system's users have other numbers.
    run("useradd", "--system", f"somebody{time.time():.0f}")


def _play(part: str, *, patience: float = 0) -> str:
    """Play a part of the day, again while it does not come out and there is patience: processes learn in seconds."""
    deadline = time.monotonic() + patience
    while True:
        done = run(PYTHON, "-m", "deploy.drill.walking", part, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
        if time.monotonic() > deadline:
            raise Failed(f"{part}: {(done.stdout + done.stderr)[-1500:]}")
        time.sleep(1)

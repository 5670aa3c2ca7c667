"""``portal-backup`` on a stand-in of pgBackRest: what fails holds up nothing, what outlives its days is said."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.backups import backup

DAY = 86_400
# Keeps the backups of a cluster in a file, the last full one whatever is asked, as pgBackRest does.
PGBACKREST = f"""#!{sys.executable}
import json, os, pathlib, sys, time
here = pathlib.Path(os.environ["HERE"])
asked = dict(one.removeprefix("--").partition("=")[::2] for one in sys.argv[1:] if "=" in one)
name, verb = asked["stanza"], sys.argv[-1]
with (here / "asked").open("a") as lines:
    print(verb, name, asked.get("type", ""), asked.get("set", ""), asked.get("repo1-retention-archive", ""), file=lines)
kept = json.loads((here / name).read_text())
if f"{{verb}} {{name}}" in os.environ.get("FAILS", "").split(","):
    sys.exit(55)
if verb == "info":
    print(json.dumps([{{"name": name, "backup": kept}}]))
if verb == "backup":
    now = time.time()
    kept.append({{"label": f"new{{len(kept)}}", "type": asked["type"], "timestamp": {{"start": now, "stop": now}}}})
if verb == "expire" and "set" in asked:
    if len([one for one in kept if one["type"] == "full"]) < 2:
        sys.exit(75)
    kept = [one for one in kept if one["label"] != asked["set"]]
(here / name).write_text(json.dumps(kept))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stand-in, two clusters' configuration, and seven days."""
    program = tmp_path / "pgbackrest"
    program.write_text(PGBACKREST)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setattr(backup, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["portal-backup"])
    (tmp_path / "pgbackrest.conf").write_text("[global]\nrepo1-cipher-pass=a%b\n\n[general]\n\n[personal]\n")
    (tmp_path / "key-backup-days").write_text("7\n")
    for name in ("general", "personal"):
        there(tmp_path, name, 1)
    return tmp_path


def there(place: Path, name: str, *ages: float) -> None:
    """Let a cluster have full backups of so many days."""
    now = time.time()
    made = [{"label": f"old{age}", "type": "full", "timestamp": {"start": now - age * DAY}} for age in ages]
    (place / name).write_text(json.dumps(made))


def labels(place: Path, name: str) -> list[str]:
    return [one["label"] for one in json.loads((place / name).read_text())]


def asked(place: Path, verb: str) -> list[str]:
    return [line for line in (place / "asked").read_text().splitlines() if line.startswith(verb)]


def test_a_cluster_that_fails_holds_no_other_up(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAILS", "expire general,backup general")
    assert backup.main() == 1
    assert "general: pgbackrest" in capsys.readouterr().err
    assert len(labels(place, "personal")) == 2
    lines = (place / "asked").read_text().splitlines()
    assert lines[:2] == ["expire general   ", "expire personal   "], "every cluster is expired before any is backed up"


def test_what_retention_kept_too_long_goes_by_its_name(place: Path) -> None:
    """Before the next night it would be older than seven days."""
    there(place, "general", 6.5, 2)
    assert backup.main() == 0
    assert labels(place, "general")[0] == "old2"


def test_what_is_young_enough_stays(place: Path) -> None:
    there(place, "general", 5.9, 2)
    assert backup.main() == 0
    assert labels(place, "general")[:2] == ["old5.9", "old2"]


def test_the_log_of_before_the_oldest_backup_goes_with_it(place: Path) -> None:
    """pgBackRest keeps it after ``expire --set``, and where retention is in days: it was tried."""
    there(place, "general", 6.5, 2, 1)
    assert backup.main() == 0
    kept = sum(one["type"] == "full" for one in json.loads((place / "general").read_text()))
    assert asked(place, "expire general")[-1] == f"expire general   {kept}"


def test_a_last_backup_that_is_too_old_is_a_failure(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Full backups fail, so that the last stays: no stamp, and the alert of backups fires."""
    there(place, "general", 6.5)
    monkeypatch.setenv("FAILS", "backup general")
    assert backup.main() == 1
    said = capsys.readouterr().err
    assert "old6.5 is the last full backup" in said and "empty the repository" in said
    assert labels(place, "general") == ["old6.5"]


@pytest.mark.parametrize(
    ("moment", "ages", "kind"),
    [
        ("2026-11-28T19:00:00+00:00", [1], "full"),  # Sunday, 4:00 in Korea; Saturday evening elsewhere
        ("2026-11-29T19:00:00+00:00", [1], "incr"),
        ("2026-11-29T19:00:00+00:00", [4.5], "full"),  # the host was off on Sunday
        ("2026-11-29T19:00:00+00:00", [], "full"),
    ],
)
def test_a_backup_is_full_in_korea_on_sundays_and_where_one_was_missed(
    place: Path, monkeypatch: pytest.MonkeyPatch, moment: str, ages: list[float], kind: str
) -> None:
    seconds = backup.datetime.fromisoformat(moment).timestamp()
    monkeypatch.setattr(time, "time", lambda: seconds)
    there(place, "general", *ages)
    backup.Cluster("general", 7 * DAY).back_up("")
    assert asked(place, "backup") == [f"backup general {kind}  "]


def test_the_program_runs_it_as_shipped() -> None:
    text = (Path(backup.__file__).parent / "portal-backup").read_text()
    assert "-m deploy.backups.backup " in text
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0

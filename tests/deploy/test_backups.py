"""Backups by pgBackRest: never older than certificates promise."""

import re
from pathlib import Path

import pytest

from deploy.installer import backups
from deploy.installer.configuration import Configuration, Secrets
from deploy.installer.plan import Stopped

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "deploy" / "portal.toml").read_text()
BACKUPS = re.search(r"# \[backups\]\n# repository.*\n# clusters.*\n", EXAMPLE)


def described(folder: Path, *, more: str = "", change: tuple[str, str] = ("", "")) -> Configuration:
    """The shipped example with its section of backups."""
    assert BACKUPS is not None
    text = EXAMPLE.replace(BACKUPS[0], BACKUPS[0].replace("# ", "").replace(*change))
    path = folder / "portal.toml"
    path.write_text(text + more)
    return Configuration(path)


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    monkeypatch.setattr(backups, "_port", lambda _place: "5432")
    made = Secrets(tmp_path / "secrets.toml")
    made.make()
    return made


@pytest.mark.law("D-10")
@pytest.mark.parametrize(("days", "kept"), [("7", "2"), ("30", "25")])
def test_no_backup_outlives_the_days_that_certificates_print(
    secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: str, kept: str
) -> None:
    """Full on Wednesdays and Sundays: the one before the newest that is old enough is four days older."""
    written: dict[Path, str] = {}
    monkeypatch.setattr(backups.host, "require", lambda _commands: None)
    monkeypatch.setattr(backups.host, "file", lambda path, text, *_: written.setdefault(path, text))
    more = f'\n[settings]\nKEY_BACKUP_DAYS = "{days}"\n'
    list(backups.steps(described(tmp_path, more=more), secrets))
    text = written[backups.FILE]
    assert "repo1-retention-full-type=time\n" in text and f"repo1-retention-full={kept}\n" in text
    assert written[backups.DAYS_FILE] == f"{days}\n"


@pytest.mark.parametrize("process", ["keys", "worker"])
def test_days_of_one_process_alone_are_refused(tmp_path: Path, process: str) -> None:
    """Its certificates would name other days than the backups are kept for."""
    with pytest.raises(Stopped, match=rf"KEY_BACKUP_DAYS stands in \[settings.{process}\]"):
        described(tmp_path, more=f'\n[settings.{process}]\nKEY_BACKUP_DAYS = "3"\n')


def test_days_that_no_retention_keeps_are_refused(secrets: Secrets, tmp_path: Path) -> None:
    configuration = described(tmp_path, more='\n[settings]\nKEY_BACKUP_DAYS = "5"\n')
    with pytest.raises(Stopped, match="KEY_BACKUP_DAYS is 5"):
        backups.text(configuration, secrets)


def test_the_repository_is_encrypted_by_a_passphrase_of_its_own(secrets: Secrets, tmp_path: Path) -> None:
    text = backups.text(described(tmp_path), secrets)
    assert "repo1-cipher-type=aes-256-cbc\n" in text and f"repo1-cipher-pass={secrets.values['backups']}\n" in text
    assert re.findall(r"^\[(\w+)\]$", text, re.MULTILINE) == ["global", "general", "personal", "archive"]


def test_the_journal_is_restored_from_no_backup(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="names the cluster journal"):
        described(tmp_path, change=("archive = ", 'journal = "17/journal", archive = '))


def test_a_repository_where_the_unit_may_not_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="lies below none of"):
        described(tmp_path, change=("/srv/", "/home/"))


def test_who_backs_up_does_not_take_the_servers_memory_with_it() -> None:
    """systemd removed the shared memory of every server when the unit of the same user had ended."""
    unit = (ROOT / "deploy" / "systemd" / "portal-backup.service").read_text()
    assert "User=postgres\n" in unit and "\nRemoveIPC=no\n" in unit

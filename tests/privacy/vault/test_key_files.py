"""A wrong, missing, damaged or readable key stops the portal, and no new one is ever made (FLT-12)."""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import crypto, key_providers, keys
from privacy.vault.checks import keys_match_this_vault
from privacy.vault.models import KeyCheck, SubjectKey
from tests.factory import NOON, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.keyfiles import FILES, own_keys, refuses_all

pytestmark = pytest.mark.django_db(databases=["default", "personal", "archive"])
OTHER = key_providers.format_key_file({1: b"another key, 32 bytes, no secret"})


def remove(path: Path) -> None:
    path.unlink()


def swap(path: Path) -> None:
    path.write_text(OTHER)


def show_to_others(path: Path) -> None:
    path.chmod(0o640)


def truncate(path: Path) -> None:
    os.truncate(path, 16)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def fill_with_noise(path: Path) -> None:
    path.write_bytes(b"\xff\x00\xfe" * 20)


DAMAGES = (remove, swap, show_to_others, truncate, empty, fill_with_noise)


@pytest.fixture
def folder() -> Iterator[Path]:
    with own_keys() as made:
        yield made


def as_a_new_process() -> None:
    """Forget what this process holds in memory."""
    key_providers._provider.cache_clear()
    key_providers._index_key.cache_clear()
    keys.caches.here().clear()


@pytest.mark.fault("FLT-12")
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_the_master_key_stops_all(damage: Callable[[Path], None], folder: Path) -> None:
    file = make_sealed_file()
    path = folder / "master.key"
    damage(path)
    damaged = path.read_bytes() if path.exists() else None
    as_a_new_process()
    refuses_all(file)
    with pytest.raises(vault.WrongKey):
        make_sealed_file(subject_id=file.subject_id)
    assert [message.id for message in keys_match_this_vault(["default"])] == ["vault.E005"]
    assert (path.read_bytes() if path.exists() else None) == damaged, "a key was made"


@pytest.mark.fault("FLT-12")
def test_damage_is_noticed_by_a_process_that_runs(folder: Path) -> None:
    make_sealed_file()
    (folder / "master.key").unlink()
    with pytest.raises(vault.WrongKey):
        make_sealed_file()


@pytest.mark.fault("FLT-12")
@pytest.mark.truth("key-file-stays-noticed")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_process_that_noticed_the_damage_goes_on_noticing_it(damage: Callable[[Path], None], folder: Path) -> None:
    """The second answer is the first one: what was in memory before opens nothing."""
    file = make_sealed_file()
    path = folder / "master.key"
    kept = path.read_bytes()
    damage(path)
    for _again in range(3):
        with pytest.raises(vault.WrongKey):
            make_sealed_file()
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_bytes(kept)
    with decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name") == "증빙.pdf"


@pytest.mark.fault("FLT-12")
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_the_index_key_stops_look_up(damage: Callable[[Path], None], folder: Path) -> None:
    make_sealed_file()
    vault.blind_index("serial", "R5CT")
    damage(folder / "index.key")
    as_a_new_process()
    with pytest.raises(vault.WrongKey):
        vault.check_keys()
    with pytest.raises(vault.WrongKey):
        vault.blind_index("serial", "R5CT")


def test_the_right_files_again_open_everything_again(folder: Path) -> None:
    file = make_sealed_file()
    path = folder / "master.key"
    kept = path.read_bytes()
    swap(path)
    with decryption_session() as vault_session, pytest.raises(vault.WrongKey):
        vault_session.decrypt(file, "name")
    path.write_bytes(kept)
    vault.check_keys()
    with decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name") == "증빙.pdf"


def test_a_vault_with_keys_never_enrols_others(folder: Path) -> None:
    """Half a database: keys without their check values are not adopted."""
    SubjectKey.objects.create(subject_id=new_id(), category="app-log", wrapped=b"x" * 60, generation=1, created_at=NOON)
    with pytest.raises(vault.WrongKey):
        vault.enrol_keys(at=NOON)
    assert not KeyCheck.objects.exists()


def test_enrolling_writes_check_values_and_no_keys(folder: Path) -> None:
    vault.enrol_keys(at=NOON)
    vault.enrol_keys(at=NOON)
    held = key_providers.parse_key_file((folder / "master.key").read_text(), "master.key")[1]
    checks = {check.kind: bytes(check.value) for check in KeyCheck.objects.all()}
    assert set(checks) == {"master", "index"}
    assert checks["master"] == crypto.check_value(held) != held
    vault.check_keys()


@pytest.mark.law("S-22")
def test_make_keys_makes_private_files_once(tmp_path: Path) -> None:
    names = ["MASTER_KEY_FILE", "INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE"]
    with override_settings(**{name: tmp_path / "keys" / name for name in names}):
        call_command("make_keys", verbosity=0)
        contents = {}
        for name in names:
            path = tmp_path / "keys" / name
            assert path.stat().st_mode & 0o777 == 0o600
            contents[name] = path.read_bytes()
        assert len(set(contents.values())) == 3
        for name in names[:2]:
            number, key = contents[name].decode().removesuffix("\n").split(" ")
            assert (number, len(base64.b64decode(key, validate=True))) == ("1", 32)
        with pytest.raises(CommandError, match="never replaced"):
            call_command("make_keys", verbosity=0)
        (tmp_path / "keys" / names[1]).unlink()
        with pytest.raises(CommandError, match="never replaced"):
            call_command("make_keys", verbosity=0)
        call_command("make_keys", "--if-missing", verbosity=0)
        assert (tmp_path / "keys" / names[0]).read_bytes() == contents[names[0]]


def test_processes_that_start_at_once_make_one_set(tmp_path: Path) -> None:
    """Each sees an empty folder at its start; all end well, on the keys that the first one made."""
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **{setting: str(tmp_path / "keys" / name) for setting, name in FILES.items()},
    }
    script = (
        "import django; django.setup(); from django.core.management import call_command\n"
        "print('ready', flush=True); input(); call_command('make_keys', '--if-missing')"
    )
    several = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=environ,
            cwd=settings.BASE_DIR,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    assert [process.stdout.readline() for process in several if process.stdout] == ["ready\n"] * len(several)
    for process in several:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0].splitlines() for process in several]
    assert [process.returncode for process in several] == [0] * len(several)
    assert sorted(line for lines in said for line in lines) == sorted(
        f"made {tmp_path / 'keys' / name}" for name in FILES.values()
    )


@pytest.mark.asvs("13.3.1")
def test_production_makes_keys_on_purpose_only(tmp_path: Path) -> None:
    names = ["MASTER_KEY_FILE", "INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE"]
    with override_settings(DEVELOPMENT=False, **{name: tmp_path / name for name in names}):
        for arguments in ([], ["--if-missing"]):
            with pytest.raises(CommandError, match="new key opens nothing"):
                call_command("make_keys", *arguments, verbosity=0)
        assert not list(tmp_path.iterdir())
        call_command("make_keys", "--for-production", verbosity=0)
        assert all((tmp_path / name).exists() for name in names)


def test_a_master_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = "privacy.vault.key_providers.EnvironmentMasterKeys"
    with override_settings(VAULT_MASTER_KEYS=provider, MASTER_KEY_VARIABLE="PORTAL_MASTER"):
        with pytest.raises(vault.WrongKey, match="PORTAL_MASTER"):
            make_sealed_file()
        one = key_providers.format_key_file({1: b"1" * 32}).strip()
        monkeypatch.setenv("PORTAL_MASTER", one)
        file = make_sealed_file()
        with decryption_session() as vault_session:
            assert vault_session.decrypt(file, "name") == "증빙.pdf"
        with pytest.raises(vault.WrongKey, match="2"):
            key_providers.master_keys().begin(1)
        monkeypatch.setenv("PORTAL_MASTER", one + "," + key_providers.format_key_file({2: b"2" * 32}).strip())
        assert key_providers.master_keys().begin(1) == 2
        with pytest.raises(vault.WrongKey, match="1"):
            key_providers.master_keys().destroy(1)
        monkeypatch.setenv("PORTAL_MASTER", key_providers.format_key_file({2: b"2" * 32}).strip())
        key_providers.master_keys().destroy(1)


@pytest.mark.asvs("15.4.1")
@pytest.mark.attack("18")
def test_while_one_thread_reads_the_file_none_uses_what_it_held_before(folder: Path) -> None:
    """Between the look at the file and the reading of it, a generation that was ended still opened what it wrapped."""
    path, begun, go_on = folder / "race.key", threading.Event(), threading.Event()
    both = {1: bytes(32), 2: bytes(31) + b"2"}
    key_providers.write_secret(path, key_providers.format_key_file(both))
    held = key_providers.FileMasterKeys(path)
    (of_first,) = held.wrap(1, [(bytes(32), b"label")])
    wrapped = [key_providers.WrappedKey(1, of_first, b"label")]
    assert held.unwrap(wrapped) == [bytes(32)]
    key_providers.write_secret(path, key_providers.format_key_file({2: both[2]}))
    read = held._read

    def slowly() -> Mapping[int, bytes]:
        found = read()
        begun.set()
        go_on.wait(60)
        return found

    held._read = slowly  # type: ignore[method-assign]  # a slow disk
    opened: list[object] = []

    def open_it() -> None:
        try:
            opened.extend(held.unwrap(wrapped))
        except vault.WrongKey as refusal:
            opened.append(refusal)

    turning = threading.Thread(target=held.wrap, args=(2, [(bytes(32), b"label")]))
    opening = threading.Thread(target=open_it)
    turning.start()
    assert begun.wait(60)
    opening.start()
    opening.join(0.2)
    go_on.set()
    turning.join()
    opening.join()
    assert [type(one) for one in opened] == [vault.WrongKey]

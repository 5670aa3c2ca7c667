"""Turning the master key: all living keys are carried over, nothing is re-sealed, and the old generation dies."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import crypto, key_providers, keys
from privacy.vault.keyservice import client, messages
from privacy.vault.models import EncryptedFile, KeyCheck, MonthKey, SubjectKey
from privacy.vault.pkcs11_keys import Pkcs11MasterKeys
from tests.database import LOCKS_HERE, ROOT, PortalDatabase
from tests.factory import NOON, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.keyfiles import generations, in_environment, own_keys_in
from tests.privacy.vault.tokens import PROVIDER

TESTS = SystemActor("tests")


@pytest.fixture(params=["file", pytest.param("token", marks=pytest.mark.token)])
def folder(request: pytest.FixtureRequest, portal_database: PortalDatabase) -> Iterator[Path]:
    """Keys of the test's own, the master key in each of the two places where generations come and go by themselves."""
    with own_keys_in(request.param) as made:
        yield made


class AnotherIsQuicker:
    """Before this process destroys a generation, another has ended it: the worker and an operator at once."""

    overtaken = False

    def destroy(self, generation: int) -> None:
        if not self.overtaken:
            self.overtaken = True
            vault.destroy_emptied_generations(actor=TESTS, at=NOON)
        super().destroy(generation)  # type: ignore[misc]


class QuickerInTheFile(AnotherIsQuicker, key_providers.FileMasterKeys):
    """As ``AnotherIsQuicker``."""


class QuickerInTheToken(AnotherIsQuicker, Pkcs11MasterKeys):
    """As ``AnotherIsQuicker``."""


def names() -> list[str]:
    with decryption_session() as vault_session:
        return [name for _row, name in vault_session.decrypt_many(EncryptedFile.objects.order_by("id"), "name")]


def in_use() -> set[int]:
    return {
        *SubjectKey.objects.values_list("generation", flat=True),
        *MonthKey.objects.values_list("generation", flat=True),
    }


def fill_with_keys(count: int) -> None:
    """Make many keys by the real making, without rows."""
    for start in range(0, count, 5_000):
        vault.encrypt_batch(
            [
                ("vault.EncryptedFile", "name", new_id(), new_id(), "app-log", b"x")
                for _ in range(min(5_000, count - start))
            ],
            NOON,
        )


@pytest.mark.law("S-22")
@pytest.mark.asvs("11.2.2")
def test_a_turn_carries_all_over_and_touches_no_data(folder: Path) -> None:
    for number in range(3):
        make_sealed_file(name=f"{number}.pdf")
    boxes = list(EncryptedFile.objects.order_by("id").values_list("content", flat=True))
    turn = vault.rotate(actor=TESTS, at=NOON)
    assert turn == vault.RotationProgress(generation=2, carried=4, complete=True)
    assert in_use() == {2}
    assert generations(folder) == {1, 2}
    assert list(EncryptedFile.objects.order_by("id").values_list("content", flat=True)) == boxes
    keys.caches.here().clear()
    assert names() == ["0.pdf", "1.pdf", "2.pdf"]
    assert vault.destroy_emptied_generations(actor=TESTS, at=NOON) == [1]
    assert generations(folder) == {2}
    keys.caches.here().clear()
    assert names() == ["0.pdf", "1.pdf", "2.pdf"]
    words = list(
        Entry.objects.filter(word__startswith="vault.generation").order_by("id").values_list("word", flat=True)
    )
    assert [word.rpartition(".")[2] for word in words] == ["begun", "emptied", "ending", "ended"]
    vault.check_keys()


@pytest.mark.law("S-22")
@pytest.mark.clause("P7.2")
@pytest.mark.asvs("14.2.7")
def test_a_stolen_copy_of_a_destroyed_key_is_dead_after_the_turn(folder: Path, portal_database: PortalDatabase) -> None:
    """A backup taken before the destruction, put back by the superuser, opens only while the old generation lives."""
    file, kept = make_sealed_file(), make_sealed_file()
    backup = SubjectKey.objects.filter(subject_id=file.subject_id).values_list()[0]
    vault.shred_subject(subject_id=file.subject_id, categories=None, cause="x", certificate="C-1", actor=TESTS, at=NOON)
    vault.rotate(actor=TESTS, at=NOON)
    assert vault.finality("C-1") == vault.Finality(NOON, None)
    vault.destroy_emptied_generations(actor=TESTS, at=NOON)
    assert vault.finality("C-1") == vault.Finality(NOON, NOON)
    with portal_database.connect() as superuser:
        superuser.execute("ALTER TABLE vault_tombstone DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM vault_tombstone")
        superuser.execute("INSERT INTO vault_subjectkey VALUES (%s, %s, %s, %s, %s, %s)", backup)
    keys.caches.here().clear()
    with decryption_session() as vault_session:
        with pytest.raises(vault.WrongKey):
            vault_session.decrypt(file, "name")
        assert vault_session.decrypt(kept, "name")


def test_new_keys_go_under_the_new_generation_at_once(folder: Path) -> None:
    make_sealed_file()
    vault.rotate(actor=TESTS, at=NOON)
    file = make_sealed_file()
    assert SubjectKey.objects.get(subject_id=file.subject_id).generation == 2


def test_a_living_generation_is_never_destroyed(folder: Path, portal_database: PortalDatabase) -> None:
    """Even if the books said it was empty."""
    file = make_sealed_file()
    vault.rotate(actor=TESTS, at=NOON)
    with portal_database.connect() as superuser:
        superuser.execute("UPDATE vault_subjectkey SET generation = 1")
    with pytest.raises(vault.WrongKey):
        vault.destroy_emptied_generations(actor=TESTS, at=NOON)
    assert generations(folder) == {1, 2}
    assert KeyCheck.objects.get(kind="master", generation=1).ending_at is None
    assert file


def test_an_empty_vault_has_nothing_to_turn(folder: Path) -> None:
    with pytest.raises(vault.WrongKey):
        vault.rotate(actor=TESTS, at=NOON)
    assert vault.rotate_monthly(actor=TESTS, at=NOON, seconds=5) is None
    assert generations(folder) == {1}


def test_preparing_makes_the_next_generation_once_and_does_not_use_it(folder: Path) -> None:
    make_sealed_file()
    for _ in range(2):
        call_command("rotate_master_key", "--prepare", verbosity=0, stdout=StringIO())
        assert generations(folder) == {1, 2}
    make_sealed_file()
    assert in_use() == {1}
    turn = vault.rotate(actor=TESTS, at=NOON)
    assert turn is not None
    assert turn.generation == 2


def test_only_one_turn_at_a_time(folder: Path, portal_database: PortalDatabase) -> None:
    make_sealed_file()
    with portal_database.connect("portal_app") as other:
        other.execute("SELECT pg_advisory_lock(%s)", [0x7661756C74])
        assert vault.rotate(actor=TESTS, at=NOON) is None
    assert generations(folder) == {1}


def test_slices_go_on_where_the_last_one_ended(folder: Path) -> None:
    fill_with_keys(12_000)
    first = vault.rotate(actor=TESTS, at=NOON, seconds=0)
    assert first is not None
    assert not first.complete
    assert 1 in in_use()
    second = vault.rotate(actor=TESTS, at=NOON)
    assert second is not None
    assert (second.generation, second.complete) == (2, True)
    assert first.carried + second.carried == 12_001
    assert in_use() == {2}


def test_a_slow_token_is_asked_for_fewer_at_a_time(folder: Path) -> None:
    """Each request has two seconds: a batch is as large as the setting says."""
    fill_with_keys(7)
    asked: list[int] = []
    rewrap = client.ask

    def count(request: messages.Request) -> Any:
        if isinstance(request, messages.Rewrap):
            asked.append(len(request.keys.subjects) + len(request.keys.months))
        return rewrap(request)

    with override_settings(VAULT_TURN_BATCH=3), pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "ask", count)
        turn = vault.rotate(actor=TESTS, at=NOON)
    assert turn is not None
    assert (turn.carried, asked) == (8, [1, 3, 3, 1])


@pytest.mark.asvs("13.3.4")
def test_the_monthly_turn(folder: Path) -> None:
    """Once a month; the old generation ends when backups of the keys are older than the grace."""
    make_sealed_file()
    assert vault.rotate_monthly(actor=TESTS, at=NOON + timedelta(days=2), seconds=5) is None
    assert vault.rotate_monthly(actor=TESTS, at=NOON + timedelta(days=27), seconds=5) is None, "December, and too early"
    december = NOON + timedelta(days=28)
    turn = vault.rotate_monthly(actor=TESTS, at=december, seconds=5)
    assert turn is not None
    assert (turn.generation, turn.complete) == (2, True)
    for days, expected in ((1, {1, 2}), (6, {1, 2}), (7, {2}), (8, {2})):
        assert vault.rotate_monthly(actor=TESTS, at=december + timedelta(days=days), seconds=5) is None
        assert generations(folder) == expected, days
    assert names() == ["증빙.pdf"]


@pytest.mark.parametrize("folder", ["file"], indirect=True)
def test_a_running_process_drops_a_destroyed_generation(folder: Path) -> None:
    """In a token: tests/privacy/vault/test_pkcs11_keys.py."""
    make_sealed_file()
    master = key_providers.master_keys()
    vault.rotate(actor=TESTS, at=NOON)
    box = master.wrap(1, [(b"k" * 32, b"label")])[0]
    kept = key_providers.parse_key_file((folder / "master.key").read_text(), "master.key")
    key_providers.write_secret(folder / "master.key", key_providers.format_key_file({2: kept[2]}))
    with pytest.raises(vault.WrongKey):
        master.unwrap([key_providers.WrappedKey(1, box, b"label")])


@pytest.mark.asvs("11.2.2")
@pytest.mark.parametrize(
    "folder", ["file", pytest.param("token", marks=[pytest.mark.token, pytest.mark.faults])], indirect=True
)
def test_killed_again_and_again_it_resumes(folder: Path, portal_database: PortalDatabase) -> None:
    """SIGKILL in the middle of the carrying over, five times; then one turn finishes it, and only one was made."""
    fill_with_keys(40_000)
    file = make_sealed_file()
    command = [sys.executable, "manage.py", "rotate_master_key"]
    environ = {**portal_database.environ(), **in_environment(folder)}
    kills = 0
    for wanted in range(5):
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        goal = (wanted + 1) * 5_000
        while process.poll() is None and SubjectKey.objects.filter(generation=2).count() < goal:
            time.sleep(0.005)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.communicate()
        keys.caches.here().clear()
        assert names() == ["증빙.pdf"], "readable at every moment of the turn"
    assert kills == 5
    done = subprocess.run(
        [*command, "--destroy-old"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "generation 1 destroyed" in done.stdout
    again = subprocess.run(
        [*command, "--destroy-old"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (again.returncode, "nothing to destroy" in again.stdout) == (0, True), "a turn is begun by no end"
    assert in_use() == {2}
    assert generations(folder) == {2}
    assert list(KeyCheck.objects.filter(kind="master", current=True).values_list("generation", flat=True)) == [2]
    keys.caches.here().clear()
    with decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name") == "증빙.pdf"


def test_keys_made_during_a_turn_are_never_lost(folder: Path, portal_database: PortalDatabase) -> None:
    """A process that makes a key holds the current generation; the turn waits for it, then carries the key over."""
    make_sealed_file()
    with portal_database.connect("portal_app") as maker:
        maker.autocommit = False
        generation = maker.execute(
            "SELECT generation FROM vault_keycheck WHERE kind = 'master' AND current FOR SHARE"
        ).fetchone()
        assert generation == (1,)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "rotate_master_key"],
            cwd=ROOT,
            env={**portal_database.environ(), **in_environment(folder), "STATEMENT_TIMEOUT": "60s"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with connection.cursor() as cursor:
            waiting = 0
            while not waiting and process.poll() is None:
                cursor.execute(f"{LOCKS_HERE} AND NOT granted AND locktype = 'transactionid'")
                (waiting,) = cursor.fetchone() or (0,)
        subject = new_id()
        label = crypto.subject_key_label(subject.bytes, "app-log")
        box = key_providers.master_keys().wrap(1, [(crypto.new_key(), label)])[0]
        maker.execute(
            "INSERT INTO vault_subjectkey VALUES (gen_random_uuid(), %s, 'app-log', %s, 1, now())", [subject, box]
        )
        maker.commit()
        _out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error.decode()
    assert SubjectKey.objects.get(subject_id=subject).generation == 2
    assert in_use() == {2}


@pytest.mark.truth("ended-once")
def test_a_generation_that_two_end_at_once_ends_once_on_record(folder: Path) -> None:
    make_sealed_file()
    vault.rotate(actor=TESTS, at=NOON)
    quicker = QuickerInTheToken if settings.VAULT_MASTER_KEYS == PROVIDER else QuickerInTheFile
    with override_settings(VAULT_MASTER_KEYS=f"{__name__}.{quicker.__name__}"):
        vault.destroy_emptied_generations(actor=TESTS, at=NOON + timedelta(hours=1))
    assert generations(folder) == {2}
    assert Entry.objects.filter(word="vault.generation.ended").count() == 1
    assert KeyCheck.objects.get(kind="master", generation=1).ended_at == NOON


@pytest.mark.truth("two-monthly-turns")
def test_two_monthly_turns_at_once_begin_one_generation(folder: Path) -> None:
    """Between the second's question for the month and its lock the first makes the whole turn: it must ask again."""
    make_sealed_file()
    december = NOON + timedelta(days=45)
    overtaken: list[int] = []

    def another_is_quicker(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "pg_try_advisory_lock" in sql and not overtaken:
            overtaken.append(1)
            turn = vault.rotate_monthly(actor=TESTS, at=december, seconds=60)
            assert turn is not None
            assert turn.generation == 2
        return execute(sql, params, many, context)

    with connection.execute_wrapper(another_is_quicker):
        assert vault.rotate_monthly(actor=TESTS, at=december, seconds=60) is None
    assert overtaken
    assert KeyCheck.objects.get(kind="master", current=True).generation == 2

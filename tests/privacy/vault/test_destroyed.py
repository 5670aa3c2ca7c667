"""A destroyed key never returns: what it sealed can't be read, and nothing is sealed for it again, by anybody."""

import threading
from datetime import date
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.actions.key_creation import KEY_CREATION_LOCK
from privacy.vault.models import EncryptedFile, MonthKey, SubjectKey, Tombstone
from tests.base import PortalTestCase
from tests.database import LOCKS_HERE, PortalDatabase
from tests.factory import NOON, make_sealed_file
from tests.own_writes import as_the_portal
from tests.privacy.vault.decryption_sessions import decryption_session

TESTS = SystemActor("tests")


def shred(subject: UUID, categories: list[str] | None = None, certificate: str = "C-TEST") -> int:
    return vault.shred_subject(
        subject_id=subject, categories=categories, cause="retention", certificate=certificate, actor=TESTS, at=NOON
    )


class DestroyedTest(PortalTestCase):
    @pytest.mark.clause("P7.2")
    def test_a_destroyed_subject_is_neither_read_nor_sealed(self) -> None:
        file = make_sealed_file()
        assert shred(file.subject_id) == 1
        with decryption_session() as vault_session, self.assertRaises(vault.Destroyed):
            vault_session.decrypt(file, "name")
        with decryption_session() as vault_session, self.assertRaises(vault.Destroyed):
            list(vault_session.decrypt_many([file], "name"))
        with self.assertRaises(vault.Destroyed) as refused:
            make_sealed_file(subject_id=file.subject_id)
        assert refused.exception.keys == {("subject", (file.subject_id, "device-registration"))}
        assert vault.is_destroyed(file.subject_id, "device-registration")

    def test_all_categories_means_coming_ones_too(self) -> None:
        subject = new_id()
        assert shred(subject) == 0
        with self.assertRaises(vault.Destroyed):
            make_sealed_file(subject_id=subject, category="app-log")

    def test_one_category_leaves_the_others(self) -> None:
        subject = new_id()
        gone = make_sealed_file(subject_id=subject, category="app-log")
        kept = make_sealed_file(subject_id=subject, category="device-registration")
        assert shred(subject, ["app-log"]) == 1
        with decryption_session() as vault_session:
            assert vault_session.decrypt(kept, "name") == "증빙.pdf"
            with self.assertRaises(vault.Destroyed):
                vault_session.decrypt(gone, "name")
        assert not vault.is_destroyed(subject, "device-registration")

    def test_no_category_destroys_nothing(self) -> None:
        file = make_sealed_file()
        assert shred(file.subject_id, []) == 0
        assert not Tombstone.objects.filter(subject_id=file.subject_id).exists()

    @pytest.mark.clause("P6.3")
    def test_an_epoch_takes_everybodys_month_and_no_other(self) -> None:
        january = NOON.replace(month=1)
        gone = [make_sealed_file(category="app-log", at=january) for _ in range(3)]
        kept = make_sealed_file(category="app-log", at=january.replace(month=2), subject_id=gone[0].subject_id)
        other = make_sealed_file(category="device-registration", at=january)
        month = date(2026, 1, 20)
        assert vault.shred_month(
            category="app-log", month=month, cause="retention", certificate="C-1", actor=TESTS, at=NOON
        )
        self.assertLedgered("vault.epoch.shredded")
        with decryption_session() as vault_session:
            for file in gone:
                with self.assertRaises(vault.Destroyed):
                    vault_session.decrypt(file, "name")
            assert vault_session.decrypt(kept, "name") == vault_session.decrypt(other, "name") == "증빙.pdf"
        with self.assertRaises(vault.Destroyed):
            make_sealed_file(category="app-log", at=january)
        assert not vault.shred_month(
            category="app-log", month=month, cause="retention", certificate="C-2", actor=TESTS, at=NOON
        )
        assert Tombstone.objects.get(category="app-log", month=date(2026, 1, 1)).certificate == "C-1"

    def test_shredding_again_changes_nothing(self) -> None:
        file = make_sealed_file()
        shred(file.subject_id)
        assert shred(file.subject_id, certificate="C-LATER") == 0
        assert Tombstone.objects.get(subject_id=file.subject_id).certificate == "C-TEST"

    def test_many_subjects_in_one_act(self) -> None:
        files = [make_sealed_file() for _ in range(5)]
        keys_destroyed = vault.shred_subjects(
            subject_ids=[file.subject_id for file in files],
            categories=["device-registration", "app-log"],
            cause="retention",
            certificate="C-MANY",
            actor=TESTS,
            at=NOON,
        )
        assert keys_destroyed == 5
        assert Tombstone.objects.filter(certificate="C-MANY").count() == 10
        assert str(files[0].subject_id) in self.assertLedgered("vault.subject.shredded").payload

    def test_reading_many_leaves_the_destroyed_out(self) -> None:
        files = [make_sealed_file(case="K7-MANY", name=f"{number}.pdf") for number in range(4)]
        shred(files[1].subject_id)
        with decryption_session() as vault_session:
            rows = EncryptedFile.objects.filter(case="K7-MANY").order_by("id")
            assert [name for _row, name in vault_session.decrypt_many(rows, "name")] == ["0.pdf", "2.pdf", "3.pdf"]

    def test_the_tables_themselves_refuse_a_key_for_the_destroyed(self) -> None:
        file = make_sealed_file(category="app-log")
        shred(file.subject_id)
        vault.shred_month(category="app-log", month=NOON, cause="x", certificate="C", actor=TESTS, at=NOON)
        for row in (
            SubjectKey(subject_id=file.subject_id, category="other", wrapped=b"w", generation=1, created_at=NOON),
            MonthKey(category="app-log", month=date(2026, 11, 1), wrapped=b"w", generation=1, created_at=NOON),
        ):
            with self.assertRaisesMessage(IntegrityError, "vault_destroyed_key_never_returns"), transaction.atomic():
                row.save(force_insert=True)

    def test_tombstones_never_change_or_go(self) -> None:
        shred(new_id())
        for statement in ("DELETE FROM vault_tombstone", "UPDATE vault_tombstone SET cause = 'x'"):
            with as_the_portal(), self.assertRaises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


@pytest.mark.clause("P7.2")
def test_a_shred_by_another_process_beats_our_cache(portal_database: PortalDatabase) -> None:
    """Its keys are still in this process's cache; the next call finds the tombstone and refuses."""
    file, kept = make_sealed_file(), make_sealed_file()
    with decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name")
        name = (file.subject_id, "device-registration", vault.month_of(NOON))
        assert name in keys.caches.here().get([name])
        code = (
            "import django; django.setup();"
            "from uuid import UUID; from privacy.lib.dates import clock; from privacy.ledger.actors import SystemActor;"
            "from privacy.vault import actions as vault;"
            f"vault.shred_subject(subject_id=UUID('{file.subject_id}'), categories=None, cause='x', certificate='C',"
            " actor=SystemActor('tests'), at=clock.now())"
        )
        done = portal_database.manage("shell", "--no-imports", "-c", code)
        assert done.returncode == 0, done.stderr
        with pytest.raises(vault.Destroyed):
            vault_session.decrypt(file, "name")
        with pytest.raises(vault.Destroyed):
            make_sealed_file(subject_id=file.subject_id)
        assert vault_session.decrypt(kept, "name")


def test_a_key_in_the_making_loses_to_a_shred(portal_database: PortalDatabase) -> None:
    """Another transaction destroys and has not committed; our insert waits, then meets the tombstone."""
    subject = new_id()
    make_sealed_file()
    with portal_database.connect("postgres") as other:
        other.autocommit = False
        other.execute("SELECT pg_advisory_xact_lock(%s)", [KEY_CREATION_LOCK])
        other.execute(
            "INSERT INTO vault_tombstone (id, subject_id, category, cause, certificate, destroyed_at)"
            " VALUES (gen_random_uuid(), %s, '', 'x', 'C', now())",
            [subject],
        )
        outcome: list[object] = []

        def seal() -> None:
            try:
                outcome.append(make_sealed_file(subject_id=subject))
            except vault.Destroyed as refusal:
                outcome.append(refusal)
            finally:
                connections.close_all()

        thread = threading.Thread(target=seal)
        thread.start()
        with portal_database.connect() as watcher:
            waiting = f"{LOCKS_HERE} AND NOT granted AND locktype = 'advisory'"
            while not outcome and watcher.execute(waiting).fetchone() == (0,):
                continue
        assert outcome == []
        other.commit()
        thread.join()
    assert isinstance(outcome[0], vault.Destroyed)
    assert not SubjectKey.objects.filter(subject_id=subject).exists()

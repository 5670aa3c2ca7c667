"""Reading many rows: one record with subjects and count, nothing beyond what is on record, memory flat."""

import json

import pytest

from devices.models import Device
from privacy.ledger.models import Entry
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.factory import NOON, make_freeze, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session


class ReadingManyTest(PortalTestCase):
    @pytest.mark.clause("P8.3")
    def test_one_record_with_subjects_and_count(self) -> None:
        subjects = [new_id() for _ in range(3)]
        for number in range(9):
            make_sealed_file(subject_id=subjects[number % 3], case="K7-MANY")
        rows = EncryptedFile.objects.filter(case="K7-MANY")
        for source in (rows, list(rows), rows.order_by("id")[:9], (row for row in rows)):
            before = Entry.objects.filter(word="ledger.read").count()
            with decryption_session() as vault_session:
                assert len(list(vault_session.decrypt_many(source, "name"))) == 9
            assert Entry.objects.filter(word="ledger.read").count() == before + 1
            payload = json.loads(self.assertLedgered("ledger.read").payload)
            assert payload["count"] == 9
            assert set(payload["subjects"]) == {str(subject) for subject in subjects}
            assert payload["facts"]["fields"] == ["name"]

    def test_the_record_is_written_before_the_first_row_is_asked_for(self) -> None:
        make_sealed_file(case="K7-MANY")
        before = Entry.objects.filter(word="ledger.read").count()
        with decryption_session() as vault_session:
            vault_session.decrypt_many(EncryptedFile.objects.filter(case="K7-MANY"), "name")
            assert Entry.objects.filter(word="ledger.read").count() == before + 1

    def test_a_row_that_came_in_after_the_record_stays_shut(self) -> None:
        make_sealed_file(case="K7-MANY", name="recorded.pdf")
        with decryption_session() as vault_session:
            reading = vault_session.decrypt_many(EncryptedFile.objects.filter(case="K7-MANY").order_by("id"), "name")
            make_sealed_file(case="K7-MANY", name="later.pdf")
            assert [name for _row, name in reading] == ["recorded.pdf"]

    def test_nothing_to_read_needs_no_record(self) -> None:
        before = Entry.objects.filter(word="ledger.read").count()
        with decryption_session() as vault_session:
            assert list(vault_session.decrypt_many([], "name")) == []
            assert list(vault_session.decrypt_many(EncryptedFile.objects.none(), "name")) == []
            assert list(vault_session.decrypt_many(EncryptedFile.objects.filter(case="nobody's"), "name")) == []
        assert Entry.objects.filter(word="ledger.read").count() == before

    @pytest.mark.attack("17.18")
    def test_one_frozen_subject_is_left_out_of_a_reading_of_many_and_told(self) -> None:
        files = [make_sealed_file(category="app-log") for _ in range(3)]
        held = make_freeze(files[1].subject_id)
        everything = EncryptedFile.objects.filter(id__in=[file.id for file in files])
        for rows in (files, everything):
            with decryption_session(Purpose.ERROR_ANALYSIS) as vault_session:
                read = {row.id for row, _name in vault_session.decrypt_many(rows, "name")}
                assert read == {files[0].id, files[2].id}
                assert vault_session.left_out == [held]
        assert str(files[1].subject_id) not in self.assertLedgered("ledger.read").payload
        self.assertLedgered("vault.opening.denied")

    def test_a_reading_of_frozen_subjects_only_is_refused(self) -> None:
        files = [make_sealed_file(category="app-log") for _ in range(2)]
        for file in files:
            make_freeze(file.subject_id, case=f"K7-{file.id.hex[:6]}")
        with decryption_session(Purpose.ERROR_ANALYSIS) as vault_session, self.assertRaises(vault.Frozen):
            vault_session.decrypt_many(files, "name")

    @pytest.mark.attack("17.18")
    def test_a_frozen_record_is_left_out_and_the_others_of_the_person_are_read(self) -> None:
        subject = new_id()
        files = [make_sealed_file(subject_id=subject, category="app-log") for _ in range(3)]
        held = make_freeze(subject, category="app-log", item="app_log", record_id=files[1].id)
        for rows in (files, EncryptedFile.objects.filter(subject_id=subject)):
            with decryption_session(Purpose.ERROR_ANALYSIS) as vault_session:
                assert len(list(vault_session.decrypt_many(rows, "name"))) == 2
                assert vault_session.left_out == [held]
        with decryption_session(Purpose.ERROR_ANALYSIS) as vault_session, self.assertRaises(vault.Frozen):
            vault_session.decrypt(files[1], "name")
        assert not vault.active_freezes(subject, "app-log", at=NOON)
        assert vault.active_freezes(subject, "app-log", record_id=files[1].id, at=NOON) == [held]

    def test_several_fields_on_one_record(self) -> None:
        file = make_sealed_file(name="a.pdf", content=b"A")
        with decryption_session() as vault_session:
            assert list(vault_session.decrypt_many_fields([file], ["name", "content"])) == [
                (file, {"name": "a.pdf", "content": b"A"})
            ]

    def test_rows_of_several_categories_are_checked_each(self) -> None:
        subject = new_id()
        files = [
            make_sealed_file(subject_id=subject, category="app-log"),
            make_sealed_file(subject_id=subject, category="device-registration"),
        ]
        with decryption_session(Purpose.ERROR_ANALYSIS) as vault_session:
            assert list(vault_session.decrypt_many(files[:1], "name"))
            with self.assertRaises(vault.PurposeNotDeclared):
                vault_session.decrypt_many(files, "name")

    def test_all_destroyed_is_said(self) -> None:
        from privacy.ledger.actors import SystemActor

        files = [make_sealed_file(case="K7-MANY") for _ in range(2)]
        for file in files:
            vault.shred_subject(
                subject_id=file.subject_id,
                categories=None,
                cause="x",
                certificate="C",
                actor=SystemActor("tests"),
                at=file.stored_at,
            )
        with decryption_session() as vault_session, self.assertRaises(vault.Destroyed):
            list(vault_session.decrypt_many(EncryptedFile.objects.filter(case="K7-MANY"), "name"))

    def test_a_missing_key_that_nobody_destroyed_is_an_alarm(self) -> None:
        from privacy.vault.models import SubjectKey

        file = make_sealed_file()
        SubjectKey.objects.filter(subject_id=file.subject_id).delete()
        with decryption_session() as vault_session, self.assertRaises(vault.WrongKey):
            vault_session.decrypt(file, "name")


@pytest.mark.truth("empty-row-without-a-key")
class AnEmptyRow(PortalTestCase):
    def test_of_somebody_who_never_had_a_key_reads_as_empty(self) -> None:
        """It was told as a key that is missing from the vault, which calls for restoring the database."""
        with decryption_session() as vault_session:
            assert vault_session.decrypt(Device(id=new_id(), subject_id=new_id()), "model") is None

"""Reading many rows: one record with subjects and count, nothing beyond what is on record, memory flat."""

import json

import pytest

from privacy.ledger.models import Entry
from privacy.lib.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.factory import make_freeze, make_sealed_file
from tests.privacy.vault.doors import open_door


class ReadingManyTest(PortalTestCase):
    @pytest.mark.clause("P8.3")
    def test_one_record_with_subjects_and_count(self) -> None:
        subjects = [new_id() for _ in range(3)]
        for number in range(9):
            make_sealed_file(subject_id=subjects[number % 3], case="K7-MANY")
        rows = SealedFile.objects.filter(case="K7-MANY")
        for source in (rows, list(rows), rows.order_by("id")[:9], (row for row in rows)):
            before = Entry.objects.filter(word="ledger.read").count()
            with open_door() as door:
                assert len(list(door.reveal_many(source, "name"))) == 9
            assert Entry.objects.filter(word="ledger.read").count() == before + 1
            payload = json.loads(self.assertLedgered("ledger.read").payload)
            assert payload["count"] == 9
            assert set(payload["subjects"]) == {str(subject) for subject in subjects}
            assert payload["facts"]["fields"] == ["name"]

    def test_the_record_is_written_before_the_first_row_is_asked_for(self) -> None:
        make_sealed_file(case="K7-MANY")
        before = Entry.objects.filter(word="ledger.read").count()
        with open_door() as door:
            door.reveal_many(SealedFile.objects.filter(case="K7-MANY"), "name")
            assert Entry.objects.filter(word="ledger.read").count() == before + 1

    def test_a_row_that_came_in_after_the_record_stays_shut(self) -> None:
        make_sealed_file(case="K7-MANY", name="recorded.pdf")
        with open_door() as door:
            reading = door.reveal_many(SealedFile.objects.filter(case="K7-MANY").order_by("id"), "name")
            make_sealed_file(case="K7-MANY", name="later.pdf")
            assert [name for _row, name in reading] == ["recorded.pdf"]

    def test_nothing_to_read_needs_no_record(self) -> None:
        before = Entry.objects.filter(word="ledger.read").count()
        with open_door() as door:
            assert list(door.reveal_many([], "name")) == []
            assert list(door.reveal_many(SealedFile.objects.none(), "name")) == []
            assert list(door.reveal_many(SealedFile.objects.filter(case="nobody's"), "name")) == []
        assert Entry.objects.filter(word="ledger.read").count() == before

    def test_one_frozen_subject_shuts_the_whole_reading(self) -> None:
        files = [make_sealed_file(category="app-log") for _ in range(3)]
        make_freeze(files[1].subject_id)
        with open_door(Purpose.ERROR_ANALYSIS) as door, self.assertRaises(vault.Frozen):
            door.reveal_many(files, "name")
        with open_door(Purpose.ERROR_ANALYSIS) as door:
            assert len(list(door.reveal_many([files[0], files[2]], "name"))) == 2

    def test_several_fields_on_one_record(self) -> None:
        file = make_sealed_file(name="a.pdf", content=b"A")
        with open_door() as door:
            assert list(door.reveal_many_items([file], ["name", "content"])) == [
                (file, {"name": "a.pdf", "content": b"A"})
            ]

    def test_rows_of_several_categories_are_checked_each(self) -> None:
        subject = new_id()
        files = [
            make_sealed_file(subject_id=subject, category="app-log"),
            make_sealed_file(subject_id=subject, category="device-registration"),
        ]
        with open_door(Purpose.ERROR_ANALYSIS) as door:
            assert list(door.reveal_many(files[:1], "name"))
            with self.assertRaises(vault.PurposeNotDeclared):
                door.reveal_many(files, "name")

    def test_all_destroyed_is_said(self) -> None:
        from privacy.ledger.actors import System

        files = [make_sealed_file(case="K7-MANY") for _ in range(2)]
        for file in files:
            vault.shred_subject(
                subject_id=file.subject_id,
                categories=None,
                cause="x",
                certificate="C",
                actor=System("tests"),
                at=file.stored_at,
            )
        with open_door() as door, self.assertRaises(vault.Destroyed):
            list(door.reveal_many(SealedFile.objects.filter(case="K7-MANY"), "name"))

    def test_a_missing_key_that_nobody_destroyed_is_an_alarm(self) -> None:
        from privacy.vault.models import SubjectKey

        file = make_sealed_file()
        SubjectKey.objects.filter(subject_id=file.subject_id).delete()
        with open_door() as door, self.assertRaises(vault.WrongKey):
            door.reveal(file, "name")

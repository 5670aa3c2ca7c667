"""Sealing: values of each kind come back as they were; batches need a handful of queries; the epoch is the event's."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import crypto
from privacy.vault.encryption_options import options_of
from privacy.vault.fields import (
    DATE,
    JSON,
    TEXT,
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedModel,
    EncryptedTextField,
    EncryptedValue,
)
from privacy.vault.models import EncryptedFile, MonthKey, SubjectKey
from tests.base import PortalTestCase
from tests.factory import NOON, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session


class EncryptionTest(PortalTestCase):
    @isolate_apps("privacy.vault")
    def test_text_json_and_dates_come_back(self) -> None:
        class Record(EncryptedModel):
            id = models.UUIDField(primary_key=True, default=new_id)
            subject_id = models.UUIDField(default=new_id)
            text = EncryptedTextField(null=True)
            body = EncryptedJSONField(null=True)
            born_on = EncryptedDateField(null=True)
            serial = EncryptedTextField(null=True, index="serial")

            class Encryption:
                subject = "subject_id"
                category = "app-log"

            class Meta:
                app_label = "vault"

        record = Record()
        body = {"오류": ["E01", 3, 1.5, None, True], "": {}}
        values = {"text": "정민아", "body": body, "born_on": date(2000, 2, 29), "serial": "r5ct"}
        vault.encrypt(record, values, at=NOON)
        assert isinstance(record.text, EncryptedValue)
        assert record.serial_index == vault.blind_index("serial", "R5CT")  # type: ignore[attr-defined]
        with decryption_session() as vault_session:
            assert vault_session.decrypt_fields(record, list(values)) == values
        vault.encrypt(record, {"text": None, "serial": None}, at=NOON)
        assert record.text is record.serial is record.serial_index is None  # type: ignore[attr-defined]
        with decryption_session() as vault_session:
            assert vault_session.decrypt(record, "text") is None
        with self.assertRaises(TypeError):
            vault.encrypt(record, {"text": 5}, at=NOON)
        with self.assertRaises(ValueError):
            vault.encrypt(record, {"body": float("nan")}, at=NOON)
        with self.assertRaises(TypeError):
            vault.encrypt(record, {"subject_id": "x"}, at=NOON)

    @isolate_apps("privacy.vault")
    def test_a_bad_identifier_seals_nothing(self) -> None:
        class Thing(EncryptedModel):
            id = models.UUIDField(primary_key=True, default=new_id)
            subject_id = models.UUIDField(default=new_id)
            imei = EncryptedTextField(null=True, index="imei")
            note = EncryptedTextField(null=True)

            class Encryption:
                subject = "subject_id"
                category = "app-log"

            class Meta:
                app_label = "vault"

        thing = Thing()
        with self.assertRaises(vault.InvalidIdentifier):
            vault.encrypt(thing, {"note": "n", "imei": "490154203237519"}, at=NOON)
        assert thing.note is None
        assert not SubjectKey.objects.filter(subject_id=thing.subject_id).exists()

    @isolate_apps("privacy.vault")
    def test_a_row_without_a_subject_is_not_sealed(self) -> None:
        class Orphan(EncryptedModel):
            id = models.UUIDField(primary_key=True, default=new_id)
            subject_id = models.UUIDField(null=True)
            note = EncryptedTextField(null=True)

            class Encryption:
                subject = "subject_id"
                category = "app-log"

            class Meta:
                app_label = "vault"

        with self.assertRaises(TypeError):
            vault.encrypt(Orphan(), {"note": "n"}, at=NOON)

    def test_the_epoch_is_the_month_in_korea(self) -> None:
        """An hour before midnight of New Year's Eve in Seoul, and an hour after, by the clock of UTC."""
        before, after = datetime(2026, 12, 31, 14, 0, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
        assert crypto.month_of_ciphertext(make_sealed_file(at=before).name.ciphertext) == date(2026, 12, 1)
        assert crypto.month_of_ciphertext(make_sealed_file(at=after).name.ciphertext) == date(2027, 1, 1)
        assert vault.month_of(before) == date(2026, 12, 1)
        assert vault.month_of(date(2027, 1, 15)) == date(2027, 1, 1)

    def test_a_batch_is_sealed_like_single_values(self) -> None:
        subjects = [new_id() for _ in range(5)]
        files = [
            EncryptedFile(subject_id=subjects[number % 5], category="app-log", case="K", stored_at=NOON, size=0)
            for number in range(20)
        ]
        months = [date(2026, 1 + number % 3, 1) for number in range(20)]
        boxes = vault.encrypt_batch(
            [
                ("vault.EncryptedFile", "content", file.id, file.subject_id, "app-log", b"%d" % number)
                for number, file in enumerate(files)
            ],
            NOON,
            months=months,
        )
        for file, box in zip(files, boxes, strict=True):
            file.content = EncryptedValue(box)
        with decryption_session() as vault_session:
            assert [content for _row, content in vault_session.decrypt_many(files, "content")] == [
                b"%d" % n for n in range(20)
            ]
        assert [crypto.month_of_ciphertext(box) for box in boxes] == months
        assert vault.encrypt_batch([], NOON) == []

    def test_a_batch_asks_one_question_whatever_its_size(self) -> None:
        for size in (1, 300):
            rows = [("vault.EncryptedFile", "name", new_id(), new_id(), "app-log", b"x") for _ in range(size)]
            vault.encrypt_batch(rows, NOON)
            with self.assertNumQueries(1):
                vault.encrypt_batch(rows, NOON)

    def test_one_destroyed_subject_refuses_its_batch_by_name(self) -> None:
        from privacy.ledger.actors import SystemActor

        gone, kept = new_id(), new_id()
        vault.shred_subject(
            subject_id=gone, categories=None, cause="x", certificate="C", actor=SystemActor("tests"), at=NOON
        )
        rows = [("vault.EncryptedFile", "name", new_id(), subject, "app-log", b"x") for subject in (gone, kept)]
        with self.assertRaises(vault.Destroyed) as refused:
            vault.encrypt_batch(rows, NOON)
        assert refused.exception.keys == {("subject", (gone, "app-log"))}
        assert len(vault.encrypt_batch(rows[1:], NOON)) == 1

    def test_epoch_keys_are_made_ahead(self) -> None:
        made = vault.create_month_keys(["app-log", "service-analytics"], [date(2027, 3, 9), date(2027, 4, 1)], at=NOON)
        assert made == 4
        vault.create_month_keys(["app-log"], [date(2027, 3, 1)], at=NOON)
        assert MonthKey.objects.filter(month__year=2027).count() == 4

    @isolate_apps("privacy.vault")
    def test_a_wrong_declaration_is_named(self) -> None:
        class NoSealing(EncryptedModel):
            note = EncryptedTextField()

            class Meta:
                app_label = "vault"

        class TwoCategories(EncryptedModel):
            note = EncryptedTextField()
            subject_id = models.UUIDField()

            class Encryption:
                subject = "subject_id"
                category = "a"
                category_from = "b"

            class Meta:
                app_label = "vault"

        class NoSuchColumn(EncryptedModel):
            note = EncryptedTextField()

            class Encryption:
                subject = "owner_id"
                category = "a"

            class Meta:
                app_label = "vault"

        for model in (NoSealing, TwoCategories, NoSuchColumn):
            with self.assertRaises(ImproperlyConfigured):
                options_of(model)


@given(st.text(), st.dates())
def test_text_and_dates_survive_their_codecs(text: str, day: date) -> None:
    import unicodedata

    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert TEXT.decode(TEXT.encode(text)) == unicodedata.normalize("NFC", text)
    assert DATE.decode(DATE.encode(day)) == DATE.decode(DATE.encode(day.isoformat())) == day


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=200)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text('가a"\\'),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("가a"), inner, max_size=4),
        max_leaves=20,
    )
)
def test_json_survives_its_codec(value: object) -> None:
    assert JSON.decode(JSON.encode(value)) == value


@pytest.mark.parametrize("month", [date(2000, 1, 1), date(2026, 12, 1), date(2099, 7, 1)])
def test_the_header_tells_the_epoch(month: date) -> None:
    box = crypto.header(month) + bytes(crypto.OVERHEAD)
    assert crypto.month_of_ciphertext(box) == month

"""Whole columns are sealed at once: the boxes open like any other, and a destroyed key is met each time."""

from datetime import date

import pytest

from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import crypto
from privacy.vault.refusals import InvalidCiphertext
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.vault.ciphers import cipher_of

CATEGORY, MONTH = "service-analytics", date(2026, 11, 1)


class ColumnTest(PortalTestCase):
    def setUp(self) -> None:
        self.subjects = [new_id(), new_id()]
        self.rows = [new_id() for _each in range(4)]

    def column(self) -> vault.PlaintextColumn:
        return vault.PlaintextColumn(
            "devices.Report", "body", CATEGORY, MONTH, [subject.bytes for subject in self.subjects], [0, 1, 1, 0],
            [row.bytes for row in self.rows], [b"a", b"b", b"c", b"d"],
        )  # fmt: skip

    def test_each_box_opens_in_its_own_place_only(self) -> None:
        [boxes] = vault.encrypt_columns([self.column()], factory.NOON)
        where = crypto.associated_data("devices.Report", "body", CATEGORY)
        for box, row, place, plain in zip(boxes, self.rows, (0, 1, 1, 0), (b"a", b"b", b"c", b"d"), strict=True):
            owner, other = self.subjects[place], self.subjects[1 - place]
            cipher, others = (cipher_of(one, CATEGORY, MONTH, at=factory.NOON) for one in (owner, other))
            assert crypto.decrypt(cipher, box, where, row, owner) == plain
            for wrong in ((others, row, other), (cipher, new_id(), owner)):
                with self.assertRaises(InvalidCiphertext):
                    crypto.decrypt(wrong[0], box, where, *wrong[1:])

    def test_it_seals_as_the_batch_does(self) -> None:
        [boxes] = vault.encrypt_columns([self.column()], factory.NOON)
        [box] = vault.encrypt_batch(
            [("devices.Report", "body", self.rows[0], self.subjects[0], CATEGORY, b"a")], factory.NOON, months=[MONTH]
        )
        assert len(box) == len(boxes[0])
        assert box[: crypto.HEADER_BYTES] == boxes[0][: crypto.HEADER_BYTES]

    @pytest.mark.asvs("11.3.4")
    def test_no_nonce_stands_twice(self) -> None:
        [boxes] = vault.encrypt_columns([self.column()], factory.NOON)
        end = crypto.HEADER_BYTES + crypto.NONCE_BYTES
        assert len({box[crypto.HEADER_BYTES : end] for box in boxes}) == len(boxes)

    def test_a_key_destroyed_since_the_last_call_is_met(self) -> None:
        vault.encrypt_columns([self.column()], factory.NOON)
        vault.shred_subject(
            subject_id=self.subjects[1], categories=[CATEGORY], cause="test", certificate="X",
            actor=SystemActor("tests"), at=factory.NOON,
        )  # fmt: skip
        with self.assertRaises(vault.Destroyed) as raised:
            vault.encrypt_columns([self.column()], factory.NOON)
        assert raised.exception.keys == {("subject", (self.subjects[1], CATEGORY))}

    def test_a_destroyed_month_is_met_too(self) -> None:
        vault.encrypt_columns([self.column()], factory.NOON)
        vault.shred_month(
            category=CATEGORY, month=MONTH, cause="test", certificate="X", actor=SystemActor("tests"), at=factory.NOON
        )
        with self.assertRaises(vault.Destroyed) as raised:
            vault.encrypt_columns([self.column()], factory.NOON)
        assert raised.exception.keys == {("epoch", (CATEGORY, MONTH))}

    def test_another_category_of_a_destroyed_subject_goes_on(self) -> None:
        vault.shred_subject(
            subject_id=self.subjects[1], categories=["app-log"], cause="test", certificate="X",
            actor=SystemActor("tests"), at=factory.NOON,
        )  # fmt: skip
        assert len(vault.encrypt_columns([self.column()], factory.NOON)[0]) == 4

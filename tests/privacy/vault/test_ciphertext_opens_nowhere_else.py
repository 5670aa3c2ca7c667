"""Every sealed field of every app: its box opens at home, and nowhere else among all of them (SEC-23)."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.decryption_plan import DecryptionPlan
from privacy.vault.encryption_options import EncryptionOptions, encrypted_fields, options_of
from privacy.vault.fields import DATE, JSON, TEXT, Codec, EncryptedField, EncryptedValue
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.privacy.vault.decryption_sessions import decryption_session

# Rows of models whose category is a column; any known or unknown one will do.
CATEGORY = "app-log"
SAMPLES: dict[int, Any] = {id(TEXT): "CNRY-0042", id(JSON): {"CNRY": 42}, id(DATE): NOON.date()}


def sample(codec: Codec) -> Any:
    return SAMPLES.get(id(codec), b"CNRY-0042")


def a_row(model: type[models.Model], declared: EncryptionOptions) -> models.Model:
    """Return an unsaved row of its own with a subject of its own."""
    row = model()
    for attribute in {declared.row, declared.subject}:
        setattr(row, attribute, new_id())
    if declared.category_from:
        setattr(row, declared.category_from, CATEGORY)
    for field in encrypted_fields(model):
        if field.item_from:
            setattr(row, field.item_from, "imei")
    return row


def sealed_at(row: models.Model, declared: EncryptionOptions, field: EncryptedField) -> EncryptedValue:
    """Seal a sample for one field of one row, as intake does it."""
    place = (declared.label, field.name, declared.row_of(row), declared.subject_of(row), declared.category_of(row))
    (box,) = vault.encrypt_batch([(*place, field.codec.encode(sample(field.codec)))], NOON)
    return EncryptedValue(box)


class EverywhereTest(PortalTestCase):
    @pytest.mark.asvs("11.3.3")
    @pytest.mark.clause("P8.4")
    def test_each_box_opens_at_home_only(self) -> None:
        cells = []
        for model in apps.get_models():
            for field in encrypted_fields(model):
                declared = options_of(model)
                for _row in range(2):
                    row = a_row(model, declared)
                    cells.append((row, field, sealed_at(row, declared, field)))
        assert len(cells) >= 40, "the portal has sealed fields"
        with decryption_session() as vault_session:
            for row, field, box in cells:
                setattr(row, field.name, box)
                assert vault_session.decrypt(row, field.name) == sample(field.codec)
        people = {options_of(type(row)).subject_of(row) for row, _field, _box in cells}
        categories = sorted({options_of(type(row)).category_of(row) for row, _field, _box in cells})
        number = ledger.record_read(
            actor=SystemActor("tests"), at=None, subjects=people, task="vault.tests.tried", purpose="rights",
            facts={"categories": categories},
        )  # fmt: skip
        record = keys.AccessRecord(number, people)
        foreign = 0
        for row, field, own in cells:
            plan = DecryptionPlan(type(row), [field.name])
            for _row, _field, box in cells:
                if box is not own:
                    setattr(row, field.name, box)
                    with self.assertRaises(vault.InvalidCiphertext):
                        plan.open([(row, plan.of_row(row))], record=record)
                    foreign += 1
            setattr(row, field.name, own)
        assert foreign == len(cells) * (len(cells) - 1)

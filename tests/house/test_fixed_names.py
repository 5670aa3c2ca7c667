"""What enters a hash, a seal or a signature is named by fixed strings: a class or an attribute may be renamed."""

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from devices.models import Device
from privacy.ledger.entries.payloads import about_key
from privacy.lib.record_labels import about_label, record_label
from privacy.vault import crypto
from privacy.vault.checks import errors_of, our_models
from privacy.vault.encryption_options import encrypted_field, encrypted_fields, options_of
from privacy.vault.fields import EncryptedTextField

ROOT = Path(__file__).resolve().parents[2]
KNOWN = json.loads((ROOT / "tests/house/fixed_names.json").read_text())


def told(where: str, known: list[str], found: list[str]) -> str:
    """Say what a fixed list lacks, or which of its names, which never change, are no longer used."""
    new, gone = ([name for name in a if name not in b] for a, b in ((found, known), (known, found)))
    said = [f"add {', '.join(new)}"] if new else []
    said += [f"a fixed name never changes, yet gone is {', '.join(gone)}"] if gone else []
    return (
        f"tests/house/fixed_names.json, {where}: {'; '.join(said) or 'other order'} (in this order: {', '.join(found)})"
    )


def test_every_model_has_its_fixed_label_and_none_has_changed() -> None:
    """Add a new model's label. A changed one is refused: what was sealed or recorded under it could not be found."""
    found = sorted(record_label(model) for model in our_models())
    assert found == KNOWN["labels"], told("labels", KNOWN["labels"], found)


def test_every_sealed_field_has_its_fixed_name() -> None:
    fields = {record_label(model): [f.sealed_as for f in encrypted_fields(model)] for model in our_models()}
    found = {label: names for label, names in fields.items() if names}
    differ = [
        told(f"sealed, {label}", KNOWN["sealed"].get(label, []), found.get(label, []))
        for label in sorted(found.keys() | KNOWN["sealed"].keys())
        if found.get(label) != KNOWN["sealed"].get(label)
    ]
    assert not differ, "\n".join(differ)


def test_what_differs_is_told_by_file_and_name() -> None:
    assert told("sealed, a.B", ["imei", "model"], ["imei", "model", "esim"]) == (
        "tests/house/fixed_names.json, sealed, a.B: add esim (in this order: imei, model, esim)"
    )
    assert "never changes, yet gone is imei" in told("labels", ["imei", "model"], ["model"])
    assert "other order" in told("labels", ["imei", "model"], ["model", "imei"])


def test_a_model_of_ours_without_a_label_is_refused() -> None:
    class Unnamed(models.Model):  # noqa: DJ008 - never shown
        class Meta:
            app_label = "rights"
            managed = False

    try:
        Unnamed.__module__ = "privacy.rights.models"
        with pytest.raises(ImproperlyConfigured, match="record_label"):
            record_label(Unnamed)
    finally:
        del apps.all_models["rights"]["unnamed"]
        apps.clear_cache()


def test_associated_data_and_about_follow_the_label_not_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Device(id=UUID(int=1))
    assert about_key(row) == f"devices.device:{UUID(int=1)}"
    options_of.cache_clear()
    monkeypatch.setattr(Device._meta, "model_name", "phone")
    monkeypatch.setattr(Device._meta, "object_name", "Phone")
    assert Device._meta.label == "devices.Phone"
    assert about_key(row) == f"devices.device:{UUID(int=1)}"
    assert about_label(Device) == "devices.device"
    assert options_of(Device).label == "devices.Device"
    options_of.cache_clear()


def test_the_associated_data_of_a_box_has_a_known_answer() -> None:
    """Fixed for good: a box that was made before must open. Source: vault.md, Format."""
    where = crypto.associated_data(
        options_of(Device).label, encrypted_field(Device, "imei").sealed_as, "device-registration"
    )
    assert where.hex() == KNOWN["place"]


def test_a_sealed_field_without_a_fixed_name_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    field = encrypted_field(Device, "imei")
    assert isinstance(field, EncryptedTextField)
    monkeypatch.setattr(field, "sealed_as", "")
    assert [fault.id for fault in errors_of(Device)] == ["vault.E006"]


def test_no_name_of_a_class_is_written_anywhere() -> None:
    """``_meta.label`` and its like follow the class: only routing and messages may use them."""
    allowed = {
        "config/databases.py",
        "privacy/lib/record_labels.py",
        "config/templatetags/office.py",
        "config/navigation.py",
    }
    offences = []
    for folder in ("privacy", "consents", "devices", "config"):
        for path in (ROOT / folder).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if "/migrations/" in name or name in allowed:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"_meta\.(label|model_name|object_name)", line) and "raise " not in line:
                    offences.append(f"{name}:{number}")
    assert not offences, "Use privacy.lib.record_labels: " + ", ".join(offences)

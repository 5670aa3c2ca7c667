"""The register of holdings: nothing is held undeclared, and rulebook and declarations can't drift apart (P0.1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import override

from devices.models import Device
from privacy.lib.registries.registers import ExportScope
from privacy.policies import actions as policies
from privacy.policies.categories import ARCHIVE, CONNECTED_SYSTEM, CONTACT, OFFICE_FILES, RIGHTS_REQUEST
from privacy.rights.models import Particulars
from privacy.subjects import checks, holdings
from privacy.subjects.models import Contact
from privacy.subjects.register import inventory
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.retention import SWEEPER


@contextmanager
def without(label: str) -> Iterator[None]:
    """The register as if an app had forgotten to declare a model."""
    kept = dict(holdings._holdings)
    for key in [key for key in kept if key[0] == label]:
        del holdings._holdings[key]
    try:
        yield
    finally:
        holdings._holdings.clear()
        holdings._holdings.update(kept)


@contextmanager
def changed(label: str, category: str, **values: object) -> Iterator[None]:
    """The register as if an app had declared something else."""
    kept = holdings._holdings[label, category]
    holdings._holdings[label, category] = replace(kept, **values)  # type: ignore[arg-type]
    try:
        yield
    finally:
        holdings._holdings[label, category] = kept


def ids(found: object) -> set[str]:
    return {message.id for message in found}  # type: ignore[attr-defined]


@pytest.mark.clause("P0.1")
class TheRegister(PortalTestCase):
    @pytest.mark.law("F-19")
    @pytest.mark.asvs("14.1.1", "14.2.7")
    def test_is_complete_and_agrees_with_the_rulebook(self) -> None:
        assert checks.every_holding_is_declared(None) == []
        assert checks.what_is_exported_can_be_destroyed(None) == []
        assert checks.declared_fields_exist(None) == []
        assert checks.every_declaration_destroys_its_own(None) == []
        assert checks.files_say_whose_they_are(None) == []
        assert checks.declarations_agree_with_the_rulebook(None, databases=["default"]) == []

    @pytest.mark.asvs("14.1.1")
    def test_misses_a_model_with_sealed_fields(self) -> None:
        with without("devices.device"):
            messages = checks.every_holding_is_declared(None)
            assert [message.obj for message in messages] == [Device]
            assert ids(messages) == {"subjects.E001"}

    def test_misses_a_model_that_points_to_a_person(self) -> None:
        assert checks.refers_to_subject(Contact)
        assert checks.has_encrypted_field(EncryptedFile)

    def test_refuses_an_item_that_the_policy_does_not_declare(self) -> None:
        with changed("devices.device", "device-registration", items={"blood_type": "model"}):
            found = checks.declarations_agree_with_the_rulebook(None, databases=["default"])
            assert ids(found) == {"subjects.E002", "subjects.W002"}

    def test_refuses_what_can_be_shown_and_not_destroyed(self) -> None:
        with changed("devices.device", "device-registration", destroy=None):
            assert ids(checks.what_is_exported_can_be_destroyed(None)) == {"subjects.E003"}

    def test_refuses_a_category_without_a_clock_or_with_two(self) -> None:
        with changed("devices.device", "device-registration", due=None):
            assert "subjects.E004" in ids(checks.what_is_exported_can_be_destroyed(None))
        keeper = holdings.holding_with_due("device-registration")
        assert keeper is not None
        with changed("devices.licence", "device-registration", due=keeper.due):
            assert "subjects.E004" in ids(checks.what_is_exported_can_be_destroyed(None))

    def test_refuses_fields_that_are_not_there_or_not_sealed(self) -> None:
        with changed("devices.device", "device-registration", items={"imei": "nothing"}):
            assert ids(checks.declared_fields_exist(None)) == {"subjects.E005"}
        with changed("devices.device", "device-registration", items={"imei": "reference"}):
            assert ids(checks.declared_fields_exist(None)) == {"subjects.E005"}

    def test_refuses_a_category_that_nobody_declares(self) -> None:
        with without("devices.applog"):
            found = checks.declarations_agree_with_the_rulebook(None, databases=["default"])
            assert "subjects.E006" in ids(found)

    def test_refuses_a_second_declaration_that_differs(self) -> None:
        with pytest.raises(ImproperlyConfigured):
            holdings.declare(
                Device, category="device-registration", subject="id", clock="x", using="personal", items={}
            )

    def test_refuses_a_destruction_that_belongs_to_another_category(self) -> None:
        other = holdings._holdings["vault.encryptedfile", "disclosure-request"].destroy
        with changed("vault.encryptedfile", "safeguard-evidence", destroy=other):
            assert ids(checks.every_declaration_destroys_its_own(None)) == {"subjects.E007"}

    def test_refuses_files_that_do_not_say_whose_they_are(self) -> None:
        with changed("vault.encryptedfile", "safeguard-evidence", kept_under=None):
            assert ids(checks.files_say_whose_they_are(None)) == {"subjects.E008"}

    def test_every_category_of_files_is_destroyed_by_its_own_verb(self) -> None:
        """A verb that was copied, with another category's name in it, removes nothing here."""
        declared = [holding for holding in holdings.all_holdings() if holding.model is EncryptedFile]
        assert len(declared) >= 5
        files = {one.category: factory.make_sealed_file(category=one.category) for one in declared}
        for holding in declared:
            with self.subTest(holding.category):
                assert holding.destroy is not None
                removed = holding.destroy(
                    [files.pop(holding.category).subject_id], certificate="C-1", actor=SWEEPER, at=factory.NOON
                )
                assert removed == 1
                assert holding.rows().count() == 0
                assert EncryptedFile.objects.count() == len(files), "nobody else's"

    @pytest.mark.law("F-19")
    def test_knows_where_everything_lies(self) -> None:
        for holding in holdings.all_holdings():
            with self.subTest(holding.label):
                assert holding.using in ("personal", "archive")
                assert holding.counted([]) == 0


@pytest.mark.truth("inventory-says-how-long")
class InventoryTest(PortalTestCase):
    def kept(self) -> dict[str, str]:
        at = datetime(2026, 11, 24, 3, tzinfo=UTC)
        scope = ExportScope(date(2026, 1, 1), date(2026, 12, 31), factory.make_odile(), at, "inventory")
        with override("ko"):
            return {str(row[0]): str(row[6]) for row in inventory(scope)}

    def test_an_office_file_is_kept_as_long_as_its_destruction_asks_for(self) -> None:
        with override("ko"):
            rights = f"{OFFICE_FILES[RIGHTS_REQUEST]} ({Particulars._meta.verbose_name})"
        assert self.kept()[rights] == "처리 종결일부터 3년"
        policies.set_parameter(
            code="rights.records.years", value=7, effective_on=date(2026, 11, 23), basis="R-31",
            actor=factory.make_odile(), at=factory.NOON,
        )  # fmt: skip
        assert self.kept()[rights] == "처리 종결일부터 7년"

    def test_every_office_file_that_falls_due_names_its_years(self) -> None:
        office = [one for one in holdings.all_holdings() if one.duty and one.category != CONTACT]
        assert {one.category for one in office if not one.kept_years} == {ARCHIVE, CONNECTED_SYSTEM}
        assert not any(name.startswith("archive") for name in self.kept())

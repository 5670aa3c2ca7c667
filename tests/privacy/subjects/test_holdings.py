"""The register of holdings: nothing is held undeclared, and rulebook and declarations can't drift apart (P0.1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured

from devices.models import Device
from privacy.subjects import checks, holdings
from privacy.subjects.models import Contact
from privacy.vault.models import SealedFile
from tests.base import PortalTestCase


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
    def test_is_complete_and_agrees_with_the_rulebook(self) -> None:
        assert checks.every_holding_is_declared(None) == []
        assert checks.what_is_exported_can_be_destroyed(None) == []
        assert checks.declared_fields_exist(None) == []
        assert checks.declarations_agree_with_the_rulebook(None, databases=["default"]) == []

    def test_misses_a_model_with_sealed_fields(self) -> None:
        with without("devices.device"):
            messages = checks.every_holding_is_declared(None)
            assert [message.obj for message in messages] == [Device]
            assert ids(messages) == {"subjects.E001"}

    def test_misses_a_model_that_points_to_a_person(self) -> None:
        assert checks.points_to_a_person(Contact)
        assert checks.has_sealed_field(SealedFile)

    def test_refuses_an_item_that_the_policy_does_not_declare(self) -> None:
        with changed("devices.device", "device-registration", items={"blood_type": "model"}):
            found = checks.declarations_agree_with_the_rulebook(None, databases=["default"])
            assert ids(found) == {"subjects.E002"}

    def test_refuses_what_can_be_shown_and_not_destroyed(self) -> None:
        with changed("devices.device", "device-registration", destroy=None):
            assert ids(checks.what_is_exported_can_be_destroyed(None)) == {"subjects.E003"}

    def test_refuses_a_category_without_a_clock_or_with_two(self) -> None:
        with changed("devices.device", "device-registration", due=None):
            assert "subjects.E004" in ids(checks.what_is_exported_can_be_destroyed(None))
        keeper = holdings.clock_keeper("device-registration")
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

    def test_knows_where_everything_lies(self) -> None:
        for holding in holdings.all():
            with self.subTest(holding.label):
                assert holding.using in ("personal", "archive")
                assert holding.counted([]) == 0

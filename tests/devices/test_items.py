"""An item is one declaration: whatever reads it has every item, and what was forgotten of one is named by a check."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import CheckConstraint
from django.urls import reverse
from django.utils.translation import override

from consents import identity_verification
from devices import actions as devices
from devices import checks, items, lookup, report_schema, schemas
from devices.admin.devices import DeviceAdmin
from devices.fleet_import_files import COLUMNS
from devices.items import RegistrationItem
from devices.models import Device, FleetImport, ImportedRow
from devices.refusals import Malformed
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import advance_notice, completeness
from privacy.policies import items as declarations
from privacy.policies.categories import DEVICE_REGISTRATION, SERVICE_ANALYTICS
from privacy.policies.items import ItemDeclaration
from privacy.policies.models import Item, PolicyVersion
from privacy.rights import matching
from privacy.rights.models import Request
from privacy.subjects import checks as subject_checks
from privacy.subjects import holdings
from privacy.vault import actions as vault
from privacy.vault import blind_indexes, category_declarations
from privacy.vault.fields import MASK, EncryptedField
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.devices.base import ApiTestCase
from tests.devices.test_fleet_import import as_csv, line
from tests.privacy.subjects.test_holdings import changed

WORKER = SystemActor("fleet-import")
EXAMPLES = {item.code: item.example for item in items.REGISTRATION}
LATER = "time_zone"


def ids(found: object) -> set[str]:
    return {message.id for message in found}  # type: ignore[attr-defined]


def publish(draft: PolicyVersion, *, at: datetime) -> datetime:
    """Publish a draft; return the noon of the day on which it takes effect."""
    odile = factory.make_odile(granted=False)
    policies.submit(draft, actor=factory.make_hana(granted=False), at=at)
    factory.settle_assessments(draft, at=at)
    policies.approve(draft, actor=odile, at=at)
    effective_on = policies.publish(draft, actor=odile, at=at).effective_on
    assert effective_on is not None
    return datetime.combine(effective_on, time(12), clock.KST)


def exported(device: Device) -> dict[str, object]:
    (holding,) = (one for one in holdings.all_holdings() if one.model is Device)
    assert holding.export is not None
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.access.exported", actor=factory.make_odile(), at=clock.now(), reason="x"
    ) as vault_session:
        (record,) = holding.export(device.subject_id, vault_session)
    return record


class TheWholeWayTest(ApiTestCase):
    """Every item's example, from every door it comes by to every place it is read, under a policy that has them all."""

    def setUp(self) -> None:
        super().setUp()
        announced = self.now - timedelta(days=45)
        publish(factory.make_draft(new_items=True, at=announced), at=announced)

    def registered(self) -> Device:
        licence = {"key": "EXAFE-1", "starts_on": "2026-01-01", "ends_on": "2027-12-31"}
        response = self.call("PUT", f"/devices/{uuid4()}", {**EXAMPLES, "licence": licence})
        assert response.status_code == 201, response.content
        return Device.objects.get()

    def test_what_the_api_takes_is_sealed_exported_and_masked(self) -> None:
        device = self.registered()
        for code in EXAMPLES:
            assert isinstance(Device._meta.get_field(code), EncryptedField)
            assert str(getattr(device, code)) == MASK
        assert {code: exported(device)[code] for code in EXAMPLES} == EXAMPLES
        self.client.force_login(factory.make_odile())
        page = self.client.get(reverse("admin:devices_device_change", args=[device.pk])).content.decode()
        for item in items.REGISTRATION:
            assert str(item.label).lower() in page.lower()
            assert f">{item.example}<" not in page

    def test_every_item_is_corrected_by_a_gateway_and_by_a_request(self) -> None:
        device = self.registered()
        correctable = matching.correctable()["device-registration"]
        for code, value in EXAMPLES.items():
            assert self.call("PATCH", f"/devices/{device.pk}", {code: value}).status_code == 200
            assert code in correctable
            devices.correct_registration(
                device.subject_id, code, value, event=uuid4(), actor=WORKER, at=self.now, record_id=None
            )
        assert {code: exported(device)[code] for code in EXAMPLES} == EXAMPLES

    def test_every_column_of_a_list_arrives(self) -> None:
        wanted = {code: value for code, value in EXAMPLES.items() if code in items.IMPORT_COLUMNS}
        odile = factory.make_odile()
        made = devices.preview_import(
            name="fleet.csv", content=as_csv(line(1, **wanted), columns=COLUMNS),
            gateway=factory.make_gateway(), actor=odile, at=self.now,
        )  # fmt: skip
        assert made.findings == []
        devices.confirm_import(made, actor=odile, at=self.now)
        while not devices.continue_import(made.id, actor=WORKER, at=self.now):
            pass
        assert FleetImport.objects.get().registered == 1
        record = exported(Device.objects.get())
        assert {code: record[code] for code in wanted} == wanted

    def test_what_is_indexed_is_found_by_its_whole_value(self) -> None:
        device = self.registered()
        assert set(items.INDEXED) <= blind_indexes.registered_items()
        for code in set(items.INDEXED) & set(EXAMPLES):
            found = lookup.find_devices(EXAMPLES[code], actor=factory.make_odile(), at=self.now)
            assert list(found) == [device]


class LaterTest(PortalTestCase):
    """An item that the policy in force does not declare, as if the portal had just learnt to take it."""

    @pytest.fixture(autouse=True)
    def _as_if_it_were_new(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
        older = tmp_path / "rules.toml"
        rules = declarations.FIRST_EDITION.read_text(encoding="utf-8").splitlines()
        older.write_text("\n".join(text for text in rules if f'code = "{LATER}"' not in text), encoding="utf-8")
        declarations.first_items.cache_clear()
        monkeypatch.setattr(declarations, "FIRST_EDITION", older)
        monkeypatch.setattr(items, "LATER", declarations.later_items(DEVICE_REGISTRATION))
        yield
        declarations.first_items.cache_clear()

    def setUp(self) -> None:
        assert LATER in items.LATER
        draft = factory.make_draft()
        Item.objects.get(category__version=draft, code=LATER).delete()
        self.at = publish(draft, at=factory.NOON)

    def register(self, number: int, *, at: datetime) -> Device:
        return factory.make_device(number, agreed=(), at=at)

    def test_it_is_refused_by_its_name_until_a_policy_declares_it(self) -> None:
        with pytest.raises(Malformed) as refused:
            self.register(1, at=self.at)
        assert [(one.pointer, one.code) for one in refused.value.problems] == [(f"/{LATER}", "unknown-item")]
        assert not Device.objects.exists()

    def test_a_fleet_list_with_it_is_refused_before_anything_is_sealed(self) -> None:
        made = devices.preview_import(
            name="fleet.csv", content=as_csv(line(1)), gateway=factory.make_gateway(), actor=factory.make_odile(),
            at=self.at,
        )  # fmt: skip
        assert made.findings == [[2, LATER, "unknown-item"]]
        assert not ImportedRow.objects.exists()

    def test_the_next_draft_declares_it_and_then_it_is_taken(self) -> None:
        draft = factory.make_draft(years=4, new_items=True, at=self.at)
        assert not Item.objects.filter(category__version=factory.make_draft(at=self.at), code=LATER).exists()
        item = Item.objects.get(category__version=draft, code=LATER)
        declared = next(one for one in items.REGISTRATION if one.code == LATER)
        assert (item.name_ko, item.name_en, item.identifier) == (declared.name_ko, declared.name_en, False)
        assert advance_notice.is_adverse(draft, self.at.date()), "more is taken, so it is announced longer ahead"
        device = self.register(1, at=publish(draft, at=self.at))
        assert exported(device)[LATER] == "Asia/Seoul"

    def test_while_it_waits_a_freeze_of_another_item_does_not_reach_it(self) -> None:
        known = category_declarations.known_items(DEVICE_REGISTRATION, self.at)
        assert LATER not in category_declarations.declared_items(DEVICE_REGISTRATION, self.at)
        assert known >= items.LATER | {"model"}


class DeclarationTest(PortalTestCase):
    def test_the_names_are_those_of_the_first_edition(self) -> None:
        rules = tomllib.loads(declarations.FIRST_EDITION.read_text(encoding="utf-8"))
        published = {
            (category["code"], item["code"]): (item["name_ko"], item["name_en"], item.get("identifier", False))
            for category in rules["categories"]
            for item in category["items"]
        }
        declared = {
            key: (item.name_ko, item.name_en, item.identifier)
            for key, item in declarations.declared_items().items()
            if key in declarations.first_items()
        }
        assert declared == published

    def test_an_item_that_names_the_device_can_be_named_in_a_request(self) -> None:
        """At least one of them is there: the model's constraint, the API's refusal and the request form say which."""
        assert set(items.NAMES_DEVICE) == {"imei", "serial_number", "adb_number"}
        assert set(items.NAMES_DEVICE) < set(Request.Target.values)
        (rule,) = (one for one in Device._meta.constraints if one.name == "devices_device_has_an_identifier")
        assert isinstance(rule, CheckConstraint)
        assert {name.removesuffix("__isnull") for name, _none in rule.condition.children} == set(items.NAMES_DEVICE)

    def test_one_code_is_declared_once(self) -> None:
        with pytest.raises(ImproperlyConfigured):
            declarations.declare(replace(items.LICENCE_KEY, name_en="Another"))

    def test_the_connectors_guide_lists_their_codes(self) -> None:
        guide = Path(__file__).parents[2].joinpath("sdk/connector/README.md").read_text()
        (of_devices, others) = re.findall(r"under these codes: (.*?) …\),\n(.*?)\.\n", guide, re.DOTALL)[0]
        assert set(re.findall(r"`(\w+)`", of_devices)) < {item.code for item in items.REGISTRATION}
        ours = [item.code for item in (items.LICENCE_KEY, *items.REPORTS)]
        assert re.findall(r"`(\w+)`", others) == [*ours, "email", "phone", "address"]

    def test_a_blind_index_that_nobody_registered_is_named(self) -> None:
        with pytest.raises(ImproperlyConfigured, match="esim"):
            vault.blind_index("esim", "1")
        with pytest.raises(ImproperlyConfigured, match="serial"):
            blind_indexes.register("esim", blind_indexes.imei, index="serial")


class ForgottenTest(PortalTestCase):
    """Each thing that can be forgotten of an item is named."""

    def setUp(self) -> None:
        self.item = next(item for item in items.REGISTRATION if item.code == "model")

    def test_nothing_is_forgotten_now(self) -> None:
        assert list(checks.nothing_of_an_item_is_forgotten()) == []

    def test_a_name_of_the_policy(self) -> None:
        for forgotten in ({"name_ko": ""}, {"name_ko": "Model"}, {"name_en": " "}, {"name_en": "모델"}):
            found = list(checks.errors_of_names(replace(self.item, **forgotten)))
            assert ids(found) == {"devices.E001"}, forgotten

    def test_a_label_in_either_language(self) -> None:
        for label, found in (("", "devices.E001"), ("untranslated", "devices.W001")):
            assert ids(checks.errors_of_names(replace(self.item, label=label))) == {found}

    def test_where_it_comes_from(self) -> None:
        with pytest.raises(TypeError, match="source"):
            RegistrationItem(code="x", category="y", name_ko="", name_en="", label="", example="")  # type: ignore[call-arg]

    def test_retention_export_and_destruction(self) -> None:
        """A category has its retention from the policy; an item of a category where nobody holds it has none."""
        for item in (replace(self.item, category="no-such"), replace(self.item, code="no_such_item")):
            assert ids(checks.errors_of_holding(item)) == {"devices.E002"}

    def test_a_field_of_the_api(self) -> None:
        field = schemas.Changes.model_fields.pop("model")
        try:
            assert ids(checks.errors_of_doors()) == {"devices.E003"}
        finally:
            schemas.Changes.model_fields["model"] = field

    def test_a_kind_of_reports(self) -> None:
        structure = report_schema.REPORTS.pop("status")
        try:
            assert ids(checks.errors_of_kinds()) == {"devices.E004"}
        finally:
            report_schema.REPORTS["status"] = structure

    def test_an_example_that_can_be_right(self) -> None:
        imei = next(item for item in items.REGISTRATION if item.code == "imei")
        for item in (replace(self.item, example=""), replace(imei, example="123"), replace(self.item, max_length=3)):
            assert ids(checks.errors_of_example(item)) == {"devices.E005"}

    def test_that_it_identifies_a_device_or_how_it_is_found(self) -> None:
        imei = next(item for item in items.REGISTRATION if item.code == "imei")
        for item in (
            replace(imei, identifier=False),
            replace(imei, normalise=None),
            replace(self.item, identifier=True),
        ):
            assert ids(checks.errors_of_identifier(item)) == {"devices.E006"}

    def test_every_indexed_item_is_named_where_a_device_is_searched_for(self) -> None:
        """Also one that is added: the texts are made of the table."""
        new = replace(self.item, code="esim_eid", label="eSIM number", normalise=blind_indexes.serial)
        with pytest.MonkeyPatch.context() as changed_table:
            changed_table.setattr(items, "REGISTRATION", (*items.REGISTRATION, new))
            method = next(one for one in identity_verification.methods().values() if one.code == "device")
            for text in (DeviceAdmin.search_help_text, method.help_text):
                for language, serial in (("en", "serial number"), ("ko", "일련번호")):
                    with override(language):
                        assert f"IMEI, {serial}" in str(text)
                        assert "eSIM number" in str(text)

    def test_the_policy(self) -> None:
        """Declared and in no policy: it waits. In the policy and nowhere declared: it is refused, and that is said."""
        waiting = ItemDeclaration(code="no_such_item", category=DEVICE_REGISTRATION, name_ko="eSIM", name_en="eSIM")
        key = (waiting.category, waiting.code)
        try:
            declarations.declare(waiting)
            with changed("devices.device", DEVICE_REGISTRATION, items={"no_such_item": "model"}):
                found = subject_checks.declarations_agree_with_the_rulebook(None, databases=["default"])
        finally:
            del declarations._items[key]
        assert ids(found) == {"subjects.W001", "subjects.W002"}

    def test_a_draft_that_declares_what_the_portal_cannot_take(self) -> None:
        draft = factory.make_draft()
        category = draft.categories.get(code=SERVICE_ANALYTICS)
        item = Item(category=category, code="battery", name_ko="배터리 상태", name_en="Battery", position=9)
        policies.revise_draft(draft, rows=[item], actor=factory.make_hana(granted=False), at=factory.NOON)
        found = [one for one in completeness.problems(draft, factory.NOON.date()) if "배터리 상태" in one.message]
        assert [problem.is_warning for problem in found] == [True]

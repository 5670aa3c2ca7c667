"""What happens between the preview of a fleet's file and its registration: keys go, devices come, gateways close."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from unittest.mock import Mock, patch

import pytest
from openpyxl import load_workbook

from consents.models import Decision
from devices import actions as devices
from devices.actions import imports
from devices.models import Device, FleetImport, ImportedRow
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.devices.test_fleet_import import WORKER, as_csv, line


class MeanwhileTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.gateway = factory.make_odile(), factory.make_gateway()

    def preview(self, *numbers: int) -> FleetImport:
        return devices.preview_import(
            name="fleet.csv", content=as_csv(*map(line, numbers)), gateway=self.gateway, actor=self.odile,
            at=factory.NOON,
        )  # fmt: skip

    def carry_out(self, made: FleetImport) -> FleetImport:
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        while not devices.continue_import(made.id, actor=WORKER, at=factory.NOON):
            pass
        made.refresh_from_db()
        return made

    @pytest.mark.truth("import-counts-what-it-registered")
    def test_a_row_whose_key_was_destroyed_is_refused_and_not_counted_as_registered(self) -> None:
        made = self.preview(1, 2, 3)
        gone = ImportedRow.objects.filter(import_id=made.id).latest("number")
        vault.shred_subjects(
            subject_ids=[gone.id], categories=None, cause="test", certificate="D-TEST", actor=SystemActor("tests"),
            at=factory.NOON,
        )  # fmt: skip
        made = self.carry_out(made)
        assert Device.objects.count() == 2
        assert (made.registered, made.accepted, made.refused) == (2, 2, 1)
        assert made.findings == [[gone.number, "", "destroyed"]]
        assert '"registered":2' in self.assertLedgered("devices.import.completed", made).payload

    @pytest.mark.truth("import-counts-what-it-registered")
    def test_where_every_key_was_destroyed_nothing_is_counted(self) -> None:
        made = self.preview(1, 2)
        vault.shred_subjects(
            subject_ids=sorted(ImportedRow.objects.values_list("id", flat=True)), categories=None, cause="test",
            certificate="D-TEST", actor=SystemActor("tests"), at=factory.NOON,
        )  # fmt: skip
        made = self.carry_out(made)
        assert (made.state, made.registered, made.refused) == ("completed", 0, 2)
        assert [finding[2] for finding in made.findings] == ["destroyed", "destroyed"]

    @pytest.mark.truth("import-registers-nobody-twice")
    def test_the_same_file_previewed_twice_registers_each_device_once(self) -> None:
        first, second = self.preview(1, 2), self.preview(1, 2)
        assert self.carry_out(first).registered == 2
        second = self.carry_out(second)
        assert Device.objects.count() == 2
        assert (second.registered, second.refused) == (0, 2)
        assert second.findings == [
            [row, item, "already-registered"] for row in (2, 3) for item in ("imei", "serial_number")
        ]
        assert Subject.objects.count() == 2

    @pytest.mark.truth("import-registers-nobody-twice")
    def test_a_device_that_its_gateway_registered_after_the_preview_is_not_registered_again(self) -> None:
        made = self.preview(1, 2)
        factory.make_device(1)
        made = self.carry_out(made)
        assert Device.objects.identified_by(imei=vault.blind_index("imei", factory.imei(1))).count() == 1
        assert made.findings == [[2, "imei", "already-registered"]]
        assert (made.registered, made.refused) == (1, 1)

    @pytest.mark.attack("18")
    def test_while_keys_are_away_nobody_is_refused_or_destroyed(self) -> None:
        made = self.preview(1, 2)
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        for away in (vault.KeyServiceUnavailable, vault.CeilingReached):
            with pytest.MonkeyPatch.context() as patched, pytest.raises(away):
                patched.setattr(imports, "register", Mock(side_effect=away()))
                devices.continue_import(made.id, actor=WORKER, at=factory.NOON)
        while not devices.continue_import(made.id, actor=WORKER, at=factory.NOON):
            pass
        made.refresh_from_db()
        assert (made.registered, made.refused) == (2, 0)

    def confirmed(self, *numbers: int) -> FleetImport:
        """An import of which the first device was registered by its gateway meanwhile."""
        made = self.preview(*numbers)
        factory.make_device(1)
        return devices.confirm_import(made, actor=self.odile, at=factory.NOON)

    def check_counted_once(self, made: FleetImport) -> None:
        while not devices.continue_import(made.id, actor=WORKER, at=factory.NOON + timedelta(hours=1)):
            pass
        made.refresh_from_db()
        assert (made.registered, made.accepted, made.refused) == (2, 2, 1)
        assert made.findings == [[2, "imei", "already-registered"]]
        assert not ImportedRow.objects.exists()

    @pytest.mark.truth("import-counts-what-it-registered")
    def test_a_slice_is_counted_once_wherever_its_worker_dies(self) -> None:
        made = self.confirmed(1, 2, 3)
        for step in ("_record_continued", "_remove_counted"):
            with patch.object(imports, step, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
                devices.continue_import(made.id, actor=WORKER, at=factory.NOON)
        self.check_counted_once(made)

    @pytest.mark.truth("import-counts-what-it-registered")
    def test_a_slice_of_two_deliveries_at_once_is_counted_once(self) -> None:
        made = self.confirmed(1, 2, 3)
        register_slice = imports._register_slice

        def meanwhile(*args: Any, **kwargs: Any) -> Any:
            with patch.object(imports, "_register_slice", register_slice):
                devices.continue_import(made.id, actor=WORKER, at=factory.NOON)
            return found

        found = ({ImportedRow.objects.get(number=2).id: [[2, "imei", "already-registered"]]}, [])
        with patch.object(imports, "_register_slice", meanwhile):
            devices.continue_import(made.id, actor=WORKER, at=factory.NOON)
        self.check_counted_once(made)

    @pytest.mark.truth("import-registers-nobody-twice")
    def test_a_form_of_today_that_is_read_again_is_one_consent(self) -> None:
        morning, day = factory.NOON - timedelta(hours=4), factory.NOON.date().isoformat()
        row = line(1, activation_agreed_on=day, analytics_agreed_on="")
        made = devices.preview_import(
            name="fleet.csv", content=as_csv(row), gateway=self.gateway, actor=self.odile, at=morning
        )
        devices.confirm_import(made, actor=self.odile, at=morning)
        died = patch.object(imports, "_record_continued", side_effect=KeyboardInterrupt)
        with died, pytest.raises(KeyboardInterrupt):
            devices.continue_import(made.id, actor=WORKER, at=morning)
        devices.continue_import(made.id, actor=WORKER, at=morning + timedelta(hours=1))
        assert Decision.objects.count() == 1

    @pytest.mark.truth("import-for-a-closed-gateway")
    def test_nothing_is_registered_for_a_gateway_that_was_closed_meanwhile(self) -> None:
        made = self.preview(1)
        devices.close_gateway(self.gateway, actor=self.odile, at=factory.NOON)
        with pytest.raises(devices.GatewayClosed):
            devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        with pytest.raises(devices.GatewayClosed):
            self.preview(2)
        made.refresh_from_db()
        assert made.state == "proposed"
        assert not Device.objects.exists()

    @pytest.mark.truth("import-goes-on-though-all-is-refused")
    def test_each_time_it_goes_on_is_a_delivery_of_its_own(self) -> None:
        self.carry_out(self.preview(1, 2))
        made = self.preview(3)
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        ImportedRow.objects.filter(import_id=made.id).delete()
        FleetImport.objects.filter(pk=made.pk).update(accepted=2, refused=1)
        devices.requeue_import(made.id)
        FleetImport.objects.filter(pk=made.pk).update(accepted=1, refused=2)
        devices.requeue_import(made.id)
        waiting = GeneralOutbox.objects.filter(kind="devices.import", ids={"import": str(made.id)})
        assert waiting.count() == 3, "one to begin with, and one for each time that slices of refused rows went before"

    @pytest.mark.truth("what-an-import-did-not-take")
    def test_a_consent_that_could_not_be_recorded_is_told_as_that(self) -> None:
        made = self.carry_out(self.preview(1))
        day = "activation_agreed_on"
        found = [[2, day, "text-not-offered"], [3, day, "clock"], [4, "", "licence-taken"]]
        FleetImport.objects.filter(pk=made.pk).update(findings=found)
        self.client.force_login(self.odile)
        page = self.client.get(f"/en/office/devices/fleetimport/{made.pk}/findings/")
        sheet = load_workbook(BytesIO(page.content)).active
        assert sheet is not None
        reasons = [str(row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert reasons[0].startswith("The device has been registered.")
        assert reasons[1] == "This time is not plausible. Check the clock."
        assert reasons[2] == "The portal could not register this row."

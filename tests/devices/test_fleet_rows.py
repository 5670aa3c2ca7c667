"""One row that can't be registered stops no other, and what was read from a file is kept no longer than it may be."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from consents.models import Decision
from devices import actions as devices
from devices.fleet_import_files import COLUMNS, UnreadableFile, read_rows
from devices.models import Device, FleetImport, ImportedRow, Licence
from devices.refusals import LicenceTaken
from devices.tasks import delete_expired
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.devices.test_fleet_import import WORKER, as_csv, line
from tests.factories.accounts import NOON
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit


def preview(*lines: dict[str, str], at: object = NOON) -> FleetImport:
    return devices.preview_import(
        name="fleet.csv", content=as_csv(*lines), gateway=factory.make_gateway(), actor=factory.make_odile(), at=at
    )  # type: ignore[arg-type]


@pytest.mark.truth("fleet-row")
class RowTests(PortalTestCase):
    def test_a_form_of_today_is_taken_in_the_morning_and_one_of_tomorrow_is_not(self) -> None:
        morning = NOON - timedelta(hours=3)
        today, tomorrow = (clock.kst_date(NOON) + timedelta(days=days) for days in (0, 1))
        made = preview(
            line(1, activation_agreed_on=today.isoformat()),
            line(2, activation_agreed_on=tomorrow.isoformat()),
            at=morning,
        )
        assert made.findings == [[3, "activation_agreed_on", "clock"]]
        devices.confirm_import(made, actor=factory.make_odile(), at=morning)
        while not devices.continue_import(made.id, actor=WORKER, at=morning):
            pass
        first = Decision.objects.get(agreement__code="activation")
        assert first.decided_at == morning

    def test_a_row_that_is_refused_is_a_finding_and_the_others_are_registered(self) -> None:
        other = devices.register_gateway(title="Other", actor=factory.make_odile(), at=NOON)
        made = devices.preview_import(
            name="fleet.csv", content=as_csv(line(1), line(2)), gateway=other, actor=factory.make_odile(), at=NOON
        )
        devices.confirm_import(made, actor=factory.make_odile(), at=NOON)
        # A gateway of its own has taken the same id meanwhile.
        held = factory.make_device(9, device_id=ImportedRow.objects.get(number=2).id)
        while not devices.continue_import(made.id, actor=WORKER, at=NOON):
            pass
        made.refresh_from_db()
        assert made.findings == [[2, "", "unknown-device"]]
        assert not vault.is_destroyed(held.subject_id, "device-registration")
        assert (made.state, made.accepted, made.refused, made.registered) == ("completed", 1, 1, 1)

    def test_a_row_whose_key_was_destroyed_is_left_out_and_the_others_are_registered(self) -> None:
        made = preview(line(1), line(2), line(3))
        devices.confirm_import(made, actor=factory.make_odile(), at=NOON)
        second = ImportedRow.objects.get(number=3)
        # Its key was destroyed meanwhile, as a person's who asked for it.
        vault.shred_subjects(
            subject_ids=[second.id], categories=None, cause="test", certificate="C-1", actor=WORKER, at=NOON
        )
        while not devices.continue_import(made.id, actor=WORKER, at=NOON):
            pass
        made.refresh_from_db()
        assert made.state == "completed"
        assert Device.objects.count() == 2
        assert not ImportedRow.objects.exists()

    def test_a_workbook_with_an_empty_heading_is_read_and_a_broken_one_is_refused(self) -> None:
        book = Workbook()
        assert book.active is not None
        book.active.append([*COLUMNS, None])
        book.active.append([line(1).get(name) for name in COLUMNS])
        out = io.BytesIO()
        book.save(out)
        assert len(list(read_rows("fleet.xlsx", out.getvalue()))) == 1
        broken = io.BytesIO()
        with zipfile.ZipFile(broken, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types><broken")
        with pytest.raises(UnreadableFile):
            list(read_rows("fleet.xlsx", broken.getvalue()))


@pytest.mark.truth("fleet-left")
class LeftTests(PortalTestCase):
    def test_a_preview_that_nobody_confirms_is_discarded_with_its_keys(self) -> None:
        made = preview(line(1))
        row = ImportedRow.objects.get()
        assert devices.discard_expired_imports(actor=WORKER, at=NOON + timedelta(days=5)) == 0
        assert devices.discard_expired_imports(actor=WORKER, at=NOON + timedelta(days=5, seconds=1)) == 1
        made.refresh_from_db()
        assert made.state == "cancelled"
        assert not ImportedRow.objects.exists()
        assert vault.is_destroyed(row.id, "device-registration")


@pytest.mark.truth("fleet-left")
@pytest.mark.fault("FLT-03")
def test_a_discard_that_dies_after_its_commit_is_gone_on_with(portal_database: PortalDatabase, tmp_path: Path) -> None:
    preview(line(1))

    def discard() -> None:
        devices.discard_import(FleetImport.objects.get(), actor=factory.make_odile(), at=NOON)

    with Copies(portal_database, tmp_path).copy():
        assert run_until_commit(discard, 1) == KILLED
        assert FleetImport.objects.get().state == "cancelled"
        assert ImportedRow.objects.exists(), "the death came where it was meant to come"
        delete_expired()
        assert not ImportedRow.objects.exists()


@pytest.mark.truth("licence-corrected")
class LicenceCorrectionTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)
        self.old = Licence.objects.get()
        renewed = devices.LicenceTerms("EXAFE-RENEWED1", self.old.ends_on, self.old.ends_on + timedelta(days=365))
        devices.register(
            device_id=self.device.id,
            registration={"licence": renewed},
            gateway=factory.make_gate(),
            at=NOON,
        )

    def keys(self) -> list[str]:
        with vault.opened(purpose=Purpose.RIGHTS, task="rights.case.shown", actor=self.odile, at=NOON) as vault_session:
            return [key for _row, key in vault_session.decrypt_many(Licence.objects.order_by("ends_on"), "key")]

    def test_the_licence_that_ends_last_is_corrected_and_the_earlier_one_stays(self) -> None:
        before = self.keys()
        asked = RequestedRight(
            "correction", category="device-registration", item="licence_key", wanted="EXAFE-RIGHT001"
        )
        right = factory.make_granted(factory.ask(asked, target=factory.imei(1), answer_by="portal"))
        rights.carry_out(right, actor=self.odile, at=NOON)
        assert self.keys() == [before[0], "EXAFE-RIGHT001"]

    def test_a_key_that_another_licence_has_is_refused_in_words(self) -> None:
        with pytest.raises(LicenceTaken):
            devices.correct_registration(
                self.device.subject_id, "licence_key", self.keys()[0],
                event=new_id(), actor=self.odile, at=NOON, record_id=None,
            )  # fmt: skip

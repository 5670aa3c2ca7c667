"""An existing fleet is brought in from CSV or XLSX: previewed, its errors given back, registered in the background."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from consents import consent_status
from consents.models import AgeStatement, Decision, RepresentativeRequest
from devices import actions as devices
from devices.fleet_import_files import COLUMNS, UnreadableFile
from devices.models import Device, FleetImport, Gateway, ImportedRow
from devices.tasks import continue_import
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.devices.resident_numbers import resident_number
from tests.process_roles import as_process

WORKER = SystemActor("fleet-import")


def line(number: int, **changes: str) -> dict[str, str]:
    """A row of the file, valid by default."""
    return {
        "imei": factory.imei(number), "serial_number": f"OLD{number:06d}", "model": "SM-A505N", "os_version": "13",
        "os_build": "TP1A", "time_zone": "Asia/Seoul", "licence_key": f"OLD-{number:06d}",
        "licence_starts_on": "2025-01-01", "licence_ends_on": "2027-12-31", "activation_agreed_on": "2025-01-02",
        "analytics_agreed_on": "2025-01-02", **changes,
    }  # fmt: skip


def as_csv(*lines: dict[str, str], columns: tuple[str, ...] = COLUMNS, encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode(encoding)


def as_xlsx(*lines: dict[str, Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    for one in lines:
        # As a spreadsheet keeps it: the IMEI as a number.
        sheet.append([int(one[name]) if name == "imei" else one.get(name) for name in COLUMNS])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.clause("P3.1")
class FleetImportTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.gateway = factory.make_odile(), factory.make_gateway()

    def preview(self, content: bytes, name: str = "fleet.csv") -> FleetImport:
        return devices.preview_import(
            name=name, content=content, gateway=self.gateway, actor=self.odile, at=factory.NOON
        )

    def carry_on(self, made: FleetImport) -> None:
        while not devices.continue_import(made.id, actor=WORKER, at=factory.NOON):
            pass

    @pytest.mark.truth("corrected-in-a-list")
    def test_what_a_correction_replaced_is_refused_and_no_second_device(self) -> None:
        made = self.preview(as_csv(line(1, serial_number="")))
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        self.carry_on(made)
        old = self.preview(as_csv(line(2, serial_number="")), name="two.csv")
        devices.correct_registration(
            Device.objects.get().id,
            "imei",
            factory.imei(3),
            event=uuid4(),
            actor=WORKER,
            at=factory.NOON,
            record_id=None,
        )
        again = self.preview(as_csv(line(1, serial_number=""), line(4)), name="again.csv")
        assert (again.accepted, again.refused, again.findings) == (1, 1, [[2, "imei", "was-corrected"]])
        # Corrected while a list waits: it is looked at again when its rows are registered.
        devices.confirm_import(old, actor=self.odile, at=factory.NOON)
        self.carry_on(old)
        device = Device.objects.identified_by(imei=vault.blind_index("imei", factory.imei(2))).get()
        waiting = self.preview(as_csv(line(5, serial_number="")), name="five.csv")
        for right in (5, 6):
            devices.correct_registration(
                device.id, "imei", factory.imei(right), event=uuid4(), actor=WORKER, at=factory.NOON, record_id=None
            )
        devices.confirm_import(waiting, actor=self.odile, at=factory.NOON)
        self.carry_on(waiting)
        waiting.refresh_from_db()
        assert waiting.findings == [[2, "imei", "was-corrected"]]
        assert Device.objects.count() == 2

    @pytest.mark.truth("corrected-in-a-list")
    def test_a_licence_key_that_a_correction_replaced_is_refused_too(self) -> None:
        """Several devices may have one key: only one that a correction replaced is refused."""
        made = self.preview(as_csv(line(1, licence_key="OLD-ALL"), line(2, licence_key="OLD-ALL")))
        assert made.accepted == 2
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        self.carry_on(made)
        waiting = self.preview(as_csv(line(3, licence_key="OLD-ALL")), name="three.csv")
        assert waiting.accepted == 1
        for device in Device.objects.all():
            devices.correct_registration(
                device.id, "licence_key", f"NEW-{device.reference}", event=uuid4(), actor=WORKER, at=factory.NOON,
                record_id=None,
            )  # fmt: skip
        again = self.preview(as_csv(line(4, licence_key="old-all"), line(5)), name="again.csv")
        assert (again.accepted, again.refused, again.findings) == (1, 1, [[2, "licence_key", "was-corrected"]])
        # Corrected while a list waits: it is looked at again when its rows are registered.
        devices.confirm_import(waiting, actor=self.odile, at=factory.NOON)
        self.carry_on(waiting)
        waiting.refresh_from_db()
        assert waiting.findings == [[2, "licence_key", "was-corrected"]]
        assert Device.objects.count() == 2

    def test_a_preview_registers_nothing_and_keeps_nothing_in_clear(self) -> None:
        made = self.preview(as_csv(line(1), line(2)))
        assert (made.rows, made.accepted, made.refused) == (2, 2, 0)
        assert not Device.objects.exists()
        assert not Subject.objects.exists()
        assert {str(row.registration) for row in ImportedRow.objects.all()} == {"••••••"}
        self.assertLedgered("devices.import.previewed", made)

    def test_confirmed_it_registers_every_device_with_licence_and_consent(self) -> None:
        made = self.preview(as_csv(line(1), line(2, app_log_agreed_on="2019-01-02")))
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        self.carry_on(made)
        made.refresh_from_db()
        assert (made.state, made.registered) == ("completed", 2)
        assert not ImportedRow.objects.exists()
        one, two = (Device.objects.identified_by(imei=vault.blind_index("imei", factory.imei(n))).get() for n in (1, 2))
        assert str(one.licences.get().ends_on) == "2027-12-31"
        assert consent_status.is_agreed(one.subject_id, "service-analytics", factory.NOON)
        assert not consent_status.is_agreed(one.subject_id, "app-log", factory.NOON)
        assert consent_status.is_agreed(two.subject_id, "app-log", factory.NOON)
        # A form that is older than the text counts from the text's publication; its own day stays on the trail.
        agreed = Decision.objects.get(subject_id=two.subject_id, agreement__code="app-log")
        assert agreed.decided_at == agreed.version.published_at
        assert '"paper_on":"2019-01-02"' in self.assertLedgered("consents.decision.agreed", agreed).payload
        report = factory.make_report(one)
        answer = devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        assert b'"stored":1' in answer

    @pytest.mark.law("C-12")
    def test_where_children_may_use_the_devices_who_agreed_says_when_they_were_born(self) -> None:
        Gateway.objects.filter(pk=self.gateway.pk).update(users="anybody")
        self.gateway.refresh_from_db()
        child = f"{factory.NOON.year - 10}-03-01"
        alone = {"activation_agreed_on": "", "analytics_agreed_on": ""}
        made = self.preview(
            as_csv(
                line(1), line(2, birth_date="1990-05-01"), line(3, birth_date=child), line(4, birth_date="1.5.1990"),
                line(5, birth_date=child, **alone), line(6, birth_date="2999-01-01"),
            )
        )  # fmt: skip
        assert made.findings == [
            [2, "birth_date", "age-not-stated"], [4, "birth_date", "representative-needed"],
            [5, "birth_date", "malformed"], [7, "birth_date", "clock"],
        ]  # fmt: skip
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        self.carry_on(made)
        assert sorted(AgeStatement.objects.values_list("is_child", flat=True)) == [False, True]
        assert RepresentativeRequest.objects.count() == 1, "the child is asked for a representative"
        assert Decision.objects.filter(choice="agree").values("subject_id").distinct().count() == 1

    def test_a_workbook_is_read_too(self) -> None:
        made = self.preview(as_xlsx(line(1), line(2)), "fleet.xlsx")
        assert (made.accepted, made.findings) == (2, [])

    def test_a_number_whose_digits_the_spreadsheet_lost_is_a_finding_and_stores_nothing(self) -> None:
        made = self.preview(
            as_xlsx(
                line(1),
                line(2) | {"serial_number": 8.9049032000001e31},
                line(3) | {"serial_number": 89049032000001000000000000000000},
                line(4) | {"serial_number": 1234567890123450},
                line(5) | {"licence_key": 2.0**53, "adb_number": 1e15},
                line(6) | {"serial_number": 999999999999999},
                line(7) | {"serial_number": 1e14},
            ),
            "fleet.xlsx",
        )
        assert made.findings == [
            [3, "serial_number", "rounded-number"], [4, "serial_number", "rounded-number"],
            [5, "serial_number", "rounded-number"], [6, "adb_number", "rounded-number"],
            [6, "licence_key", "rounded-number"],
        ]  # fmt: skip
        assert (made.rows, made.accepted, made.refused) == (7, 3, 4)
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        self.carry_on(made)
        assert Device.objects.count() == 3
        for kept in ("999999999999999", "100000000000000"):
            assert Device.objects.identified_by(serial_number=vault.blind_index("serial_number", kept)).exists()

    def test_such_a_number_that_was_saved_as_csv_is_a_finding_too(self) -> None:
        written = ("8.9049E+31", "1E+15", "8,9049e+31", "#####")
        made = self.preview(as_csv(*(line(n, serial_number=text) for n, text in enumerate(written, start=1))))
        assert made.findings == [[row, "serial_number", "rounded-number"] for row in (2, 3, 4, 5)]
        assert self.preview(as_csv(line(1, serial_number="1E15", adb_number="#1"))).accepted == 1

    def test_korean_encodings_are_read(self) -> None:
        content = as_csv(line(1, model_description="갤럭시"), encoding="cp949")
        assert self.preview(content).accepted == 1

    def test_every_error_is_told_by_row_column_and_code(self) -> None:
        factory.make_device(9)
        made = self.preview(
            as_csv(
                line(1),
                line(2, imei="123456789012345"),
                line(3, model=""),
                line(4, licence_ends_on="2024-01-01"),
                line(5, imei="", serial_number=""),
                line(6, licence_starts_on="1.1.2025"),
                line(1, serial_number="OTHER"),
                line(9, serial_number="OTHER2"),
                line(7, model=resident_number("900101", "123456")),
                line(8, activation_agreed_on="yesterday"),
            )
        )
        assert made.accepted == 1
        assert made.findings == [
            [3, "imei", "bad-identifier"], [4, "model", "malformed"], [5, "licence_ends_on", "clock"],
            [6, "imei", "malformed"], [7, "licence_starts_on", "malformed"], [8, "imei", "already-registered"],
            [9, "imei", "already-registered"], [10, "model", "sensitive-item"],
            [11, "activation_agreed_on", "malformed"],
        ]  # fmt: skip

    def test_a_file_with_other_columns_is_refused_whole(self) -> None:
        for columns in ((*COLUMNS, "owner_name"), ("imei",), ()):
            with self.assertRaises(UnreadableFile):
                self.preview(as_csv(line(1), columns=columns))
        for content, name in (
            (b"\xff\xfe\x00", "x.csv"),
            (b"PK\x03\x04", "x.xlsx"),
            (b"", "x.csv"),
            (b"not", "x.xlsx"),
        ):
            with self.assertRaises(UnreadableFile):
                self.preview(content, name)
        assert not FleetImport.objects.exists()

    @pytest.mark.truth("hunt")
    def test_a_column_that_appears_twice_is_refused_and_names_itself(self) -> None:
        with self.assertRaisesRegex(UnreadableFile, "imei"):
            self.preview(b"model,imei,serial_number,IMEI\nA,1,2,3\n")

    @pytest.mark.truth("hunt")
    def test_a_value_under_no_heading_is_a_finding_and_no_value_is_left_out_silently(self) -> None:
        heading, *rows = as_csv(*(line(number) for number in range(1, 5))).decode().splitlines()
        around = [("", ""), ("lost", ""), ("", ",lost"), ("", ",,")]
        written = [f"{first},{row}{last}" for row, (first, last) in zip(rows, around, strict=True)]
        made = self.preview("\n".join([f",{heading}", *written]).encode())
        assert made.findings == [[3, "", "no-column"], [4, "", "no-column"]]
        assert (made.rows, made.accepted, made.refused) == (4, 2, 2)
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:devices_fleetimport_findings", args=[made.pk]))
        told = load_workbook(io.BytesIO(page.content)).active
        assert told is not None
        assert "따옴표" in str(told.cell(row=2, column=4).value)

    def test_discarding_destroys_what_was_read(self) -> None:
        made = self.preview(as_csv(line(1)))
        row = ImportedRow.objects.get()
        devices.discard_import(made, actor=self.odile, at=factory.NOON)
        assert not ImportedRow.objects.exists()
        assert vault.is_destroyed(row.id, "device-registration")
        with self.assertRaises(devices.ImportNotOpen):
            devices.confirm_import(made, actor=self.odile, at=factory.NOON)

    @pytest.mark.attack("18.2")
    def test_discarded_in_a_page_it_is_destroyed_by_the_worker(self) -> None:
        made = self.preview(as_csv(line(1)))
        row = ImportedRow.objects.get()
        with as_process("pages"):
            devices.discard_import(made, actor=self.odile, at=factory.NOON)
        assert ImportedRow.objects.exists()
        with as_process("worker"):
            dispatch_due(at=factory.NOON)
        assert not ImportedRow.objects.exists()
        assert vault.is_destroyed(row.id, "device-registration")

    def test_an_interrupted_slice_is_repeated_without_harm(self) -> None:
        made = self.preview(as_csv(line(1), line(2)))
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        kept = list(ImportedRow.objects.all())
        self.carry_on(made)
        FleetImport.objects.update(state="running")
        ImportedRow.objects.bulk_create(kept)
        self.carry_on(made)
        assert Device.objects.count() == 2

    def test_the_worker_does_it_from_the_outbox(self) -> None:
        made = self.preview(as_csv(line(1)))
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        row = GeneralOutbox.objects.get(kind="devices.import")
        continue_import(row.ids, event=row.id, starts=1, at=factory.NOON)
        assert Device.objects.count() == 1

    def test_the_entries_name_no_value(self) -> None:
        made = self.preview(as_csv(line(1)))
        devices.confirm_import(made, actor=self.odile, at=factory.NOON)
        self.carry_on(made)
        for payload in Entry.objects.values_list("payload", flat=True):
            for secret in (factory.imei(1), "OLD000001", "OLD-000001"):
                assert secret not in payload

    def test_only_who_may_brings_in_a_fleet(self) -> None:
        with self.assertRaises(NotPermitted):
            devices.preview_import(
                name="x.csv", content=as_csv(line(1)), gateway=self.gateway, actor=factory.make_hana(), at=factory.NOON
            )


class ImportPagesTest(PortalTestCase):
    def setUp(self) -> None:
        self.client.force_login(factory.make_odile())
        self.gateway = factory.make_gateway()

    def upload(self, content: bytes) -> Any:
        file = SimpleUploadedFile("fleet.csv", content)
        return self.client.post(
            "/office/devices/fleetimport/add/", {"gateway": str(self.gateway.pk), "file": file}, follow=True
        )

    def test_a_file_is_previewed_mended_and_confirmed(self) -> None:
        answer = self.upload(as_csv(line(1), line(2, imei="123")))
        made = FleetImport.objects.get()
        self.assertContains(answer, made.reference)
        findings = self.client.get(reverse("admin:devices_fleetimport_findings", args=[made.pk]))
        sheet = load_workbook(io.BytesIO(findings.content)).active
        assert sheet is not None
        assert [cell.value for cell in list(sheet.rows)[1]][:3] == [3, "imei", "bad-identifier"]
        page = reverse("admin:devices_fleetimport_change", args=[made.pk])
        self.client.post(
            page, {"CHANGE_FORM-action": "confirm", ACTION_CHECKBOX_NAME: str(made.pk), "confirmed": "yes"}
        )
        made.refresh_from_db()
        assert made.state == "running"
        while not devices.continue_import(made.id, actor=WORKER, at=clock.now()):
            pass
        self.assertContains(self.client.get(page), "1 / 1")

    def test_a_rounded_number_is_told_with_what_to_do(self) -> None:
        self.upload(as_csv(line(1, serial_number="8.9049E+31")))
        page = reverse("admin:devices_fleetimport_findings", args=[FleetImport.objects.get().pk])
        sheet = load_workbook(io.BytesIO(self.client.get(page).content)).active
        assert sheet is not None
        told = [cell.value for cell in list(sheet.rows)[1]]
        assert told[:3] == [2, "serial_number", "rounded-number"]
        assert "텍스트" in str(told[3])

    def test_an_unreadable_file_is_told_on_the_page(self) -> None:
        answer = self.upload(b"\xff\xfe")
        assert answer.status_code == 200
        assert answer.context["form"].errors["file"]

    def test_a_handler_may_not(self) -> None:
        self.client.force_login(factory.make_hana())
        assert self.upload(as_csv(line(1))).status_code == 403

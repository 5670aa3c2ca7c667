"""What this app holds can be shown, corrected, found due and destroyed (P1.2, P1.4, P6.1 … P6.3)."""

from datetime import date, timedelta

import pytest

from devices import actions as devices
from devices import retention_expiry
from devices.models import AppLog, Device, Licence, Report
from devices.refusals import Malformed
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.policies.rulebook import RetentionPeriod
from privacy.retention.schedule import selection
from privacy.subjects import actions as subjects
from privacy.subjects import holdings
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.retention import lift_hold

TESTS = SystemActor("tests")
TWO_YEARS = RetentionPeriod("licence-expiry", 2, 0, True, 24)
FIVE_YEARS = RetentionPeriod("service-end", 5, 0, True, 24)
ONE_MONTH = RetentionPeriod("purpose-achieved", 0, 1, False, 0)


def holding(model: type) -> holdings.Holding:
    return next(one for one in holdings.all_holdings() if one.model is model)


class HoldingTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        batch = factory.make_batch(*(factory.make_report(self.device, kind) for kind in factory.BODIES))
        devices.store_reports(batch, gateway=factory.make_gate(), at=factory.NOON)

    def exported(self, model: type) -> list[dict[str, object]]:
        with vault.opened(
            purpose=Purpose.RIGHTS,
            task="rights.access.exported",
            actor=factory.make_odile(),
            at=factory.NOON,
            reason="x",
        ) as vault_session:
            export = holding(model).export
            assert export is not None
            return list(export(self.device.subject_id, vault_session))

    @pytest.mark.clause("P1.2")
    def test_everything_held_is_exported_as_it_was_sent(self) -> None:
        [device] = self.exported(Device)
        assert device["imei"] == factory.imei(1)
        assert device["os_build"] == "BP2A.250605.031"
        [licence] = self.exported(Licence)
        assert (licence["licence_key"], licence["ends_on"]) == ("EXAFE-00000001", "2027-12-31")
        reports = self.exported(Report)
        assert {report["kind"]: report["body"] for report in reports} == {
            kind: body for kind, body in factory.BODIES.items() if kind != "app-log"
        }
        assert [log["body"] for log in self.exported(AppLog)] == [factory.BODIES["app-log"]]

    @pytest.mark.clause("P1.4")
    def test_items_are_corrected_and_a_repeated_event_does_no_harm(self) -> None:
        event = new_id()
        for _again in range(2):
            for item, value in (("imei", factory.imei(2)), ("model", "SM-S936N"), ("licence_key", "EXAFE-RIGHT")):
                devices.correct_registration(
                    self.device.subject_id, item, value, event=event, actor=TESTS, at=factory.NOON, record_id=None
                )
        [device] = self.exported(Device)
        assert (device["imei"], device["model"]) == (factory.imei(2), "SM-S936N")
        assert self.exported(Licence)[0]["licence_key"] == "EXAFE-RIGHT"
        assert list(Device.objects.identified_by(imei=vault.blind_index("imei", factory.imei(2)))) == [self.device]
        self.assertLedgered("devices.device.corrected", self.device)

    def test_a_wrong_correction_is_refused(self) -> None:
        common = {"event": new_id(), "actor": TESTS, "at": factory.NOON, "record_id": None}
        with self.assertRaises(vault.InvalidIdentifier):
            devices.correct_registration(self.device.subject_id, "imei", "123", **common)
        with self.assertRaises(Malformed):
            devices.correct_registration(self.device.subject_id, "gateway_id", "x", **common)

    def test_one_report_is_corrected_by_its_whole_body(self) -> None:
        row = Report.objects.get(kind="access")
        common = {"event": new_id(), "actor": TESTS, "at": factory.NOON}
        devices.correct_report(
            self.device.subject_id, "access", {"action": "unlock", "result": "denied"}, record_id=row.id, **common
        )
        assert {"action": "unlock", "result": "denied"} in [report["body"] for report in self.exported(Report)]
        for item, value, record in (
            ("access", {"action": "unlock"}, row.id), ("access", {"religion": "x"}, row.id), ("access", {}, None)
        ):  # fmt: skip
            with self.assertRaises(Malformed):
                devices.correct_report(self.device.subject_id, item, value, record_id=record, **common)

    @pytest.mark.clause("P7.2")
    def test_rows_are_removed_and_removing_again_does_no_harm(self) -> None:
        other = factory.make_device(2)
        for model, rows in ((AppLog, 1), (Report, 6), (Licence, 1), (Device, 1)):
            destroy = holding(model).destroy
            assert destroy is not None
            for removed in (rows, 0):
                done = destroy([self.device.subject_id], certificate="DC-TEST", actor=TESTS, at=factory.NOON)
                assert done == removed, model
            assert holding(model).counted([self.device.subject_id]) == 0
        assert Device.objects.get() == other
        self.assertLedgered("devices.device.removed")
        self.assertLedgered("devices.reports.removed")


class DueTest(PortalTestCase):
    def licensed(self, number: int, ends_on: str, **options: object) -> Device:
        licence = {"key": f"EXAFE-{number:08d}", "starts_on": "2020-01-01", "ends_on": ends_on}
        return factory.make_device(number, licence=licence, **options)  # type: ignore[arg-type]

    def due(self, on: date) -> set[object]:
        return {one for ids in retention_expiry.registrations_due(on, TWO_YEARS) for one in ids}

    @pytest.mark.law("D-11")
    @pytest.mark.clause("P6.1")
    def test_a_registration_is_due_two_years_after_its_licence(self) -> None:
        old, later = self.licensed(1, "2024-05-15"), self.licensed(2, "2024-05-16")
        assert self.due(date(2026, 5, 15)) == set()
        assert self.due(date(2026, 5, 16)) == {old.id}
        assert self.due(date(2026, 5, 17)) == {old.id, later.id}
        assert retention_expiry.registrations_still_due([old.id, later.id], date(2026, 5, 16), TWO_YEARS) == [old.id]

    def test_the_last_licence_counts(self) -> None:
        device = self.licensed(1, "2024-05-15")
        terms = devices.LicenceTerms("EXAFE-NEW", date(2024, 5, 16), date(2027, 5, 15))
        devices.update(device_id=device.id, changes={"licence": terms}, gateway=factory.make_gate(), at=factory.NOON)
        assert self.due(date(2026, 6, 1)) == set()

    @pytest.mark.law("C-13")
    def test_who_never_agreed_is_due_after_days(self) -> None:
        undecided = factory.make_device(1, agreed=())
        decided = factory.make_device(2)
        day = clock.kst_date(factory.NOON)
        assert self.due(day + timedelta(days=5)) == set()
        assert self.due(day + timedelta(days=6)) == {undecided.id}
        assert retention_expiry.registrations_still_due(
            [undecided.id, decided.id], day + timedelta(days=6), TWO_YEARS
        ) == [undecided.id]

    @pytest.mark.truth("due-once")
    def test_whose_licence_expired_and_who_never_agreed_is_due_once(self) -> None:
        """The preview of a sweep counted such a device twice, and the list had it once."""
        device, other = self.licensed(1, "2020-05-15", agreed=()), factory.make_device(2, agreed=())
        on = clock.kst_date(factory.NOON) + timedelta(days=6)
        due = [one for ids in retention_expiry.registrations_due(on, TWO_YEARS) for one in ids]
        assert sorted(due) == sorted([device.id, other.id])
        (seen,) = [found for found in selection.preview_sweep(on, factory.at_noon(on)) if found.people]
        assert seen.people == factory.sweep_on(on).lists.get().people == 2

    @pytest.mark.truth("agreed-late")
    def test_who_agrees_before_the_destruction_keeps_the_registration(self) -> None:
        late, never = factory.make_device(1, agreed=()), factory.make_device(2, agreed=())
        day = clock.kst_date(factory.NOON) + timedelta(days=6)
        run = factory.sweep_on(day)
        subject = Subject.objects.get(pk=late.subject_id)
        factory.agree(subject, "activation", at=factory.at_noon(day))
        assert self.due(day) == {never.id}
        factory.carry_out_all(run)
        assert set(Device.objects.values_list("id", flat=True)) == {late.id}

    @pytest.mark.truth("due-when-the-hold-ends")
    def test_who_never_agreed_is_due_when_what_kept_them_ends_however_late(self) -> None:
        undecided, other = factory.make_device(1, agreed=()), factory.make_device(2, agreed=())
        day = clock.kst_date(factory.NOON)
        ends_on = day + timedelta(days=200)
        factory.make_hold(subject_id=undecided.subject_id, at=factory.NOON, until=ends_on)
        assert undecided.id in self.due(ends_on)
        assert self.due(ends_on + timedelta(days=1)) == {undecided.id}
        factory.make_hold(subject_id=None, at=factory.NOON, until=ends_on + timedelta(days=90))
        assert self.due(ends_on + timedelta(days=91)) == {undecided.id, other.id}

    @pytest.mark.truth("due-when-the-hold-ends")
    def test_who_never_agreed_is_due_when_a_lifted_hold_or_a_dispute_ends(self) -> None:
        held, disputed = factory.make_device(1, agreed=()), factory.make_device(2, agreed=())
        hold = factory.make_hold(subject_id=held.subject_id, at=factory.NOON)
        vault.freeze(
            subject_id=disputed.subject_id, category="device-registration", item="model",
            cause=Freeze.Cause.CORRECTION, case="C-1", actor=TESTS, at=factory.NOON,
        )  # fmt: skip
        later = factory.NOON + timedelta(days=200)
        lift_hold(hold, reason="판결 확정", at=later)
        vault.unfreeze(case="C-1", actor=TESTS, at=later)
        assert self.due(clock.kst_date(later) + timedelta(days=1)) == {held.id, disputed.id}

    @pytest.mark.clause("P6.2")
    def test_reports_are_due_five_years_after_the_service(self) -> None:
        device, without = factory.make_device(1), factory.make_device(2)
        devices.store_reports(
            factory.make_batch(factory.make_report(device)), gateway=factory.make_gate(), at=factory.NOON
        )
        for one in (device, without):
            subjects.end_service(
                Subject.objects.get(pk=one.subject_id), ended_on=date(2026, 11, 24), actor=TESTS, at=factory.NOON
            )
        on = date(2031, 11, 25)
        assert list(retention_expiry.analytics_due(on - timedelta(days=1), FIVE_YEARS)) == []
        assert list(retention_expiry.analytics_due(on, FIVE_YEARS)) == [[device.id]]
        assert set(retention_expiry.analytics_still_due([device.id], on, FIVE_YEARS)) == {device.id}
        subjects.resume_service(Subject.objects.get(pk=device.subject_id), actor=TESTS, at=factory.NOON)
        assert retention_expiry.analytics_still_due([device.id], on, FIVE_YEARS) == []

    @pytest.mark.clause("P6.3")
    def test_a_month_of_app_logs_is_due_when_the_purpose_of_its_last_log_has_ended(self) -> None:
        device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        report = factory.make_report(device, "app-log", occurred_at="2026-10-03T00:00:00+09:00")
        devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        assert list(retention_expiry.app_log_months_due(date(2026, 11, 30), ONE_MONTH)) == []
        assert list(retention_expiry.app_log_months_due(date(2026, 12, 1), ONE_MONTH)) == [date(2026, 10, 1)]

    def test_the_latest_event_over_is_the_inverse_of_the_period(self) -> None:
        from privacy.lib.dates import periods

        day = date(2024, 1, 1)
        while day < date(2025, 3, 5):
            for term in (TWO_YEARS, FIVE_YEARS, ONE_MONTH):
                last = retention_expiry.latest_event_over(day, term)
                assert periods.period_end(last, years=term.years, months=term.months) < day
                after = last + timedelta(days=1)
                assert periods.period_end(after, years=term.years, months=term.months) >= day
            day += timedelta(days=1)

"""P6.1 … P6.3: data is due on the first day after its period, never a day earlier; leap days, month ends."""

from datetime import UTC, date, datetime, timedelta

import pytest

from devices import actions as devices
from devices import partitions
from devices.models import AppLog
from privacy.retention.models import DestructionList, DestructionRun
from privacy.subjects.models import Subject
from tests.base import PortalTestCase
from tests.factory import (
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_gate,
    make_reports,
    subjects_of,
    sweep_on,
)  # fmt: skip


def due_people(day: date, category: str) -> set[object]:
    """Who stands on the list of a category that a sweep on ``day`` writes."""
    run = sweep_on(day)
    row = DestructionList.objects.filter(run=run, category=category, unit="people").first()
    return set() if row is None else set(row.lines.values_list("subject_id", flat=True))


LICENCE_ENDS = [
    (date(2024, 5, 15), date(2026, 5, 15)),
    (date(2024, 2, 29), date(2026, 2, 28)),
    (date(2023, 2, 28), date(2025, 2, 28)),
    (date(2022, 2, 28), date(2024, 2, 29)),
    (date(2024, 4, 30), date(2026, 4, 30)),
    (date(2023, 12, 31), date(2025, 12, 31)),
]


@pytest.mark.asvs("14.2.7")
@pytest.mark.clause("P6.1")
class RegistrationTwoYearsAfterTheLicence(PortalTestCase):
    """P6.1: registration and licence data, 2 years after the licence expires."""

    @pytest.mark.law("D-01", "D-11")
    def test_is_kept_on_the_last_day_and_due_on_the_next(self) -> None:
        for number, (ended_on, last_day) in enumerate(LICENCE_ENDS, start=1):
            device = make_expired_device(number, ended_on=ended_on)
            with self.subTest(ended_on=ended_on):
                assert device.subject_id not in due_people(last_day, "device-registration")
                assert device.subject_id in due_people(last_day + timedelta(days=1), "device-registration")

    @pytest.mark.law("D-11")
    def test_the_latest_of_several_licences_counts(self) -> None:
        device = make_expired_device(ended_on=date(2024, 5, 15))
        renewed = devices.LicenceTerms("EXAFE-RENEWED", date(2024, 5, 16), date(2025, 5, 15))
        devices.update(
            device_id=device.id, changes={"licence": renewed}, gateway=make_gate(), at=at_noon(date(2024, 5, 15))
        )
        assert not due_people(date(2026, 5, 16), "device-registration")
        assert due_people(date(2027, 5, 16), "device-registration") == set(subjects_of(device))


@pytest.mark.asvs("14.2.7")
@pytest.mark.clause("P6.2")
class AnalyticsFiveYearsAfterTheService(PortalTestCase):
    """P6.2: improvement and analytics data, 5 years after the service ends."""

    def setUp(self) -> None:
        partitions.create_partitions([date(2021, 1, 1)])

    @pytest.mark.law("D-12")
    def test_is_kept_on_the_last_day_and_due_on_the_next(self) -> None:
        cases = [
            (date(2021, 1, 20), date(2026, 1, 20)),
            (date(2024, 2, 29), date(2029, 2, 28)),
            (date(2023, 2, 28), date(2028, 2, 29)),
            (date(2021, 4, 30), date(2026, 4, 30)),
            (date(2021, 12, 31), date(2026, 12, 31)),
        ]
        for number, (ended_on, last_day) in enumerate(cases, start=1):
            with self.subTest(ended_on=ended_on):
                device = make_device(number, at=at_noon(date(2021, 1, 10)))
                make_reports(device, ["status"], at=at_noon(date(2021, 1, 11)))
                Subject.objects.filter(id=device.subject_id).update(service_ended_on=ended_on)
                assert device.subject_id not in due_people(last_day, "service-analytics")
                assert device.subject_id in due_people(last_day + timedelta(days=1), "service-analytics")

    @pytest.mark.law("D-12")
    def test_a_running_service_is_never_due(self) -> None:
        device = make_device(at=at_noon(date(2021, 1, 10)))
        make_reports(device, ["status"], at=at_noon(date(2021, 1, 11)))
        assert not due_people(date(2031, 1, 1), "service-analytics")


@pytest.mark.asvs("14.2.7")
@pytest.mark.clause("P6.3")
class AppLogsAMonthAfterTheirPurpose(PortalTestCase):
    """P6.3: the purpose of a log ends after its days; with the last one of a month the month's key goes."""

    def months_on(self, day: date) -> set[date]:
        run = sweep_on(day)
        return set(DestructionList.objects.filter(run=run, unit="month").values_list("month", flat=True))

    @pytest.mark.law("D-13")
    def test_a_month_is_kept_while_its_last_log_is_and_due_after_that(self) -> None:
        cases = [
            (date(2026, 9, 10), date(2026, 10, 30)),
            (date(2026, 1, 31), date(2026, 3, 2)),
            (date(2026, 4, 30), date(2026, 5, 30)),
            (date(2025, 12, 31), date(2026, 1, 30)),
            (date(2028, 1, 31), date(2028, 3, 1)),
        ]
        for number, (happened_on, last_day) in enumerate(cases, start=1):
            with self.subTest(happened_on=happened_on):
                device = make_device(
                    number, at=at_noon(happened_on), agreed=("activation", "service-analytics", "app-log")
                )
                make_reports(device, ["app-log"], at=at_noon(happened_on))
                month = happened_on.replace(day=1)
                assert month not in self.months_on(last_day)
                assert month in self.months_on(last_day + timedelta(days=1))

    def test_a_month_ends_at_midnight_in_korea(self) -> None:
        device = make_device(at=at_noon(date(2026, 9, 1)), agreed=("activation", "service-analytics", "app-log"))
        # What a report tells of happened a minute before: at 23:59 and at midnight.
        for moment in (datetime(2026, 9, 30, 15, 0, tzinfo=UTC), datetime(2026, 9, 30, 15, 1, tzinfo=UTC)):
            make_reports(device, ["app-log"], at=moment)
        assert self.months_on(date(2026, 11, 1)) == {date(2026, 9, 1)}
        carry_out_all(DestructionRun.objects.latest("started_at"))
        assert [row.occurred_at for row in AppLog.objects.all()] == [datetime(2026, 9, 30, 15, 0, tzinfo=UTC)]

    def test_an_empty_month_is_no_matter(self) -> None:
        assert self.months_on(date(2026, 11, 24)) == set()

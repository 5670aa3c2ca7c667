"""Reports lie in partitions by the month of the event in Korea: made ahead, dropped when they are over."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections
from django.db.utils import DatabaseError

from devices import actions as devices
from devices import partitions
from devices.models import AppLog, Report
from devices.tasks import make_partitions
from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase

TESTS = SystemActor("tests")


class MonthsTest(PortalTestCase):
    def test_there_are_months_back_and_ahead(self) -> None:
        for table in partitions.TABLES:
            held = partitions.existing_months(table)
            assert set(partitions.months_from(clock.today())) <= set(held)
            assert len(held) >= 17

    def test_the_job_makes_what_is_missing_and_repeats_harmlessly(self) -> None:
        far = date(clock.today().year + 1, 6, 1)
        assert partitions.create_partitions([far]) == 2
        assert partitions.create_partitions([far]) == 0
        assert make_partitions() == 0

    def test_a_month_begins_at_midnight_in_korea(self) -> None:
        device = factory.make_device(1, agreed=("activation", "service-analytics"))
        for moment in (datetime(2026, 10, 31, 14, 59, tzinfo=UTC), datetime(2026, 10, 31, 15, 0, tzinfo=UTC)):
            report = factory.make_report(device, occurred_at=moment.isoformat())
            devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        with connections["personal"].cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM devices_report ORDER BY occurred_at")
            assert [row[0] for row in cursor.fetchall()] == ["devices_report_2026_10", "devices_report_2026_11"]

    def test_a_missing_month_is_made_on_the_way(self) -> None:
        device = factory.make_device(1)
        month = date(2026, 2, 1)
        partitions.drop_partition("devices_report", month)
        report = factory.make_report(device, occurred_at=datetime(2026, 2, 10, tzinfo=UTC).isoformat())
        devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        assert Report.objects.count() == 1
        assert month in partitions.existing_months("devices_report")
        assert Entry.objects.filter(word="devices.reports.stored").count() == 1, "one batch, one entry"

    def test_the_second_of_two_missing_months_is_made_on_the_way_too(self) -> None:
        """Its absence is found out when the entry is on its way and the rows of the first are sent."""
        device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        month = date(2026, 2, 1)
        partitions.drop_partition("devices_applog", month)
        moment = datetime(2026, 2, 10, tzinfo=UTC).isoformat()
        batch = factory.make_batch(
            *(factory.make_report(device, kind, occurred_at=moment) for kind in ("access", "app-log"))
        )
        devices.store_reports(batch, gateway=factory.make_gate(), at=factory.NOON)
        assert (Report.objects.count(), AppLog.objects.count()) == (1, 1)
        assert Entry.objects.filter(word="devices.reports.stored").count() == 1, "one batch, one entry"

    def test_the_portal_makes_no_months_out_of_reach_and_drops_none_that_goes_on(self) -> None:
        from django.db import transaction

        for statement, parameters in (
            ("SELECT devices_make_month('devices_report', %s)", [date(1999, 1, 1)]),
            ("SELECT devices_make_month('devices_report', %s)", [date(2026, 5, 2)]),
            ("SELECT devices_make_month('auth_user', %s)", [date(2026, 5, 1)]),
            ("SELECT devices_drop_month('devices_report', %s)", [clock.today().replace(day=1)]),
            ("SELECT devices_drop_month('devices_device', %s)", [date(2026, 5, 1)]),
        ):
            with (
                self.assertRaises(DatabaseError),
                transaction.atomic(using="personal"),
                connections["personal"].cursor() as cursor,
            ):
                cursor.execute(statement, parameters)

    @pytest.mark.clause("P6.3")
    def test_a_finished_month_goes_as_a_whole(self) -> None:
        device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        late = (factory.NOON - timedelta(days=90)).isoformat()
        for moment in (late, late, (factory.NOON - timedelta(hours=1)).isoformat()):
            report = factory.make_report(device, "app-log", occurred_at=moment)
            devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        month = partitions.month_of(factory.NOON - timedelta(days=90))
        removed = devices.drop_app_logs_month(month, certificate="DC-TEST", actor=TESTS, at=factory.NOON)
        assert removed == 2
        assert AppLog.objects.count() == 1
        assert devices.drop_app_logs_month(month, certificate="DC-TEST", actor=TESTS, at=factory.NOON) == 0
        self.assertLedgered("devices.month.dropped")

    def test_a_month_that_is_over_is_put_in_the_order_of_its_devices_once(self) -> None:
        fleet = [factory.make_device(number) for number in range(1, 6)]
        moment = (factory.NOON - timedelta(days=60)).isoformat()
        for _round in range(4):
            batch = factory.make_batch(*(factory.make_report(device, occurred_at=moment) for device in fleet))
            devices.store_reports(batch, gateway=factory.make_gate(), at=factory.NOON)
        month = partitions.month_of(factory.NOON - timedelta(days=60))
        assert partitions.cluster_partition("devices_report", month)
        assert not partitions.cluster_partition("devices_report", month)
        with connections["personal"].cursor() as cursor:
            cursor.execute("SELECT device_id FROM devices_report ORDER BY ctid")
            lying = [row[0] for row in cursor.fetchall()]
        assert lying == sorted(lying)
        late = factory.make_batch(factory.make_report(fleet[0], occurred_at=moment))
        devices.store_reports(late, gateway=factory.make_gate(), at=factory.NOON)
        assert Report.objects.count() == len(lying) + 1, "what comes late goes into the month as it is now"
        with self.assertRaises(DatabaseError):
            partitions.cluster_partition("devices_report", clock.today().replace(day=1))

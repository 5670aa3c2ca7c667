"""Statistics without device ids: counted at intake, small cells suppressed, never by opening anything (P4.1 ②)."""

import json
from datetime import datetime, timedelta

import pytest

from devices import actions as devices
from devices import statistics
from devices.models import Batch, CountedSlice, DailyReportCount
from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.display import charts
from tests import factory
from tests.base import PortalTestCase

STATISTICS = SystemActor("statistics")
DAY = clock.kst_date(factory.NOON)


@pytest.mark.clause("P4.1")
class StatisticsTest(PortalTestCase):
    def setUp(self) -> None:
        self.gate = factory.make_gate()

    def store(self, number_of_devices: int, kind: str = "status", *, first: int = 1, **body: object) -> None:
        reports = []
        for number in range(first, first + number_of_devices):
            device = factory.make_device(number, agreed=("activation", "service-analytics", "app-log"))
            reports.append(factory.make_report(device, kind, **({"body": body} if body else {})))
        devices.store_reports(factory.make_batch(*reports), gateway=self.gate, at=factory.NOON)

    def count(self, at: datetime = factory.NOON) -> None:
        while devices.count_batches(actor=STATISTICS, at=at):
            pass

    def shown(self) -> dict[str, int | None]:
        return {one.cell: one.numbers[-1] for one in statistics.daily_series(DAY, days=1)}

    def test_reports_are_counted_by_day_kind_and_value(self) -> None:
        self.store(10)
        self.store(10, first=11)
        self.store(10, "configuration", first=21, setting="x", result="failed", applied_at="2026-11-24T09:00:00+09:00")
        self.count()
        assert self.shown() == {"status:active": 20, "configuration:failed": 10}
        self.assertLedgered("devices.statistics.counted")

    @pytest.mark.truth("one-device-however-it-is-spelled")
    def test_a_device_in_many_spellings_is_one_device(self) -> None:
        device, spelled = factory.make_device(), []
        for letter in "abcdef":
            report = factory.make_report(device, "status")
            spelled.append({**report, "device": str(report["device"]).replace(letter, letter.upper())})
        upper = {**spelled[0], "device": str(device.id).upper()}
        devices.store_reports(factory.make_batch(*spelled, upper), gateway=self.gate, at=factory.NOON)
        assert json.loads(self.assertLedgered("devices.reports.stored").payload)["facts"]["devices"] == 1
        self.count()
        assert DailyReportCount.objects.get().devices == 1

    def test_fewer_devices_than_the_threshold_are_not_shown(self) -> None:
        self.store(9)
        self.count()
        assert self.shown() == {"status:active": None}

    @pytest.mark.truth("a-hidden-number-is-not-nought")
    def test_a_day_that_is_not_shown_has_no_bar_that_says_nought(self) -> None:
        self.store(9)
        self.count()
        [one] = statistics.daily_series(DAY, days=1)
        assert "<rect" not in charts.grouped_bar_chart(one.points, label=one.name)
        [month] = statistics.daily_series(DAY)
        assert charts.grouped_bar_chart(month.points, label=month.name).count("<rect") == 29

    def test_many_reports_of_few_devices_are_not_shown_either(self) -> None:
        device = factory.make_device(1)
        reports = [factory.make_report(device) for _each in range(50)]
        for _again in range(3):
            devices.store_reports(factory.make_batch(*reports), gateway=self.gate, at=factory.NOON)
        self.count()
        assert self.shown() == {"status:active": None}
        assert DailyReportCount.objects.get().devices == 1

    def test_access_counts_are_added_up(self) -> None:
        self.store(10, "access-count")
        self.count()
        assert self.shown() == {"access-count": 70}

    def test_app_logs_are_not_counted(self) -> None:
        self.store(12, "app-log")
        self.count()
        assert self.shown() == {}

    def test_refused_reports_are_not_counted(self) -> None:
        device = factory.make_device(1, agreed=())
        devices.store_reports(factory.make_batch(factory.make_report(device)), gateway=self.gate, at=factory.NOON)
        self.count()
        assert self.shown() == {}

    @pytest.mark.law("N-08")
    def test_counting_reads_nothing_and_keeps_no_id(self) -> None:
        reads = Entry.objects.reads().count()
        self.store(12)
        self.count()
        assert Entry.objects.reads().count() == reads
        kept = json.dumps(list(DailyReportCount.objects.values("cell", "hashes")), default=str)
        for device_id in Batch.objects.values_list("id", flat=True):
            assert str(device_id) not in kept

    @pytest.mark.asvs("15.2.2")
    def test_an_interrupted_slice_is_counted_once(self) -> None:
        self.store(10)
        self.count()
        # As if the process had died after the figures were committed and before the batches were cleared.
        Batch.objects.update(tally={str(DAY): {"status:active": {"reports": 10, "total": 10, "devices": []}}})
        self.count()
        assert self.shown() == {"status:active": 10}
        assert CountedSlice.objects.count() == 1
        assert not Batch.objects.uncounted().exists()

    def test_a_closed_day_tells_no_devices_apart(self) -> None:
        self.store(10)
        self.count()
        assert devices.close_days(on=DAY + timedelta(days=3)) == 0
        assert devices.close_days(on=DAY + timedelta(days=4)) == 1
        figure = DailyReportCount.objects.get()
        assert (figure.hashes, figure.devices, figure.closed) == ([], 10, True)
        self.store(10, first=11)
        self.count()
        assert self.shown() == {"status:active": 20}

    def test_the_hash_of_a_device_differs_from_day_to_day(self) -> None:
        from devices.daily_counters import device_hash

        device = str(factory.make_device(1).id)
        assert device_hash(device, DAY) != device_hash(device, DAY + timedelta(days=1))

    @pytest.mark.truth("batches-forgotten")
    def test_a_counted_batch_is_forgotten_after_ninety_days_and_an_uncounted_one_is_not(self) -> None:
        self.store(1)
        # The id of a batch carries the moment at which it came.
        now = clock.now()
        later = now + timedelta(days=91)
        assert devices.delete_expired_batches(at=later) == 0
        self.count(at=now)
        assert devices.delete_expired_batches(at=now + timedelta(days=80)) == 0
        assert devices.delete_expired_batches(at=later) >= 1
        assert not Batch.objects.exists()

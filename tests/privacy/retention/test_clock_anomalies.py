"""After a jump of the clock nothing is destroyed until an officer has confirmed it (FLT-06)."""

from datetime import timedelta

import pytest

from devices.models import Device
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import ClockDoubt, DestructionRun
from privacy.retention.refusals import AlreadyDecided, ClockNotTrusted
from privacy.retention.schedule.clock_reading import ClockReading, read_clock
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import SWEEPER, make_expired_device, make_hana, make_odile
from tests.privacy.workforce.test_two_workers import opened_by_two


@pytest.mark.fault("FLT-06")
class AJump(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.first = ClockReading(host="boot-1", at=self.now, uptime=1000.0)
        assert retention.check_clock(self.first, actor=SWEEPER)

    def later(self, **changes: float | str) -> ClockReading:
        hours = float(changes.get("hours", 0))
        up = float(changes.get("up", hours))
        host = str(changes.get("host", "boot-1"))
        return ClockReading(host=host, at=self.now + timedelta(hours=hours), uptime=1000.0 + up * 3600)

    def trusted(self, **changes: float | str) -> bool:
        return retention.check_clock(self.later(**changes), actor=SWEEPER)

    def test_ahead_is_doubted_and_stops_the_sweep(self) -> None:
        device = make_expired_device(ended_on=clock.kst_date(self.now) - timedelta(days=900))
        ahead = self.later(hours=30 * 24, up=0.1)
        with pytest.raises(ClockNotTrusted):
            retention.sweep(as_of=clock.kst_date(ahead.at), reading=ahead, actor=SWEEPER, at=ahead.at)
        assert not DestructionRun.objects.exists()
        assert Device.objects.filter(pk=device.pk).exists()
        self.assertLedgered("retention.clock.doubted")
        self.assertLedgered("retention.sweep.refused")
        with pytest.raises(ClockNotTrusted):
            retention.execute_ready(actor=SWEEPER, at=self.now)

    def test_back_is_doubted(self) -> None:
        assert not self.trusted(hours=-1, up=0.1)

    def test_a_small_correction_is_not(self) -> None:
        assert self.trusted(hours=0.1, up=0.11)

    def test_after_a_restart_a_gap_of_six_hours_is_doubted(self) -> None:
        assert self.trusted(hours=5.9, host="boot-2", up=-0.2)
        ClockDoubt.objects.all().delete()

    def test_after_a_restart_a_longer_gap_is(self) -> None:
        assert not self.trusted(hours=7, host="boot-2", up=-0.2)

    def test_goes_on_when_an_officer_confirms(self) -> None:
        assert not self.trusted(hours=7, host="boot-2")
        doubt = ClockDoubt.objects.get()
        with pytest.raises(NotPermitted):
            retention.confirm_clock(doubt, reading=read_clock(self.now), actor=make_hana(), at=self.now)
        retention.confirm_clock(doubt, reading=read_clock(self.now), actor=make_odile(), at=self.now)
        self.assertLedgered("retention.clock.confirmed", doubt)
        assert retention.check_clock(read_clock(self.now), actor=SWEEPER)

    def test_is_one_doubt_however_often_it_is_seen(self) -> None:
        for _time in range(3):
            assert not self.trusted(hours=-2, up=0.1)
        assert ClockDoubt.objects.count() == 1

    @pytest.mark.truth("confirmed-already")
    def test_what_is_confirmed_is_not_confirmed_again(self) -> None:
        assert not self.trusted(hours=7, host="boot-2")
        doubt, odile = ClockDoubt.objects.get(), make_odile()
        retention.confirm_clock(doubt, reading=read_clock(self.now), actor=odile, at=self.now)
        with pytest.raises(AlreadyDecided):
            retention.confirm_clock(doubt, reading=read_clock(self.now), actor=odile, at=self.now)


@pytest.mark.fault("FLT-06")
@pytest.mark.truth("jump-seen-by-two")
def test_two_workers_that_see_a_jump_at_once_doubt_it_once(portal_database: PortalDatabase) -> None:
    now = clock.now()
    assert retention.check_clock(ClockReading(host="boot-1", at=now, uptime=1000.0), actor=SWEEPER)
    ahead = ClockReading(host="boot-1", at=now + timedelta(hours=9), uptime=1001.0)
    assert opened_by_two(lambda: retention.check_clock(ahead, actor=SWEEPER)) == (False, False)
    assert ClockDoubt.objects.count() == 1

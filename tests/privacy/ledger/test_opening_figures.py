"""Openings by purpose and by account are those on record; who opened far more than the others stands out."""

from datetime import timedelta
from unittest.mock import patch

from django.urls import reverse

from privacy.ledger import opening_figures
from privacy.ledger.models import AccessRecord
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from tests import factory
from tests.base import PortalTestCase


class FigureTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_odile(), factory.make_hana()
        # reads of other tests stay on record: what they committed beside their transaction
        every = patch.object(opening_figures, "MOST_ACCOUNTS", 10_000)
        every.start()
        self.addCleanup(every.stop)

    def opened(self, times: int) -> None:
        factory.make_device(1)
        case = factory.make_verified(factory.ask(target=factory.imei(1)), at=clock.now())
        for _turn in range(times):
            rights.read_particulars(case, task="rights.particulars.read", actor=self.hana, at=clock.now())

    def test_they_add_up_to_the_record(self) -> None:
        self.opened(3)
        purposes, accounts = opening_figures.pictures(clock.now() + timedelta(minutes=1), days=30)
        assert sum(int(str(row[1])) for row in purposes.rows) == AccessRecord.objects.count()
        (row,) = [one for one in accounts.rows if self.hana.reference in str(one[0])]
        assert row[1] == AccessRecord.objects.filter(actor=self.hana.reference).count() >= 3

    def test_what_is_older_than_the_period_is_not_counted(self) -> None:
        self.opened(1)
        assert opening_figures.pictures(clock.now() + timedelta(days=100), days=30) == []

    def test_who_stands_out_is_far_above_the_others(self) -> None:
        assert opening_figures.upper_fence([1, 1, 100]) == float("inf")
        fence = opening_figures.upper_fence([10, 12, 9, 11, 100])
        assert 12 < fence < 100

    def test_the_page_is_for_those_who_may_see_the_record(self) -> None:
        self.opened(2)
        address = reverse("admin:ledger_accessrecord_figures")
        self.client.force_login(factory.make_aram())
        for days in ("30", "365", "zebra", ""):
            page = self.client.get(address, {"days": days})
            assert page.status_code == 200
            assert self.hana.reference in page.content.decode()
        self.client.force_login(factory.make_emin())
        assert self.client.get(address).status_code in (302, 403)

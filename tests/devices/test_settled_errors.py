"""App logs go at once when the error they served is settled, or when the days for its analysis are over (P6.3)."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from devices import actions as devices
from devices import partitions
from devices.models import AppLog, AppLogRemoval, Device, SettledError
from devices.refusals import UnknownDevice
from devices.tasks import remove_settled_logs
from privacy.jobs.models import PersonalOutbox
from privacy.jobs.outbox import RetryLater
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.policies import policy_document, presentation
from privacy.policies.models import Parameter
from privacy.retention.models import Certificate, DestructionList
from privacy.vault import actions as vault
from privacy.vault.models import MonthKey
from tests import factory
from tests.base import PortalTestCase
from tests.devices.base import ApiTestCase

LOGS = SystemActor("app-logs")
ALL = ("activation", "service-analytics", "app-log")


def make_logged(number: int, *moments: datetime) -> Device:
    """A device with an app log a minute before each moment."""
    device = factory.make_device(number, agreed=ALL, at=min(moments))
    for moment in moments:
        factory.make_reports(device, ["app-log"], at=moment)
    return device


def left(device: Device) -> list[date]:
    held = AppLog.objects.filter(device_id=device.id).order_by("occurred_at")
    return [factory.kst(moment) for moment in held.values_list("occurred_at", flat=True)]


@pytest.mark.truth("27")
@pytest.mark.clause("P6.3")
class SettledTest(PortalTestCase):
    def setUp(self) -> None:
        self.before, self.after = factory.NOON - timedelta(days=3), factory.NOON - timedelta(days=1)
        self.device = make_logged(1, self.before, self.after)
        self.other = make_logged(2, self.before)

    def settle(self, *, until: datetime | None = None, **changes: Any) -> SettledError:
        given = {"device_id": self.device.id, "actor": factory.make_gate(), "at": factory.NOON, **changes}
        return devices.settle_errors(until=until or self.before, **given)

    def deliver(self) -> None:
        for row in PersonalOutbox.objects.filter(kind="devices.settled"):
            remove_settled_logs(row.ids, event=row.id, starts=1, at=factory.NOON)

    @pytest.mark.law("D-13", "D-01")
    def test_logs_go_at_once_and_only_those_that_the_error_explains(self) -> None:
        row = self.settle()
        self.deliver()
        assert left(self.device) == [factory.kst(self.after)]
        assert left(self.other) == [factory.kst(self.before)]
        self.assertLedgered("devices.error.settled", row)
        assert '"because":"settled"' in self.assertLedgered("devices.reports.removed").payload

    def test_said_twice_it_is_one_and_removed_once(self) -> None:
        assert self.settle().pk == self.settle().pk
        self.deliver()
        self.deliver()
        assert AppLogRemoval.objects.count() == 1
        assert SettledError.objects.get().removed_at == factory.NOON

    def test_a_moment_to_come_settles_nothing_that_has_not_happened(self) -> None:
        assert self.settle(until=factory.NOON + timedelta(days=9)).settled_until == factory.NOON

    def test_an_open_correction_or_a_hold_keeps_them_until_it_ends(self) -> None:
        freeze = factory.make_freeze(self.device.subject_id, category="app-log")
        self.settle()
        with pytest.raises(RetryLater):
            self.deliver()
        assert len(left(self.device)) == 2
        vault.unfreeze(case=freeze.case, actor=LOGS, at=factory.NOON)
        factory.make_hold(subject_id=self.device.subject_id, category="app-log")
        with pytest.raises(RetryLater):
            self.deliver()
        assert len(left(self.device)) == 2

    def test_another_gateway_and_who_may_not_settle_nothing(self) -> None:
        with pytest.raises(UnknownDevice):
            self.settle(actor=factory.make_gate("Other"))
        with pytest.raises(NotPermitted):
            self.settle(actor=factory.make_emin())
        assert not SettledError.objects.exists()

    def test_the_office_says_so_on_the_page_of_the_device(self) -> None:
        self.client.force_login(factory.make_odile())
        address = f"/office/devices/device/{self.device.id}/change/"
        page = self.client.get(address)
        self.assertContains(page, "settle_errors")
        asked = {"CHANGE_FORM-action": "settle_errors", ACTION_CHECKBOX_NAME: str(self.device.pk)}
        self.assertContains(self.client.post(address, asked), "confirmed")
        self.client.post(address, {**asked, "confirmed": "yes"})
        assert SettledError.objects.filter(device_id=self.device.id).count() == 1


@pytest.mark.truth("27")
@pytest.mark.clause("P6.3")
class ServedTest(PortalTestCase):
    def remove(self, on: date) -> int:
        return devices.remove_expired_logs(on=on, actor=LOGS, at=factory.at_noon(on))

    def test_a_log_goes_on_the_day_after_its_days_and_not_before(self) -> None:
        device = make_logged(1, factory.at_noon(date(2026, 9, 1)), factory.at_noon(date(2026, 9, 2)))
        assert self.remove(date(2026, 10, 1)) == 0
        assert self.remove(date(2026, 10, 2)) == 1
        assert left(device) == [date(2026, 9, 2)]

    def test_the_office_sets_the_days(self) -> None:
        Parameter.objects.create(
            code="app-log.purpose.days", value=7, unit="days", effective_on=date(2026, 9, 20), basis="test"
        )
        make_logged(1, factory.at_noon(date(2026, 9, 1)))
        assert self.remove(date(2026, 9, 19)) == 0
        assert self.remove(date(2026, 9, 20)) == 1

    def test_a_hold_keeps_the_logs_of_one_and_nobody_elses(self) -> None:
        kept, gone = (make_logged(number, factory.at_noon(date(2026, 9, 1))) for number in (1, 2))
        factory.make_hold(subject_id=kept.subject_id, category="app-log", at=factory.at_noon(date(2026, 9, 2)))
        assert self.remove(date(2026, 10, 2)) == 1
        assert (len(left(kept)), left(gone)) == (1, [])

    def test_the_key_of_a_month_goes_though_its_rows_went_before(self) -> None:
        make_logged(1, factory.at_noon(date(2026, 9, 1)))
        month = {"category": "app-log", "month": date(2026, 9, 1)}
        assert self.remove(date(2026, 10, 2)) == 1
        assert not AppLog.objects.exists()
        factory.sweep_on(date(2026, 10, 30))
        assert MonthKey.objects.filter(**month).exists(), "some log of the month might be a day younger"
        run = factory.sweep_on(date(2026, 10, 31))
        factory.carry_out_all(run)
        assert not MonthKey.objects.filter(**month).exists()
        made = DestructionList.objects.get(run=run, unit="month")
        assert (made.state, made.month) == ("done", date(2026, 9, 1))
        assert Certificate.objects.filter(list=made).exists()
        later = factory.sweep_on(date(2026, 11, 1))
        assert not DestructionList.objects.filter(run=later).exists(), "a month whose key is gone is over"


@pytest.mark.truth("27")
class CallTest(ApiTestCase):
    def test_a_gateway_says_that_the_errors_of_a_device_are_settled(self) -> None:
        device = self.device(agreed=ALL)
        sent = {"until": self.now.isoformat()}
        answer = self.call("POST", f"/devices/{device.id}/errors-settled", sent)
        assert answer.status_code == 200
        assert answer.json()["device"] == str(device.id)
        assert SettledError.objects.get().recorded_by.startswith("gateway:")
        assert self.call("POST", f"/devices/{uuid4()}/errors-settled", sent).status_code == 404
        assert partitions.month_of(self.now) in partitions.existing_months("devices_applog")


@pytest.mark.truth("27")
class PublishedRuleTest(PortalTestCase):
    def test_the_published_table_says_when_the_purpose_ends(self) -> None:
        self.assertContains(self.client.get("/en/policy/"), "or 30 days after the log was made")
        self.assertContains(self.client.get("/policy/"), "30일이 지나면")
        Parameter.objects.create(
            code="app-log.purpose.days", value=7, unit="days", effective_on=date(2021, 1, 1), basis="test"
        )
        self.assertContains(self.client.get("/en/policy/"), "or 7 days after the log was made")

    @pytest.mark.truth("28")
    @pytest.mark.clause("P6.4")
    def test_a_law_under_which_nothing_is_held_says_so(self) -> None:
        document = policy_document.published_document(factory.the_policy())
        blocks = [block for section in presentation.render_sections(document, "en")
                  for block in section.blocks if block.name == "preservation"]  # fmt: skip
        held = {row[0]: row[-1] for block in blocks for row in block.rows}
        assert held["Internet log records and access-location data"] == "Access records"
        assert held["Other communication confirmation data"] == "none: no such records are held"

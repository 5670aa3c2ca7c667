"""Deletion and withdrawal destroy what no law preserves; recipients who hold it are told (P1.7, P3.6; R-18, R-24)."""

import pytest

from consents.models import CurrentConsent
from devices import actions as devices
from devices.models import AppLog, Device
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.retention.refusals import OnHold
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request, Right
from privacy.vault import actions as vault
from privacy.vault.models import SubjectKey
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.process_roles import as_process


class ErasureCase(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        devices.store_reports(
            factory.make_batch(factory.make_report(self.device, "app-log")), gateway=factory.make_gate(), at=NOON
        )

    def granted(self, asked: RequestedRight) -> Right:
        return factory.make_granted(factory.ask(asked, target=factory.imei(1), answer_by="portal"))


@pytest.mark.clause("P1.7")
class DeletionTests(ErasureCase):
    @pytest.mark.law("R-16", "R-18", "R-14")
    def test_everything_of_the_person_is_destroyed_and_certified(self) -> None:
        right = rights.carry_out(self.granted(RequestedRight("deletion")), actor=self.odile, at=NOON)
        assert not Device.objects.exists()
        assert not AppLog.objects.exists()
        assert vault.is_destroyed(self.device.subject_id, "device-registration")
        assert all(right.result["certificates"])
        self.assertLedgered("rights.subject.erased", Request.objects.get())

    @pytest.mark.attack("18")
    def test_pages_destroy_nothing_and_the_worker_goes_on_at_once(self) -> None:
        right = self.granted(RequestedRight("deletion"))
        with as_process("pages"):
            assert rights.carry_out(right, actor=self.odile, at=NOON).carried_out_at is None
        assert Device.objects.exists()
        assert SubjectKey.objects.filter(subject_id=self.device.subject_id).exists()
        with as_process("worker"):
            dispatch_due(at=NOON)
        right.refresh_from_db()
        assert right.carried_out_at is not None and all(right.result["certificates"])
        assert not Device.objects.exists()

    def test_only_the_category_asked_for_goes(self) -> None:
        rights.carry_out(self.granted(RequestedRight("deletion", category="app-log")), actor=self.odile, at=NOON)
        assert Device.objects.exists()
        assert not AppLog.objects.exists()

    def test_recipients_of_what_was_erased_are_told(self) -> None:
        factory.make_provided(self.device, "model", "imei")
        rights.carry_out(self.granted(RequestedRight("deletion")), actor=self.odile, at=NOON)
        notice = Notice.objects.get()
        assert notice.kind == "erased"
        assert notice.items == ["imei", "model"]

    def test_a_hold_stops_it_and_the_case_stays_open(self) -> None:
        factory.make_hold(subject_id=self.device.subject_id)
        right = self.granted(RequestedRight("deletion"))
        with pytest.raises(OnHold):
            rights.carry_out(right, actor=self.odile, at=NOON)
        assert Device.objects.exists()
        right.refresh_from_db()
        assert right.carried_out_at is None
        assert Request.objects.get().is_open

    def test_what_the_requester_wrote_stays_readable_for_the_answer(self) -> None:
        right = rights.carry_out(self.granted(RequestedRight("deletion")), actor=self.odile, at=NOON)
        words = rights.read_particulars(right.request, task="rights.particulars.read", actor=self.odile, at=NOON)
        assert words.contact["name"] == "Mina"


@pytest.mark.clause("P3.6")
class WithdrawalTests(ErasureCase):
    def test_the_withdrawal_is_recorded_and_what_rested_on_it_destroyed(self) -> None:
        right = self.granted(RequestedRight("consent-withdrawal", agreement="app-log"))
        rights.carry_out(right, actor=self.odile, at=NOON)
        assert CurrentConsent.objects.get(agreement__code="app-log").choice == "withdraw"
        assert CurrentConsent.objects.get(agreement__code="activation").choice == "agree"
        dispatch_due(at=NOON + factory.WITHDRAWAL_WAIT)
        assert not AppLog.objects.exists()
        assert Device.objects.exists()

    def test_repeating_it_records_it_once(self) -> None:
        right = self.granted(RequestedRight("consent-withdrawal", agreement="app-log"))
        rights.begin_execution(right, actor=self.odile, at=NOON)
        for _time in range(2):
            rights.continue_execution(right, actor=self.odile, at=NOON)
        assert rights.continue_execution(right, actor=self.odile, at=NOON).result["withdrawn"] == ["app-log"]

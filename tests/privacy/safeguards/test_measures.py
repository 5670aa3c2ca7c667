"""The register of measures: owner, cycle, dated evidence, alarms (P8.2, P8.5, P8.6)."""

import hashlib
from datetime import date, timedelta
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.safeguards import actions as safeguards
from privacy.safeguards.actions.measures import ALARM
from privacy.safeguards.events import Event
from privacy.safeguards.models import Evidence, Measure
from privacy.safeguards.models.measures import MeasureQuerySet
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests.base import PortalTestCase
from tests.factory import NOON, judge_files, make_aram, make_hana, make_measure, make_odile, make_omar
from tests.fake_clamd import EICAR, running
from tests.privacy.disclosures.smtp_server import mailbox
from tests.sample_uploads import PDF, pdf, stream

DAY = timedelta(days=1)


def evidence(measure: Measure, result: str = "passed", **changes: object) -> Evidence:
    values = {"detail": "잠금 확인", "actor": make_odile(), "at": NOON} | changes
    return safeguards.record_evidence(measure, result=result, **values)  # type: ignore[arg-type]


@pytest.mark.clause("P8.2")
@pytest.mark.clause("P8.6")
class MeasureTest(PortalTestCase):
    @pytest.mark.law("S-16")
    def test_evidence_moves_the_next_day_by_the_cycle(self) -> None:
        measure = make_measure(cycle_days=90)
        assert measure.due_on == date(2027, 2, 22)
        evidence(measure, at=NOON + 10 * DAY)
        measure.refresh_from_db()
        assert (measure.result, measure.due_on) == ("passed", date(2027, 3, 4))
        assert Measure.objects.overdue(on=date(2027, 3, 5)).get() == measure
        assert not Measure.objects.overdue(on=date(2027, 3, 4)).exists()

    def test_the_register_shows_measure_owner_and_last_evidence(self) -> None:
        measure = make_measure()
        evidence(measure, detail="카드와 지문 확인")
        self.client.force_login(make_aram())
        listed = self.client.get(reverse("admin:safeguards_measure_changelist")).content.decode()
        for told in (measure.name, "Hana", "P8.11", "정상"):
            assert told in listed
        page = self.client.get(reverse("admin:safeguards_measure_change", args=[measure.pk])).content.decode()
        assert "카드와 지문 확인" in page

    @pytest.mark.truth("a-query-for-each-account")
    def test_the_list_of_evidence_asks_once_for_a_name_that_it_shows_often(self) -> None:
        measure = make_measure()
        self.client.force_login(make_odile())
        address = reverse("admin:safeguards_evidence_changelist")

        def asked() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert "Odile" in self.client.get(address).content.decode()
            return len(queries)

        evidence(measure)
        few = asked()
        for _one in range(5):
            evidence(measure)
        assert asked() <= few

    @pytest.mark.truth("two-at-once-keep-what-was-typed")
    def test_a_code_that_somebody_else_takes_at_the_same_moment_is_said_on_the_form(self) -> None:
        taken = make_measure()
        self.client.force_login(make_odile())
        typed = {"code": taken.code, "title": "출입 통제", "kind": taken.kind, "clause": "P8.5",
                 "owner": make_hana().reference, "cycle_days": "30"}  # fmt: skip
        with mock.patch.object(MeasureQuerySet, "exists", return_value=False):
            page = self.client.post(reverse("admin:safeguards_measure_new"), typed)
        assert page.status_code == 200
        assert "code" in page.context["form"].errors
        assert "출입 통제" in page.content.decode()

    def test_evidence_says_something_and_needs_the_permission(self) -> None:
        measure = make_measure()
        with pytest.raises(safeguards.Incomplete):
            evidence(measure, detail="  ")
        with pytest.raises(NotPermitted):
            evidence(measure, actor=make_aram())
        assert not Evidence.objects.exists()

    def test_codes_are_taken_once_and_owners_work_here(self) -> None:
        make_measure()
        with pytest.raises(safeguards.DuplicateCode):
            make_measure()
        with pytest.raises(safeguards.UnknownAccount):
            make_measure("other", owner="U-XXXX-XXXX")

    def test_out_of_use_takes_no_evidence(self) -> None:
        measure = safeguards.retire_measure(make_measure(), actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.WrongState):
            evidence(measure)

    @pytest.mark.truth("refused-evidence")
    def test_what_is_refused_leaves_no_sealed_file(self) -> None:
        measure = safeguards.retire_measure(make_measure(), actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.WrongState):
            evidence(measure, name="사진.pdf", content=PDF)
        assert not EncryptedFile.objects.exists()

    def test_a_failure_raises_one_alarm_until_it_is_in_order(self) -> None:
        measure = make_measure()
        evidence(measure, "failed", detail="잠금장치 고장")
        evidence(measure, "failed")
        evidence(measure, "unknown")
        evidence(measure, "failed")
        assert Entry.objects.filter(word=Event.ALARM_RAISED).count() == 1
        evidence(measure, "passed")
        self.assertLedgered(Event.ALARM_CLEARED, measure)
        assert not Measure.objects.failing().exists()

    @pytest.mark.truth("alarm-until-in-order")
    def test_a_look_that_saw_nothing_takes_no_alarm_away(self) -> None:
        measure = make_measure()
        evidence(measure, "failed", detail="잠금장치 고장")
        evidence(measure, "unknown")
        assert Measure.objects.failing().get() == measure
        with mailbox() as received:
            dispatch_due(at=NOON)
        assert "잠금장치 고장" in str(received.arrived[0].get_content())
        evidence(measure, "passed")
        self.assertLedgered(Event.ALARM_CLEARED, measure)

    def test_the_alarm_goes_to_the_officers_and_the_owner_and_onto_the_dashboard(self) -> None:
        measure = make_measure()
        evidence(measure, "failed", detail="잠금장치 고장")
        with mailbox() as received:
            dispatch_due(at=NOON)
        assert {message["To"] for message in received.arrived} == {
            "odile@extrus.example",
            "omar@extrus.example",
            "hana@extrus.example",
        }
        assert "출입문 잠금장치" in str(received.arrived[0].get_content())
        self.client.force_login(make_odile())
        board = self.client.get(reverse("admin:index")).content.decode()
        assert "이상이 있는 보호조치" in board
        (failed,) = Measure.objects.filter(result="failed")
        assert reverse("admin:safeguards_measure_change", args=[failed.pk]) in board

    @pytest.mark.truth("alarm-stopped-by-one-mailbox")
    def test_a_mailbox_that_is_gone_keeps_the_alarm_from_nobody_else(self) -> None:
        evidence(make_measure(), "failed", detail="잠금장치 고장")
        with mailbox() as received:
            received.unknown.add("hana@extrus.example")
            dispatch_due(at=NOON)
        assert {message["To"] for message in received.arrived} == {"odile@extrus.example", "omar@extrus.example"}
        assert GeneralOutbox.objects.get(kind=ALARM, done_at=None).failures == 1


@pytest.mark.clause("P8.4")
@pytest.mark.clause("P8.5")
class EvidenceFileTest(PortalTestCase):
    def open(self, seen: Evidence) -> tuple[bytes, str]:
        omar = make_omar()
        for purpose in ("legal-duty",):
            accounts.grant(
                asked_by=omar,
                user=omar, category="safeguard-evidence", purpose=purpose, reason="test", valid_from=NOON.date(),
                valid_until=None, actor=make_odile(), at=NOON,
            )  # fmt: skip
        judge_files()
        return safeguards.open_file(seen, actor=omar, at=NOON)

    def test_a_file_is_sealed_and_opened_on_record(self) -> None:
        seen = evidence(make_measure(), name="사진.pdf", content=PDF)
        assert seen.file_digest == hashlib.sha256(PDF).hexdigest()
        assert PDF not in EncryptedFile.objects.get().content.ciphertext
        with pytest.raises(NotPermitted):  # no grant, no opening
            safeguards.open_file(seen, actor=make_hana(granted=False), at=NOON)
        assert self.open(seen) == (PDF, "application/pdf")
        assert self.assertLedgered("ledger.read").task == "safeguards.evidence.shown"

    def test_a_file_is_scanned(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            seen = evidence(make_measure(), name="a.pdf", content=pdf(stream(EICAR, packed=False)))
            with pytest.raises(vault.Quarantined):
                self.open(seen)

    def test_something_else_than_a_paper_is_refused(self) -> None:
        with pytest.raises(InvalidUpload):
            evidence(make_measure(), name="a.exe", content=b"MZ")
        assert not Evidence.objects.exists()

    def test_it_goes_through_the_console(self) -> None:
        measure = make_measure()
        self.client.force_login(make_odile())
        page = reverse("admin:safeguards_measure_change", args=[measure.pk])
        pressed = {"CHANGE_FORM-action": "record", "_selected_action": str(measure.pk), "index": "0"}
        assert b"multipart/form-data" in self.client.post(page, pressed).content
        answers = {"confirmed": "yes", "result": "passed", "detail": "확인", "file": SimpleUploadedFile("a.pdf", PDF)}
        self.client.post(page, pressed | answers)
        seen = Evidence.objects.get()
        assert (seen.detail, bool(seen.file_id)) == ("확인", True)
        shown = self.client.get(reverse("admin:safeguards_evidence_change", args=[seen.pk])).content.decode()
        assert "application/pdf" in shown

"""Certificates of what was not there, of archived records, and after a setting changed: they say what was so (P7.1)."""

from datetime import date, timedelta

import pytest
from django.contrib.admin import site
from django.utils.translation import override

from privacy.retention import actions as retention
from privacy.retention.certificates import authenticity
from privacy.retention.models import DestructionList, RegisterEntry
from tests.base import PortalTestCase
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_hold,
    make_odile,
    make_reports,
    sweep_on,
)
from tests.privacy.retention.test_certificate_wording import (
    DUE,
    ENDED,
    SEPTEMBER,
    SWEPT,
    a_month_of_app_logs,
    printed,
    squeezed,
)


@pytest.mark.truth("certificate-of-nothing-found")
class ACategoryOfWhichNothingIsHeld(PortalTestCase):
    """Whoever asks for the deletion of everything gets a paper for each category, also for one without a row or key."""

    def test_is_certified_as_empty_and_not_as_removed(self) -> None:
        device = make_device(1, agreed=("activation",))
        ordered = retention.destroy_subject_data(
            device.subject_id, ["app-log"], cause="deletion", case="K7-0009", actor=SWEEPER, at=at_noon(DUE)
        )
        row = DestructionList.objects.get(reference=ordered[0].list)
        said = row.certificates.get().statement
        assert (said["destroyed"]["keys"], sum(said["destroyed"]["rows"].values())) == (0, 0)
        english, korean = printed(row.certificates.get(), "en"), printed(row.certificates.get(), "ko")
        assert squeezed("were removed") not in english
        assert squeezed("was removed") not in english
        assert squeezed("rows removed;") not in english
        assert squeezed("rows removed at") not in english
        assert squeezed("can be opened until") not in english
        assert squeezed("No record and no key of 1 person was found.") in english
        assert squeezed("기록과 키가 없었습니다") in korean
        entry = RegisterEntry.objects.get(list=row)
        assert "삭제했" not in entry.notes
        assert entry.method == "파기할 자료와 키 없음"


@pytest.mark.truth("certificate-follows-a-later-setting")
class ASettingThatChangesLater(PortalTestCase):
    def test_changes_no_day_on_a_certificate_that_was_signed(self) -> None:
        devices = a_month_of_app_logs(2)
        run = sweep_on(SWEPT)
        make_hold(subject_id=devices[0].subject_id, at=at_noon(SWEPT))
        (row,) = carry_out_all(run)
        certificate = row.certificates.get()
        before = printed(certificate, "en")
        assert squeezed("those backups end on") in before
        with self.settings(DATA_BACKUP_DAYS=400):
            assert printed(certificate, "en") == before


@pytest.mark.truth("aborted-for-its-own-reason")
class AListOfWhichNothingWasLeft(PortalTestCase):
    def test_says_for_which_reason_nobody_was_left(self) -> None:
        from privacy.retention.admin.destruction_lists import DestructionListAdmin

        gone = make_expired_device(1, ended_on=ENDED)
        row = sweep_on(DUE).lists.get()
        retention.approve(row, actor=make_odile(), at=at_noon(DUE))
        retention.destroy_subject_data(
            gone.subject_id, ["device-registration"], cause="deletion", case="K7-2", actor=SWEEPER, at=at_noon(DUE)
        )
        retention.execute(row, actor=SWEEPER, at=at_noon(DUE + timedelta(days=2)))
        row.refresh_from_db()
        assert row.state == DestructionList.State.ABORTED
        with override("en"):
            said = DestructionListAdmin(DestructionList, site).abort_reason_shown(row)
        assert "already destroyed under another list: 1" in said
        assert "hold" not in said


@pytest.mark.truth("archive-certificate-counts")
class TheEndOfAnArchivedRecord(PortalTestCase):
    """Of whoever left altogether the archive's own key goes with the last record: the certificate denied it."""

    def setUp(self) -> None:
        device = make_device(1, at=at_noon(date(2026, 8, 31)))
        make_reports(device, ["access", "access"], at=at_noon(SEPTEMBER))
        retention.destroy_subject_data(
            device.subject_id, None, cause="deletion", case="K7-1", actor=SWEEPER, at=at_noon(date(2026, 10, 1))
        )
        (self.row,) = carry_out_all(sweep_on(date(2026, 12, 2)))
        assert self.row.unit == DestructionList.Unit.ARCHIVE
        self.device = device

    def test_is_told_with_the_key_of_the_person(self) -> None:
        said = self.row.certificates.get().statement
        assert (said["destroyed"]["keys"], said["destroyed"]["month_keys"]) == (1, 0)
        english = printed(self.row.certificates.get(), "en")
        assert squeezed("No key was destroyed") not in english
        assert squeezed("keys of people of whom nothing is left destroyed") in english
        assert squeezed("unless the key of the month or of the person was destroyed") in english
        assert retention.reconcile(actor=SWEEPER, at=at_noon(date(2026, 12, 7))) == []

    def test_counts_records_and_not_the_boxes_beside_them(self) -> None:
        entry = RegisterEntry.objects.get(list=self.row)
        assert (entry.records, entry.held_before) == (2, 2)
        with override("en"):
            found = authenticity.find_certificate(self.row.certificates.get().digest)
        assert found is not None
        rows = dict(found.rows)
        assert rows["rows removed"] == "2"

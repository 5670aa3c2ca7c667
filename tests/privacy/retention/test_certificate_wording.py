"""Certificate, register and check page say what was done to whom: fully, in part, rows only (P7.1)."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils.translation import override

from devices.models import AppLog
from privacy.lib.crypto import canonical_json
from privacy.retention import actions as retention
from privacy.retention.certificates import documents
from privacy.retention.models import Certificate, DestructionLine, DestructionList, RegisterEntry, Rewrite
from privacy.vault.models import MonthKey
from tests.base import PortalTestCase
from tests.factory import (
    SWEEPER,
    ask,
    at_noon,
    carry_out_all,
    imei,
    make_device,
    make_expired_device,
    make_hold,
    make_odile,
    make_reports,
    make_verified,
    sweep_on,
)
from tests.privacy.retention.test_archive import archive_an_access

DUE = date(2026, 5, 16)
ENDED = date(2024, 5, 15)
SEPTEMBER = date(2026, 9, 1)
SWEPT = date(2026, 11, 1)


def a_month_of_app_logs(people: int) -> list:
    happened = at_noon(date(2026, 9, 10))
    devices = [make_device(number, at=happened, agreed=("activation", "app-log")) for number in range(1, people + 1)]
    for device in devices:
        make_reports(device, ["app-log", "app-log"], at=happened)
    return devices


def printed(certificate: Certificate, language: str) -> str:
    """Everything that the paper is given to print, in its order."""
    with override(language):
        return squeezed("".join(_texts(documents._blocks(certificate))))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.truth("1")
@pytest.mark.clause("P7.1")
class AMonthWithOnePersonLeftOut(PortalTestCase):
    """Twelve have records in September; an open case of one keeps hers, and with them the month's key."""

    def setUp(self) -> None:
        super().setUp()
        self.devices = a_month_of_app_logs(12)
        run = sweep_on(SWEPT)
        self.left = self.devices[0]
        make_verified(ask(target=imei(1), at=at_noon(SWEPT)), at=at_noon(SWEPT))
        (self.row,) = carry_out_all(run)
        self.certificate = self.row.certificates.get()

    def test_the_key_stands_and_the_certificate_says_so(self) -> None:
        assert MonthKey.objects.filter(category="app-log", month=SEPTEMBER).exists()
        said = self.certificate.statement
        assert (said["destroyed"]["keys"], said["destroyed"]["key_kept"]) == (0, True)
        assert said["carried_out"]["keys_destroyed_at"] == ""
        english, korean = printed(self.certificate, "en"), printed(self.certificate, "ko")
        assert squeezed("rows removed; no key destroyed") in english
        assert squeezed("The key of the month was kept") in english
        assert squeezed("keys destroyed at") not in english
        assert squeezed("cryptographic erasure") not in english
        assert squeezed("키는 파기하지 않았습니다") in korean
        assert squeezed("암호학적 삭제") not in korean

    def test_the_list_and_the_certificate_account_for_everybody(self) -> None:
        said = self.certificate.statement["destroyed"]
        assert (said["listed"], said["people"], said["passed_over"]) == (12, 11, {"open-request": 1})
        assert said["rows"] == {"devices.applog": 22}
        assert AppLog.objects.filter(device_id=self.left.id).count() == 2
        english, korean = printed(self.certificate, "en"), printed(self.certificate, "ko")
        assert squeezed("1 person was left out: open request 1.") in english
        assert squeezed("people on the list 12") in english
        assert squeezed("1명 제외: 처리 중인 권리 요구 1") in korean

    def test_a_read_back_that_tried_nothing_is_not_sound(self) -> None:
        read = self.certificate.statement["read_back"]
        assert (read["attempts"], read["sound"], read["nothing_left"], read["keys_kept"]) == (0, False, True, 1)
        assert squeezed("No attempt to open was made, because the key was kept.") in printed(self.certificate, "en")
        assert squeezed("nothing left; not tested by opening") in printed(self.certificate, "en")

    @pytest.mark.truth("register-keys-destroyed")
    def test_the_register_says_the_same(self) -> None:
        entry = RegisterEntry.objects.get(list=self.row)
        assert entry.method == "자료 삭제(키는 파기하지 않음)"
        assert "2026년 12월" in entry.backups
        assert "키를 파기하지 않았" in entry.backups
        assert "처리 중인 권리 요구 1" in entry.notes
        assert entry.people == 11
        assert "열기 시도" in entry.verified_by
        assert "하지 않음" in entry.verified_by

    def test_the_console_says_the_same(self) -> None:
        with override("en"):
            rows = dict(documents.statement_rows(self.certificate))
        assert rows["method"] == "rows removed; no key destroyed"
        assert rows["left out: open request"] == "1"


@pytest.mark.truth("1")
class AFullDestruction(PortalTestCase):
    def test_names_the_keys_their_time_and_the_attempts(self) -> None:
        make_expired_device(1, ended_on=ENDED)
        make_expired_device(2, ended_on=ENDED)
        (row,) = carry_out_all(sweep_on(DUE))
        said = row.certificates.get().statement
        assert (said["destroyed"]["listed"], said["destroyed"]["people"], said["destroyed"]["keys"]) == (2, 2, 2)
        assert said["carried_out"]["keys_destroyed_at"] == row.keys_at.isoformat()
        assert said["carried_out"]["rows_removed_at"] == row.rows_at.isoformat()
        assert said["read_back"]["sound"]
        english = printed(row.certificates.get(), "en")
        assert squeezed("keys destroyed (cryptographic erasure) and rows removed") in english
        assert squeezed("left out") not in english
        assert RegisterEntry.objects.get(list=row).method == "암호 키 파기(암호학적 삭제) 및 자료 삭제"

    @pytest.mark.truth("keys-destroyed-when")
    def test_the_time_of_the_keys_is_theirs_and_not_that_at_which_the_run_began(self) -> None:
        """A rewrite of the key tables that began before the keys went says nothing of them."""
        make_expired_device(1, ended_on=ENDED)
        run = sweep_on(DUE)
        row = run.lists.get()
        retention.approve(row, actor=make_odile(), at=at_noon(DUE))
        begun_at = at_noon(DUE) + timedelta(days=2)
        Rewrite.objects.create(begun_at=begun_at, done_at=begun_at + timedelta(days=1), log_turned=True)
        assert retention.execute(row, actor=SWEEPER, at=begun_at)
        row.refresh_from_db()
        assert row.begun_at == begun_at < row.keys_at < row.rows_at < row.done_at
        said = row.certificates.get().statement
        assert said["finality"]["key_tables_rewritten_at"] == ""

    def test_of_a_month_counts_what_the_list_counted_and_says_when(self) -> None:
        a_month_of_app_logs(3)
        (row,) = carry_out_all(sweep_on(SWEPT))
        said = row.certificates.get().statement
        assert (said["destroyed"]["people"], said["destroyed"]["keys"]) == (3, 1)
        assert said["destroyed"]["counted_at"] == row.proposed_at.isoformat()
        assert squeezed("People and rows of a whole month were counted") in printed(row.certificates.get(), "en")


@pytest.mark.truth("2")
class APartOfAList(PortalTestCase):
    def test_says_who_was_left_out_by_reason_and_number(self) -> None:
        held, free = make_expired_device(1, ended_on=ENDED), make_expired_device(2, ended_on=ENDED)
        run = sweep_on(DUE)
        make_hold(subject_id=held.subject_id, at=at_noon(DUE))
        (row,) = carry_out_all(run)
        said = row.certificates.get().statement["destroyed"]
        assert (said["listed"], said["people"], said["passed_over"]) == (2, 1, {"held": 1})
        english = printed(row.certificates.get(), "en")
        assert squeezed("1 person was left out: hold for litigation or an investigation 1.") in english
        assert free.subject_id != held.subject_id

    def test_who_was_destroyed_by_an_order_of_her_own_was_not_on_an_aborted_list(self) -> None:
        gone, _other = make_expired_device(1, ended_on=ENDED), make_expired_device(2, ended_on=ENDED)
        run = sweep_on(DUE)
        retention.destroy_subject_data(
            gone.subject_id, None, cause="deletion", case="K7-0001", actor=SWEEPER, at=at_noon(DUE)
        )
        scheduled = DestructionList.objects.get(run=run)
        retention.approve(scheduled, actor=make_odile(), at=at_noon(DUE))
        assert retention.execute(scheduled, actor=SWEEPER, at=at_noon(DUE + timedelta(days=2)))
        english = printed(scheduled.certificates.get(), "en")
        assert squeezed("already destroyed under another list 1") in english
        assert squeezed("aborted") not in english


@pytest.mark.truth("1")
class RowsOnly(PortalTestCase):
    """Whoever has rows and no key of the category: the rows go, and no word is said of a key."""

    def test_no_key_no_time_and_no_finality_is_claimed(self) -> None:
        device = make_expired_device(1, ended_on=ENDED)
        from privacy.vault.models import SubjectKey

        SubjectKey.objects.filter(subject_id=device.subject_id, category="device-registration").delete()
        (row,) = carry_out_all(sweep_on(DUE))
        assert row.keys_at is None
        said = row.certificates.get().statement
        assert said["destroyed"]["keys"] == 0
        assert said["finality"]["last_key_dump_ends_on"] == ""
        english = printed(row.certificates.get(), "en")
        assert squeezed("rows removed; no key destroyed") in english
        assert squeezed("generation ended") not in english
        entry = RegisterEntry.objects.get(list=row)
        assert entry.method == "자료 삭제(키는 파기하지 않음)"


@pytest.mark.truth("hold-between-keys-and-rows")
class AHoldAfterTheKeyStep(PortalTestCase):
    def test_still_keeps_rows_whose_key_stands(self) -> None:
        """The month's key stands for one person; another is held before the rows go: hers stay too."""
        from privacy.retention.actions.destruction import execution
        from privacy.retention.actions.destruction.month_strategy import MonthStrategy

        devices = a_month_of_app_logs(3)
        run = sweep_on(SWEPT)
        make_hold(subject_id=devices[0].subject_id, at=at_noon(SWEPT))
        row = execution.begin(run.lists.get(), actor=SWEEPER, at=at_noon(SWEPT + timedelta(days=2)))
        at = at_noon(SWEPT + timedelta(days=2))
        month = MonthStrategy(row, actor=SWEEPER, at=at)
        assert month.destroy_keys(lambda: True)
        row.refresh_from_db()
        month._count_others()
        make_hold(subject_id=devices[1].subject_id, at=at)
        row.refresh_from_db()
        assert month.delete_rows(lambda: True)
        row.refresh_from_db()
        assert month.verify(lambda: True)
        assert AppLog.objects.filter(device_id=devices[1].id).count() == 2
        said = row.certificates.get().statement["destroyed"]
        assert (said["people"], said["passed_over"], said["rows"]) == (1, {"held": 2}, {"devices.applog": 2})
        assert DestructionLine.objects.filter(list=row).count() == 2


@pytest.mark.truth("1")
class TheArchive(PortalTestCase):
    """Records end on their day, a month's key with the month: each certificate says which of both it was."""

    def test_records_that_end_before_their_months_key_are_removed_as_rows(self) -> None:
        archive_an_access(recorded_on=SEPTEMBER, destroyed_on=date(2026, 10, 1))
        archive_an_access(recorded_on=date(2026, 9, 20), destroyed_on=date(2026, 10, 1), number=2)
        archived = DestructionList.objects.filter(unit="archive")
        carry_out_all(sweep_on(date(2026, 12, 2)))
        said = archived.get().certificates.get().statement
        assert (said["destroyed"]["keys"], said["read_back"]["attempts"], said["read_back"]["sound"]) == (0, 0, False)
        assert RegisterEntry.objects.get(list=archived.get()).method == "자료 삭제(키는 파기하지 않음)"
        carry_out_all(sweep_on(date(2027, 1, 1)))
        later = archived.order_by("proposed_at").last()
        assert later is not None
        said = later.certificates.get().statement
        assert (said["destroyed"]["keys"], said["read_back"]["attempts"], said["read_back"]["sound"]) == (1, 1, True)
        english = printed(later.certificates.get(), "en")
        assert squeezed("keys of the finished months destroyed") in english
        assert squeezed("copies in data backups made before the destruction can be opened") in english


@pytest.mark.truth("nightly-list-of-nobody")
class WhoeverIsLeftInAMonth(PortalTestCase):
    def test_is_withheld_and_not_listed_again_each_night(self) -> None:
        devices = a_month_of_app_logs(2)
        run = sweep_on(SWEPT)
        make_hold(subject_id=devices[0].subject_id, at=at_noon(SWEPT))
        carry_out_all(run)
        again = sweep_on(SWEPT + timedelta(days=5))
        assert not again.lists.filter(unit="month").exists()
        assert again.withheld == {"held": 1}


@pytest.mark.truth("running-destruction-is-no-finding")
class ARunningDestruction(PortalTestCase):
    def test_between_its_keys_and_its_rows_is_no_finding(self) -> None:
        from privacy.retention.actions.destruction import execution, strategy_choice

        device = make_expired_device(1, ended_on=ENDED)
        run = sweep_on(DUE)
        retention.approve(run.lists.get(), actor=make_odile(), at=at_noon(DUE))
        at = at_noon(DUE + timedelta(days=2))
        row = execution.begin(run.lists.get(), actor=SWEEPER, at=at)
        assert strategy_choice.for_list(row, actor=SWEEPER, at=at).destroy_keys(lambda: True)
        assert retention.reconcile(actor=SWEEPER, at=at) == []
        assert retention.execute(row, actor=SWEEPER, at=at)
        assert retention.reconcile(actor=SWEEPER, at=at) == []
        assert device.pk

    def test_a_key_that_is_missing_otherwise_is_one(self) -> None:
        from privacy.vault.models import SubjectKey

        device = make_device(1)
        SubjectKey.objects.filter(subject_id=device.subject_id, category="device-registration").delete()
        kinds = {finding.kind for finding in retention.reconcile(actor=SWEEPER, at=at_noon(DUE))}
        assert kinds == {"keyless"}


@pytest.mark.truth("1")
class ACertificateOfBefore(PortalTestCase):
    """Signed statements are never changed: what an older one lacks is derived from what it has."""

    def test_of_a_month_whose_key_was_kept_says_so_now(self) -> None:
        devices = a_month_of_app_logs(3)
        run = sweep_on(SWEPT)
        make_hold(subject_id=devices[0].subject_id, at=at_noon(SWEPT))
        (row,) = carry_out_all(run)
        certificate = row.certificates.get()
        said = certificate.statement
        for name in ("listed", "counted_at", "key_kept"):
            del said["destroyed"][name]
        for name in ("rows_removed_at",):
            del said["carried_out"][name]
        del said["due_since"], said["read_back"]["keys_kept"], said["read_back"]["nothing_left"]
        said["carried_out"]["keys_destroyed_at"] = said["carried_out"]["begun_at"]
        said["read_back"]["sound"] = True
        certificate.body = canonical_json.dumps(said)
        english = printed(certificate, "en")
        assert squeezed("rows removed; no key destroyed") in english
        assert squeezed("The key of the month was kept") in english
        assert squeezed("keys destroyed at") not in english
        assert squeezed("nothing left; not tested by opening") in english

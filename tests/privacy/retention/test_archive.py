"""P6.4: what another law preserves is kept apart for its own term, read for that duty only, and then destroyed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from devices import partitions
from devices.models import Device, Report
from privacy.accounts import actions as accounts
from privacy.ledger import request_context
from privacy.ledger.actions import reconcile_writes
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Finding
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.policies import rulebook
from privacy.retention import actions as retention
from privacy.retention.actions import archive_transfer
from privacy.retention.archive import preservation
from privacy.retention.models import ArchiveAccess, ArchivedRecord, DestructionLine, DestructionList
from privacy.retention.refusals import AlreadyDecided, ResidualData, SamePerson, SecondPersonRequired
from privacy.vault import actions as vault
from privacy.vault.models import MonthKey, SubjectKey
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_hana,
    make_odile,
    make_omar,
    make_policy,
    make_reports,
    sweep_on,
)  # fmt: skip

RULE = "internet-log"


def archive_an_access(*, recorded_on: date, destroyed_on: date, number: int = 1, kind: str = "access") -> Device:
    """A device that reported an access and a status on a day, and whose analysis data was deleted on another."""
    device = make_device(number, at=at_noon(recorded_on - timedelta(days=1)))
    make_reports(device, [kind, kind, "status"], at=at_noon(recorded_on))
    retention.destroy_subject_data(
        device.subject_id,
        ["service-analytics"],
        cause="deletion",
        case=f"K7-{number:04d}",
        actor=SWEEPER,
        at=at_noon(destroyed_on),
    )
    return device


def rule_of(device: Device) -> str:
    """The rule under which the device's records were archived."""
    return ArchivedRecord.objects.filter(subject_id=device.subject_id).values_list("rule", flat=True)[0]


@pytest.mark.clause("P6.4")
class DeletedDataThatALawPreserves(PortalTestCase):
    @pytest.mark.law("D-03", "D-04", "D-16")
    def test_goes_to_the_archive_and_leaves_the_personal_database(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        row = ArchivedRecord.objects.get(subject_id=device.subject_id)
        assert (row.kind, row.records, row.category) == ("access", 2, "service-analytics")
        assert row.ends_on == date(2026, 12, 1)
        assert not Report.objects.filter(device_id=device.id).exists()
        assert not SubjectKey.objects.filter(subject_id=device.subject_id, category="service-analytics").exists()
        self.assertLedgered("retention.records.archived")

    @pytest.mark.law("D-03", "D-05")
    def test_only_the_kinds_that_the_law_names(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        kept = ArchivedRecord.objects.filter(subject_id=device.subject_id)
        assert set(kept.values_list("kind", flat=True)) == {"access"}

    def test_not_what_is_past_the_term_already(self) -> None:
        kept = archive_an_access(recorded_on=date(2026, 6, 30), destroyed_on=date(2026, 9, 30))
        gone = archive_an_access(recorded_on=date(2026, 6, 29), destroyed_on=date(2026, 9, 30), number=2)
        assert ArchivedRecord.objects.get(subject_id=kept.subject_id).ends_on == date(2026, 9, 30)
        assert not ArchivedRecord.objects.filter(subject_id=gone.subject_id).exists()

    @pytest.mark.law("D-04")
    def test_opens_with_keys_of_its_own(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        row = ArchivedRecord.objects.get(subject_id=device.subject_id)
        assert SubjectKey.objects.filter(subject_id=device.subject_id, category=row.keyring).exists()
        with vault.opened(
            purpose=Purpose.LEGAL_DUTY, task="retention.archive.checked", actor=SWEEPER, at=at_noon(date(2026, 10, 2))
        ) as vault_session:
            assert b"unlock" in bytes(vault_session.decrypt(row, "body"))

    def test_the_person_is_told_what_is_preserved_without_opening_it(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        (kept,) = preservation.preserved_records(device.subject_id)
        assert (kept.records, kept.until) == (2, date(2026, 12, 1))

    def test_copying_again_for_the_same_list_leaves_one_copy(self) -> None:
        device = make_device(at=at_noon(date(2026, 8, 30)))
        make_reports(device, ["access"], at=at_noon(date(2026, 9, 1)))
        at = at_noon(date(2026, 10, 1))
        (row,) = retention.order_destruction(
            device.subject_id, ["service-analytics"], cause="deletion", case="K7-9", actor=SWEEPER, at=at
        )
        begin(row, [device.subject_id])
        for _time in range(3):
            archive_transfer.copy_people(row, [device.subject_id], actor=SWEEPER, at=at)
        assert ArchivedRecord.objects.filter(subject_id=device.subject_id).count() == 1


def begin(row: DestructionList, people: Sequence[UUID]) -> None:
    """Say that a list with these people is being carried out: the key service moves no others to the archive."""
    listed = set(row.lines.values_list("subject_id", flat=True))
    DestructionLine.objects.bulk_create(
        DestructionLine(list=row, category=row.category, subject_id=one) for one in people if one not in listed
    )
    DestructionList.objects.filter(pk=row.pk).update(state=DestructionList.State.EXECUTING, begun_at=row.proposed_at)


@pytest.mark.clause("P6.4")
class TheTerm(PortalTestCase):
    @pytest.mark.law("T-07")
    def test_ends_by_the_civil_act(self) -> None:
        rule = rulebook.in_force(date(2026, 9, 1)).preserving("access")
        assert rule is not None
        cases = [
            (date(2026, 9, 1), 3, date(2026, 12, 1)),
            (date(2026, 11, 30), 3, date(2027, 2, 28)),
            (date(2027, 11, 29), 3, date(2028, 2, 29)),
            (date(2026, 2, 28), 3, date(2026, 5, 31)),
            (date(2024, 2, 29), 12, date(2025, 2, 28)),
            (date(2023, 2, 28), 12, date(2024, 2, 29)),
        ]
        for recorded_on, length, ends_on in cases:
            with self.subTest(recorded_on=recorded_on, months=length):
                assert preservation.preservation_end(recorded_on, replace(rule, months=length)) == ends_on

    @pytest.mark.law("D-05")
    def test_is_kept_on_its_last_day_and_destroyed_on_the_next(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        assert not sweep_on(date(2026, 12, 1)).lists.filter(unit="archive").exists()
        run = sweep_on(date(2026, 12, 2))
        row = run.lists.get(unit="archive")
        assert row.state == DestructionList.State.APPROVED, "the law's own term is over: nobody approves it"
        (row,) = carry_out_all(run)
        assert row.state == DestructionList.State.DONE
        assert not ArchivedRecord.objects.filter(subject_id=device.subject_id).exists()
        assert row.certificates.get().statement["destroyed"]["rows"]["records"] == 2

    @pytest.mark.law("D-14", "D-15")
    def test_is_over_on_the_day_after_its_last_by_either_rule(self) -> None:
        """Internet logs three months, other confirmation data twelve; month ends and leap days; swept, not computed."""
        make_policy(kinds={"communication-confirmation": ["app-status"]}, effective_on=date(2026, 12, 25))
        cases = [
            ("access", date(2026, 11, 30), date(2027, 2, 28)),
            ("access", date(2027, 11, 29), date(2028, 2, 29)),
            ("app-status", date(2027, 2, 28), date(2028, 2, 29)),
            ("app-status", date(2028, 2, 29), date(2029, 2, 28)),
            ("app-status", date(2027, 12, 31), date(2028, 12, 31)),
        ]
        for number, (kind, recorded_on, last_day) in enumerate(cases, start=1):
            with self.subTest(kind=kind, recorded_on=recorded_on):
                partitions.create_partitions([recorded_on.replace(day=1)])
                moved_on = recorded_on + timedelta(days=40)
                device = archive_an_access(recorded_on=recorded_on, destroyed_on=moved_on, number=number, kind=kind)
                kept = ArchivedRecord.objects.filter(subject_id=device.subject_id)
                carry_out_all(sweep_on(last_day))
                assert kept.count() == 1
                carry_out_all(sweep_on(last_day + timedelta(days=1)))
                assert kept.count() == 0

    def test_counts_from_the_day_in_korea(self) -> None:
        device = make_device(at=at_noon(date(2026, 8, 30)))
        # What a report tells of happened a minute before: at 23:59 and at midnight.
        for moment in (datetime(2026, 8, 31, 15, 0, tzinfo=UTC), datetime(2026, 8, 31, 15, 1, tzinfo=UTC)):
            make_reports(device, ["access"], at=moment)
        retention.destroy_subject_data(
            device.subject_id, ["service-analytics"], cause="deletion", case="K7-1", actor=SWEEPER,
            at=at_noon(date(2026, 10, 1)),
        )  # fmt: skip
        assert list(ArchivedRecord.objects.order_by("ends_on").values_list("recorded_on", "ends_on")) == [
            (date(2026, 8, 31), date(2026, 11, 30)),
            (date(2026, 9, 1), date(2026, 12, 1)),
        ]

    def test_the_months_key_ends_with_the_month(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        ring = preservation.keyring(rule_of(device))
        carry_out_all(sweep_on(date(2026, 12, 2)))
        assert MonthKey.objects.filter(category=ring, month=date(2026, 12, 1)).exists()
        carry_out_all(sweep_on(date(2027, 1, 1)))
        assert not MonthKey.objects.filter(category=ring, month=date(2026, 12, 1)).exists()


@pytest.mark.clause("P6.4")
class ReadingTheArchive(PortalTestCase):
    def setUp(self) -> None:
        self.at = at_noon(date(2026, 10, 2))
        self.device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        self.rule = rule_of(self.device)
        self.hana, self.odile = make_hana(), make_odile()

    def ask(self) -> ArchiveAccess:
        return retention.ask_access(
            rule=self.rule,
            subject_id=self.device.subject_id,
            law="통신비밀보호법 제13조",
            document="2026-허가-77",
            reason="court permission",
            actor=self.hana,
            at=self.at,
        )

    def grant(self) -> None:
        accounts.grant(
            asked_by=self.hana,
            user=self.hana,
            category=preservation.keyring(self.rule),
            purpose="legal-duty",
            reason="court permission",
            valid_from=clock.kst_date(self.at),
            valid_until=None,
            actor=make_omar(),
            at=self.at,
        )

    @pytest.mark.law("D-05")
    def test_takes_a_second_person(self) -> None:
        access = self.ask()
        self.grant()
        with pytest.raises(SecondPersonRequired):
            retention.open_archive(access, actor=self.hana, at=self.at)
        with pytest.raises(NotPermitted):
            retention.approve_access(access, actor=self.hana, at=self.at)
        retention.approve_access(access, actor=self.odile, at=self.at)
        records = retention.open_archive(access, actor=self.hana, at=self.at)
        assert [record["body"]["action"] for record in records] == ["unlock", "unlock"]
        self.assertLedgered("retention.archive.opened", access)

    def test_who_asks_does_not_approve(self) -> None:
        access = retention.ask_access(
            rule=self.rule, subject_id=self.device.subject_id, law="법", document="1", reason="r", actor=self.odile,
            at=self.at,
        )  # fmt: skip
        with pytest.raises(SamePerson):
            retention.approve_access(access, actor=self.odile, at=self.at)

    def test_is_open_for_a_day_and_to_who_asked(self) -> None:
        access = self.ask()
        self.grant()
        retention.approve_access(access, actor=self.odile, at=self.at)
        with pytest.raises(SecondPersonRequired):
            retention.open_archive(access, actor=self.odile, at=self.at)
        with pytest.raises(SecondPersonRequired):
            retention.open_archive(access, actor=self.hana, at=self.at + timedelta(hours=24))

    @pytest.mark.truth("ended-before-it-was-open")
    def test_ends_before_its_time_once_it_is_open_and_only_then(self) -> None:
        access = self.ask()
        with pytest.raises(AlreadyDecided):
            retention.close_access(access, actor=self.odile, at=self.at)
        retention.approve_access(access, actor=self.odile, at=self.at)
        retention.close_access(access, actor=self.odile, at=self.at)
        entry = self.assertLedgered("retention.archive.closed", access)
        assert str(access.subject_id) in entry.subjects
        with pytest.raises(AlreadyDecided):
            retention.close_access(access, actor=self.odile, at=self.at)
        self.grant()
        with pytest.raises(SecondPersonRequired):
            retention.open_archive(access, actor=self.hana, at=self.at)

    @pytest.mark.law("D-05")
    def test_takes_a_grant_for_the_legal_duty(self) -> None:
        access = self.ask()
        retention.approve_access(access, actor=self.odile, at=self.at)
        with pytest.raises(NotPermitted):
            retention.open_archive(access, actor=self.hana, at=self.at)

    @pytest.mark.truth("refused-reading-counted")
    def test_counts_as_read_only_what_was_shown(self) -> None:
        access = self.ask()
        retention.approve_access(access, actor=self.odile, at=self.at)
        with self.assertNotLedgered("retention.archive.opened"), pytest.raises(NotPermitted):
            retention.open_archive(access, actor=self.hana, at=self.at)
        access.refresh_from_db()
        assert access.reads == 0
        self.grant()
        retention.open_archive(access, actor=self.hana, at=self.at)
        access.refresh_from_db()
        assert access.reads == 1

    @pytest.mark.truth("preserved-under-a-rule-of-before")
    def test_is_asked_for_by_a_rule_that_the_policy_no_longer_names(self) -> None:
        from privacy.retention.admin.archive import ArchiveAccessModelForm

        ArchivedRecord.objects.filter(subject_id=self.device.subject_id).update(rule="rule-of-before")
        offered = dict(ArchiveAccessModelForm().fields["rule"].choices)
        assert self.rule in offered
        assert "rule-of-before" in offered

    @pytest.mark.truth("refused-access-in-the-register")
    def test_the_register_tells_who_refused_it_and_until_when_it_was_open(self) -> None:
        refused, approved = self.ask(), self.ask()
        retention.refuse_access(refused, actor=self.odile, at=self.at)
        retention.approve_access(approved, actor=self.odile, at=self.at)
        register = registers.get("archive-access")
        window = registers.ExportScope(clock.kst_date(self.at), clock.kst_date(self.at), self.odile, self.at, "x")
        rows = {row[0]: dict(zip(register.headings, row, strict=True)) for row in register.rows(window)}
        assert self.odile.name in rows[refused.reference]["거절자"]
        assert rows[refused.reference]["거절일시"] == self.at
        assert rows[refused.reference]["승인자"] == ""
        assert self.odile.name in rows[approved.reference]["승인자"]
        assert self.hana.name in rows[approved.reference]["신청자"]
        assert rows[approved.reference]["열람 기한"] == self.at + timedelta(hours=24)
        assert rows[approved.reference]["보존 규칙"] != RULE, "told by its name"

    @pytest.mark.law("D-05")
    def test_is_for_no_other_purpose(self) -> None:
        row = ArchivedRecord.objects.get(subject_id=self.device.subject_id)
        for purpose in (Purpose.ANALYTICS, Purpose.REGISTRATION, Purpose.DISCLOSURE, Purpose.ERROR_ANALYSIS):
            with (
                self.subTest(purpose=purpose),
                vault.opened(purpose=purpose, task="devices.reports.read", actor=SWEEPER, at=self.at) as vault_session,
                pytest.raises(vault.PurposeNotDeclared),
            ):
                vault_session.decrypt(row, "body")


ALTERED = """
CREATE FUNCTION altered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.body = set_byte(NEW.body, length(NEW.body) - 1, get_byte(NEW.body, length(NEW.body) - 1) # 1); RETURN NEW; END $$;
CREATE TRIGGER altered BEFORE INSERT ON retention_archivedrecord FOR EACH ROW WHEN (NEW.subject_id = '{person}')
EXECUTE FUNCTION altered()
"""  # noqa: E501


@pytest.mark.asvs("15.2.2")
@pytest.mark.clause("P6.4")
def test_a_copy_that_differs_by_one_bit_stops_the_removal(portal_database: PortalDatabase) -> None:
    """Slice by slice, each read back after its commit: whose copy is altered is found out, wherever she stands."""
    at = at_noon(date(2026, 10, 1))
    people = sorted(make_device(number, at=at_noon(date(2026, 8, 30))).subject_id for number in (1, 2, 3))
    for device in Device.objects.all():
        make_reports(device, ["access"], at=at_noon(date(2026, 9, 1)))
    (row,) = retention.order_destruction(
        people[0], ["service-analytics"], cause="deletion", case="K7-9", actor=SWEEPER, at=at
    )
    begin(row, people)
    before, archive_transfer.PEOPLE_PER_BATCH = archive_transfer.PEOPLE_PER_BATCH, 1
    try:
        for altered in people:
            with portal_database.connect(alias="archive") as server:
                server.execute(ALTERED.format(person=altered))
            with pytest.raises(ResidualData):
                archive_transfer.copy_people(row, people, actor=SWEEPER, at=at)
            assert Report.objects.count() == 3
            with portal_database.connect(alias="archive") as server:
                server.execute("DROP FUNCTION altered CASCADE")
        assert archive_transfer.copy_people(row, people, actor=SWEEPER, at=at) == 3
        assert sorted(ArchivedRecord.objects.values_list("subject_id", flat=True)) == people, "each once"
    finally:
        archive_transfer.PEOPLE_PER_BATCH = before


@pytest.mark.clause("P8.3")
def test_what_the_archive_takes_is_paired_with_the_entry_of_its_move(portal_database: PortalDatabase) -> None:
    with request_context.override(request_id=request_context.new_request_id()) as act:
        archive_an_access(recorded_on=date(2026, 7, 1), destroyed_on=date(2026, 7, 20))
    with portal_database.connect(alias="archive") as connection:
        written = connection.execute(
            "SELECT operation, request FROM ledger.captured_write WHERE relation LIKE '%archivedrecord' ORDER BY id"
        ).fetchall()
    assert ("INSERT", act.request_id) in written
    assert {request for _operation, request in written} == {act.request_id}
    reconcile_writes(at=at_noon(date(2026, 7, 21)), actor=SWEEPER)
    assert not Finding.objects.filter(rule=Finding.Rule.UNRECONCILED).exists()

"""The day on which the reason for a destruction arose follows from the rule, whenever a sweep found it (law D-02)."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override

from devices import actions as devices
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.policies.categories import COMPLAINT, CONTACT
from privacy.retention import actions as retention
from privacy.retention.annual_report import destruction_section
from privacy.retention.models import DestructionList, RegisterEntry
from privacy.retention.register import describe_actors_of, describe_file
from privacy.subjects.models import Subject
from tests.base import PortalTestCase
from tests.factories.devices import make_batch, make_report
from tests.factories.retention import lift_hold
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_contact,
    make_device,
    make_expired_device,
    make_gate,
    make_hold,
    make_reports,
    sweep_on,
)  # fmt: skip
from tests.privacy.retention.test_archive import archive_an_access

ENDED = date(2024, 5, 15)
DUE = date(2026, 5, 16)
FIVE = timedelta(days=5)


def days(row: DestructionList) -> tuple[date, date | None]:
    row.refresh_from_db()
    return row.target_on - FIVE, row.trigger_until


def app_logs(number: int, on: date) -> None:
    made = make_device(number, at=at_noon(on), agreed=("activation", "app-log"))
    make_reports(made, ["app-log"], at=at_noon(on))


@pytest.mark.law("D-01", "D-02", "F-6")
@pytest.mark.truth("lateness-is-hidden")
class TheDayOnWhichTheReasonArose(PortalTestCase):
    def test_of_a_month_is_the_day_after_its_term_however_late_the_first_sweep_is(self) -> None:
        app_logs(1, date(2026, 8, 10))
        on = date(2026, 11, 28)
        (row,) = carry_out_all(sweep_on(on))
        assert days(row) == (date(2026, 10, 1), date(2026, 10, 1))
        entry = RegisterEntry.objects.get(list=row)
        assert (entry.trigger_on, entry.target_on) == (date(2026, 10, 1), date(2026, 10, 6))
        assert row.certificates.get().statement["due_since"] == "2026-10-01"
        figures = {
            figure.code: figure.value for figure in destruction_section(date(2026, 1, 1), date(2026, 12, 31)).figures
        }
        assert figures["destruction.in-time-share"] == 0

    def test_of_people_is_from_the_first_to_the_last_of_the_list(self) -> None:
        make_expired_device(1, ended_on=ENDED)
        make_expired_device(2, ended_on=ENDED + timedelta(days=40))
        on = DUE + timedelta(days=60)
        row = sweep_on(on).lists.get()
        assert days(row) == (DUE, DUE + timedelta(days=40))
        assert DestructionList.objects.late(on).get() == row
        carry_out_all(row.run)
        declared = registers.get("destructions")
        on_export = clock.today()
        scope = registers.ExportScope(date(2026, 1, 1), on_export, SWEEPER, at_noon(on_export), "test")
        (cells,) = declared.rows(scope)
        shown = dict(zip(declared.headings, cells, strict=True))
        assert shown["파기 사유 발생일"] == f"{DUE} ~ {DUE + timedelta(days=40)}"

    def test_of_what_is_found_in_its_night_is_that_day(self) -> None:
        make_expired_device(1, ended_on=ENDED)
        assert days(sweep_on(DUE).lists.get()) == (DUE, DUE)

    def test_of_what_arrived_when_its_term_was_over_is_the_day_it_came(self) -> None:
        came = DUE + timedelta(days=90)
        make_expired_device(1, ended_on=ENDED, at=at_noon(came))
        assert days(sweep_on(came + timedelta(days=2)).lists.get()) == (came, came)

    def test_of_a_month_that_came_late_is_the_day_it_came(self) -> None:
        made = make_device(1, at=at_noon(date(2026, 8, 1)), agreed=("activation", "app-log"))
        came = date(2026, 11, 20)
        old = make_report(made, "app-log", at=at_noon(date(2026, 8, 10)))
        devices.store_reports(make_batch(old), gateway=make_gate(), at=at_noon(came))
        assert days(sweep_on(date(2026, 11, 28)).lists.get(unit="month")) == (came, came)

    def test_of_what_a_hold_kept_is_the_day_it_was_lifted(self) -> None:
        device = make_expired_device(1, ended_on=ENDED)
        hold = make_hold(subject_id=device.subject_id, at=at_noon(DUE))
        lifted = DUE + timedelta(days=30)
        lift_hold(hold, reason="settled", at=at_noon(lifted))
        assert days(sweep_on(lifted + timedelta(days=9)).lists.get()) == (lifted, lifted)

    def test_is_not_put_off_by_a_hold_that_came_when_it_was_late_already(self) -> None:
        device = make_expired_device(1, ended_on=ENDED)
        placed = DUE + FIVE + timedelta(days=1)
        hold = make_hold(subject_id=device.subject_id, at=at_noon(placed))
        lift_hold(hold, reason="settled", at=at_noon(placed + FIVE))
        assert days(sweep_on(placed + FIVE).lists.get()) == (DUE, DUE)

    def test_is_put_off_by_the_days_a_hold_kept_and_by_no_other(self) -> None:
        """Short holds, each placed in the last days, begin nothing anew."""
        make_expired_device(1, ended_on=ENDED)
        placed = [DUE + timedelta(days=5 + 6 * number) for number in range(14)]
        for day in placed:
            make_hold(at=at_noon(day), until=day)
        on = placed[-1] + timedelta(days=2)
        row = sweep_on(on).lists.get()
        assert days(row)[0] == DUE + timedelta(days=1)
        assert DestructionList.objects.late(on).get() == row

    def test_of_a_month_of_which_a_hold_kept_all_is_the_day_it_was_lifted(self) -> None:
        app_logs(1, date(2026, 8, 10))
        hold = make_hold(category="app-log", at=at_noon(date(2026, 9, 15)))
        lifted = date(2026, 11, 20)
        lift_hold(hold, reason="settled", at=at_noon(lifted))
        assert days(sweep_on(date(2026, 11, 28)).lists.get(unit="month")) == (lifted, lifted)

    def test_of_what_the_archive_keeps_is_the_day_after_its_term(self) -> None:
        archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        on = date(2027, 2, 20)
        row = sweep_on(on).lists.get(unit="archive")
        assert days(row)[0] < on - timedelta(days=60)

    def test_of_contacts_is_the_day_their_person_was_destroyed(self) -> None:
        device = make_expired_device(1, ended_on=ENDED)
        make_contact(Subject.objects.get(pk=device.subject_id), at=at_noon(ENDED))
        carry_out_all(sweep_on(DUE))
        found = DestructionList.objects.filter(category=CONTACT)
        on = DUE + timedelta(days=40)
        sweep_on(on)
        gone = found.get()
        assert days(gone)[0] < DUE + timedelta(days=10)

    def test_of_an_order_is_the_day_of_the_decision_and_its_row_reads_in_words(self) -> None:
        device = make_device(1, at=at_noon(date(2026, 8, 1)))
        retention.destroy_subject_data(
            device.subject_id, [COMPLAINT], cause="withdrawal", case="C-1", since=date(2026, 8, 10),
            actor=SystemActor("consents"), at=at_noon(date(2026, 8, 20)),
        )  # fmt: skip
        entry = RegisterEntry.objects.get()
        assert (entry.trigger_on, entry.target_on) == (date(2026, 8, 10), date(2026, 8, 15))
        assert entry.destroyed_on > entry.target_on
        # A row from before names were kept holds the code of its file.
        for kept in (entry.file_name, COMPLAINT):
            entry.file_name = kept
            with override("ko"):
                assert describe_file(entry) == "불만·고충 접수 내용"
                assert describe_actors_of(entry, "handler") == "동의 철회 처리(자동)"

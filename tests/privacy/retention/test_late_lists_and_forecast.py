"""What is late stays late, what comes is counted ahead, and a coming rulebook shows what it changes (D-02, P0.2)."""

from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

import pytest
from django.db import Error, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.policies.rulebook import Rulebook
from privacy.retention import actions as retention
from privacy.retention.actions import destruction_lists
from privacy.retention.models import DestructionList, DestructionRun, Forecast, RegisterEntry
from privacy.retention.schedule import due_page, rule_changes, selection
from tests.base import PortalTestCase
from tests.factories.retention import lift_hold
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
)  # fmt: skip
from tests.privacy.retention.test_archive import archive_an_access

ENDED = date(2024, 5, 15)
DUE = date(2026, 5, 16)
FIVE = timedelta(days=5)


def interrupted_on(day: date) -> None:
    """A sweep that began on a day and was interrupted."""
    DestructionRun.objects.create(
        cause="retention", as_of=day, policy="2020-12-01", ordered_by="system:sweep", started_at=at_noon(day)
    )


@pytest.mark.clause("P6.1")
class WithoutDelay(PortalTestCase):
    @pytest.mark.law("D-01", "D-02")
    def test_a_sweep_that_did_not_run_makes_nothing_due_later(self) -> None:
        sweep_on(DUE - timedelta(days=1))
        make_expired_device(ended_on=ENDED)
        row = sweep_on(DUE + timedelta(days=9)).lists.get()
        assert row.target_on == DUE + FIVE

    @pytest.mark.law("T-10")
    def test_its_last_day_is_no_later_for_being_a_day_of_rest(self) -> None:
        """The fifth day after Tuesday, 19 May 2026, is the Sunday of Buddha's Birthday; the Monday is a holiday too."""
        make_expired_device(ended_on=date(2024, 5, 18))
        on = date(2026, 5, 19)
        row = sweep_on(on).lists.get()
        assert (row.target_on, row.target_on.isoweekday()) == (date(2026, 5, 24), 7)
        assert DestructionList.objects.late(date(2026, 5, 25)).get() == row

    @pytest.mark.law("D-02")
    def test_what_was_destroyed_late_is_confirmed_with_the_reason_of_the_delay(self) -> None:
        """Decision 0440: also where nobody said why before, as of what the portal carried out by itself."""
        make_expired_device(ended_on=ENDED)
        (row,) = carry_out_all(sweep_on(DUE + timedelta(days=9)))
        odile, entry = make_odile(), row.register_entry
        assert entry.target_on is not None and entry.destroyed_on > entry.target_on
        with pytest.raises(Refusal) as refused:
            retention.confirm_result(entry, late_because=" ", actor=odile, at=at_noon(entry.destroyed_on))
        assert refused.value.pointer == "/reason"
        found = RegisterEntry.objects.filter(pk=entry.pk)
        confirmed = {"confirmed_by": odile.ref, "confirmed_at": at_noon(entry.destroyed_on)}
        unread = confirmed | {"delay_reason": "\n\t "}
        for change, said in (
            (confirmed, "reason of the delay"),
            (unread, "reason of the delay"),
            ({"delay_reason": "x"}, "only confirmed"),
        ):
            with pytest.raises(Error, match=said), transaction.atomic():
                found.update(**change)
        self.client.force_login(odile)
        page = reverse("admin:retention_registerentry_change", args=[entry.pk])
        pressed = {"CHANGE_FORM-action": "confirm", "_selected_action": str(entry.pk), "index": "0"}
        assert 'name="reason"' in self.client.post(page, pressed).content.decode()
        self.client.post(page, {**pressed, "confirmed": "yes", "reason": "점검으로 지연"})
        kept = found.get()
        assert (kept.confirmed_by, kept.delay_reason) == (odile.ref, "점검으로 지연")

    def test_the_next_list_after_an_abort_is_as_late_as_the_first(self) -> None:
        make_expired_device(ended_on=ENDED)
        first = sweep_on(DUE).lists.get()
        retention.abort(first, reason="disputed", actor=make_odile(), at=at_noon(DUE))
        again = sweep_on(DUE + timedelta(days=7)).lists.get()
        assert again.target_on == first.target_on == DUE + FIVE

    def test_what_a_hold_kept_is_not_late_when_it_is_lifted(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        hold = make_hold(subject_id=device.subject_id, at=at_noon(DUE))
        carry_out_all(sweep_on(DUE))
        lifted = DUE + timedelta(days=30)
        sweep_on(lifted - timedelta(days=1))
        lift_hold(hold, reason="settled", at=at_noon(lifted))
        assert sweep_on(lifted).lists.get().target_on == lifted + FIVE

    @pytest.mark.truth("15")
    def test_a_sweep_that_was_interrupted_makes_nothing_due_later(self) -> None:
        sweep_on(DUE - timedelta(days=1))
        make_expired_device(ended_on=ENDED)
        interrupted_on(DUE + timedelta(days=8))
        row = sweep_on(DUE + timedelta(days=9)).lists.get()
        assert row.target_on == DUE + FIVE

    @pytest.mark.truth("15")
    def test_sweeps_that_are_interrupted_each_night_ring(self) -> None:
        sweep_on(DUE)
        interrupted_on(DUE + timedelta(days=8))
        tonight = at_noon(DUE + timedelta(days=9))
        # The sweep of tonight abandons what was interrupted, and is interrupted too.
        destruction_lists._abandon(DestructionRun.objects.get(planned_at=None), actor=SWEEPER, at=tonight)
        seen = due_page.context(DUE + timedelta(days=9), tonight)
        assert (seen["last_sweep"].as_of, seen["is_silent"]) == (DUE, True)

    @pytest.mark.truth("15")
    def test_what_is_due_anew_is_not_as_late_as_a_list_that_was_aborted_when_it_was_renewed(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        first = sweep_on(DUE).lists.get()
        retention.abort(first, reason="the licence is renewed", actor=make_odile(), at=at_noon(DUE))
        ended = DUE + timedelta(days=100)
        device.licences.update(ends_on=ended)
        due = ended.replace(year=ended.year + 2) + timedelta(days=1)
        assert not sweep_on(due - timedelta(days=1)).lists.exists()
        assert sweep_on(due).lists.get().target_on == due + FIVE

    @pytest.mark.law("D-02")
    def test_the_page_shows_what_is_late_and_a_sweep_that_does_not_ring(self) -> None:
        make_expired_device(ended_on=ENDED)
        row = sweep_on(DUE).lists.get()
        seen = due_page.context(DUE + FIVE, at_noon(DUE + FIVE))
        assert (seen["late"], seen["is_silent"]) == ([], True)
        seen = due_page.context(DUE + FIVE + timedelta(days=1), at_noon(DUE))
        assert (seen["late"], seen["is_silent"]) == ([row], False)


@pytest.mark.truth("preview-differs-from-the-sweep")
class WhatASweepWouldFind(PortalTestCase):
    """The page of what is due, and the dry run, say what the next sweep writes, and nothing else."""

    def preview(self, on: date) -> list[tuple[str, str, str, int, int]]:
        return sorted(
            (found.category, found.unit, str(found.month or ""), found.people, found.records)
            for found in selection.preview_sweep(on, at_noon(on))
            if found.people
        )

    def written(self, on: date) -> list[tuple[str, str, str, int, int]]:
        lists = sweep_on(on).lists.values_list("category", "unit", "month", "people", "records")
        return sorted((category, unit, str(month or ""), *counts) for category, unit, month, *counts in lists)

    def same(self, on: date) -> list[tuple[str, str, str, int, int]]:
        seen = self.preview(on)
        assert seen == self.written(on)
        return seen

    def test_whoever_stands_on_an_open_list_is_not_found_again(self) -> None:
        make_expired_device(1, ended_on=ENDED)
        assert len(self.same(DUE)) == 1
        make_expired_device(2, ended_on=ENDED)
        assert [found[3] for found in self.same(DUE + timedelta(days=1))] == [1]
        assert self.same(DUE + timedelta(days=2)) == []

    def test_a_month_that_is_listed_or_held_is_not_found_again(self) -> None:
        swept = date(2026, 11, 1)
        happened = at_noon(date(2026, 9, 10))
        devices = [make_device(n, at=happened, agreed=("activation", "app-log")) for n in (1, 2)]
        for device in devices:
            make_reports(device, ["app-log"], at=happened)
        hold = make_hold(category="app-log", at=at_noon(swept))
        assert self.same(swept) == []
        lift_hold(hold, reason="settled", at=at_noon(swept))
        run = sweep_on(swept)
        assert self.same(swept + timedelta(days=1)) == []
        make_hold(subject_id=devices[0].subject_id, at=at_noon(swept))
        carry_out_all(run)
        later = swept + timedelta(days=6)
        assert self.same(later) == [], "of whom something is left there waits"
        found = [one for one in selection.preview_sweep(later, at_noon(later)) if one.unit == "month"]
        assert [one.withheld for one in found] == [{"held": 1}]

    @pytest.mark.truth("hunt")
    def test_a_rule_that_has_changed_is_told_to_need_approval_before_the_list_is_there(self) -> None:
        for month in (8, 9):
            happened = at_noon(date(2026, month, 10))
            make_reports(make_device(month, at=happened, agreed=("activation", "app-log")), ["app-log"], at=happened)
        first = date(2026, 10, 1)
        carry_out_all(sweep_on(first))
        # What went first went by another rule than the one that holds now.
        DestructionList.objects.filter(category="app-log", state="done").update(term="record-date+0y2m")
        on = date(2026, 11, 1)
        (found,) = [one for one in selection.preview_sweep(on, at_noon(on)) if one.unit == "month"]
        (row,) = sweep_on(on).lists.filter(unit="month")
        assert row.needs_approval, "the first list under another rule is looked at"
        assert found.needs_approval == row.needs_approval

    def test_the_archive_is_not_left_out(self) -> None:
        archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        assert self.same(date(2026, 12, 2)) == [("archive", "archive", "", 1, 2)]
        assert self.same(date(2026, 12, 2)) == []


@pytest.mark.truth("late-lists-cut-at-twenty")
class LateLists(PortalTestCase):
    def test_are_counted_all_and_the_days_are_those_of_the_rulebook(self) -> None:
        make_expired_device(1, ended_on=ENDED)
        row = sweep_on(DUE).lists.get()
        DestructionList.objects.bulk_create(
            DestructionList(
                run=row.run, category=row.category, unit="people", plan="x", term=row.term, target_on=row.target_on,
                proposed_at=row.proposed_at,
            )
            for _number in range(24)
        )  # fmt: skip
        on = clock.today()
        assert on > row.target_on
        seen = due_page.context(on, clock.now())
        assert (seen["late_count"], len(seen["late"])) == (25, 20)
        from privacy.policies.models import Parameter

        Parameter.objects.create(
            code="destruction.within.days", value=7, unit="days", effective_on=date(2026, 6, 1), basis="test"
        )
        self.client.force_login(make_odile())
        with override("en"):
            page = self.client.get(reverse("admin:retention_destructionlist_due"))
        text = page.content.decode()
        assert "to be destroyed within 7 days" in text
        assert "The 20 longest-delayed lists of 25." in text


class TheMonthsAhead(PortalTestCase):
    @pytest.mark.clause("P6.4")
    def test_count_what_the_archive_ends_by_its_own_term(self) -> None:
        # Preserved until 2026-12-01: gone on the second. Until 2026-11-30: gone on the first of December.
        for number, recorded_on in ((1, date(2026, 9, 1)), (2, date(2026, 8, 30))):
            archive_an_access(recorded_on=recorded_on, destroyed_on=date(2026, 10, 1), number=number)
        on = date(2026, 10, 20)
        retention.update_forecast(rules=rulebook.in_force(on), on=on, at=at_noon(on))
        months = dict(Forecast.objects.filter(category="archive").values_list("month", "people"))
        assert {month: people for month, people in months.items() if people} == {date(2026, 12, 1): 2}

    def test_stand_in_a_table_with_a_column_for_each_category(self) -> None:
        make_expired_device(ended_on=date(2024, 12, 10))
        on = date(2026, 10, 20)
        retention.update_forecast(rules=rulebook.in_force(on), on=on, at=at_noon(on))
        ahead = due_page.forecast_table(on)
        assert ahead.columns == ["기기 등록 및 라이선스 정보"]
        assert [row for row in ahead.rows if row[2]] == [("2026-12", [1], 1)]
        assert "2026-12" in ahead.chart


def with_months(book: Rulebook, code: str, **term: int) -> Rulebook:
    known = book.categories[code]
    assert known.retention is not None
    changed = replace(known, retention=replace(known.retention, **term))
    return replace(book, categories=MappingProxyType({**book.categories, code: changed}))


@pytest.mark.clause("P0.2")
class AComingRulebook(PortalTestCase):
    def setUp(self) -> None:
        make_expired_device(ended_on=date(2025, 5, 15))
        self.on = date(2026, 5, 16)
        self.now = rulebook.in_force(self.on)

    def changed(self, then: Rulebook) -> list[tuple[str, str, int, int]]:
        found = rule_changes.compare_retention(self.now, then, self.on)
        return [(row.category, row.direction, row.due_by_old, row.due_by_new) for row in found if row.changes]

    def test_shows_who_becomes_due_by_a_shorter_term(self) -> None:
        then = with_months(self.now, "device-registration", years=1)
        assert self.changed(then) == [("device-registration", "shorter", 0, 1)]

    def test_shows_a_longer_term_and_another_event(self) -> None:
        assert self.changed(with_months(self.now, "app-log", months=2))[0][:2] == ("app-log", "longer")
        known = self.now.categories["app-log"].retention
        assert known is not None
        moved = replace(self.now.categories["app-log"], retention=replace(known, clock="record-date"))
        then = replace(self.now, categories=MappingProxyType({**self.now.categories, "app-log": moved}))
        assert self.changed(then)[0][:2] == ("app-log", "other")

    @pytest.mark.truth("preview-of-what-goes-from-the-policy")
    def test_shows_who_becomes_due_where_the_policy_no_longer_names_a_category(self) -> None:
        """The sweep of that day would list them: the purpose has ended, and no term keeps them any more."""
        left = {code: each for code, each in self.now.categories.items() if code != "device-registration"}
        then = replace(self.now, categories=MappingProxyType(left))
        assert self.changed(then) == [("device-registration", "other", 0, 1)]
        back = [row for row in rule_changes.compare_retention(then, self.now, self.on) if row.changes]
        assert [(row.due_by_old, row.due_by_new) for row in back] == [(1, 0)]

    def test_waits_for_the_term_of_a_category_that_a_draft_has_not_given_one_yet(self) -> None:
        open_ = replace(self.now.categories["app-log"], retention=None)
        then = replace(self.now, categories=MappingProxyType({**self.now.categories, "app-log": open_}))
        assert self.changed(then) == [("app-log", "other", 0, 0)]

    @pytest.mark.truth("21")
    def test_names_what_only_the_coming_rulebook_knows(self) -> None:
        cars = replace(self.now.categories["app-log"], code="cars", name_en="Company cars")
        then = replace(self.now, categories=MappingProxyType({**self.now.categories, "cars": cars}))
        with override("en"):
            found = [row for row in rule_changes.compare_retention(self.now, then, self.on) if row.changes]
        assert [(row.name, row.old_term) for row in found] == [("Company cars", "")]
        rule = self.now.preservation["internet-log"]
        more = {"internet-log": replace(rule, record_kinds=rule.record_kinds | {"os-version"})}
        then = replace(self.now, preservation=MappingProxyType({**self.now.preservation, **more}))
        with override("en"):
            assert [row.kinds for row in rule_changes.compare_preservation(self.now, then)] == [
                "Operating system version"
            ]

    @pytest.mark.truth("preview-silent-about-record-kinds")
    def test_shows_the_kinds_of_records_that_a_law_no_longer_preserves(self) -> None:
        rule = self.now.preservation["internet-log"]
        without = {**self.now.preservation, "internet-log": replace(rule, record_kinds=frozenset({"status"}))}
        then = replace(self.now, preservation=MappingProxyType(without))
        found = [
            (row.kinds, row.old_months, row.new_months) for row in rule_changes.compare_preservation(self.now, then)
        ]
        assert found == [("접속 기록", 3, 0), ("Exafe MDM 상태", 0, 3)]

    @pytest.mark.truth("preview-of-no-kind")
    def test_says_nothing_of_kinds_that_two_rules_do_not_share(self) -> None:
        rule = self.now.preservation["internet-log"]
        other = replace(rule, months=9, record_kinds=frozenset({"status"}))
        then = replace(self.now, preservation=MappingProxyType({**self.now.preservation, "internet-log": other}))
        found = [
            (row.kinds, row.old_months, row.new_months) for row in rule_changes.compare_preservation(self.now, then)
        ]
        assert found == [("접속 기록", 3, 0), ("Exafe MDM 상태", 0, 9)]

    def test_shows_what_a_law_preserves_longer_or_no_more(self) -> None:
        first, *rest = self.now.preservation.values()
        longer = {first.code: replace(first, months=first.months + 9)}
        then = replace(self.now, preservation=MappingProxyType(longer))
        found = {
            row.direction: (row.old_months, row.new_months) for row in rule_changes.compare_preservation(self.now, then)
        }
        assert found["longer"] == (first.months, first.months + 9)
        assert ("shorter" in found) == bool(rest)
        assert rule_changes.compare_preservation(self.now, self.now) == []

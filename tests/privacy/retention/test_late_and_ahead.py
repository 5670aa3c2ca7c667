"""What is late stays late, what comes is counted ahead, and a coming rulebook shows what it changes (D-02, P0.2)."""

from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

import pytest

from privacy.policies import rulebook
from privacy.policies.rulebook import Rulebook
from privacy.retention import actions as retention
from privacy.retention import duepage
from privacy.retention.models import Forecast
from tests.base import PortalTestCase
from tests.factory import at_noon, carry_out_all, make_expired_device, make_hold, make_odile, sweep_on
from tests.privacy.retention.test_archive import archive_an_access

ENDED = date(2024, 5, 15)
DUE = date(2026, 5, 16)
FIVE = timedelta(days=5)


@pytest.mark.clause("P6.1")
class WithoutDelay(PortalTestCase):
    def test_a_sweep_that_did_not_run_makes_nothing_due_later(self) -> None:
        sweep_on(DUE - timedelta(days=1))
        make_expired_device(ended_on=ENDED)
        row = sweep_on(DUE + timedelta(days=9)).lists.get()
        assert row.target_on == DUE + FIVE

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
        retention.lift_hold(hold, reason="settled", actor=make_odile(), at=at_noon(lifted))
        assert sweep_on(lifted).lists.get().target_on == lifted + FIVE

    def test_the_page_shows_what_is_late_and_a_sweep_that_does_not_ring(self) -> None:
        make_expired_device(ended_on=ENDED)
        row = sweep_on(DUE).lists.get()
        seen = duepage.context(DUE + FIVE, at_noon(DUE + FIVE))
        assert (seen["late"], seen["is_silent"]) == ([], True)
        seen = duepage.context(DUE + FIVE + timedelta(days=1), at_noon(DUE))
        assert (seen["late"], seen["is_silent"]) == ([row], False)


class TheMonthsAhead(PortalTestCase):
    @pytest.mark.clause("P6.4")
    def test_count_what_the_archive_ends_by_its_own_term(self) -> None:
        # Preserved until 2026-12-01: gone on the second. Until 2026-11-30: gone on the first of December.
        for number, recorded_on in ((1, date(2026, 9, 1)), (2, date(2026, 8, 30))):
            archive_an_access(recorded_on=recorded_on, destroyed_on=date(2026, 10, 1), number=number)
        on = date(2026, 10, 20)
        retention.count_ahead(rules=rulebook.in_force(on), on=on, at=at_noon(on))
        months = dict(Forecast.objects.filter(category="archive").values_list("month", "people"))
        assert {month: people for month, people in months.items() if people} == {date(2026, 12, 1): 2}

    def test_stand_in_a_table_with_a_column_for_each_category(self) -> None:
        make_expired_device(ended_on=date(2024, 12, 10))
        on = date(2026, 10, 20)
        retention.count_ahead(rules=rulebook.in_force(on), on=on, at=at_noon(on))
        ahead = duepage.ahead(on)
        assert ahead.columns == ["기기 등록 및 라이선스 정보"]
        assert [row for row in ahead.rows if row[2]] == [("2026-12", [1], 1)]
        assert "2026-12" in ahead.drawing


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
        found = retention.compare(self.now, then, self.on)
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

    def test_shows_what_a_law_preserves_longer_or_no_more(self) -> None:
        first, *rest = self.now.preservation.values()
        longer = {first.code: replace(first, months=first.months + 9)}
        then = replace(self.now, preservation=MappingProxyType(longer))
        found = {
            row.direction: (row.old_months, row.new_months) for row in retention.compare_preservation(self.now, then)
        }
        assert found["longer"] == (first.months, first.months + 9)
        assert ("shorter" in found) == bool(rest)
        assert retention.compare_preservation(self.now, self.now) == []

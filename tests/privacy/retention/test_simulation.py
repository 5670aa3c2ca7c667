"""A coming policy is simulated exactly: what it says of the coming sweeps is what they do, and it writes nothing."""

import os
import re
from contextlib import ExitStack
from datetime import date, timedelta

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion, RetentionRule
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList, Prediction
from privacy.retention.schedule.simulation.comparison import compare
from privacy.retention.schedule.simulation.simulate import Simulation, simulate
from privacy.subjects.models import Subject
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import (
    SWEEPER,
    at_noon,
    make_device,
    make_draft,
    make_expired_device,
    make_hana,
    make_hold,
    make_odile,
    make_policy,
    make_version_under_review,
    settle_assessments,
    sweep_on,
)  # fmt: skip
from tests.privacy.retention.simulated_histories import differences
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
ON = date(2026, 6, 1)
# Two years are over on 15 September 2026, three a year later.
ENDED = date(2024, 9, 15)


def live_through(count: int) -> None:
    print(f"\n{count} simulated histories from seed {SEED}")
    said = 0
    with PortalDatabase().in_use():
        for seed in range(SEED, SEED + count):
            wrong, figures = differences(seed)
            assert not wrong, "\n".join([f"SEED={seed}", *wrong])
            said += figures
    assert said > count, "the histories destroy nothing"


def test_what_is_simulated_is_what_the_sweeps_do(portal_database: PortalDatabase) -> None:
    live_through(8)


def test_sweeps_by_other_rules_are_told_from_what_was_simulated(portal_database: PortalDatabase) -> None:
    """The comparison is no decoration: where the version that was asked about is not the one in force, they differ."""
    assert any(differences(seed, lie=True)[0] for seed in range(4))


@pytest.mark.faults
def test_many_simulations_are_what_the_sweeps_do(portal_database: PortalDatabase) -> None:
    live_through(max(10, round(200 * SCALE)))


def of_registrations(simulation: Simulation, *, coming: bool) -> dict[date, int]:
    """Return how many registrations go in which month."""
    return {
        row.month: people
        for row in simulation.rows
        if row.category == "device-registration" and (people := (row.then if coming else row.now).people)
    }


class WhatAComingVersionDoes(PortalTestCase):
    def setUp(self) -> None:
        self.device = make_expired_device(ended_on=ENDED)

    def check(self, version: PolicyVersion) -> None:
        found = simulate(version, ON)
        assert of_registrations(found, coming=False) == {date(2026, 9, 1): 1}
        assert of_registrations(found, coming=True) == {date(2027, 9, 1): 1}
        assert [(row.month, row.later) for row in found.rows if row.later] == [(date(2026, 9, 1), 1)]
        assert (found.kept_longer, found.gone_earlier) == ([self.device.subject_id], [])

    def test_a_draft_a_version_under_review_and_an_announced_one_say_the_same(self) -> None:
        self.check(make_draft(years=3, at=at_noon(ON)))
        self.check(make_version_under_review(years=3, at=at_noon(ON)))
        self.check(make_policy(years=3, at=at_noon(ON)))

    def test_the_rules_in_force_go_on_until_the_version_takes_effect(self) -> None:
        found = simulate(make_draft(years=3, effective_on=date(2026, 9, 18), at=at_noon(ON)), ON)
        assert of_registrations(found, coming=True) == {date(2026, 9, 1): 1}

    def test_a_list_lets_go_whom_the_version_keeps_that_comes_while_it_waits(self) -> None:
        # Due on the 16th, it waits a day; on the 17th the version keeps it for a year more.
        found = simulate(make_draft(years=3, effective_on=date(2026, 9, 17), at=at_noon(ON)), ON)
        assert of_registrations(found, coming=True) == {date(2027, 9, 1): 1}

    def test_a_hold_counts_until_its_last_day(self) -> None:
        make_hold(subject_id=self.device.subject_id, until=date(2026, 11, 30), at=at_noon(ON))
        found = simulate(make_draft(years=3, at=at_noon(ON)), ON)
        assert of_registrations(found, coming=False) == {date(2026, 12, 1): 1}

    def test_a_hold_without_an_end_withholds(self) -> None:
        make_hold(subject_id=self.device.subject_id, at=at_noon(ON))
        found = simulate(make_draft(years=3, at=at_noon(ON)), ON)
        assert not of_registrations(found, coming=False)
        assert found.withheld["device-registration"] == 1

    def test_what_stands_on_an_open_list_goes_with_it(self) -> None:
        due = date(2026, 9, 16)
        assert sweep_on(due).lists.get().people == 1
        found = simulate(make_draft(years=3, at=at_noon(due)), due)
        assert of_registrations(found, coming=False) == {date(2026, 9, 1): 1}

    def test_nothing_is_written(self) -> None:
        make_device(2, at=at_noon(ON - timedelta(days=3)), agreed=())
        draft = make_draft(years=1, at=at_noon(ON))
        with ExitStack() as stack:
            seen = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
            for alias in connections:
                stack.enter_context(transaction.atomic(using=alias))
                with connections[alias].cursor() as cursor:
                    cursor.execute("SET TRANSACTION READ ONLY")
            assert of_registrations(simulate(draft, ON), coming=True)
        statements = [query["sql"] for queries in seen for query in queries.captured_queries]
        assert len(statements) > 100
        reading = re.compile(r"\s*(SELECT|DECLARE|FETCH|CLOSE|SAVEPOINT|RELEASE|SET TRANSACTION READ ONLY)\b")
        assert [sql for sql in statements if not reading.match(sql) or "FOR UPDATE" in sql] == []


class PredictionTest(PortalTestCase):
    """What was predicted at publication is kept, sealed, and compared with the months that are over (decision 0408)."""

    def setUp(self) -> None:
        self.device = make_expired_device(ended_on=ENDED)
        self.version = make_policy(years=3, effective_on=date(2026, 12, 1), at=at_noon(ON))

    def predict(self) -> Prediction:
        assert retention.predict_published(on=ON, actor=SWEEPER, at=at_noon(ON)) == 1
        return Prediction.objects.get()

    def destroy(self) -> None:
        sweep_on(date(2026, 9, 16))
        for row in DestructionList.objects.to_approve():
            retention.approve(row, actor=make_odile(granted=False), at=at_noon(date(2026, 9, 16)))
        retention.execute_ready(actor=SWEEPER, at=at_noon(date(2026, 9, 18)))

    def test_each_version_is_predicted_once_in_the_night_after_its_publication_and_sealed(self) -> None:
        late = at_noon(ON + timedelta(days=4))
        assert retention.predict_published(on=ON, actor=SWEEPER, at=late) == 0, "said afterwards it would be none"
        made = self.predict()
        self.assertLedgered("retention.prediction.made", made)
        assert retention.predict_published(on=ON, actor=SWEEPER, at=at_noon(ON)) == 0
        assert retention.predict(self.version, on=ON, actor=SWEEPER, at=at_noon(ON)) is None
        assert made.is_intact
        made.figures = []
        assert not made.is_intact

    def test_what_happens_as_predicted_differs_in_nothing(self) -> None:
        made = self.predict()
        assert compare(made, date(2026, 9, 30)).rows == [], "the month is not over"
        self.destroy()
        (row,) = compare(made, date(2026, 10, 1)).rows
        assert (row.category, row.month, row.predicted.people) == ("device-registration", date(2026, 9, 1), 1)
        assert not row.differs

    def test_a_hold_that_nobody_foresaw_is_a_difference_and_shown(self) -> None:
        made = self.predict()
        make_hold(subject_id=self.device.subject_id, at=at_noon(ON))
        self.destroy()
        compared = compare(made, date(2026, 10, 1))
        assert [(row.predicted.people, row.happened.people) for row in compared.differences] == [(1, 0)]
        self.client.force_login(make_hana())
        address = reverse("admin:policies_policyversion_preview", args=[self.version.pk])
        page = self.client.get(address, secure=True, headers={"accept-language": "en"})
        self.assertContains(page, made.digest[:32])
        day = date(2026, 10, 2)
        window = registers.ExportScope(ON, day, make_odile(granted=False), at_noon(day), "점검")
        (line,) = registers.get("predictions").rows(window)
        assert (line[5], line[8], line[11]) == (1, 0, "있음")

    def test_a_later_version_ends_the_comparison(self) -> None:
        made = self.predict()
        assert compare(made, date(2027, 12, 1)).until == date(2027, 12, 1)
        later = make_version_under_review(years=5, effective_on=date(2027, 3, 10), at=at_noon(ON))
        settle_assessments(later, at=at_noon(ON))
        policies.approve(later, actor=make_odile(granted=False), at=at_noon(ON))
        policies.publish(later, actor=make_odile(granted=False), at=at_noon(ON))
        assert compare(made, date(2027, 12, 1)).until == date(2027, 3, 1)


class OnThePreviewPage(PortalTestCase):
    def page(self, version: PolicyVersion, language: str) -> str:
        self.client.force_login(make_hana())
        with override(language):
            address = reverse("admin:policies_policyversion_preview", args=[version.pk])
            response = self.client.get(f"{address}?simulation=1", secure=True, headers={"accept-language": language})
        assert response.status_code == 200
        return str(response.content.decode())

    def test_stands_what_the_version_changes(self) -> None:
        ended = clock.today().replace(day=1) - timedelta(days=2 * 365 - 90)
        device = make_expired_device(ended_on=ended)
        draft = make_draft(years=3, at=clock.now())
        self.client.force_login(make_hana())
        address = reverse("admin:policies_policyversion_preview", args=[draft.pk])
        assert "?simulation=1" in self.client.get(address, secure=True).content.decode(), "asked for, as it takes long"
        korean, english = self.page(draft, "ko"), self.page(draft, "en")
        for shown, sentence in (
            (korean, "1명의 자료를 더 오래 보유합니다."),
            (english, "Data of 1 person is kept longer."),
        ):
            assert sentence in shown
            assert shown.count('<figure class="chart"') == 2
            assert Subject.objects.get(pk=device.subject_id).reference in shown

    def test_a_draft_without_a_rule_says_what_is_missing(self) -> None:
        draft = make_draft(years=3, at=clock.now())
        RetentionRule.objects.filter(category__version=draft, category__code="service-analytics").delete()
        assert "service-analytics" in self.page(draft, "en")

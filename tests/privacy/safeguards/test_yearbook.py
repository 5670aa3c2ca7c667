"""The figures of the annual report are those of the registers."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from consents.models import Decision
from privacy.accounts import actions as accounts
from privacy.disclosures.models import Disclosure
from privacy.incidents import actions as incidents
from privacy.ledger.models import Scrub
from privacy.lib.registries import annual_report
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factory import (
    agree,
    ask,
    make_device,
    make_emin,
    make_granted,
    make_hana,
    make_known_incident,
    make_odile,
    make_pledge,
    make_provided,
    make_training,
    make_user,
)

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def figures(first: date = YEAR[0], last: date = YEAR[1]) -> dict[str, int | None]:
    return {
        figure.code: figure.value
        for _code, chapter in annual_report.report_sections(first, last)
        for figure in chapter.figures
    }


def series(code: str) -> dict[str, int]:
    with override("en"):
        made = annual_report.report_sections(*YEAR)
    for _code, chapter in made:
        for one in chapter.series:
            if one.code == code:
                return dict(one.points)
    raise AssertionError(code)


@pytest.mark.clock(NOON)
class YearbookTest(PortalTestCase):
    def test_of_an_empty_year_everything_is_zero_and_no_share_is_told(self) -> None:
        found = figures(date(2019, 1, 1), date(2019, 12, 31))
        assert {value for code, value in found.items() if not code.endswith("share")} == {0}
        assert found["rights.in-time-share"] is None

    @pytest.mark.truth("share-of-what")
    def test_a_share_of_what_was_answered_or_corrected_is_not_called_one_of_all(self) -> None:
        with override("en"):
            made = annual_report.report_sections(*YEAR)
            said = {figure.code: figure.label for _code, chapter in made for figure in chapter.figures}
        assert said["complaints.in-time-share"].startswith("share of answers")
        assert said["safeguards.in-time-share"].startswith("share of corrections")

    @pytest.mark.truth("trail-by-what-was-found")
    def test_verifications_are_counted_by_what_they_covered_and_found(self) -> None:
        for code in (0, 0, 0, 3, 3, 2, 4):
            Scrub.objects.create(begun_at=NOON, finished_at=NOON, size=1, code=code)
        found = figures()
        assert [found[f"trail.{kind}"] for kind in ("verifications", "sound", "uncovered", "unsound")] == [7, 3, 2, 2]

    def test_figures_equal_the_registers(self) -> None:
        device = make_device(1)
        make_granted(ask())
        ask()
        incidents.file_complaint(explanation="zebra", at=NOON)
        make_provided(device, "model")
        agree(device, "app-log")
        found = figures()
        assert found["rights.received"] == 2
        assert found["complaints.received"] == 1
        assert found["disclosures.provided"] == Disclosure.objects.provided().count() == 1
        assert found["disclosures.people"] == 1
        assert found["consents.decisions"] == Decision.objects.count()
        assert series("rights.by-outcome")["granted"] + series("rights.by-outcome")["not decided"] == 2
        assert series("rights.by-month")["2026-11"] == 2
        assert series("consents.by-month")["2026-11"] == Decision.objects.count()

    @pytest.mark.clause("P8.9")
    @pytest.mark.clause("P8.10")
    def test_pledges_and_trainings_of_the_year(self) -> None:
        hana, emin = make_hana(granted=False), make_emin()
        lars = make_user("lars@extrus.example", "Lars", "employee", fit=False)
        nora = make_user("nora@extrus.example", "Nora", "employee", fit=False)
        make_pledge(lars, signed_on=NOON.date(), valid_until=date(2027, 11, 23))
        make_training(nora, completed_on=date(2026, 3, 1), valid_until=date(2027, 2, 28))
        make_training(emin, completed_on=date(2024, 3, 1), valid_until=date(2025, 2, 28))
        found = figures()
        assert (found["workforce.people"], found["workforce.signed"], found["workforce.completed"]) == (4, 1, 1)
        assert (found["workforce.pledged-share"], found["workforce.trained-share"]) == (75, 75)
        assert series("workforce.trained.by-month")["2026-03"] == 1
        assert series("workforce.by-occasion")["on joining"] == 1
        type(hana).objects.filter(pk=hana.pk).update(reference="U-SOMEBODY")  # the seal names another signer
        found = figures()
        assert (found["workforce.altered"], found["workforce.pledged-share"]) == (1, 50)

    @pytest.mark.clause("P8.8")
    def test_access_of_the_year(self) -> None:
        hana, odile = make_hana(granted=False), make_odile(granted=False)
        accounts.deactivate_user(hana, why="resigned", actor=odile, at=NOON)
        found = figures()
        assert (found["access.granted"], found["access.revoked"], found["access.left"]) == (2, 1, 1)
        assert series("access.by-scope")["protection officer"] == 1

    @pytest.mark.clause("P2.2")
    def test_breaches_of_the_year(self) -> None:
        incident = make_known_incident(aware_at=NOON)
        odile = make_odile()
        incidents.describe_incident(incident, estimate=1_200, actor=odile, at=NOON)
        found = figures()
        assert (found["incidents.told"], found["incidents.undone"], found["incidents.in-time-share"]) == (0, 2, None)
        given: dict[str, Any] = {"authority": "pipc", "duty": "breach", "reported_at": NOON + timedelta(hours=71)}
        incidents.record_report(incident, **given, actor=odile, at=NOON + timedelta(hours=71))
        incidents.post_on_website(incident, actor=odile, at=NOON + timedelta(hours=73))
        found = figures()
        assert (found["incidents.known"], found["incidents.in-time-share"]) == (1, 50)
        assert (found["incidents.told"], found["incidents.undone"]) == (1, 0)
        assert found["incidents.people"] == 1_200
        assert sum(series("incidents.by-kind").values()) == 1

    def test_late_answers_lower_the_share(self) -> None:
        case = make_granted(ask()).request
        type(case).objects.filter(pk=case.pk).update(notified_at=NOON.replace(month=12, day=31), state="notified")
        found = figures()
        assert (found["rights.answered"], found["rights.in-time"], found["rights.in-time-share"]) == (1, 0, 0)

    def test_only_everything_is_a_hundred_percent(self) -> None:
        assert annual_report.percentage(199, 200) == 99
        assert annual_report.percentage(3, 3) == 100
        assert annual_report.percentage(0, 0) is None

    def test_months_of_a_period(self) -> None:
        months = annual_report.count_by_month([date(2026, 1, 31), date(2026, 12, 1)], *YEAR)
        assert len(months) == 12
        assert sum(number for _month, number in months) == 2
        assert months[0] == ("2026-01", 1)

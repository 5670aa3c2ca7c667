"""The figures of the annual report are those of the registers."""

from datetime import date

from django.utils.translation import override

from consents.models import Decision
from privacy.disclosures.models import Disclosure
from privacy.incidents import actions as incidents
from privacy.lib import yearbook
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factory import agree, ask, make_device, make_granted, make_provided

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def figures(first: date = YEAR[0], last: date = YEAR[1]) -> dict[str, int | None]:
    return {
        figure.code: figure.value for _code, chapter in yearbook.chapters(first, last) for figure in chapter.figures
    }


def series(code: str) -> dict[str, int]:
    with override("en"):
        made = yearbook.chapters(*YEAR)
    for _code, chapter in made:
        for one in chapter.series:
            if one.code == code:
                return dict(one.points)
    raise AssertionError(code)


class YearbookTest(PortalTestCase):
    def test_of_an_empty_year_everything_is_zero_and_no_share_is_told(self) -> None:
        found = figures(date(2019, 1, 1), date(2019, 12, 31))
        assert {value for code, value in found.items() if not code.endswith("share")} == {0}
        assert found["rights.in-time-share"] is None

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

    def test_late_answers_lower_the_share(self) -> None:
        case = make_granted(ask()).request
        type(case).objects.filter(pk=case.pk).update(notified_at=NOON.replace(month=12, day=31), state="notified")
        found = figures()
        assert (found["rights.answered"], found["rights.in-time"], found["rights.in-time-share"]) == (1, 0, 0)

    def test_only_everything_is_a_hundred_percent(self) -> None:
        assert yearbook.share(199, 200) == 99
        assert yearbook.share(3, 3) == 100
        assert yearbook.share(0, 0) is None

    def test_months_of_a_period(self) -> None:
        months = yearbook.by_month([date(2026, 1, 31), date(2026, 12, 1)], *YEAR)
        assert len(months) == 12
        assert sum(number for _month, number in months) == 2
        assert months[0] == ("2026-01", 1)

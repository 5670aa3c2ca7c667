"""Each requirement of OWASP ASVS 5.0.0 has a verdict: tests with its marker, a reason, or an exception in review."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tools import asvs
from tools.asvs import Row

TODAY = date(2027, 1, 1)
# A typed day, so that a commit is right on any day; what is due by today is asked by `make reviews`.
LOOKED_AT = date(2026, 12, 1)
PROVEN = [Row(one, "what it asks", tests=("tests/house/test_asvs.py::test_a",)) for one in asvs.LEVEL]
CITED = {one: ["tests/house/test_asvs.py::test_a"] for one in asvs.LEVEL}


def changed(**change: object) -> list[Row]:
    """Sound rows, but for the first, which is as told."""
    return [replace(PROVEN[0], **change), *PROVEN[1:]]  # type: ignore[arg-type]


def test_every_requirement_has_its_verdict_and_the_page_is_fresh() -> None:
    found = asvs.problems(LOOKED_AT)
    assert not found, "\n".join(found)


def test_the_standard_is_here_whole() -> None:
    counted = [list(asvs.LEVEL.values()).count(level) for level in (1, 2, 3)]
    assert counted == [70, 183, 92] and sum(counted) == 345
    assert len(asvs.CHAPTERS) == 17
    assert asvs.wrong(PROVEN, CITED, TODAY) == []


def test_a_requirement_without_a_row_and_a_row_of_none_are_told() -> None:
    one = PROVEN[0]
    assert asvs.wrong(PROVEN[1:], {**CITED, "1.1.1": []}, TODAY) == ["1.1.1 has no row"]
    assert asvs.wrong([*PROVEN, one], CITED, TODAY) == ["1.1.1 has 2 rows"]
    more = [*PROVEN, replace(one, id="1.1.3", tests=(), not_applicable="x")]
    assert asvs.wrong(more, CITED, TODAY) == ["1.1.3 is no requirement"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tests": ()}, "1.1.1 has 0 verdicts: one is needed"),
        ({"not_applicable": "there is none"}, "1.1.1 has 2 verdicts: one is needed"),
        ({"tests": (), "exception": "x", "not_applicable": "y"}, "1.1.1 has 2 verdicts: one is needed"),
        ({"tests": (), "exception": "x"}, "1.1.1 is an exception without its risk or its day of review"),
        ({"tests": (), "exception": "x", "risk": "y"}, "1.1.1 is an exception without its risk or its day of review"),
        ({"title": ""}, "1.1.1 has no title"),
    ],
)
def test_a_row_without_one_whole_verdict_is_told(change: dict[str, object], said: str) -> None:
    cited = CITED if change.get("tests", 1) else {**CITED, "1.1.1": []}
    assert asvs.wrong(changed(**change), cited, TODAY) == [said]


def test_an_exception_is_reviewed_in_time() -> None:
    def told(review: date) -> list[str]:
        return asvs.wrong(changed(exception="x", risk="y", review=review), CITED, TODAY)

    assert told(TODAY) == told(TODAY + timedelta(days=365)) == []
    assert told(TODAY - timedelta(days=1)) == ["1.1.1 should have been reviewed by 2026-12-31"]
    assert told(TODAY + timedelta(days=400)) == ["1.1.1 is reviewed later than in a year"]


def test_a_test_without_its_marker_and_a_marker_without_its_row_are_told() -> None:
    unmarked = {**CITED, "1.1.1": []}
    assert asvs.wrong(PROVEN, unmarked, TODAY) == [
        "1.1.1 cites tests/house/test_asvs.py::test_a, which is not there or not marked"
    ]
    more = {
        **CITED,
        "1.1.1": ["tests/house/test_asvs.py::test_a", "tests/house/test_asvs.py::test_b"],
        "99.1.1": ["tests/house/test_asvs.py::test_c"],
    }
    assert asvs.wrong(PROVEN, more, TODAY) == [
        "tests/house/test_asvs.py::test_b is marked 1.1.1, and no row cites it so",
        "tests/house/test_asvs.py::test_c is marked 99.1.1, and no row cites it so",
    ]


def test_the_page_shows_each_verdict_and_counts_them_by_level() -> None:
    held = [
        PROVEN[0],
        Row("1.1.2", "escaping", not_applicable="there is none."),
        Row("1.2.1", "places", exception="not yet.", risk="some.", review=TODAY),
    ]
    page = asvs.page(held)
    assert "[house/test_asvs.py](../tests/house/test_asvs.py): test_a" in page
    assert "Does not apply: there is none." in page
    assert "**Exception**: not yet. Risk: some. Review by 2027-01-01." in page
    assert "| 1 | 0 | 1 | 0 |\n| 2 | 1 | 0 | 1 |\n| 3 | 0 | 0 | 0 |" in page

"""Every rule of the law has one verdict, and nothing that a verdict cites is made up: see ``tools/law.py``."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.urls import resolve

from privacy.policies import amendments
from tools import law
from tools.clauses import cited

# A typed day, so that a commit is right on any day; what is due by today is asked by `make reviews`.
DAY = date(2026, 11, 28)


def rule(verdict: str, **told: object) -> law.Rule:
    return law.Rule("T-01", "says", "source", verdict, told)


def test_every_rule_has_a_verdict_that_is_so_and_the_page_is_fresh() -> None:
    found = law.problems(DAY)
    assert not found, "\n".join(found)


def test_what_is_announced_is_loaded_with_its_day_and_nothing_else_is() -> None:
    announced = {one.id: one.told["comes_into_force"] for one in law.rules() if one.verdict == "announced"}
    loaded = {rule: row.in_force_on for row in amendments.announced(DAY) for rule in row.rules}
    assert loaded == announced


def test_the_list_of_rules_is_here_whole() -> None:
    chapters = law.read()["chapters"]
    assert isinstance(chapters, dict)
    counted = {chapter: told["rules"] for chapter, told in chapters.items()}
    assert counted == {
        "T": 10, "R": 36, "D": 18, "P": 15, "C": 22, "S": 35, "O": 8, "B": 12, "V": 9, "F": 19, "N": 10, "A": 2
    }  # fmt: skip
    assert law.read()["not_yet_judged"] == []


def test_every_page_of_a_rule_is_there() -> None:
    for one in law.rules():
        for page in one.many("pages"):
            assert resolve(page).url_name, f"{one.id}: {page}"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (rule(""), "has no verdict"),
        (rule("done"), "has no verdict"),
        (rule("implemented", code=["manage.py"]), "doesn't say: tests"),
        (rule("open"), "doesn't say: missing"),
        (rule("not applicable", why="x", decided_by="y"), "doesn't say: again_on"),
        (rule("open", missing="x", why="y"), "can't say: why"),
    ],
)
def test_a_verdict_says_what_it_must_and_nothing_else(wrong: law.Rule, told: str) -> None:
    assert told in " ".join(law._of_verdict(wrong))


def test_what_is_cited_exists_and_cites_back() -> None:
    here = "tests/house/test_law.py::test_what_is_cited_exists_and_cites_back"
    assert "there is no" in " ".join(law._of_references(rule("implemented", code=["manage.py::nothing"]), {}))
    assert "there is no" in " ".join(law._of_references(rule("implemented", tests=["tests/test_none.py::x"]), {}))
    assert "lacks its marker" in " ".join(law._of_references(rule("implemented", tests=[here]), {}))
    assert "doesn't name it" in " ".join(law._of_references(rule("open"), {"T-01": [here]}))
    assert not list(law._of_references(rule("implemented", tests=[here]), {"T-01": [here]}))


def test_a_parameter_is_there_with_its_number_and_acts() -> None:
    def told(parameter: str) -> str:
        return " ".join(law._of_parameters(rule("parameter", parameters=[parameter])))

    assert "no parameter" in told("rights.answer.weeks = 10 days from 2020-12-01")
    assert "not 11 days" in told("rights.answer.days = 11 days from 2020-12-01")
    assert not told("rights.answer.days = 10 days from 2020-12-01")


def test_a_day_that_has_passed_is_told() -> None:
    late = DAY - timedelta(1)
    assert list(law._of_days(rule("not applicable", again_on=late), DAY))
    assert not list(law._of_days(rule("not applicable", again_on=DAY), DAY))
    assert list(law._of_days(rule("announced", comes_into_force=DAY), DAY))
    assert not list(law._of_days(rule("announced", comes_into_force=DAY + timedelta(1)), DAY))


def test_markers_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(
        "import pytest\n@pytest.mark.law('T-01', 'T-02')\n@pytest.mark.clause('P1.2')\ndef test_b(): ...\n"
    )
    here = ["tests/test_x.py::test_b"]
    assert cited(tmp_path / "tests", "law") == {"T-01": here, "T-02": here}

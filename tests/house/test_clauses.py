"""Every clause of the policy has a named test, every marker names a clause, and the page says so."""

from pathlib import Path

from django.urls import resolve

from tools import clauses


def test_every_clause_has_a_test_and_the_page_is_fresh() -> None:
    found = clauses.problems()
    assert not found, "\n".join(found)


def test_the_policy_is_here_whole() -> None:
    counted: dict[str, int] = {}
    for clause in clauses.clauses():
        chapter = clause.id.partition(".")[0]
        counted[chapter] = counted.get(chapter, 0) + 1
        assert clause.says and clause.portal and clause.pages
    assert counted == {"P0": 3, "P1": 9, "P2": 2, "P3": 6, "P4": 1, "P5": 1, "P6": 4, "P7": 2, "P8": 12}


def test_every_page_of_a_clause_is_there() -> None:
    for clause in clauses.clauses():
        for page in clause.pages:
            assert resolve(page).url_name, f"{clause.id}: {page}"


def test_markers_are_found_on_modules_classes_and_functions(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(
        "import pytest\npytestmark = [pytest.mark.clause('P1.1')]\n"
        "@pytest.mark.clause('P1.2')\nclass A:\n    @pytest.mark.clause('P1.3')\n    def test_a(self): ...\n"
        "@pytest.mark.clause('P1.2')\ndef test_b(): ...\n"
    )
    assert clauses.cited(tmp_path / "tests") == {
        "P1.1": ["tests/test_x.py"],
        "P1.2": ["tests/test_x.py::A", "tests/test_x.py::test_b"],
        "P1.3": ["tests/test_x.py::A::test_a"],
    }


def test_a_clause_without_a_test_is_told() -> None:
    held = clauses.clauses()[:1]
    assert "**none**" in clauses.page(held, {})

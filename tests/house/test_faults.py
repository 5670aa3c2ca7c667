"""Every fault has a test that breaks it on purpose, every marker names a fault, and the page says so."""

from tools import clauses, faults


def test_every_fault_has_a_test_and_the_page_is_fresh() -> None:
    found = faults.problems(faults.faults(), clauses.cited(mark="fault"))
    assert not found, "\n".join(found)


def test_the_table_is_here_whole() -> None:
    assert [fault.id for fault in faults.faults()] == [f"FLT-{number:02d}" for number in range(1, 31)]


def test_a_fault_without_a_test_and_a_test_without_a_fault_are_told() -> None:
    held = faults.faults()[:1]
    assert any("FLT-01 has no test" in problem for problem in faults.problems(held, {}))
    assert any("which is no fault" in problem for problem in faults.problems(held, {"FLT-99": ["tests/x.py::a"]}))

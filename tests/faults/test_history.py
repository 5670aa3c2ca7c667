"""The checker of histories finds an order where there is one, and none where an answer was wrong (its controls)."""

from tests.faults.history import NEVER, History, Operation, consent_or_batch


def wrong(*operations: tuple[str, object, float, float, object]) -> list[str]:
    made = [Operation("thing", asked, given, began, ended, told) for asked, given, began, ended, told in operations]
    return History(made).unexplained(consent_or_batch)


A, B = ("2026-11-01", "agree"), ("2026-11-02", "withdraw")


def test_one_after_the_other_is_explained() -> None:
    assert wrong(("decide", A, 0, 1, A), ("read", None, 2, 3, A), ("decide", B, 4, 5, B), ("read", None, 6, 7, B)) == []


def test_what_overlaps_may_have_come_in_either_order() -> None:
    for told in (A, B):
        assert wrong(("decide", A, 0, 1, A), ("decide", B, 2, 9, B), ("read", None, 3, 4, told)) == []


def test_what_got_no_answer_may_happen_late_or_never() -> None:
    lost = ("decide", B, 2, NEVER, None)
    assert wrong(("decide", A, 0, 1, A), lost, ("read", None, 3, 4, A), ("read", None, 5, 6, B)) == []
    assert wrong(("decide", A, 0, 1, A), lost, ("read", None, 3, 4, A)) == []


def test_an_acknowledged_write_that_is_gone_is_found() -> None:
    assert wrong(("store", 3, 0, 1, 3), ("read", None, 2, 3, None))


def test_an_old_answer_after_a_new_one_is_found() -> None:
    asked = (("decide", A, 0, 1, A), ("decide", B, 2, 9, B), ("read", None, 3, 4, B), ("read", None, 5, 6, A))
    assert "no order explains" in wrong(*asked)[0]


def test_an_answer_from_nowhere_is_found() -> None:
    assert wrong(("decide", A, 0, 1, A), ("read", None, 2, 3, B))


def test_a_hundred_answers_that_got_lost_are_searched_in_no_time() -> None:
    lost = [("decide", (f"2026-12-{n:03}", "agree"), float(n), NEVER, None) for n in range(100)]
    assert wrong(("decide", A, 0, 1, A), *lost, ("read", None, 200, 201, lost[50][1])) == []
    assert wrong(("decide", A, 0, 1, A), *lost[:12], ("read", None, 200, 201, B))

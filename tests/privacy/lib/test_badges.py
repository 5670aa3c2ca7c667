"""States and deadlines are told by word and shape, the same everywhere."""

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from privacy.lib.display import badges

FRIDAY = date(2026, 12, 4)


@pytest.mark.parametrize(
    ("today", "kind", "korean", "english"),
    [
        (date(2026, 11, 24), "open", "10일 남음", "10 days left"),
        (date(2026, 12, 1), "wait", "3일 남음", "3 days left"),
        (date(2026, 12, 3), "wait", "1일 남음", "1 day left"),
        (FRIDAY, "today", "오늘까지", "due today"),
        (date(2026, 12, 5), "late", "1일 지남", "1 day overdue"),
        (date(2027, 1, 4), "late", "31일 지남", "31 days overdue"),
    ],
)
def test_a_deadline_says_how_far_it_is(today: date, kind: str, korean: str, english: str) -> None:
    for language, words in {"ko": korean, "en": english}.items():
        with override(language):
            shown = badges.due_badge(FRIDAY, today)
        assert f'class="badge badge-{kind}">{words}<' in shown
        assert 'datetime="2026-12-04"' in shown


def test_a_settled_matter_has_no_clock() -> None:
    assert "badge" not in badges.due_badge(FRIDAY, date(2027, 1, 1), settled=True)


@pytest.mark.parametrize(("language", "words"), [("ko", "2026년 12월 4일 (금)"), ("en", "Fri 4 December 2026")])
def test_a_day_has_its_weekday(language: str, words: str) -> None:
    with override(language):
        assert badges.date_text(FRIDAY) == words


def test_a_moment_is_told_in_korean_time() -> None:
    with override("en"):
        assert badges.datetime_text(datetime(2026, 12, 3, 15, 30, tzinfo=UTC)) == "Fri 4 December 2026, 00:30"


def test_a_state_finds_its_shape_by_its_code() -> None:
    assert badges.kind_of("IDENTITY_PENDING") == badges.kind_of("identity-pending") == "wait"
    assert badges.kind_of("destroyed") == "gone"
    assert badges.kind_of("something nobody listed") == "active"


def test_no_state_has_two_shapes() -> None:
    states = [state for listed in badges.KINDS.values() for state in listed.split()]
    assert len(states) == len(set(states))


@pytest.mark.asvs("1.2.1")
def test_a_word_is_text_not_markup() -> None:
    assert "<b>" not in badges.badge("<b>", "no")

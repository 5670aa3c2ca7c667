"""Codes are shown by name, whoever shows them."""

from datetime import date

import pytest
from django.utils.translation import override

from privacy.lib.display import display_names
from privacy.vault.purposes import Purpose

TODAY = date(2026, 11, 24)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "code", "korean", "english"),
    [
        ("category", "app-log", "서비스 앱 로그 정보", "Log information of the service app"),
        ("category", "rights-request", "요구인이 적은 내용", "what requesters wrote"),
        ("item", "imei", "단말기기 고유번호(IMEI)", "Terminal unique number (IMEI)"),
        ("purpose", "legal-duty", "법령상 의무", "a duty under law"),
    ],
)
def test_each_kind_has_names_in_both_languages(kind: str, code: str, korean: str, english: str) -> None:
    for language, expected in {"ko": korean, "en": english}.items():
        with override(language):
            assert display_names.display_name(kind, code, on=TODAY) == expected


@pytest.mark.django_db
def test_a_code_that_nobody_knows_is_shown_as_it_is() -> None:
    for kind in display_names.KINDS:
        assert display_names.display_name(kind, "no-such-code", on=TODAY) == "no-such-code"


@pytest.mark.django_db
def test_before_the_first_policy_codes_have_no_names() -> None:
    assert display_names.display_name("category", "app-log", on=date(2020, 11, 30)) == "app-log"


def test_every_purpose_has_a_name() -> None:
    with override("ko"):
        assert {display_names.display_name("purpose", code, on=TODAY) for code in Purpose.values}.isdisjoint(
            Purpose.values
        )

"""Masking by the patterns of the certification guide (rule base §11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.lib.display import masking


@pytest.mark.law("S-28")
@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (masking.name, "김하", "김*"),
        (masking.name, "김지하", "김*하"),
        (masking.name, "남궁민수", "남**수"),
        (masking.name, "제갈공명리", "제***리"),
        (masking.name, "김", "*"),
        (masking.name, "", ""),
        (masking.phone, "010-1234-0913", "010-****-0913"),
        (masking.phone, "01012340913", "010-****-0913"),
        (masking.phone, "011-123-0913", "011-***-0913"),
        (masking.phone, "02-6928-6774", "02-****-6774"),
        (masking.phone, "+82 10 1234 0913", "********0913"),
        (masking.phone, "118", "***"),
        (masking.email, "mailperson@abcd.com", "ma********@abcd.com"),
        (masking.email, "ab@abcd.com", "**@abcd.com"),
        (masking.email, "no-address", "**********"),
        (masking.address, "서울시 송파구 위례성대로 12, 101동 203호", "서울시 송파구 위례성대로 **, ***동 ***호"),
        (masking.address, "서울시 송파구 방이동 45-1", "서울시 송파구 방이동 **-*"),
        (masking.address, "12 Some place", "** Some place"),
        (masking.ip_address, "123.123.45.123", "123.123.***.123"),
        (masking.ip_address, "2001:db8:1:2::3", "2001:0db8:0001:***"),
        (masking.resident_number, "900101-1234567", "900101-*******"),
        (masking.resident_number, "9001011234567", "900101-*******"),
        (masking.resident_number, "12", "**"),
        (masking.card, "1234 5678 9012 3456", "123456******3456"),
        (masking.card, "1234", "****"),
        (masking.identifier, "356938035643809", "***********3809"),
        (masking.identifier, "R3CR", "****"),
        (masking.identifier, "R3CR10A", "*******"),
    ],
)
def test_a_value_is_shown_by_its_pattern(mask: object, value: str, shown: str) -> None:
    assert mask(value) == shown  # type: ignore[operator]


@pytest.mark.asvs("14.2.6")
@given(st.text(min_size=1, max_size=40))
def test_a_masked_identifier_never_shows_more_than_its_last_four(value: str) -> None:
    shown = masking.identifier(value)
    stripped = value.strip()
    assert len(shown) == len(stripped)
    assert shown[:-4] == "*" * max(0, len(stripped) - 4)
    if len(stripped) < 8:
        assert set(shown) <= {"*"}

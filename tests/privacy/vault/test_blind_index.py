"""Identifiers are found by a keyed index of the normalised value, exactly, and bad ones are refused."""

import hashlib
import random

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from privacy.vault import actions as vault
from privacy.vault import blind_indexes, key_providers
from tests.base import PortalTestCase

# Valid IMEIs from the documentation of 3GPP and of makers; none is a person's.
IMEI = "490154203237518"


def with_check_digit(first: str) -> str:
    """Complete 14 digits to an IMEI, by the definition rather than by the code under test."""
    total = 0
    for place, digit in enumerate(first):
        number = int(digit) * (2 if place % 2 else 1)
        total += number // 10 + number % 10
    return first + str(-total % 10)


class BlindIndexTest(PortalTestCase):
    def test_equal_values_have_equal_indexes_and_others_do_not(self) -> None:
        assert vault.blind_index("imei", IMEI) == vault.blind_index("imei", "49-015420-323751-8 ")
        assert vault.blind_index("serial", " r5ct90abcde") == vault.blind_index("serial", "R5CT90ABCDE")
        assert vault.blind_index("serial", "R5CT90ABCDE") != vault.blind_index("serial", "R5CT90ABCDF")
        assert vault.blind_index("contact", "Mina@Example.com ") == vault.blind_index("contact", "mina@example.com")
        assert vault.blind_index("phone", "+82 10-1234-5678") == vault.blind_index("phone", "010 1234 5678")

    def test_one_value_has_another_index_in_each_kind(self) -> None:
        kinds = {vault.blind_index(kind, IMEI) for kind in ("imei", "serial", "adb", "licence_key", "contact")}
        assert len(kinds) == 5
        assert vault.blind_index("serial_number", "R5") == vault.blind_index("serial", "R5")
        assert vault.blind_index("adb_number", "R5") == vault.blind_index("adb", "R5")

    @pytest.mark.asvs("11.4.1")
    def test_it_is_no_plain_hash_and_needs_the_key(self) -> None:
        found = vault.blind_index("imei", IMEI)
        assert found not in {hashlib.sha256(text.encode()).digest() for text in (IMEI, "imei" + IMEI, "imei:" + IMEI)}
        assert len(found) == 32
        key = key_providers.index_key()
        assert len(key) == 32
        assert key != key_providers.parse_key_file(key_providers.master_keys().path.read_text(), "")[1]  # type: ignore[attr-defined]

    def test_a_wrong_imei_is_named_as_one(self) -> None:
        for wrong in ("", "49015420323751", "4901542032375189", "49015420323751a", "４９０１５４２０３２３７５１８"):
            with self.assertRaises(vault.InvalidIdentifier):
                vault.blind_index("imei", wrong)
        with self.assertRaises(vault.InvalidIdentifier) as refused:
            vault.blind_index("imei", "490154203237519")
        assert refused.exception.code == "bad-identifier"

    def test_a_wrong_serial_is_refused(self) -> None:
        for wrong in ("", "   ", "A" * 65, "R5 CT", "한글", "R5\x00CT", "R5\nCT"):
            with self.assertRaises(vault.InvalidIdentifier):
                vault.blind_index("serial", wrong)

    def test_an_unknown_kind_is_a_programming_error(self) -> None:
        with self.assertRaisesMessage(ImproperlyConfigured, "shoe-size"):
            vault.blind_index("shoe-size", "42")


@given(st.text("0123456789", min_size=14, max_size=14))
def test_every_imei_with_its_check_digit_is_taken_and_every_single_typing_error_is_not(first: str) -> None:
    imei = with_check_digit(first)
    assert blind_indexes.imei(imei) == imei
    place = random.Random(first).randrange(15)
    for digit in "0123456789":
        if digit != imei[place]:
            with pytest.raises(vault.InvalidIdentifier):
                blind_indexes.imei(imei[:place] + digit + imei[place + 1 :])


@pytest.mark.asvs("1.1.1")
@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(value: str) -> None:
    for normalise in (blind_indexes.serial, blind_indexes.contact):
        try:
            once = normalise(value)
        except vault.InvalidIdentifier:
            continue
        assert normalise(once) == once

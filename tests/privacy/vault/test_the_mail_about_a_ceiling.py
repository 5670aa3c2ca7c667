"""The mail about a ceiling names the one that was reached, each half in its own language."""

from uuid import uuid4

import pytest
from django.core import mail
from django.utils import translation

from privacy.vault import actions as vault
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.tasks import deliver_ceiling, purpose_of_ceiling
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON

PEOPLE = [bytes([number]) * 16 for number in range(30)]


def reached(ceilings: Ceilings, purpose: str, people: list[bytes]) -> tuple[str, int]:
    with pytest.raises(vault.CeilingReached):
        ceilings.read("pages", purpose, people)
    return ceilings.reached[-1].purpose, ceilings.reached[-1].ceiling


@pytest.mark.truth("ceiling-reached")
def test_what_a_process_reads_in_all_is_no_ceiling_of_a_purpose() -> None:
    ceilings = Ceilings({"pages": 10, "pages.rights": 8})
    assert reached(ceilings, "rights", PEOPLE[:9]) == ("rights", 8)
    ceilings.read("pages", "rights", PEOPLE[:6])
    assert reached(ceilings, "error-analysis", PEOPLE[10:15]) == ("all-purposes", 10)
    with translation.override("en"):
        assert str(purpose_of_ceiling("all-purposes")) == "all purposes together"
    with translation.override("ko"):
        assert str(purpose_of_ceiling("all-purposes")) == "모든 목적 합계"


@pytest.mark.truth("ceiling-reached")
class TheMail(PortalTestCase):
    def test_says_the_purpose_in_the_language_of_each_half(self) -> None:
        officer = factory.make_odile()
        for code, korean, english in (
            ("error-analysis", "오류 분석", "error analysis"),
            ("look-ups", "식별자 조회", "looking up identifiers"),
            ("all-purposes", "모든 목적 합계", "all purposes together"),
        ):
            with self.subTest(code):
                told = {
                    "to": officer.reference, "process": "pages", "purpose": code, "ceiling": "5000",
                    "at": NOON.isoformat(),
                }  # fmt: skip
                deliver_ceiling(told, event=uuid4(), starts=1, at=NOON)
                first, second = mail.outbox[-1].body.split("/office/")
                assert korean in first
                assert english in second.lower()
                assert korean not in second

"""A sentence that tells a term takes it from the rulebook: where the number changes, the sentence does (P8.2, P8.3)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.policies import actions as policies
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.truth("terms-in-sentences")
class TermsInSentencesTests(PortalTestCase):
    PAGES = (
        ("grants.review.months", 5, "admin:accounts_accessreview_changelist", "5개월마다"),
        ("grants.review.months", 5, "accounts:access", "5개월마다"),
        ("plan.inspection.months", 7, "admin:safeguards_inspection_changelist", "7개월마다"),
        ("pledge.months", 8, "workforce:pledges", "8개월간"),
    )

    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.client.force_login(self.odile)

    def page(self, name: str) -> str:
        return self.client.get(reverse(name)).content.decode()

    def test_each_sentence_follows_its_number_from_its_day_on(self) -> None:
        before = [self.page(name) for _code, _value, name, _words in self.PAGES]
        today = clock.today()
        for code, value in {code: value for code, value, _name, _words in self.PAGES}.items():
            for day, number in ((today, value), (today + timedelta(days=1), value + 1)):
                policies.set_parameter(
                    code=code, value=number, effective_on=day, basis="x", actor=self.odile, at=clock.now()
                )
        for text, (_code, _value, name, words) in zip(before, self.PAGES, strict=True):
            assert words not in text, name
            assert words in self.page(name), name

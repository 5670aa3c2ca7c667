"""A coming version says which agreements it makes untrue, before it takes effect (law C-09)."""

import pytest
from django.utils.translation import override

from consents import policy_effects
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = NOON.date()


class AgreementsToAskAnewTest(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        factory.make_device(2)

    def found(self, version: PolicyVersion) -> dict[str, tuple[int, list[str]]]:
        with override("en"):
            affected = policy_effects.agreements_to_ask_anew(version, TODAY)
        return {one.text.agreement.code: (one.people, one.reasons) for one in affected}

    @pytest.mark.law("C-09")
    def test_another_period_asks_those_anew_who_agreed_to_it(self) -> None:
        assert self.found(factory.make_draft(years=3)) == {
            "activation": (2, ["Device registration and licence data: another retention period"])
        }

    def test_a_version_that_changes_nothing_asks_nobody(self) -> None:
        assert self.found(factory.make_draft(years=2)) == {}

    def test_an_item_less_or_a_category_less_asks_anew(self) -> None:
        draft = factory.make_draft(years=2)
        analytics, logs = draft.categories.get(code="service-analytics"), draft.categories.get(code="app-log")
        gone = [analytics.items.get(code="access"), logs]
        policies.revise_draft(draft, rows=[], removed=gone, actor=factory.make_hana(granted=False), at=NOON)
        found = self.found(draft)
        assert [reason for _people, reasons in found.values() for reason in reasons] == [
            "Service improvement and analysis data: other items",
            "Log information of the service app: no longer collected",
        ]
        assert found["service-analytics"][0] == 2

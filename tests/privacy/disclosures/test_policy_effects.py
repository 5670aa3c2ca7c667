"""A coming version says which recipients it leaves without a basis; what it does not declare is then refused (V-01)."""

from datetime import timedelta

import pytest

from privacy.disclosures import policy_effects
from privacy.disclosures.refusals import NoBasis
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.actions.publication import Incomplete
from privacy.policies.models import PolicyVersion
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class RecipientsWithoutBasisTest(PortalTestCase):
    def setUp(self) -> None:
        factory.name_recipient("acme")
        self.device = factory.make_device()
        factory.agree(self.device, "provision-acme")
        self.hana = factory.make_hana(granted=False)

    def found(self, version: PolicyVersion) -> list[tuple[str, list[str], list[str], int]]:
        lost = policy_effects.recipients_without_basis(version, clock.kst_date(NOON))
        return [(one.party.code, one.undeclared, one.unnamed, one.people) for one in lost]

    def test_a_version_that_names_it_takes_nothing(self) -> None:
        assert self.found(factory.make_draft()) == []

    def test_an_item_that_is_no_longer_declared_is_given_to_nobody(self) -> None:
        draft = factory.make_draft()
        item = draft.categories.get(code="device-registration").items.get(code="os_version")
        policies.revise_draft(draft, rows=[], removed=[item], actor=self.hana, at=NOON)
        ((code, undeclared, unnamed, people),) = self.found(draft)
        assert (code, len(undeclared), unnamed, people) == ("acme", 1, [], 1)
        policies.submit(draft, actor=self.hana, at=NOON)
        policies.approve(draft, actor=factory.make_odile(granted=False), at=NOON)
        policies.publish(draft, actor=factory.make_odile(granted=False), at=NOON)
        with pytest.raises(NoBasis):
            factory.make_disclosure(self.device, "os_version", at=NOON + timedelta(days=31))

    def test_a_text_that_names_no_recipient_ends_what_rests_on_consent(self) -> None:
        draft = factory.make_draft()
        section = draft.sections.get(body_ko__contains="[[recipients]]")
        section.body_ko = section.body_en = "–"
        policies.revise_draft(draft, rows=[section], actor=self.hana, at=NOON)
        ((code, undeclared, unnamed, people),) = self.found(draft)
        assert (code, undeclared, len(unnamed), people) == ("acme", [], 2, 1)
        with pytest.raises(Incomplete):
            policies.submit(draft, actor=self.hana, at=NOON)

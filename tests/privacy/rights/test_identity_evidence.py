"""Nobody has to prove more than was asked when their data was collected (R-05)."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.rights import actions as rights
from privacy.rights import identity_evidence
from privacy.rights.models import Letter, Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.law("R-05")
class EvidenceTests(PortalTestCase):
    def test_every_way_of_collection_has_its_most_and_none_asks_for_an_identity_card(self) -> None:
        assert set(identity_evidence.COLLECTED_BY) == set(Request.Target.values)
        assert set(identity_evidence.MOST) == set(identity_evidence.Collection)
        for target, way in identity_evidence.COLLECTED_BY.items():
            case = Request(target_kind=target)
            assert identity_evidence.papers_for(case), target
            asks_the_device = identity_evidence.Evidence.DEVICE_CODE in identity_evidence.most_for(case)
            assert asks_the_device == (way != identity_evidence.Collection.CONTACT)

    def test_letter_page_and_trail_say_what_is_enough(self) -> None:
        factory.make_device(1)
        receipt = factory.ask_correction()
        rights.request_document(receipt.request, actor=factory.make_handler(), at=NOON)
        step = receipt.request.steps.get(word="rights.evidence.asked")
        assert step.facts == {"evidence": ["device-code", "device-paper"]}
        assert receipt.request.letters.filter(kind=Letter.Kind.EVIDENCE).count() == 1
        with override(receipt.request.language):
            enough = identity_evidence.at_most(receipt.request)
        (preview,) = rights.preview_letter(
            receipt.request, Letter.Kind.EVIDENCE, about=receipt.request.pk, actor=factory.make_handler(), at=NOON
        )
        assert enough in preview.text
        self.client.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
        self.assertContains(self.client.get(reverse("rights:case")), "신분증은 필요하지 않습니다")

"""What is provided beyond the purpose asks the recipient to limit its use or to protect it (law P-04)."""

import pytest

from privacy.disclosures import actions as disclosures
from tests import factory
from tests.base import PortalTestCase


class AskedTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)

    @pytest.mark.law("P-04", "C-02")
    def test_beyond_the_purpose_the_recipient_is_asked_to_limit_its_use(self) -> None:
        """PIPA art. 18(5): of what is provided by a law or by a consent of its own beyond the purpose."""
        consent = {"statute": "", "document_no": "", "purpose_code": "repair"}
        for basis in ({"basis": "law"}, {"basis": "separate-consent", **consent}):
            with pytest.raises(disclosures.NoBasis) as refused:
                factory.make_disclosure(self.device, **basis, restrictions=" ")
            assert refused.value.pointer == "/restrictions"

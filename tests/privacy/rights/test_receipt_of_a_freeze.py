"""What the receipt of a correction says of the freeze is true of what this request did."""

import pytest

from privacy.rights.models import Request
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.clause("P1.5")
class ReceiptTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)

    @pytest.mark.truth("not-used-from-now-on")
    def test_the_receipt_says_from_when_the_item_is_not_used_in_either_case(self) -> None:
        frozen = []
        for number in range(4):
            page = self._asks_at_the_form(number)
            assert "that you asked us to correct from now until" in page
            assert (
                "If we recently received several unconfirmed requests about this device, this starts only once" in page
            )
            case = Request.objects.latest("received_at")
            own = [right.freeze_reference for right in case.rights.all()]
            frozen.append(Freeze.objects.filter(case__in=own, subject_id=self.device.subject_id).exists())
        assert frozen == [True, True, True, False]

    @pytest.mark.truth("not-used-from-now-on")
    def test_the_receipt_of_another_right_says_nothing_of_it(self) -> None:
        page = self._asks_at_the_form(1, rights=["access"], item="", wanted="")
        assert "that you asked us to correct from now until" not in page
        assert "several unconfirmed requests" not in page

    def _asks_at_the_form(self, number: int, **changes: object) -> str:
        values = {
            "rights": ["correction"], "target_kind": "imei", "target": factory.imei(1),
            "item": "device-registration/imei", "wanted": factory.RIGHT_IMEI, "requester": "self",
            "name": f"Mina {number}", "answer_by": "portal", **changes,
        }  # fmt: skip
        answer = self.client.post("/en/rights/request/", values, REMOTE_ADDR=f"198.51.100.{number + 1}")
        assert answer.status_code == 200
        return answer.content.decode()

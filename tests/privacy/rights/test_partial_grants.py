"""What is left out of a right is a part of it, is left out when it is carried out, and is named in words."""

import pytest

from consents.models import CurrentConsent
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Letter, Right
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

LAW = "통신비밀보호법 제15조의2"


@pytest.mark.clause("P1.4")
@pytest.mark.truth("parts-left-out")
class PartTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))

    def right(self, asked: RequestedRight) -> Right:
        receipt = factory.ask(asked, target=factory.imei(1), answer_by="portal", address="")
        return factory.make_verified(receipt).rights.get()

    def grant_without(self, right: Right, *excluded: str, ground: str = "legal-duty") -> Right:
        return rights.grant_partly(right, excluded=list(excluded), ground=ground, law=LAW, actor=self.odile, at=NOON)

    def test_a_withdrawal_leaves_out_agreements_and_keeps_what_rests_on_them(self) -> None:
        right = self.right(RequestedRight("consent-withdrawal"))
        with pytest.raises(rights.NoGround):
            self.grant_without(right, "device-registration")
        rights.carry_out(self.grant_without(right, "activation", "service-analytics"), actor=self.odile, at=NOON)
        choices = dict(CurrentConsent.objects.values_list("agreement__code", "choice"))
        assert (choices["activation"], choices["app-log"]) == ("agree", "withdraw")
        assert not vault.is_destroyed(self.device.subject_id, "device-registration")

    def test_a_right_about_one_thing_has_no_parts(self) -> None:
        for asked, ground in (
            (RequestedRight("deletion", category="app-log"), "collected-by-law"),
            (RequestedRight("suspension", category="app-log"), "legal-duty"),
            (RequestedRight("consent-withdrawal", agreement="app-log"), "legal-duty"),
            (
                RequestedRight("correction", category="device-registration", item="imei", wanted=factory.imei(7)),
                "accurate",
            ),
        ):
            right = self.right(asked)
            with pytest.raises(rights.NoGround, match="일부만"):
                self.grant_without(right, "device-registration", ground=ground)
            right.refresh_from_db()
            assert right.decision == "pending"

    def test_leaving_everything_out_is_no_grant(self) -> None:
        right = self.right(RequestedRight("access", scope=("provision",)))
        with pytest.raises(rights.NoGround):
            self.grant_without(right, "provision", ground="life-or-body")

    def test_the_answer_names_agreements_by_their_titles(self) -> None:
        right = self.right(RequestedRight("consent-withdrawal", agreement="app-log"))
        assert "app-log" not in letters.right_name(right, on=NOON.date())
        whole = self.right(RequestedRight("consent-withdrawal"))
        rights.carry_out(self.grant_without(whole, "activation", "service-analytics"), actor=self.odile, at=NOON)
        told = str(Letter.objects.get(request=whole.request, kind="result").told)
        assert "activation" not in told

"""Cases are assigned and closed by the dozen; nothing is decided so, and what cannot take the step is told."""

from django.urls import reverse

from privacy.rights import actions as rights
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

LIST = reverse("admin:rights_request_changelist")


class SeveralCasesTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_odile(), factory.make_hana()
        self.cases = [factory.ask(address=f"203.0.113.{place}").request for place in (1, 2, 3)]
        self.client.force_login(self.odile)

    def press(self, action: str, cases: list[Request], **answers: str) -> str:
        chosen = {"action": action, "_selected_action": [str(case.pk) for case in cases]}
        return self.client.post(LIST, {**chosen, **answers}, follow=True).content.decode()

    def test_all_chosen_go_to_a_colleague(self) -> None:
        assert "Hana" in self.press("assign", self.cases)
        self.press("assign", self.cases, confirmed="yes", to=self.hana.reference)
        assert set(Request.objects.values_list("assigned_to", flat=True)) == {self.hana.reference}
        for case in self.cases:
            self.assertLedgered("rights.request.assigned", case)

    def test_mine_nobody_s_and_a_colleague_s(self) -> None:
        self.press("assign", self.cases[:1], confirmed="yes", to=self.hana.reference)
        self.press("assign", self.cases[1:2], confirmed="yes", to=self.odile.reference)
        for asked, place in (("mine", 1), ("nobody", 2), (self.hana.reference, 0)):
            rows = self.client.get(LIST, {"assigned": asked}).context["cl"].result_list
            assert [row.pk for row in rows] == [self.cases[place].pk], asked

    def answered(self) -> list[Request]:
        factory.make_device(1)
        answered = []
        for place in (8, 9):
            asked = factory.ask(target=factory.imei(1), answer_by="portal", address=f"203.0.113.{place}")
            case = factory.make_verified(asked)
            rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
            answered.append(case)
        return answered

    def test_answered_cases_are_closed_and_the_others_are_told(self) -> None:
        answered = self.answered()
        cases = [*answered, self.cases[0]]
        page = self.press("close", cases)
        assert "1건은 이 단계가 아니므로" in page
        assert Request.objects.filter(state=Request.State.CLOSED).count() == 0
        self.press("close", cases, confirmed="yes")
        assert set(Request.objects.filter(state=Request.State.CLOSED)) == set(answered)

    def test_what_a_colleague_did_before_the_last_click_is_told(self) -> None:
        cases = self.answered()
        assert "이 단계가 아니므로" not in self.press("close", cases)
        rights.close_case(cases[0], actor=self.odile, at=NOON)
        assert "1건은 이 단계가 아니므로" in self.press("close", cases, confirmed="yes")
        assert "2건은 이 단계가 아니므로" in self.press("close", cases, confirmed="yes")

    def test_no_button_of_the_list_decides(self) -> None:
        page = self.client.get(LIST)
        offered = {name for name, _label in page.context["action_form"].fields["action"].choices if name}
        assert offered == {"assign", "close", "remind"}

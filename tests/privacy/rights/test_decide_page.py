"""Reading and deciding on one page: what is held beside what is wanted, on record; each right decided by itself."""

import pytest
from django.http import HttpResponse
from django.urls import reverse

from privacy.disclosures.models import ThirdParty
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.consequences import consequences_of
from privacy.rights.models import Particulars, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.rights.test_case_actions import confirmed

WRONG, WANTED = factory.imei(1), factory.RIGHT_IMEI
CORRECTION = RequestedRight("correction", category="device-registration", item="imei", wanted=WANTED)


@pytest.mark.clause("P1.5")
class DecidePageTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.device = factory.make_device(1)
        self.client.force_login(self.odile)

    def case(self, *asked: RequestedRight) -> Request:
        return factory.make_verified(factory.ask(*asked, target=WRONG))

    def press(self, case: Request, **answers: str) -> HttpResponse:
        data = {"CHANGE_FORM-action": "decide", "_selected_action": str(case.pk), "index": "0", **answers}
        url = reverse("admin:rights_request_change", args=[case.pk])
        answer: HttpResponse = confirmed(self.client, url, data, follow=True)
        return answer

    def decide(self, case: Request, **answers: str) -> str:
        return self.press(case, confirmed="yes", read=rights.digest_of_request(case), **answers).content.decode()

    def right(self, case: Request, position: int = 1) -> Right:
        return case.rights.get(position=position)

    def test_what_is_held_stands_beside_what_is_wanted_and_its_reading_is_on_record(self) -> None:
        case = self.case(CORRECTION)
        before = Entry.objects.reads().filter(task="rights.current.shown").count()
        page = self.press(case).content.decode()
        assert WRONG in page
        assert WANTED in page
        read = Entry.objects.reads().filter(task="rights.current.shown").order_by("id")
        assert read.count() == before + 1
        assert str(self.device.subject_id) in read.last().subjects  # type: ignore[union-attr]
        assert f"request {case.number}" in read.last().payload  # type: ignore[union-attr]

    def test_nothing_is_shown_or_read_before_the_identity_is_verified(self) -> None:
        case = Request.objects.get(number=factory.ask(CORRECTION, target=WRONG).number)
        assert rights.read_current_values(case, actor=self.odile, at=clock.now()) == {}

    def test_each_right_is_decided_by_itself(self) -> None:
        case = self.case(CORRECTION, RequestedRight("suspension"))
        self.decide(case, decision_1="grant", decision_2="later")
        assert self.right(case).decision == Right.Decision.GRANTED
        assert self.right(case, 2).decision == Right.Decision.PENDING
        offered = self.press(case).context["form"].fields["ground_2"].choices  # type: ignore[attr-defined]
        ground = offered[0][0]
        self.decide(case, decision_2="refuse", ground_2=ground, law_2="통신비밀보호법 제15조의2", explanation_2="x")
        assert self.right(case, 2).decision == Right.Decision.REFUSED

    def test_a_refusal_without_its_ground_or_law_decides_nothing(self) -> None:
        case = self.case(CORRECTION)
        page = self.decide(case, decision_1="refuse")
        assert "사유" in page
        assert WANTED in page
        self.decide(case)
        self.decide(case, decision_1="later")
        assert self.right(case).decision == Right.Decision.PENDING

    def test_what_changed_since_it_was_shown_is_not_decided(self) -> None:
        case = self.case(CORRECTION)
        page = self.press(case, confirmed="yes", read="another digest", decision_1="grant").content.decode()
        assert self.right(case).decision == Right.Decision.PENDING
        # The page that says so still shows what is asked, and keeps what was chosen.
        assert WANTED in page
        assert 'name="decision_1"' in page

    def test_where_one_decision_is_refused_none_is_taken_and_nothing_typed_is_lost(self) -> None:
        """Another officer decided one of two: the other used to be decided alone, and the words typed were gone."""
        case = self.case(CORRECTION, RequestedRight("suspension"))
        shown = self.press(case).context["form"]  # type: ignore[attr-defined]
        given = {
            "decision_1": "grant", "decision_2": "refuse", "ground_2": shown.fields["ground_2"].choices[0][0],
            "law_2": "통신비밀보호법 제15조의2", "explanation_2": "이미 제공이 끝난 정보입니다",
        }  # fmt: skip
        rights.grant(
            self.right(case, 2), actor=factory.make_user("nari@extrus.example", "Nari", "officer"), at=clock.now()
        )
        page = self.decide(case, **given)
        assert [right.decision for right in case.rights.order_by("position")] == ["pending", "granted"]
        assert "이미 제공이 끝난 정보입니다" in page
        assert not Particulars.objects.filter(about_id=self.right(case, 2).event_id).exists()
        self.decide(case, **{**given, "decision_2": "later"})
        assert [right.decision for right in case.rights.order_by("position")] == ["granted", "granted"]

    def test_a_handler_may_not_open_it(self) -> None:
        case = self.case(CORRECTION)
        self.client.force_login(factory.make_hana())
        assert WRONG not in self.press(case).content.decode()
        self.decide(case, decision_1="grant")
        assert self.right(case).decision == Right.Decision.PENDING

    def test_what_follows_is_what_happens(self) -> None:
        factory.make_provided(self.device, "imei")
        case = self.case(CORRECTION)
        right = self.right(case)
        right.request = case
        said = " ".join(consequences_of(right, at=clock.now()))
        party = ThirdParty.objects.get()
        assert str(party) in said
        factory.make_device(2)
        other = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(2)))
        deletion = self.right(other)
        deletion.request = other
        assert "파기 대상" in " ".join(consequences_of(deletion, at=clock.now()))

    def test_a_withdrawal_says_what_it_would_change(self) -> None:
        factory.agree(self.device, "app-log")
        for agreement, words in (
            ("app-log", ("처리를 멈춥니다", "파기합니다")),
            ("advertising-email", ("바뀌는 것은 없습니다",)),
        ):
            asked = RequestedRight("consent-withdrawal", agreement=agreement)
            case = factory.make_verified(factory.ask(asked, target=WRONG))
            right = self.right(case)
            right.request = case
            said = " ".join(consequences_of(right, at=clock.now()))
            assert all(word in said for word in words), said

    def test_where_nothing_is_held_it_says_so(self) -> None:
        case = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(77)))
        right = self.right(case)
        right.request = case
        assert consequences_of(right, at=clock.now()) == [
            "이 사람에 대해 보유한 정보가 없으므로, 그렇게 회신하며 바뀌는 것은 없습니다."
        ]

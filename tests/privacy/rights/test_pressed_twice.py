"""A form of the desk that is sent twice, or after something has changed, is answered in words and never with a 500."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import CasePerson, Particulars, Request, Right
from tests import factory
from tests.privacy.rights.test_case_actions import DeskCase

DELETION = RequestedRight("deletion")


class Desk(DeskCase):
    def setUp(self) -> None:
        super().setUp()
        # The console knows the real time only.
        self.now = clock.now()
        self.client.force_login(self.hana)

    def granted(self, *asked: RequestedRight) -> Right:
        right = factory.make_granted(factory.ask(*asked, target=factory.imei(1), at=self.now), at=self.now)
        self.client.logout()
        self.client.force_login(self.hana)
        return right


@pytest.mark.attack("17.2")
@pytest.mark.fault("FLT-18")
class ButtonsPressedTwice(Desk):
    def twice(self, record: Any, action: str, **answers: Any) -> tuple[HttpResponse, HttpResponse]:
        """Send the form that a button shows two times, as two clicks do."""
        meta = record._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), "index": "0"}
        page = self.client.post(address, pressed).content.decode()
        shown = dict(re.findall(r'name="(read)" value="([^"]*)"', page))
        given = {**pressed, "confirmed": "yes", **shown, **answers}
        first, second = (self.client.post(address, given, follow=True) for _time in range(2))
        return first, second  # type: ignore[return-value]

    def test_a_request_written_down_is_one_case(self) -> None:
        given = {
            "channel": "phone", "received_on": clock.today().isoformat(), "rights": ["access"], "target_kind": "imei",
            "target": factory.imei(1), "requester": "self", "name": "Mina", "answer_by": "portal",
            "submission": "a" * 32,
        }  # fmt: skip
        pages = [self.client.post(reverse("admin:rights_request_receive"), given) for _time in range(2)]
        assert [page.status_code for page in pages] == [200, 200]
        case = Request.objects.get()
        assert all(case.number in page.content.decode() for page in pages)
        assert Particulars.objects.filter(about_id=case.id).count() == 1

    def test_a_release_is_one_release(self) -> None:
        for asked in (DELETION, RequestedRight("access"), RequestedRight("suspension")):
            right = self.granted(asked)
            pages = self.twice(right.request, "carry_out", rights=["1"])
            assert [page.status_code for page in pages] == [200, 200], asked.kind
            assert Right.objects.get(id=right.id).started_by == self.hana.ref

    def test_a_stop_says_who_was_faster_and_asks_for_no_reason(self) -> None:
        right = self.granted(DELETION)
        rights.carry_out(right, actor=self.hana, at=self.now)
        self.client.force_login(self.odile)
        pages = self.twice(right.request, "stop", rights=["1"], reason="no")
        assert [page.status_code for page in pages] == [200, 200]
        assert "이미 중단" in pages[1].content.decode()
        assert "Odile" in pages[1].content.decode()
        # Without the form: the button of a page that was opened before.
        page = self.press(right.request, "stop")
        assert "이미 중단" in self.told(page)

    def test_two_deletions_are_stopped_by_one_press(self) -> None:
        both = (RequestedRight("deletion", category="app-log"), RequestedRight("deletion", category="contact"))
        case = factory.make_verified(factory.ask(*both, target=factory.imei(1), at=self.now), at=self.now)
        for right in case.rights.all():
            rights.carry_out(rights.grant(right, actor=self.odile, at=self.now), actor=self.hana, at=self.now)
        self.client.force_login(self.odile)
        self.press(case, "stop", rights=["1", "2"], reason="no")
        assert set(case.rights.values_list("decision", flat=True)) == {"pending"}


@pytest.mark.attack("17.2")
class ButtonsOfAPageThatIsOld(Desk):
    """What is pressed acts on what was shown: not on a case that says something else since."""

    def changed_meanwhile(self, case: Request, action: str, **answers: Any) -> str:
        address = reverse("admin:rights_request_change", args=[case.pk])
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(case.pk), "index": "0"}
        page = self.client.post(address, pressed).content.decode()
        shown = dict(re.findall(r'name="(read)" value="([^"]*)"', page))
        CasePerson.objects.create(request=case, subject_id=factory.make_device(2).subject_id)
        return self.client.post(address, {**pressed, "confirmed": "yes", **shown, **answers}).content.decode()

    def test_carries_nothing_out(self) -> None:
        right = self.granted(DELETION)
        assert "변경" in self.changed_meanwhile(right.request, "carry_out", rights=["1"])
        assert Right.objects.get(id=right.id).started_at is None

    def test_stops_nothing(self) -> None:
        right = self.granted(DELETION)
        rights.carry_out(right, actor=self.hana, at=self.now)
        self.client.force_login(self.odile)
        assert "변경" in self.changed_meanwhile(right.request, "stop", rights=["1"], reason="no")
        assert Right.objects.get(id=right.id).can_be_stopped

    def test_resumes_nothing(self) -> None:
        right = self.granted(RequestedRight("suspension"))
        rights.carry_out(right, actor=self.hana, at=self.now)
        assert "변경" in self.changed_meanwhile(right.request, "resume", rights=["1"])
        assert Right.objects.get(id=right.id).resumed_at is None

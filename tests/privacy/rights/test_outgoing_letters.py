"""What an act sends is shown before it is confirmed, word by word as it then goes out (issue of a letter is final)."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Request, Right
from tests import factory
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.rights.test_case_actions import DeskCase

WORDS = "Because of <zebra> & co.\n두 번째 줄"


@pytest.mark.clock(factory.NOON)
class OutgoingTests(DeskCase):
    def setUp(self) -> None:
        super().setUp()
        self.omar = factory.make_omar()
        factory.grant_everything(self.omar, by=self.odile)

    def case(self, *asked: RequestedRight, **more: Any) -> Request:
        receipt = factory.ask(*(asked or (RequestedRight("access"),)), target=factory.imei(1), **more)
        return factory.make_verified(receipt, at=clock.now())

    def first(self, record: Any, action: str, **answers: Any) -> HttpResponse:
        """Press the last button once: the page that shows what will be sent."""
        meta = record._meta
        address = f"/office/{meta.app_label}/{meta.model_name}/{record.pk}/change/"
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), "index": "0"}
        opened = self.client.post(address, pressed).content.decode()
        shown = dict(re.findall(r'name="(read)" value="([^"]*)"', opened))
        return self.client.post(address, {**pressed, "confirmed": "yes", **shown, **answers})  # type: ignore[return-value]

    def shown_in(self, page: HttpResponse) -> list[str]:
        found = re.findall(r'<pre class="statement" tabindex="0">(.*?)</pre>', page.content.decode(), re.DOTALL)
        return [html.unescape(one).strip() for one in found]

    def sent(self, kind: str) -> str:
        letter = Letter.objects.get(kind=kind)
        with mailbox() as box:
            dispatch_due(at=clock.now() + timedelta(seconds=5))
        bodies = [
            next(part for part in message.walk() if part.get_content_type() == "text/plain").get_content()
            for message in box.arrived
            if message["Message-ID"] == letter.message_id
        ]
        return str(bodies[0]).strip().replace("\r\n", "\n")

    def same(self, record: Any, action: str, kind: str, done: Callable[[], bool], **answers: Any) -> None:
        page = self.first(record, action, **answers)
        (text,) = self.shown_in(page)
        assert not done()
        assert not Letter.objects.filter(kind=kind).exists()
        assert Entry.objects.reads().filter(task="rights.letter.previewed").exists()
        assert text.replace("\r\n", "\n")
        self.press(record, action, **answers)
        assert done()
        assert text.replace("\r\n", "\n") == self.sent(kind)

    @pytest.mark.clause("P1.4")
    def test_a_refusal_is_shown_as_it_is_mailed(self) -> None:
        case = self.case()
        self.same(
            case, "refuse", "result", lambda: case.rights.get().is_decided,
            right="1", ground="law", law="통신비밀보호법 제13조의5", explanation=WORDS,
        )  # fmt: skip

    def test_a_refusal_decided_while_reading_is_shown_as_it_is_mailed(self) -> None:
        case = self.case()
        self.same(
            case, "decide", "result", lambda: case.rights.get().is_decided,
            decision_1="refuse", ground_1="life-or-body", explanation_1=WORDS,
        )  # fmt: skip

    @pytest.mark.law("R-35")
    def test_what_is_refused_before_the_rest_is_answered_is_shown_as_it_is_mailed(self) -> None:
        case = self.case(RequestedRight("access"), RequestedRight("source"))
        self.same(
            case, "decide", "part-result", lambda: case.rights.get(kind="source").is_decided,
            decision_1="later", decision_2="refuse", ground_2="life-or-body", explanation_2=WORDS,
        )  # fmt: skip

    @pytest.mark.law("R-34")
    def test_a_longer_term_is_shown_as_it_is_mailed(self) -> None:
        case = self.case(RequestedRight("decision-review", wanted="a lock of my device"))
        self.same(
            case, "extend_term", "extended", lambda: case.rights.get().extensions.exists(),
            right="1", reason="<zebra> & co.", days="10",
        )  # fmt: skip

    def test_a_rejected_identity_is_shown_with_the_question(self) -> None:
        case = Request.objects.get(number=factory.ask(target=factory.imei(1)).number)
        page = self.press(case, "reject")
        (text,) = self.shown_in(page)
        self.press(case, "reject", confirmed="yes")
        assert text == self.sent("identity-rejected")

    @pytest.mark.clause("P1.3")
    def test_the_question_for_a_document_is_shown_as_it_is_mailed_and_once_a_day(self) -> None:
        case = Request.objects.get(number=factory.ask(target=factory.imei(1)).number)
        (text,) = self.shown_in(self.press(case, "ask_evidence"))
        assert not Letter.objects.filter(kind="evidence").exists()
        self.press(case, "ask_evidence", confirmed="yes")
        assert text == self.sent("evidence")
        assert not self.shown_in(self.press(case, "ask_evidence"))
        self.press(case, "ask_evidence", confirmed="yes")
        assert Letter.objects.filter(kind="evidence").count() == 1

    def test_a_postponement_is_shown_as_it_is_mailed(self) -> None:
        case = self.case()
        day = clock.today() + timedelta(days=15)
        self.same(
            case, "postpone", "postponed", lambda: Letter.objects.filter(kind="postponed").exists(),
            reason="The log server is being restored.", expected_on=day.isoformat(),
        )  # fmt: skip

    def test_a_postponement_by_two_is_shown_to_the_second(self) -> None:
        case = self.case()
        day = clock.today() + timedelta(days=60)
        assert not self.shown_in(self.first(case, "postpone", reason="Restore.", expected_on=day.isoformat()))
        self.client.force_login(self.omar)
        (text,) = self.shown_in(self.press(case, "approve_postponement"))
        self.press(case, "approve_postponement", confirmed="yes")
        assert text == self.sent("postponed")

    def test_the_answer_to_an_objection_is_shown_as_it_is_mailed(self) -> None:
        case = self.case()
        rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=clock.now())
        objection = rights.object_to(case.rights.get(), statement="no", at=clock.now(), actor=Requester(case.reference))
        self.client.force_login(self.omar)
        self.same(
            objection, "decide", "objection", lambda: Objection.objects.get().outcome != "pending",
            outcome="dismissed", explanation=WORDS,
        )  # fmt: skip

    def test_who_may_not_open_personal_data_still_decides_and_is_told_what_is_not_shown(self) -> None:
        case = self.case()
        self.client.force_login(factory.make_user("nari@extrus.example", "Nari", "officer"))
        page = self.first(case, "refuse", right="1", ground="life-or-body")
        assert "mina@example.org" not in page.content.decode()
        assert "표시할 수 없습니다" in page.content.decode()
        assert str(Right.Ground.LIFE_OR_BODY.label) in self.shown_in(page)[0]
        self.press(case, "refuse", right="1", ground="life-or-body")
        assert case.rights.get().is_decided

    def test_nothing_is_shown_while_the_case_has_more_to_do(self) -> None:
        case = self.case(RequestedRight("access"), RequestedRight("suspension"))
        self.first(case, "refuse", right="1", ground="life-or-body")
        assert case.rights.get(position=1).decision == Right.Decision.REFUSED
        assert not Letter.objects.filter(kind="result").exists()

    def test_what_changed_since_it_was_shown_is_shown_again(self) -> None:
        case = self.case()
        answers = {"right": "1", "ground": "life-or-body", "explanation": "one"}
        page = self.first(case, "refuse", **answers)
        seen = re.search(r'name="seen" value="([^"]*)"', page.content.decode())
        assert seen is not None
        again = self.first(case, "refuse", **{**answers, "explanation": "two", "seen": seen[1]})
        assert "two" in self.shown_in(again)[0]
        assert not case.rights.get().is_decided
        # What was typed is still there.
        assert ">two</textarea>" in again.content.decode().replace("\n", "")

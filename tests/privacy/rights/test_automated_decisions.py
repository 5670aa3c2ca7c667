"""A wholly automated decision is explained, reviewed or taken back by a person, within 30 days (R-34)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.policies import actions as policies
from privacy.policies.models import Section
from privacy.rights import actions as rights
from privacy.rights import automated_decision_texts, letters, status_page
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.admin.automated_decisions import extendable
from privacy.rights.models import AUTOMATED, Letter, Request, Right, TermExtension
from privacy.rights.next_steps import next_step, with_next_step
from privacy.rights.refusals import (
    ContentChanged,
    MissingReason,
    NoGround,
    NoSuchItem,
    NotPostponable,
    SamePerson,
    WrongState,
)
from privacy.safeguards import actions as safeguards
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

DAY = timedelta(days=1)
LOCKED = "12월 1일에 내 기기가 자동으로 잠겼습니다"
EXPLAINED = {"result": "잠금", "data_types": "OS 버전", "criteria": "13 미만이면 잠급니다", "procedure": "매일 비교"}
SAID: dict[str, tuple[str, dict[str, str]]] = {
    "decision-explanation": ("explained", EXPLAINED),
    "decision-review": ("not-reflected", {"result": "담당자가 살폈습니다"}),
    "decision-refusal": ("not-applied", {"result": "잠금을 풀었습니다"}),
}


def asked(kind: str) -> RequestedRight:
    return RequestedRight(kind, wanted=LOCKED)


class DecisionCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_officer(), factory.make_handler()
        factory.make_device(1)

    def ask(self, *kinds: str, **more: Any) -> Request:
        wanted = [asked(kind) if kind in AUTOMATED else RequestedRight(kind) for kind in kinds]
        receipt = factory.ask(*wanted, target=factory.imei(1), **{"answer_by": "portal", "address": "", **more})
        return factory.make_verified(receipt)

    def grant(self, right: Right, *, at: Any = NOON) -> Right:
        return rights.grant(right, actor=self.odile, at=at)

    def answer(self, right: Right, *, actor: Any = None, at: Any = NOON, **changes: Any) -> Right:
        outcome, said = SAID[right.kind]
        values = {"outcome": outcome, "said": said, **changes}
        return rights.answer_decision(right, actor=actor or self.hana, at=at, **values)

    def extend(self, right: Right, *, at: Any = NOON, **changes: Any) -> TermExtension:
        values = {"reason": "기록을 모으는 데 시간이 걸립니다", "days": 30, **changes}
        return rights.extend_term(right, actor=self.odile, at=at, **values)


@pytest.mark.law("R-34")
class AnswerTests(DecisionCase):
    def test_a_person_answers_and_the_requester_reads_it(self) -> None:
        for kind, (outcome, said) in SAID.items():
            case = self.ask(kind)
            done = self.answer(self.grant(case.rights.get()))
            case.refresh_from_db()
            assert (case.state, done.result["outcome"]) == (Request.State.NOTIFIED, outcome)
            with override("en"):
                page = status_page.context(case, at=NOON)
                decided = letters.decision_text(done, on=NOON.date())
            (shown,) = page["rights"]
            assert all(part in shown["explanation"] for part in said.values())
            assert str(automated_decision_texts.OUTCOMES[kind][outcome]) and "Carried out" in decided
            letter = Letter.objects.get(request=case, kind="result")
            assert letters.explanation_ids(letter) == [done.event_id]

    def test_an_explanation_has_the_four_parts_of_the_decree(self) -> None:
        right = self.grant(self.ask("decision-explanation").rights.get())
        for missing in EXPLAINED:
            with pytest.raises(MissingReason) as refused:
                self.answer(right, said={**EXPLAINED, missing: " "})
            assert refused.value.pointer == f"/{missing}"
        with pytest.raises(MissingReason):
            self.answer(right, outcome="not-applied")
        right.refresh_from_db()
        assert right.started_at is None

    def test_who_granted_it_does_not_answer_it_in_the_database_either(self) -> None:
        right = self.grant(self.ask("decision-review").rights.get())
        with pytest.raises(SamePerson):
            self.answer(right, actor=self.odile)
        with pytest.raises(IntegrityError), transaction.atomic():
            Right.objects.filter(pk=right.pk).update(started_by=right.decided_by, started_at=NOON)

    def test_nobody_carries_it_out_without_an_answer(self) -> None:
        case = self.ask("decision-refusal")
        right = self.grant(case.rights.get())
        with pytest.raises(WrongState):
            rights.carry_out(right, actor=self.hana, at=NOON)
        right.refresh_from_db()
        assert right.started_at is None
        assert list(case.rights.to_release()) == []
        assert list(case.rights.to_answer()) == [right]
        now = with_next_step(Request.objects.filter(pk=case.pk)).get()
        with override("en"):
            assert next_step(now, self.odile, at=NOON)[0] == "Answer about the automated decision"
        with pytest.raises(WrongState):
            other = self.grant(self.ask("source").rights.get())
            rights.answer_decision(other, outcome="explained", said=EXPLAINED, actor=self.hana, at=NOON)

    def test_where_nothing_is_held_the_answer_says_so(self) -> None:
        case = factory.make_verified(factory.ask(asked("decision-explanation"), answer_by="portal"))
        right = self.grant(case.rights.get())
        done = rights.carry_out(right, actor=self.hana, at=NOON)
        assert done.result == {"nothing_held": True}
        with override("en"):
            assert "We hold no records about you." in letters.decision_text(done, on=NOON.date())

    def test_each_is_refused_on_the_grounds_of_act_and_decree_alone(self) -> None:
        general = {"not-automated", "life-or-body", "property-or-interests"}
        for kind in AUTOMATED:
            taken = set()
            for ground in Right.Ground.values:
                right = self.ask(kind).rights.get()
                try:
                    rights.refuse(right, ground=ground, law="법", termination_asked=True, actor=self.odile, at=NOON)
                except NoGround:
                    continue
                taken.add(ground)
            more = {"not-grave", "consent-law-or-contract"} if kind == "decision-refusal" else set()
            assert taken == general | more

    def test_an_upheld_objection_asks_for_another_answer(self) -> None:
        case = self.ask("decision-refusal")
        right = rights.refuse(case.rights.get(), ground="not-grave", actor=self.odile, at=NOON)
        made = rights.object_to(right, statement="아닙니다", actor=Requester(case.reference), at=NOON)
        omar = factory.make_omar()
        factory.grant_everything(omar, by=self.odile)
        rights.decide_objection(made, outcome="upheld", actor=omar, at=NOON)
        right.refresh_from_db()
        assert self.answer(self.grant(right)).result == {"outcome": "not-applied"}

    def test_which_decision_is_meant_must_be_said_and_is_sealed(self) -> None:
        with pytest.raises(NoSuchItem) as refused:
            factory.ask(RequestedRight("decision-review"), target=factory.imei(1))
        assert refused.value.pointer == "/decision"
        case = self.ask("decision-review", "decision-explanation")
        words = rights.read_particulars(case, task="rights.particulars.read", actor=self.odile, at=NOON)
        assert words.wanted == {"1": LOCKED, "2": LOCKED}

    def test_an_agent_needs_a_mandate_that_covers_it(self) -> None:
        for covers, may in (("access", False), ("automated-decision", True)):
            receipt = factory.ask(asked("decision-review"), target=factory.imei(1), requester="agent", address="")
            proof = {"authority": "power-of-attorney", "mandate": factory.make_mandate(covers)}
            if may:
                case = factory.make_verified(receipt, **proof)
                assert self.answer(self.grant(case.rights.get())).carried_out_at
            else:
                with pytest.raises(rights.MissingAuthority):
                    factory.make_verified(receipt, **proof)


@pytest.mark.law("R-34")
class TermTests(DecisionCase):
    def test_it_is_answered_within_thirty_days_and_twice_thirty_more(self) -> None:
        case = self.ask("decision-review")
        right = case.rights.get()
        assert case.due_on == date(2026, 12, 24)
        for at, due_on in ((NOON, date(2027, 1, 25)), (NOON + 31 * DAY, date(2027, 2, 22))):
            self.extend(right, at=at)
            case.refresh_from_db()
            assert case.due_on == due_on
        with pytest.raises(NotPostponable):
            self.extend(right)
        told = [letters.letter_text(one, language="en") for one in case.letters.filter(kind="extended")]
        assert all("기록을" in str(one.fields) for one in told)
        assert "22 February 2027" in str([one.fields for one in told])

    def test_neither_longer_nor_without_reason_nor_late_nor_for_another_right(self) -> None:
        case = self.ask("decision-review", "access")
        right, access = case.rights.get(kind="decision-review"), case.rights.get(kind="access")
        for one, changes in (
            (right, {"days": 31}), (right, {"days": 0}), (right, {"reason": " "}), (right, {"at": NOON + 31 * DAY}),
            (access, {}),
        ):  # fmt: skip
            with pytest.raises(NotPostponable):
                self.extend(one, **changes)
        self.answer(self.grant(right))
        with pytest.raises(NotPostponable):
            self.extend(right)

    def test_the_day_moves_once_the_notice_has_gone_out_in_time(self) -> None:
        for took, due_on in ((1, date(2027, 1, 25)), (31, date(2026, 12, 24))):
            case = self.ask("decision-review", answer_by="email")
            self.extend(case.rights.get())
            case.refresh_from_db()
            assert case.due_on == date(2026, 12, 24)
            letter = case.letters.get(kind="extended")
            rights.mark_letter_sent(letter, actor=self.odile, at=NOON + took * DAY)
            case.refresh_from_db()
            assert case.due_on == due_on

    def test_the_bounds_are_dated_numbers(self) -> None:
        for code in ("rights.automated.extension.days", "rights.automated.extensions"):
            policies.set_parameter(
                code=code, value=1, effective_on=date(2026, 12, 1), basis="R-34", actor=factory.make_odile(), at=NOON
            )
        right, later = self.ask("decision-review").rights.get(), NOON + 8 * DAY
        with pytest.raises(NotPostponable):
            self.extend(right, at=later, days=2)
        self.extend(right, at=later, days=1)
        with pytest.raises(NotPostponable):
            self.extend(right, at=later, days=1)

    def test_a_second_time_needs_the_first_told_and_one_page_extends_once(self) -> None:
        """Two clicks at once, or two officers at once, do not use up both."""
        case = self.ask("decision-review", answer_by="email")
        right, read = case.rights.get(), rights.digest_of_extensions(case)
        self.extend(right, read=read)
        with pytest.raises(NotPostponable):
            self.extend(right)
        letter = case.letters.get(kind="extended")
        rights.mark_letter_sent(letter, actor=self.odile, at=NOON + DAY)
        with pytest.raises(ContentChanged):
            self.extend(right, read=read, at=NOON + DAY)
        assert self.extend(right, read=rights.digest_of_extensions(case), at=NOON + DAY).number == 2

    def test_a_case_that_is_over_is_not_extended_and_tells_of_no_longer_term(self) -> None:
        case = self.ask("decision-review", answer_by="letter")
        self.extend(case.rights.get())
        rights.withdraw(case, actor=Requester(case.reference), at=NOON)
        assert case.letters.get(kind="extended").state == Letter.State.WITHDRAWN
        with pytest.raises(WrongState):
            self.extend(case.rights.get())
        case.refresh_from_db()
        assert not extendable(case)

    def test_what_is_answered_tells_of_no_longer_term_either(self) -> None:
        case = self.ask("decision-review", "decision-explanation", answer_by="letter")
        review, explained = case.rights.order_by("kind").reverse()
        for right in (review, explained):
            self.extend(right)
        self.answer(self.grant(review))
        letters_left = case.letters.filter(kind="extended").exclude(state=Letter.State.WITHDRAWN)
        assert [one.about_id for one in letters_left] == [explained.extensions.get().id]
        rights.refuse(explained, ground="not-automated", actor=self.odile, at=NOON)
        assert not letters_left.all().exists()

    def test_what_is_due_earlier_is_told_while_the_decision_is_looked_into(self) -> None:
        case = self.ask("access", "decision-explanation")
        assert case.due_on == date(2026, 12, 4)
        access = self.grant(case.rights.get(kind="access"))
        rights.carry_out(access, actor=self.hana, at=NOON)
        case.refresh_from_db()
        assert case.due_on == date(2026, 12, 24)
        assert Letter.objects.filter(request=case, kind="part-result").count() == 1


def publish_chapter() -> None:
    """A policy in force whose chapter says which decisions are taken, and how."""
    hana, odile, announced = factory.make_hana(granted=False), factory.make_odile(granted=False), NOON - 45 * DAY
    draft = factory.make_draft(effective_on=(NOON - 10 * DAY).date(), at=announced)
    chapter = Section(
        version=draft, code="automated-decisions", position=98,
        heading_ko="자동화된 결정", heading_en="Automated decisions",
        body_ko="기기 정책에 맞지 않는 기기를 잠급니다.", body_en="Devices that do not meet the policy are locked.",
    )  # fmt: skip
    policies.revise_draft(draft, rows=[chapter], actor=hana, at=announced)
    policies.submit(draft, actor=hana, at=announced)
    policies.approve(draft, actor=odile, at=announced)
    policies.publish(draft, actor=odile, at=announced)


@pytest.mark.law("R-34")
@pytest.mark.clock(NOON + timedelta(hours=1))
class PageTests(DecisionCase):
    def test_the_guide_says_whether_such_decisions_are_made_as_the_office_decided(self) -> None:
        address = "/en/rights/"
        none, some, unpublished = "At present we make no such", "Our privacy policy says which", "Ask us which, and by"
        page = self.client.get(address).content.decode()
        assert none not in page
        assert some not in page
        assert "within 30 days" in page
        for applies, told, untold in ((False, none, unpublished), (True, unpublished, none)):
            measure = factory.make_measure("automated-criteria") if applies else None
            safeguards.decide_applicability(
                threshold="automated", applies=applies, reasons="MDM 조치를 살펴봄", measure=measure,
                actor=factory.make_odile(granted=False), at=NOON + (DAY if applies else 0 * DAY),
            )  # fmt: skip
            page = self.client.get(address).content.decode()
            assert told in page
            assert untold not in page
            assert some not in page
        publish_chapter()
        page = self.client.get(address).content.decode()
        assert some in page
        assert unpublished not in page

    def test_a_person_answers_on_the_page_of_the_case(self) -> None:
        case = self.ask("decision-explanation")
        right = self.grant(case.rights.get())
        self.client.force_login(self.hana)
        address = reverse("admin:rights_request_change", args=[case.pk])
        assert 'value="answer_decision"' in self.client.get(address).content.decode()
        pressed = {"CHANGE_FORM-action": "answer_decision", "_selected_action": str(case.pk), "index": "0"}
        form = self.client.post(address, pressed).content.decode()
        assert all(f'name="{name}"' in form for name in EXPLAINED)
        read = rights.digest_of_request(case)
        kept = self.client.post(address, {**pressed, "confirmed": "yes", "read": read, "outcome": "explained",
                                          **EXPLAINED, "criteria": ""}).content.decode()  # fmt: skip
        assert "매일 비교" in kept
        self.client.post(address, {**pressed, "confirmed": "yes", "read": read, "outcome": "explained", **EXPLAINED})
        right.refresh_from_db()
        assert right.result == {"outcome": "explained"}

    def test_the_button_pressed_twice_on_one_page_extends_once(self) -> None:
        case = self.ask("decision-explanation")
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[case.pk])
        pressed = {"CHANGE_FORM-action": "extend_term", "_selected_action": str(case.pk), "index": "0"}
        read = rights.digest_of_extensions(case)
        assert read in self.client.post(address, pressed).content.decode()
        said = {**pressed, "confirmed": "yes", "read": read, "right": "1", "reason": "기록", "days": "30"}
        seen = self.client.post(address, said).context["seen"]
        for _click in range(2):
            again = self.client.post(address, {**said, "seen": seen})
            seen = again.context["seen"] if again.status_code == 200 else seen
        self.client.post(address, {**said, "seen": seen})
        assert TermExtension.objects.count() == 1

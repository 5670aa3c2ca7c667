"""Asked where data comes from, the office says source and purpose, from the rows, within three days (R-35)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from devices.models import Device, FleetImport
from privacy.ledger.actors import SystemActor
from privacy.policies import actions as policies
from privacy.rights import actions as rights
from privacy.rights import annual_report, data_sources, lead_times, letters
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.consequences import consequences_of
from privacy.rights.models import Letter, Request, Right
from privacy.rights.next_steps import next_step, with_next_step
from privacy.rights.refusals import NoGround, WrongState
from privacy.subjects import checks, holdings
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

DAY = timedelta(days=1)
SOURCE, ACCESS = RequestedRight("source"), RequestedRight("access")


class SourceCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)
        self.subject = Subject.objects.get(pk=self.device.subject_id)

    def ask(self, *asked: RequestedRight, **more: Any) -> Request:
        receipt = factory.ask(*(asked or (SOURCE,)), target=factory.imei(1), **{"answer_by": "portal", **more})
        return factory.make_verified(receipt)

    def answer(self, case: Request, kind: str = "source", *, at: Any = NOON) -> Right:
        right = case.rights.get(kind=kind)
        rights.grant(right, actor=self.odile, at=at)
        return rights.carry_out(right, actor=factory.make_handler(), at=at)

    def told(self, case: Request, kind: str = "result", language: str = "en") -> str:
        said = letters.letter_text(Letter.objects.get(request=case, kind=kind), language=language)
        return "\n".join([said.title, said.opening, *(str(text) for _name, text in said.fields), *said.closing])

    def sources(self) -> dict[str, list[list[str]]]:
        found = data_sources.sources_of([self.subject.id], on=NOON.date())
        return {one["category"]: one["sources"] for one in found}


@pytest.mark.law("R-35")
class AnswerTests(SourceCase):
    def test_the_answer_says_source_purpose_and_the_right_to_stop(self) -> None:
        factory.make_contact(self.subject)
        case = self.ask()
        done = self.answer(case)
        case.refresh_from_db()
        assert case.state == Request.State.NOTIFIED
        assert done.result["sources"] == [
            {"category": "contact", "sources": [["person", ""]]},
            {"category": "device-registration", "sources": [["device", "Gate"]]},
            {"category": "rights-request", "sources": [["person", ""]]},
        ]
        for language, words in (
            (
                "en",
                (
                    "Notice of the source of your data",
                    "through a gateway (Gate)",
                    "purpose: ",
                    "suspended, or withdraw your",
                ),
            ),
            ("ko", ("수집 출처", "게이트웨이", "처리 목적: ", "처리정지를 요구", "철회")),
        ):
            said = self.told(case, language=language)
            assert all(word in said for word in words), said
            assert "/rights/request/" in said
        with override("en"):
            shown = letters.decision_text(done, on=NOON.date())
        assert "through a gateway (Gate)" in shown

    def test_the_officer_reads_before_deciding_what_the_answer_will_say(self) -> None:
        right = self.ask().rights.get()
        with override("en"):
            before = consequences_of(right, at=NOON)
        done = self.answer(right.request)
        with override("en"):
            assert before[1:] == data_sources.lines(done.result["sources"], on=NOON.date())

    def test_of_nobody_known_it_says_that_nothing_is_held(self) -> None:
        case = factory.make_verified(factory.ask(SOURCE, answer_by="portal"))
        self.answer(case)
        assert "We hold no records about you." in self.told(case)

    def test_it_is_not_told_before_the_identity_is_verified(self) -> None:
        right = factory.ask(SOURCE, target=factory.imei(1)).request.rights.get()
        with pytest.raises(rights.NotVerified):
            rights.grant(right, actor=self.odile, at=NOON)

    def test_it_is_refused_on_the_ground_of_the_act_alone(self) -> None:
        taken = set()
        for ground in Right.Ground.values:
            right = factory.make_verified(factory.ask(SOURCE, target=factory.imei(1), address="")).rights.get()
            try:
                rights.refuse(right, ground=ground, law="법", termination_asked=True, actor=self.odile, at=NOON)
            except NoGround:
                continue
            taken.add(ground)
        assert taken == {"life-or-body", "property-or-interests"}

    def test_what_is_asked_about_is_told_before_it_is_destroyed(self) -> None:
        case = self.ask(SOURCE, RequestedRight("deletion"))
        deletion = case.rights.get(kind="deletion")
        rights.grant(deletion, actor=self.odile, at=NOON)
        with pytest.raises(WrongState):
            rights.carry_out(deletion, actor=factory.make_handler(), at=NOON)
        self.answer(case)
        rights.carry_out(deletion, actor=factory.make_handler(), at=NOON)

    def test_what_may_still_be_told_is_not_destroyed_before_the_objection_is_decided(self) -> None:
        case = self.ask(SOURCE, RequestedRight("deletion"), RequestedRight("consent-withdrawal"))
        refused, deletion, withdrawal = case.rights.order_by("position")
        rights.refuse(refused, ground="life-or-body", actor=self.odile, at=NOON)
        for one in (deletion, withdrawal):
            rights.grant(one, actor=self.odile, at=NOON)
        handler = factory.make_handler()
        waiting = rights.carry_out(deletion, actor=handler, at=NOON)
        assert waiting.is_waiting(at=NOON)
        omar, sender = factory.make_omar(), Requester(case.reference)
        factory.grant_everything(omar, by=self.odile)
        for outcome in ("dismissed", "upheld"):
            made = rights.object_to(refused, statement="Doch", actor=sender, at=NOON)
            for act in (
                lambda: rights.carry_out(withdrawal, actor=handler, at=NOON),
                lambda: rights.continue_execution(deletion, actor=SystemActor("rights"), at=NOON + 2 * DAY),
            ):
                with pytest.raises(WrongState, match="이의제기"):
                    act()
            rights.decide_objection(made, outcome=outcome, actor=omar, at=NOON)
        self.answer(case)
        rights.carry_out(withdrawal, actor=handler, at=NOON)
        rights.continue_execution(deletion, actor=SystemActor("rights"), at=NOON + 2 * DAY)
        assert not Device.objects.exists()

    def test_a_copy_of_the_data_neither_waits_for_it_nor_is_made_anew_because_of_it(self) -> None:
        case = self.ask(SOURCE, ACCESS)
        self.answer(case, "access")

    def test_an_agent_who_may_see_the_data_may_ask_where_it_comes_from(self) -> None:
        receipt = factory.ask(SOURCE, target=factory.imei(1), requester="agent", answer_by="portal")
        proof = {"authority": "power-of-attorney", "mandate": factory.make_mandate("access")}
        case = factory.make_verified(receipt, **proof)
        assert self.answer(case).carried_out_at

    def test_next_the_officer_decides_and_somebody_carries_out(self) -> None:
        case = self.ask()
        steps = []
        for act in (lambda: rights.grant(case.rights.get(), actor=self.odile, at=NOON), lambda: None):
            now = with_next_step(Request.objects.filter(pk=case.pk)).get()
            with override("en"):
                steps.append(next_step(now, self.odile, at=NOON)[0])
            act()
        assert steps == ["Read and decide", "Carry out"]


@pytest.mark.law("R-35")
class DerivedTests(SourceCase):
    def test_everything_that_can_be_shown_names_its_sources(self) -> None:
        assert all(one.sources for one in holdings.all_holdings() if one.export is not None)
        assert not [one for one in checks.what_is_exported_can_be_destroyed(None) if one.id == "subjects.E009"]

    def test_a_contact_says_who_brought_it(self) -> None:
        for kind, source, told in (
            ("email", "person", ["person", ""]),
            ("phone", "office", ["office", ""]),
            ("address", "gateway", ["device", ""]),
        ):
            document = {"document": "letter 7"} if source == "office" else {}
            factory.make_contact(self.subject, kind=kind, value=VALUES[kind], source=source, **document)
            assert told in self.sources()["contact"]

    def test_a_registration_of_a_time_in_which_a_list_was_read_says_that_it_may_come_from_it(self) -> None:
        imported = FleetImport.objects.create(
            gateway=factory.make_gateway(), file_digest="0" * 64, state="completed", made_by="tests", made_at=NOON,
            confirmed_by="tests", confirmed_at=NOON - DAY, finished_at=NOON + DAY,
        )  # fmt: skip
        assert self.sources()["device-registration"] == [["device-or-list", "Gate"]]
        FleetImport.objects.filter(pk=imported.pk).update(finished_at=NOON - DAY / 2)
        assert self.sources()["device-registration"] == [["device", "Gate"]]

    def test_a_correction_and_another_controller_are_sources_of_what_is_held(self) -> None:
        case = factory.make_verified(
            factory.ask(
                RequestedRight("correction", category="device-registration", item="model", wanted="SM-X"),
                target=factory.imei(1), answer_by="portal", address="",
            )
        )  # fmt: skip
        right = case.rights.get()
        rights.pass_on(right, controller="한빛통신", how="공문", passed_on_on=NOON.date(), actor=self.odile, at=NOON)
        assert ["controller", "한빛통신"] in self.sources()["device-registration"]
        assert ["correction", ""] not in self.sources()["device-registration"]
        rights.grant(right, actor=self.odile, at=NOON)
        rights.carry_out(right, actor=factory.make_handler(), at=NOON)
        assert ["correction", ""] in self.sources()["device-registration"]
        assert "app-log" not in self.sources()

    def test_what_another_controller_was_told_of_as_a_whole_may_be_any_of_the_policy_s_data(self) -> None:
        right = self.ask(RequestedRight("deletion")).rights.get()
        rights.pass_on(right, controller="A", how="B", passed_on_on=NOON.date(), actor=self.odile, at=NOON)
        found = self.sources()
        assert ["controller", "A"] in found["device-registration"]
        assert ["controller", "A"] not in found["rights-request"]


VALUES = {"email": "a@example.org", "phone": "010-1234-5678", "address": "서울특별시 중구 세종대로 110"}


@pytest.mark.law("R-35")
class TermTests(SourceCase):
    def test_it_is_answered_within_three_days_and_the_number_is_a_dated_one(self) -> None:
        assert factory.ask(SOURCE, target=factory.imei(1)).request.due_on == date(2026, 11, 27)
        policies.set_parameter(
            code="rights.source.answer.days", value=1, effective_on=date(2026, 12, 1), basis="R-35",
            actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        assert factory.ask(SOURCE, address="").request.due_on == date(2026, 11, 27)
        assert factory.ask(SOURCE, address="", at=factory.at_noon(date(2026, 12, 1))).request.due_on == date(
            2026, 12, 2
        )

    def test_with_others_in_a_case_it_is_due_first_and_told_first(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        assert case.due_on == date(2026, 11, 27)
        self.answer(case)
        case.refresh_from_db()
        assert (case.state, case.due_on) == (Request.State.IN_REVIEW, date(2026, 12, 4))
        said = self.told(case, "part-result")
        assert "part of your request" in said
        assert "through a gateway" in said
        assert not Letter.objects.filter(request=case, kind="result").exists()
        self.answer(case, "access", at=NOON + 5 * DAY)
        case.refresh_from_db()
        assert (case.state, case.due_on) == (Request.State.NOTIFIED, date(2026, 12, 4))
        assert Letter.objects.filter(request=case, kind="part-result").count() == 1

    def test_until_its_answer_has_gone_out_its_own_day_holds(self) -> None:
        case = self.ask(ACCESS, SOURCE, answer_by="email")
        self.answer(case)
        case.refresh_from_db()
        assert case.due_on == date(2026, 11, 27)
        letter = rights.mark_letter_sent(Letter.objects.get(kind="part-result"), actor=self.odile, at=NOON + DAY)
        case.refresh_from_db()
        assert case.due_on == date(2026, 12, 4)
        rights.mark_letter_bounced(letter, actor=self.odile, at=NOON + 2 * DAY)
        case.refresh_from_db()
        assert case.due_on == date(2026, 11, 27)

    def test_what_is_due_later_is_told_with_the_rest(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        self.answer(case, "access")
        case.refresh_from_db()
        assert case.due_on == date(2026, 11, 27)
        assert not Letter.objects.filter(request=case, kind__in=Letter.RESULTS).exists()
        self.answer(case)
        assert [letter.kind for letter in Letter.objects.filter(request=case, kind__in=Letter.RESULTS)] == ["result"]

    def test_figures_count_it_by_its_own_day(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        self.answer(case, at=NOON + 4 * DAY)
        self.answer(case, "access", at=NOON + 8 * DAY)
        found = lead_times.answers_since(date(2026, 1, 1))
        took = {kind: some for (_month, kind), some in found.items()}
        assert took == {"source": [(4, False)], "access": [(8, True)]}
        section = annual_report.rights_of_the_year(date(2026, 1, 1), date(2026, 12, 31))
        figures = {one.code: one.value for one in section.figures}
        assert (figures["rights.answered"], figures["rights.in-time"]) == (1, 0)

    def test_the_answer_is_shown_before_a_refusal_that_sends_it(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        said = {"ground": "life-or-body", "law": "", "termination_asked": False}
        position = case.rights.get(kind="source").position
        chosen = [rights.ChosenDecision(position, Right.Decision.REFUSED, "", said)]
        with override("en"):
            (shown,) = rights.preview_result(case, chosen, actor=self.odile, at=NOON)
        assert "일부" in shown.text

    def test_the_requester_withdraws_what_is_not_answered(self) -> None:
        receipt = factory.ask(SOURCE, target=factory.imei(1))
        case = rights.withdraw(receipt.request, actor=Requester(receipt.request.reference), at=NOON)
        assert case.state == Request.State.WITHDRAWN

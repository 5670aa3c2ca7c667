"""What the Personal Information Protection Act itself says of requests: grounds, terms, fees, word for word."""

from datetime import date

import pytest
from django.utils.translation import override

from privacy.rights import actions as rights
from privacy.rights import letters, right_scope
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Letter, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

# PIPA 35(4)1–2, 36(1) proviso, 37(2)1, 2 and 4. The third grounds of 35(4) and 37(2) are of public institutions. A
# correction has no ground of refusal: that the data was found accurate is its result.
GROUNDS = {
    "access": {"law", "life-or-body", "property-or-interests"},
    "correction": {"accurate"},
    "deletion": {"collected-by-law"},
    "suspension": {"legal-duty", "life-or-body", "property-or-interests", "contract"},
    "consent-withdrawal": {"legal-duty", "life-or-body", "property-or-interests", "contract"},
}
ASKED = {
    "access": RequestedRight("access"),
    "correction": RequestedRight("correction", category="device-registration", item="model", wanted="SM-X"),
    "deletion": RequestedRight("deletion"),
    "suspension": RequestedRight("suspension"),
    "consent-withdrawal": RequestedRight("consent-withdrawal"),
}


class GroundsOfTheActTests(PortalTestCase):
    def accepted(self, kind: str) -> set[str]:
        """The grounds on which a right can be refused."""
        odile = factory.make_officer()
        taken = set()
        for ground in Right.Ground.values:
            case = factory.make_verified(factory.ask(ASKED[kind], target=factory.imei(1), address=""))
            try:
                rights.refuse(
                    case.rights.get(), ground=ground, law="법 제1조", termination_asked=True, actor=odile, at=NOON
                )
            except rights.NoGround:
                continue
            taken.add(ground)
        return taken

    def setUp(self) -> None:
        factory.make_device(1)

    @pytest.mark.law("R-12")
    def test_access_is_refused_on_the_two_grounds_of_a_private_company(self) -> None:
        assert self.accepted("access") == GROUNDS["access"]

    @pytest.mark.law("R-15")
    def test_deletion_is_refused_only_where_another_law_lists_the_data_and_correction_on_no_ground(self) -> None:
        assert self.accepted("deletion") == GROUNDS["deletion"]
        assert self.accepted("correction") == GROUNDS["correction"]

    @pytest.mark.law("R-22")
    def test_suspension_and_withdrawal_are_refused_on_three_grounds(self) -> None:
        for kind in ("suspension", "consent-withdrawal"):
            assert self.accepted(kind) == GROUNDS[kind]


class TermsOfTheActTests(PortalTestCase):
    def due(self, *kinds: str) -> Request:
        factory.make_device(1)
        asked = [ASKED[kind] for kind in kinds]
        return factory.ask(*asked, target=factory.imei(1), address="").request

    @pytest.mark.law("R-08", "R-13")
    def test_access_is_answered_within_ten_days(self) -> None:
        assert self.due("access").due_on == date(2026, 12, 4)

    @pytest.mark.law("R-14", "R-15")
    def test_correction_and_deletion_are_answered_within_ten_days(self) -> None:
        for kind in ("correction", "deletion"):
            assert self.due(kind).due_on == date(2026, 12, 4)

    @pytest.mark.law("R-21")
    def test_suspension_is_answered_within_ten_days(self) -> None:
        assert self.due("suspension").due_on == date(2026, 12, 4)

    @pytest.mark.law("R-25")
    def test_a_withdrawal_keeps_the_same_term_at_the_latest(self) -> None:
        assert self.due("consent-withdrawal").due_on == date(2026, 12, 4)


class AnswersOfTheActTests(PortalTestCase):
    """A refusal of any right says its reason, its law and how to object (DEC 41(5), 42(2), 43(3), 44(2))."""

    def answer(self, kind: str, ground: str) -> dict[str, letters.LetterText]:
        factory.make_device(1)
        receipt = factory.ask(ASKED[kind], target=factory.imei(1), answer_by="portal", address="")
        right = factory.make_verified(receipt).rights.get()
        rights.refuse(
            right, ground=ground, law="법 제1조", termination_asked=True, actor=factory.make_officer(), at=NOON
        )
        letter = Letter.objects.get(request=receipt.request, kind="result")
        return {language: letters.letter_text(letter, language=language) for language in ("ko", "en")}

    def held(self, kind: str, ground: str) -> None:
        for language, objecting in (("ko", "이의"), ("en", "object")):
            told = self.answer(kind, ground)[language]
            with override(language):
                assert str(Right.Ground(ground).label) in " ".join(text for _name, text in told.fields)
            assert any(objecting in line for line in told.closing)
            assert any("118" in line for line in told.closing)

    @pytest.mark.law("R-13")
    def test_of_access(self) -> None:
        self.held("access", "life-or-body")

    @pytest.mark.law("R-15", "F-3")
    def test_of_deletion(self) -> None:
        self.held("deletion", "collected-by-law")

    @pytest.mark.law("F-3")
    def test_of_correction_that_was_carried_out(self) -> None:
        factory.make_device(1)
        odile = factory.make_officer()
        case = factory.make_verified(
            factory.ask(ASKED["correction"], target=factory.imei(1), answer_by="portal", address="")
        )
        rights.carry_out(rights.grant(case.rights.get(), actor=odile, at=NOON), actor=odile, at=NOON)
        told = letters.letter_text(Letter.objects.get(request=case, kind="result"), language="ko")
        fields = dict(told.fields)
        assert told.title == "결과 통지서"
        assert case.number in fields.values() and any("정정" in text for text in fields.values())

    @pytest.mark.law("R-22", "R-24", "F-3")
    def test_of_suspension_and_withdrawal(self) -> None:
        self.held("suspension", "legal-duty")
        self.held("consent-withdrawal", "legal-duty")


class FeesOfTheActTests(PortalTestCase):
    @pytest.mark.law("R-28")
    def test_nothing_is_charged_where_the_company_is_the_cause_and_nothing_unless_set(self) -> None:
        factory.make_device(1)
        case = factory.ask(ASKED["access"], target=factory.imei(1), answer_by="letter").request
        assert (case.fee_won, case.postage_won) == (0, 0)
        for cause, charged in ((False, (500, 300)), (True, (0, 0))):
            case = rights.set_fee(
                case, fee_won=500, postage_won=300, cause_with_controller=cause, actor=factory.make_officer(), at=NOON
            )
            assert (case.fee_won, case.postage_won) == charged

    @pytest.mark.law("R-28")
    def test_postage_is_charged_where_the_person_asked_for_the_answer_by_post_alone(self) -> None:
        said = {"fee_won": 500, "cause_with_controller": False, "actor": factory.make_officer(), "at": NOON}
        for answer_by in Request.Answer.values:
            case = factory.ask(ASKED["access"], answer_by=answer_by).request
            if answer_by == Request.Answer.LETTER:
                assert rights.set_fee(case, postage_won=300, **said).postage_won == 300
                continue
            with pytest.raises(rights.NoPostage):
                rights.set_fee(case, postage_won=300, **said)
            assert rights.set_fee(case, postage_won=0, **said).fee_won == 500


class NoticeOfAccessTests(PortalTestCase):
    """Form 9 of the notice on processing methods: what is granted, in which form, how, where, at what cost."""

    def setUp(self) -> None:
        factory.make_device(1)
        self.odile = factory.make_officer()

    def told(self, case: Request, kind: str = "result") -> letters.LetterText:
        return letters.letter_text(Letter.objects.get(request=case, kind=kind), language="en")

    def access(self, *scope: str) -> Right:
        asked = RequestedRight("access", scope=scope)
        receipt = factory.ask(asked, target=factory.imei(1), answer_by="portal", address="")
        return factory.make_verified(receipt).rights.get()

    @pytest.mark.law("R-08", "F-2")
    def test_the_notice_of_access_has_the_fields_of_the_form(self) -> None:
        right = rights.grant(self.access(), actor=self.odile, at=NOON)
        rights.carry_out(right, actor=self.odile, at=NOON)
        told = self.told(right.request)
        fields = dict(told.fields)
        assert told.title == "Notice of access"
        assert fields["Information you can access"] == (
            "items and content, purpose of collection and use, retention and use period, provision to third parties, "
            "fact and content of consent"
        )
        assert fields["Form of access"] == "electronic file (copy)"
        assert "/rights/case/" in fields["Method, place and time"]
        assert "until" in fields["Method, place and time"]
        assert fields["Fee and postage"] == "none"
        assert {"Your request", "Date", "Sender", "Case number", "Received"} <= set(fields)

    @pytest.mark.law("R-02", "R-08")
    def test_the_notice_names_of_the_five_what_was_asked_for_and_given(self) -> None:
        partly = rights.grant_partly(
            self.access("items", "retention", "provision"), excluded=["provision"], ground="life-or-body",
            actor=self.odile, at=NOON,
        )  # fmt: skip
        rights.carry_out(partly, actor=self.odile, at=NOON)
        given = dict(self.told(partly.request).fields)["Information you can access"]
        assert given == "items and content, retention and use period"

    @pytest.mark.law("R-11", "F-2")
    def test_the_notice_of_partial_access_says_what_is_left_out_why_and_how_to_object(self) -> None:
        right = rights.grant_partly(
            self.access(), excluded=["app-log"], ground="life-or-body", actor=self.odile, at=NOON
        )
        rights.carry_out(right, actor=self.odile, at=NOON)
        letter = Letter.objects.get(request=right.request, kind="result")
        for language, left_out, objecting in (("ko", "제외한 부분: ", "이의"), ("en", "Left out: ", "object")):
            told = letters.letter_text(letter, language=language)
            said = "\n".join(text for _name, text in told.fields)
            with override(language):
                assert left_out + right_scope.part_name(right, "app-log", on=NOON.date()) in said
                assert str(Right.Ground("life-or-body").label) in said
            assert any(objecting in line for line in told.closing)

    @pytest.mark.law("F-2", "R-13")
    def test_each_of_the_four_notices_has_its_title(self) -> None:
        partly = rights.grant_partly(
            self.access(), excluded=["app-log"], ground="life-or-body", actor=self.odile, at=NOON
        )
        rights.carry_out(partly, actor=self.odile, at=NOON)
        refused = rights.refuse(self.access(), ground="life-or-body", actor=self.odile, at=NOON)
        put_off = self.access()
        rights.postpone(put_off, reason="restoring", expected_on=date(2026, 12, 20), actor=self.odile, at=NOON)
        assert self.told(partly.request).title == "Notice of partial access"
        assert self.told(refused.request).title == "Notice of refused access"
        assert self.told(put_off.request, "postponed").title == "Notice of postponed access"

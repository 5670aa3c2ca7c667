"""Transmission of one's own data: answered as the register says that the duty binds the company or not (R-32, R-33)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from privacy.rights import actions as rights
from privacy.rights import grounds, portability
from privacy.rights.actions import RequestedRight
from privacy.rights.models import GROUNDS_BY_KIND, Request
from privacy.rights.refusals import NoGround, WrongState
from privacy.safeguards import actions as safeguards
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

NUMBERS = {"sales": 0, "average_sales": 0, "people": 0, "sensitive_people": 0, "users": 0, "is_small": True}


@pytest.mark.law("R-32", "R-33", "R-01")
class PortabilityTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        self.odile = factory.make_odile(granted=False)

    def decide(self, *, applies: bool) -> None:
        safeguards.record_figures(year=NOON.year - 1, source="결산", actor=self.odile, at=NOON, **NUMBERS)
        safeguards.decide_applicability(
            threshold="portability", applies=applies, reasons="기준", actor=self.odile, at=NOON,
            measure=factory.make_measure() if applies else None,
        )  # fmt: skip

    def ask(self) -> Request:
        return factory.make_verified(factory.ask(RequestedRight("portability"), target=factory.imei(1)))

    def test_below_the_threshold_page_and_answer_say_so(self) -> None:
        case = self.ask()
        (right,) = case.rights.all()
        refused = {"actor": self.odile, "at": NOON + timedelta(days=1)}
        with pytest.raises(NoGround):
            rights.refuse(right, ground="not-bound", **refused)
        assert "아직 결정하지 않았습니다" in self.guide()
        self.decide(applies=False)
        assert "법이 정한 규모에 미치지 않아" in self.guide()
        with pytest.raises(WrongState):
            rights.grant(right, **refused)
        right = rights.refuse(right, ground="not-bound", **refused)
        assert right.ground == "not-bound"
        assert case.letters.filter(kind="result").count() == 1, "the answer goes out with that ground"

    def test_what_was_asked_before_the_duty_gets_its_copy_and_what_has_none_is_not_granted(self) -> None:
        case, at = self.ask(), NOON + timedelta(days=1)
        self.decide(applies=True)
        right = rights.grant(case.rights.get(), actor=self.odile, at=at)
        copy = case.rights.get(kind="access")
        assert (copy.position, copy.scope) == (2, ["items"])
        assert rights.grant(copy, actor=self.odile, at=at).decision == right.decision == "granted"
        other = factory.make_verified(factory.ask(RequestedRight("portability"), target=factory.imei(1)))
        rights.refuse(other.rights.get(kind="access"), ground="life-or-body", actor=self.odile, at=at)
        with pytest.raises(WrongState):
            rights.grant(other.rights.get(kind="portability"), actor=self.odile, at=at)
        third = factory.make_verified(factory.ask(RequestedRight("portability"), target=factory.imei(1)))
        rights.grant(third.rights.get(kind="portability"), actor=self.odile, at=at)
        with pytest.raises(WrongState):
            rights.refuse(third.rights.get(kind="access"), ground="life-or-body", actor=self.odile, at=at)

    def test_who_must_transmit_gives_the_copy_and_refuses_on_another_ground_alone(self) -> None:
        self.decide(applies=True)
        assert "이 의무가 있습니다" in self.guide()
        case = self.ask()
        assert sorted(case.rights.values_list("kind", flat=True)) == ["access", "portability"]
        right = case.rights.get(kind="portability")
        with pytest.raises(NoGround):
            rights.refuse(right, ground="not-bound", actor=self.odile, at=NOON)
        rights.grant(right, actor=self.odile, at=NOON)
        with pytest.raises(WrongState):
            rights.carry_out(right, actor=factory.make_handler(), at=NOON)
        assert [one.kind for one in case.rights.to_carry_out()] == ["portability"]
        rights.grant(case.rights.get(kind="access"), actor=self.odile, at=NOON)
        assert [one.kind for one in case.rights.to_carry_out()] == ["access", "portability"]

    def test_to_others_is_a_duty_of_its_own(self) -> None:
        at = NOON + timedelta(days=1)
        assert "다른 자에게도 전송해야 하는지는 아직 결정하지 않았습니다" in self.guide()
        right = self.ask().rights.get()
        with pytest.raises(NoGround):
            rights.refuse(right, ground="not-bound-to-others", actor=self.odile, at=at)
        self.decide(applies=False)
        with pytest.raises(NoGround):
            rights.refuse(right, ground="not-bound-to-others", actor=self.odile, at=at)
        self.decide_on_others(applies=False)
        assert "다른 자에게는 전송하지 않습니다" in self.guide()
        assert rights.refuse(right, ground="not-bound-to-others", actor=self.odile, at=at).decision == "refused"

    def test_who_must_transmit_to_others_must_transmit_to_the_person_too(self) -> None:
        self.decide(applies=False)
        self.decide_on_others(applies=True)
        assert portability.is_bound() is True
        assert "다른 자에게도 전송할 의무가 있습니다" in self.guide()
        for ground in ("not-bound", "not-bound-to-others"):
            with pytest.raises(NoGround):
                rights.refuse(self.ask().rights.get(kind="portability"), ground=ground, actor=self.odile, at=NOON)

    def test_the_eleven_items_of_the_decree_are_told_with_their_article(self) -> None:
        of_decree = [row for row in grounds.edition() if row.item is not None]
        assert [row.item for row in of_decree] == list(range(1, 12))
        assert [row.item for row in of_decree if row.told == grounds.IDENTITY] == [4, 6], "these end the case before"
        assert {code for row in grounds.edition() for code in row.grounds} == set(GROUNDS_BY_KIND["portability"])
        right = rights.refuse(self.ask().rights.get(), ground="repeated", actor=self.odile, at=NOON)
        told = right.request.letters.get(kind="result").told
        assert "영 제42조의8제1항제10호" in str(told["ko"])
        assert "Decree art. 42-8(1)10" in str(told["en"])

    def test_a_ground_is_offered_from_its_day_on(self) -> None:
        *before, last = grounds.edition()
        rows = (*before, replace(last, in_force_on=NOON.date() + timedelta(days=1)))
        right = self.ask().rights.get()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grounds, "edition", lambda: rows)
            with pytest.raises(NoGround):
                rights.refuse(right, ground="deceit-or-threat", actor=self.odile, at=NOON)
            right = rights.refuse(right, ground="deceit-or-threat", actor=self.odile, at=NOON + timedelta(days=1))
        assert right.decision == "refused"

    def decide_on_others(self, *, applies: bool) -> None:
        safeguards.decide_applicability(
            threshold="portability-others", applies=applies, reasons="업종", actor=self.odile, at=NOON,
            measure=factory.make_measure("relay") if applies else None,
        )  # fmt: skip

    def guide(self) -> str:
        return self.client.get(reverse("rights:guide")).content.decode()

"""A refusal names a ground that its kind of right has, and the law where it is the law (P1.4, R-12, R-15, R-22)."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction

from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import AUTOMATED, GROUNDS_BY_KIND, GROUNDS_WITH_LAW, Request, Right
from privacy.safeguards import actions as safeguards
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

KINDS = list(GROUNDS_BY_KIND)
LAW = "통신비밀보호법 제13조의5"


def asked(kind: str) -> RequestedRight:
    if kind == Right.Kind.CORRECTION:
        return RequestedRight(kind, category="device-registration", item="imei", wanted=factory.imei(2))
    return RequestedRight(kind, wanted="a lock of my device" if kind in AUTOMATED else "")


@pytest.mark.clause("P1.4")
class RefusalTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)
        # The ground of transmission stands in the register of duties.
        numbers = {"sales": 0, "average_sales": 0, "people": 0, "sensitive_people": 0, "users": 0, "is_small": True}
        safeguards.record_figures(year=NOON.year - 1, source="x", actor=self.odile, at=NOON, **numbers)
        for duty in ("portability", "portability-others"):
            safeguards.decide_applicability(threshold=duty, applies=False, reasons="x", actor=self.odile, at=NOON)

    def right(self, kind: str = "access") -> Right:
        case = factory.make_verified(factory.ask(asked(kind), target=factory.imei(1), address=""))
        return case.rights.get()

    def refuse(self, right: Right, **words: object) -> Right:
        return rights.refuse(right, actor=self.odile, at=NOON, **words)  # type: ignore[arg-type]

    def test_without_a_ground_it_is_refused(self) -> None:
        for kind in KINDS:
            right = self.right(kind)
            with pytest.raises(rights.NoGround):
                self.refuse(right, ground="")
            right.refresh_from_db()
            assert right.decision == "pending"

    def test_each_kind_takes_exactly_its_grounds(self) -> None:
        for kind in KINDS:
            for ground in Right.Ground:
                right = self.right(kind)
                words = {"ground": ground, "law": LAW, "termination_asked": True}
                if ground in GROUNDS_BY_KIND[kind]:
                    assert self.refuse(right, **words).decision == "refused"
                else:
                    with pytest.raises(rights.NoGround):
                        self.refuse(right, **words)

    @pytest.mark.law("R-12")
    def test_the_verb_and_the_database_take_the_same_grounds(self) -> None:
        """Compare for every kind and ground, with and without a law and the question of the contract's end."""
        differ = []
        for kind in KINDS:
            right = self.right(kind)
            for ground, law, asked_end in product(Right.Ground, ("", LAW), (False, True)):
                words = {"ground": ground, "law": law, "termination_asked": asked_end}
                by_verb, by_database = self.verb_takes(right, words), self.database_takes(right, words)
                if by_verb != by_database:
                    differ.append(f"{kind}, {words}: verb {by_verb}, database {by_database}")
        assert not differ, "GROUNDS_BY_KIND, GROUNDS_WITH_LAW and the constraints of Right:\n" + "\n".join(differ)

    def verb_takes(self, right: Right, words: dict[str, object]) -> bool:
        """Whether the verb lets a refusal through to the database; nothing of it stays."""
        with transaction.atomic(), transaction.atomic(using="personal"):
            try:
                with transaction.atomic():
                    self.refuse(Right.objects.get(pk=right.pk), **words)
            except rights.NoGround:
                return False
            except IntegrityError:
                return True
            finally:
                transaction.set_rollback(True)
                transaction.set_rollback(True, using="personal")
        return True

    def database_takes(self, right: Right, words: dict[str, object]) -> bool:
        """Whether the database takes such a refusal; nothing of it stays."""
        with transaction.atomic():
            try:
                with transaction.atomic():
                    Right.objects.filter(pk=right.pk).update(
                        decision="refused", decided_by=self.odile.ref, decided_at=NOON, **words
                    )
            except IntegrityError:
                return False
            finally:
                transaction.set_rollback(True)
        return True

    @pytest.mark.law("R-12", "R-15")
    def test_a_ground_of_law_cites_its_law(self) -> None:
        for kind in KINDS:
            for ground in set(GROUNDS_BY_KIND[kind]) & set(GROUNDS_WITH_LAW):
                with pytest.raises(rights.NoGround):
                    self.refuse(self.right(kind), ground=ground, law=" ")

    @pytest.mark.law("R-22")
    def test_the_ground_of_the_contract_needs_the_question_about_its_end(self) -> None:
        with pytest.raises(rights.NoGround):
            self.refuse(self.right("suspension"), ground="contract")

    def test_the_database_demands_it_too(self) -> None:
        wrong = [
            {"decision": "refused", "ground": ""},
            {"decision": "granted", "ground": "law", "law": LAW},
            {"decision": "refused", "ground": "collected-by-law", "law": LAW},
            {"decision": "refused", "ground": "law", "law": ""},
        ]
        for values in wrong:
            right = self.right("access")
            with pytest.raises(IntegrityError), transaction.atomic():
                Right.objects.filter(id=right.id).update(decided_by=self.odile.ref, decided_at=NOON, **values)

    def test_a_refused_right_can_never_be_carried_out(self) -> None:
        right = self.refuse(self.right("deletion"), ground="collected-by-law", law=LAW)
        with pytest.raises(rights.WrongState):
            rights.carry_out(right, actor=self.odile, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Right.objects.filter(id=right.id).update(started_at=NOON, carried_out_at=NOON)

    def test_a_refused_correction_lifts_its_freeze(self) -> None:
        right = self.right("correction")
        assert vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)
        self.refuse(right, ground="accurate")
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)

    @pytest.mark.law("R-11")
    def test_a_part_can_be_refused_and_the_rest_granted(self) -> None:
        right = rights.grant_partly(
            self.right("access"), excluded=["app-log"], ground="law", law=LAW, actor=self.odile, at=NOON
        )
        assert right.decision == "partly-granted"
        assert right.excluded == ["app-log"]
        with pytest.raises(rights.NoGround):
            rights.grant_partly(self.right("access"), excluded=[], ground="law", law=LAW, actor=self.odile, at=NOON)

    def test_the_explanation_is_sealed(self) -> None:
        right = self.refuse(self.right("access"), ground="life-or-body", explanation="zebra-canary")
        sealed = Request.objects.get(id=right.request_id)
        assert "zebra-canary" not in str(Right.objects.filter(id=right.id).values())
        assert "zebra-canary" not in str(sealed.steps.values())

    @pytest.mark.law("R-06")
    def test_nothing_is_decided_before_the_identity_is_verified(self) -> None:
        right = factory.ask(asked("access")).request.rights.get()
        for decide in (
            lambda: rights.grant(right, actor=self.odile, at=NOON),
            lambda: self.refuse(right, ground="life-or-body"),
        ):
            with pytest.raises(rights.NotVerified):
                decide()

    def test_a_handler_does_not_decide(self) -> None:
        from privacy.ledger.authorization import NotPermitted

        with pytest.raises(NotPermitted):
            rights.grant(self.right(), actor=factory.make_handler(), at=NOON)
        self.assertLedgered("ledger.denied")

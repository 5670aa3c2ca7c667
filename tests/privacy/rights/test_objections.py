"""An objection is reviewed by another person than the decider; an upheld one opens the right again (R-29, F-5)."""

import pytest
from django.db import IntegrityError, transaction

from privacy.rights import actions as rights
from privacy.rights import status_page
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Particulars, Right
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.own_writes import as_the_portal
from tests.pdf_text import text_of


@pytest.mark.clause("P1.4")
class ObjectionTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        self.right = rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)

    def object(self) -> Objection:
        requester = Requester(self.right.request.reference)
        return rights.object_to(self.right, statement="zebra-canary", actor=requester, at=NOON)

    @pytest.mark.law("F-5")
    def test_the_statement_is_sealed_and_read_on_record(self) -> None:
        made = self.object()
        assert "zebra-canary" not in str(Particulars.objects.values()) + str(Objection.objects.values())
        assert rights.read_objection(made, actor=self.omar, at=NOON) == "zebra-canary"
        assert self.assertLedgered("ledger.read").actor == self.omar.reference

    @pytest.mark.law("R-29", "F-5")
    def test_the_decider_can_not_review(self) -> None:
        made = self.object()
        with pytest.raises(rights.SamePerson):
            rights.decide_objection(made, outcome="dismissed", actor=self.odile, at=NOON)

    @pytest.mark.law("R-29")
    def test_the_database_says_so_too(self) -> None:
        made = self.object()
        with pytest.raises(IntegrityError), transaction.atomic():
            Objection.objects.filter(id=made.id).update(
                outcome="dismissed", reviewer=self.odile.reference, reviewed_at=NOON
            )

    @pytest.mark.attack("17.11")
    def test_the_decider_of_a_right_is_not_replaced(self) -> None:
        """Nor cleared, unless an objection was upheld: then the right waits for a new one."""
        for value in (self.omar.reference, ""):
            with as_the_portal(), pytest.raises(IntegrityError, match="written_once"), transaction.atomic():
                Right.objects.filter(id=self.right.id).update(decided_by=value)

    @pytest.mark.law("F-5")
    def test_a_dismissed_one_leaves_the_decision(self) -> None:
        rights.decide_objection(self.object(), outcome="dismissed", actor=self.omar, at=NOON)
        self.right.refresh_from_db()
        assert self.right.decision == "refused"
        assert Letter.objects.filter(kind="objection").exists()

    @pytest.mark.law("R-29")
    def test_an_upheld_one_opens_the_right_for_a_new_decision_and_a_new_answer(self) -> None:
        rights.decide_objection(self.object(), outcome="upheld", actor=self.omar, at=NOON)
        self.right.refresh_from_db()
        assert self.right.decision == "pending"
        granted = rights.grant(self.right, actor=self.odile, at=NOON)
        rights.carry_out(granted, actor=self.odile, at=NOON)
        assert Letter.objects.filter(kind="result").count() == 2
        assert Right.objects.get().request.state == "notified"

    def test_each_refusal_after_an_upheld_one_is_told_even_within_one_moment(self) -> None:
        for times in (2, 3):
            rights.decide_objection(self.object(), outcome="upheld", actor=self.omar, at=NOON)
            self.right = rights.refuse(Right.objects.get(), ground="life-or-body", actor=self.odile, at=NOON)
            assert Letter.objects.filter(kind="result").count() == times
            assert Right.objects.get().request.state == "notified"

    def test_what_was_told_stays_what_was_told(self) -> None:
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal", address=""))
        refusal = rights.refuse(
            case.rights.get(), ground="life-or-body", explanation="because zebra", actor=self.odile, at=NOON
        )
        requester = Requester(case.reference)
        objection = rights.object_to(refusal, statement="no", actor=requester, at=NOON)
        rights.decide_objection(objection, outcome="upheld", explanation="because okapi", actor=self.omar, at=NOON)
        rights.carry_out(rights.grant(refusal, actor=self.odile, at=NOON), actor=self.odile, at=NOON)
        papers = [
            text_of(status_page.letter_pdf(letter, language="en", actor=requester, at=NOON))
            for letter in case.letters.exclude(kind="accepted").order_by("queued_at", "id")
        ]
        for paper, said, unsaid in zip(
            papers,
            (("Noticeofrefusedaccess", "refused", "becausezebra"), ("upheld", "becauseokapi"), ("granted",)),
            (("granted", "okapi"), ("zebra",), ("refused", "zebra", "okapi")),
            strict=True,
        ):
            assert [word for word in said if word not in paper] == []
            assert [word for word in unsaid if word in paper] == []
        assert "zebra" not in str(list(Letter.objects.values()))

    def test_one_objection_at_a_time_and_only_to_a_refusal(self) -> None:
        self.object()
        with pytest.raises(rights.NotObjectable):
            self.object()
        other = factory.ask(target=factory.imei(1), address="").request.rights.get()
        with pytest.raises(rights.NotObjectable):
            rights.object_to(other, statement="no", actor=Requester("K7-1"), at=NOON)

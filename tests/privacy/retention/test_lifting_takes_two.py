"""A hold is lifted by two officers: one asks, and another, who is another person, lifts."""

import pytest
from django.db import IntegrityError, transaction

from privacy.accounts.second_person import NotASecondPerson
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention.models import Hold
from privacy.retention.refusals import SamePerson
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.accounts.test_second_person import second_account


@pytest.mark.attack("17.3")
class LiftingTests(PortalTestCase):
    def test_one_asks_and_another_lifts(self) -> None:
        hold, odile, omar = factory.make_hold(), factory.make_odile(granted=False), factory.make_omar()
        at = hold.placed_at
        with pytest.raises(Refusal):
            retention.lift_hold(hold, actor=omar, at=at)
        with pytest.raises(Refusal):
            retention.ask_lifting(hold, reason=" ", actor=odile, at=at)
        retention.ask_lifting(hold, reason="settled", actor=odile, at=at)
        assert Hold.objects.get(pk=hold.pk).stands
        with pytest.raises(SamePerson):
            retention.lift_hold(hold, actor=odile, at=at)
        double = second_account(asked_by=odile, approved_by=omar)
        with pytest.raises(NotASecondPerson):
            retention.lift_hold(hold, actor=double, at=at)
        for lifter in (odile.ref, double.ref, "U-nobody", "system:portal"):
            with pytest.raises(IntegrityError), transaction.atomic():
                Hold.objects.filter(pk=hold.pk).update(lifted_by=lifter, lifted_at=at)
        lifted = retention.lift_hold(hold, actor=omar, at=at)
        assert (lifted.lift_asked_by, lifted.lifted_by) == (odile.ref, omar.ref)
        self.assertLedgered("retention.hold.lifting-asked", hold)

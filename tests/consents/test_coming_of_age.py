"""Who turns 14 is told once that they decide alone; a receipt says when nobody decided, but the portal (C-12)."""

from datetime import timedelta

import pytest

from consents import actions as consents
from consents import receipts, tasks
from consents.models import AgeStatement, CurrentConsent
from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from tests import factory
from tests.consents.children import MOTHER, ChildTestCase
from tests.factories.consents import TESTS
from tests.privacy.disclosures.smtp_server import mailbox


@pytest.mark.law("C-12")
class ComingOfAgeTests(ChildTestCase):
    def test_who_turned_14_is_written_to_once(self) -> None:
        self.named()
        for code in ("activation", "service-analytics"):
            factory.agree(self.device, code, at=clock.now(), representative={**MOTHER, "confirmation": "phone"})
        tasks.expire_requests()
        factory.make_contact(self.person, value="mina@example.org", at=clock.now())
        statement = AgeStatement.objects.get()
        assert statement.of_age_from is not None
        before = statement.of_age_from - timedelta(days=1)
        assert consents.tell_of_age(on=before, actor=TESTS, at=self.now) == 0
        assert consents.tell_of_age(on=statement.of_age_from, actor=TESTS, at=self.now) == 1
        self.assertLedgered("consents.age.reached", statement)
        assert consents.tell_of_age(on=statement.of_age_from, actor=TESTS, at=self.now) == 0
        with mailbox() as box:
            dispatch_due(at=clock.now())
            dispatch_due(at=clock.now())
        (mail,) = [one for one in box.arrived if one["To"] == "mina@example.org"]
        assert "만 14세 이상" in mail.get_content()
        assert "/consents/" in mail.get_content()
        assert tasks.tell_of_age() == 0

    def test_a_receipt_says_that_the_portal_ended_it_and_those_issued_before_stay_what_they_were(self) -> None:
        factory.make_provision_agreement(at=self.now)
        factory.agree(self.device, "provision-acme", at=self.now)
        self.child()
        ended = CurrentConsent.objects.of(self.person.id).get(agreement__code="provision-acme").decision
        made = receipts.for_decision(ended)
        (event,) = made["events"]
        assert (event["event_type"], event["method"]) == ("automatic", "automatic")
        assert receipts.check(made).genuine
        assert receipts.check(made).entered
        before = {**made, "events": [{**event, "event_type": "explicit", "event_state": "consent withdrawn"}]}
        ended.receipt_digest = canonical_json.digest(before)
        assert receipts.for_decision(ended) == before

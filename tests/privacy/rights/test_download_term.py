"""The time to download a copy is counted from the answer that tells of it: a letter arrives before it is over."""

from datetime import timedelta

import pytest
from django.test import Client

from privacy.rights import actions as rights
from privacy.rights import letters, tasks
from privacy.rights.actions import Receipt
from privacy.rights.models import Letter, Package
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

POSTED = NOON + timedelta(days=5)
HOURS = timedelta(hours=72)


class CarriedOutCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        factory.make_device(1)

    def carried_out(self, answer_by: str) -> tuple[Receipt, Package, Letter]:
        receipt = factory.ask(target=factory.imei(1), answer_by=answer_by, address="")
        right = rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)
        return receipt, right.packages.get(), Letter.objects.get(request=right.request_id, kind="result")


@pytest.mark.truth("download-counted-from-the-answer")
class DownloadTermTests(CarriedOutCase):
    def said(self, letter: Letter) -> str:
        return str(letters.letter_text(letter, language="en").fields)

    def test_a_copy_waits_until_the_letter_that_tells_of_it_is_posted(self) -> None:
        _receipt, package, letter = self.carried_out("letter")
        assert "within 72 hours of this answer being sent" in self.said(letter)
        assert rights.remove_packages(actor=tasks.WORKER, at=POSTED) == 0
        rights.mark_letter_posted(letter, actor=self.odile, at=POSTED)
        package.refresh_from_db()
        assert package.expires_at == POSTED + HOURS
        assert package.can_be_downloaded(at=POSTED + HOURS - timedelta(minutes=1))
        assert not package.can_be_downloaded(at=POSTED + HOURS)
        assert rights.remove_packages(actor=tasks.WORKER, at=POSTED + HOURS + timedelta(hours=1)) == 1

    def test_an_answer_that_came_back_begins_the_time_anew_when_it_goes_out_again(self) -> None:
        _receipt, package, letter = self.carried_out("email")
        rights.mark_letter_sent(letter, actor=tasks.WORKER, at=NOON)
        rights.mark_letter_bounced(letter, actor=self.odile, at=NOON + timedelta(hours=1))
        assert rights.remove_packages(actor=tasks.WORKER, at=POSTED) == 0
        rights.mark_letter_posted(letter, actor=self.odile, at=POSTED)
        package.refresh_from_db()
        assert package.expires_at == POSTED + HOURS

    def test_the_status_page_says_the_same_before_the_answer_is_sent(self) -> None:
        receipt, _package, _letter = self.carried_out("letter")
        Package.objects.update(expires_at=NOON)
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        assert "until 72 hours after we send our answer" in visitor.get("/en/rights/case/").content.decode()

    def test_on_the_status_page_alone_the_answer_tells_the_moment(self) -> None:
        _receipt, package, letter = self.carried_out("portal")
        assert "of this answer being sent" not in self.said(letter)
        assert package.expires_at == NOON + HOURS
        assert rights.remove_packages(actor=tasks.WORKER, at=NOON + HOURS + timedelta(hours=1)) == 1


@pytest.mark.truth("one-copy-stops-no-other")
class BrokenCopyTests(CarriedOutCase):
    def test_a_copy_that_can_not_be_looked_at_keeps_no_other_from_being_made_anew(self) -> None:
        _receipt, broken, _letter = self.carried_out("portal")
        _receipt, other, _letter = self.carried_out("portal")
        Package.objects.filter(id=broken.id).update(contents=[])
        Package.objects.filter(id=other.id).update(fingerprint="")
        later = NOON + timedelta(minutes=5)
        assert rights.renew_packages(actor=tasks.WORKER, at=later) == 1
        assert Package.objects.get(id=other.id).read_at == later

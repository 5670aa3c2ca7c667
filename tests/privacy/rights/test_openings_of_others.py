"""Who opened my data never hands out whose it isn't: another's address or case, or anything after a mandate's end."""

from datetime import timedelta
from unittest import mock

from django.urls import reverse

from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import openings, openings_comparison
from privacy.rights.actors import Requester
from privacy.rights.models import Request
from tests import factory
from tests.privacy.rights.test_openings import OpeningsCase

THEIRS = "198.51.100.77"


class OthersCase(OpeningsCase):
    """Mina and somebody who acts for her (or who has the device after her): two cases about the same record."""

    def setUp(self) -> None:
        super().setUp()
        self.receipt = factory.ask(target=factory.imei(1))
        self.case = factory.make_verified(self.receipt)
        self.other = self.represented()

    def represented(self) -> Request:
        until = clock.kst_date(clock.now()) + timedelta(days=30)
        receipt = factory.ask(target=factory.imei(1), requester="agent")
        self.other_receipt = receipt
        return factory.make_verified(receipt, authority="power-of-attorney", authority_until=until)

    def seen_from(self, address: str, actor: object, reason: str = "") -> int:
        with request_context.override(address=address, peer=address):
            return self.open(actor=actor, task="rights.case.shown", reason=reason)

    def whole(self, number: int, case: Request) -> bool:
        return openings.may_be_shown(Entry.objects.get(id=number), openings.names_of([self.mina]), case)


class ProofTests(OthersCase):
    def test_whoever_is_not_of_the_staff_is_shown_word_for_word_to_themselves_alone(self) -> None:
        number = self.seen_from(THEIRS, Requester(self.other.reference), f"request {self.other.number}")
        assert THEIRS in Entry.objects.get(id=number).payload
        assert not self.whole(number, self.case)
        assert self.whole(number, self.other)
        mine = self.seen_from("203.0.113.9", Requester(self.case.reference), f"request {self.case.number}")
        assert self.whole(mine, self.case)
        assert not self.whole(mine, self.other)
        for kind in ("gateway", "recipient", "visitor", "anonymous", "subject"):
            assert not self.whole(self.seen_from(THEIRS, ExternalActor(kind, "X-1")), self.case)

    def test_the_portal_is_shown_where_it_worked_by_itself_and_not_for_a_visitor(self) -> None:
        assert self.whole(self.open(actor=SystemActor("sweep")), self.case)
        assert not self.whole(self.seen_from(THEIRS, SystemActor("sweep")), self.case)

    def test_staff_who_read_another_case_are_not_shown_word_for_word(self) -> None:
        for reason in (f"request {self.other.number}", "complaint C-0001", f"notice N-1, case {self.other.reference}"):
            assert not self.whole(self.open(reason=reason), self.case)
        for reason in (f"request {self.case.number}", f"notice N-1, case {self.case.reference}", "notice N-1, case "):
            assert self.whole(self.open(reason=reason), self.case)

    def test_the_page_and_the_copy_name_no_other_case(self) -> None:
        mine, theirs = (self.open(actor=Requester(one.reference)) for one in (self.case, self.other))
        self.enter(self.receipt)
        page = self.page()
        assert f'data-entry="{theirs}"' in page and self.other.reference not in page
        assert f'data-by="{self.case.reference}"' in page
        told = {one.number: one.by for one in openings.describe(openings.openings_of([self.mina]), self.case)}
        assert (told[mine], told[theirs]) == (self.case.reference, "")

    def test_the_page_says_that_a_proof_has_the_address_of_the_staff(self) -> None:
        self.enter(self.receipt)
        assert "the network address that they used" in self.page("/en")
        assert "접속한 네트워크 주소" in self.page()


class MandateTests(OthersCase):
    def end(self) -> None:
        yesterday = clock.kst_date(clock.now()) - timedelta(days=1)
        Request.objects.filter(id=self.other.id).update(authority_until=yesterday)

    def test_a_representative_sees_nothing_once_the_mandate_has_ended(self) -> None:
        number = self.open()
        self.enter(self.other_receipt)
        addresses = [reverse("rights:openings"), f"{reverse('rights:opening-proofs')}?entries={number}"]
        addresses.append(reverse("rights:opening-proof", args=[number]))
        assert f'data-entry="{number}"' in self.page()
        assert reverse("rights:openings") in self.client.get(reverse("rights:case")).content.decode()
        self.end()
        for address in addresses:
            answer = self.client.get(address)
            assert answer.status_code in (403, 404), address
            assert "data-entry" not in answer.content.decode()
        assert "mandate ended" in self.page("/en") and "대리" in self.page()
        assert reverse("rights:openings") not in self.client.get(reverse("rights:case")).content.decode()

    def test_the_last_day_of_a_mandate_counts(self) -> None:
        Request.objects.filter(id=self.other.id).update(authority_until=clock.kst_date(clock.now()))
        self.enter(self.other_receipt)
        assert self.client.get(reverse("rights:openings")).status_code == 200

    def test_the_person_still_sees_everything(self) -> None:
        self.end()
        number = self.open()
        self.enter(self.receipt)
        assert f'data-entry="{number}"' in self.page()


class NothingHeldTests(OpeningsCase):
    """A verified case about which we hold no record: what it says itself was opened nevertheless."""

    def setUp(self) -> None:
        super().setUp()
        self.receipt = factory.ask(target=factory.imei(4242))
        self.case = factory.make_verified(self.receipt)
        assert self.case.subject_id is None
        rights.read_particulars(self.case, task="rights.particulars.read", actor=self.odile, at=clock.now())
        self.number = Entry.objects.reads().filter(task="rights.particulars.read").latest("id").id

    def test_who_opened_the_request_and_its_document_is_told(self) -> None:
        self.enter(self.receipt)
        page = self.page("/en")
        assert "We have no record of anyone opening your data" not in page
        assert f'data-entry="{self.number}"' in page
        assert "rights.evidence.shown" in page
        assert openings.may_be_shown(Entry.objects.get(id=self.number), openings.names_of([self.case.id]), self.case)

    def test_one_that_is_left_out_is_found_by_the_nightly_comparison(self) -> None:
        # Every entry is looked for: the database may hold more of them than a night's sample.
        everything = Entry.objects.reads().count()
        assert list(openings_comparison.openings_are_told(clock.now(), sample=everything)) == []
        told = openings.openings_of
        with mock.patch.object(openings, "openings_of", lambda people: told(people).exclude(id=self.number)):
            found = {one.about for one in openings_comparison.openings_are_told(clock.now(), sample=everything)}
        assert found == {f"entry {self.number}"}

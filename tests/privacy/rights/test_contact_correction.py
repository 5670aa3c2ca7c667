"""A wrong contact is corrected like any other item: frozen from the receipt, right afterwards, and used then (P1.1)."""

from uuid import uuid4

import pytest
from django.urls import reverse

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery
from privacy.campaigns.tasks import deliver_mail
from privacy.jobs import outbox
from privacy.rights import actions as rights
from privacy.rights.actions import Receipt, RequestedRight
from privacy.subjects import actions as subjects
from privacy.subjects.holdings import for_category
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.rights.test_request_form import fields

WRONG, RIGHT = "mima@example.org", "mina@example.org"


@pytest.mark.clause("P1.1")
@pytest.mark.clause("P1.5")
class ContactCorrectionTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.mina = Subject.objects.get(pk=self.device.subject_id)
        factory.make_contact(self.mina, value=WRONG)
        factory.make_contact(self.mina, kind="phone", value="010-1234-5678")
        self.odile = factory.make_officer()

    def ask(self, item: str = "email", wanted: str = RIGHT) -> Receipt:
        return factory.ask(RequestedRight("correction", "contact", item, wanted=wanted), target=factory.imei(1))

    def held(self) -> dict[str, str]:
        (holding,) = for_category("contact")
        assert holding.export is not None
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.access.exported", actor=self.odile, at=NOON, reason="K7-1"
        ) as vault_session:
            shown = list(holding.export(self.mina.id, vault_session))
        return {kind: one[kind] for one in shown for kind in Contact.Kind.values if kind in one}

    def test_it_is_frozen_from_the_receipt_and_right_when_it_is_carried_out(self) -> None:
        receipt = self.ask()
        with pytest.raises(vault.Frozen):
            factory.make_contact(self.mina, value="somebody@example.org")
        factory.make_contact(self.mina, kind="phone", value="010-8765-4321")
        rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)
        assert self.held() == {"email": RIGHT, "phone": "010-8765-4321"}
        factory.make_contact(self.mina, value="new@example.org")
        self.assertLedgered("rights.item.corrected", receipt.request)

    @pytest.mark.truth("15")
    def test_a_contact_that_has_ended_is_not_said_to_be_corrected(self) -> None:
        subjects.end_contact(Contact.objects.current().get(kind="email"), actor=self.odile, at=NOON)
        with pytest.raises(rights.NoSuchItem):
            factory.make_granted(self.ask())

    def test_a_notice_waits_while_the_address_is_disputed_and_goes_to_the_right_one(self) -> None:
        version = factory.make_policy()
        campaign = campaigns.notify_of_version(version, actor=self.odile, at=NOON)
        right = factory.make_granted(self.ask())
        campaigns.list_next_slice(campaign.pk, after="", actor=self.odile, at=NOON)
        delivery = campaign.deliveries.get(subject_id=self.mina.id)
        ids = {"delivery": str(delivery.pk)}
        with pytest.raises(outbox.RetryLater):
            deliver_mail(ids, event=uuid4(), starts=1, at=NOON)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.trouble) == (Delivery.State.WAITING, "AddressDisputed")
        rights.carry_out(right, actor=self.odile, at=NOON)
        with mailbox() as box:
            deliver_mail(ids, event=uuid4(), starts=2, at=NOON)
        assert [mail["To"] for mail in box.arrived] == [RIGHT]

    def test_what_can_be_no_address_is_refused_on_the_form_and_by_the_verb(self) -> None:
        with pytest.raises(rights.NoSuchItem):
            self.ask(wanted="mina at home")
        sent = fields(target=factory.imei(1), item="contact/email", wanted="mina at home")
        assert self.client.post(reverse("rights:request"), sent).status_code == 422
        assert self.client.post(reverse("rights:request"), {**sent, "wanted": RIGHT}).status_code == 200

    def test_a_contact_that_is_not_held_is_not_granted(self) -> None:
        Contact.objects.filter(kind="email").delete()
        with pytest.raises(rights.NoSuchItem):
            factory.make_granted(self.ask())

"""What the worker does for campaigns: list people in slices, send each mail once. Safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils import translation

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import ADDRESS_DISPUTED, Delivery
from privacy.jobs import outbox
from privacy.ledger.actors import System
from privacy.lib import clock, mail
from privacy.policies.models import Officer
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed

WORKER = System("campaigns")


@outbox.deliverer(campaigns.LIST)
def list_people(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """List the next slice of a campaign to everybody."""
    campaigns.list_more(UUID(ids["campaign"]), after=ids["after"], actor=WORKER, at=at)


def park_delivery(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the office a mail that three days of trying did not deliver."""
    delivery = Delivery.objects.get(pk=ids["delivery"])
    campaigns.mark_parked(delivery, why=delivery.trouble or why, actor=WORKER, at=at)


@outbox.deliverer(campaigns.MAIL, patience=outbox.OUTWARD, parked=park_delivery)
def deliver_mail(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell one person by e-mail, in her language, with the same Message-ID at every try."""
    delivery = Delivery.objects.select_related("campaign").get(pk=ids["delivery"])
    if delivery.state not in {Delivery.State.WAITING, Delivery.State.PARKED}:
        return
    if contacts.disputed([delivery.subject_id], Contact.Kind.EMAIL, at=at):
        campaigns.note_trouble(delivery, why=ADDRESS_DISPUTED)
        raise outbox.Later(6 * 60 * 60, "the address is disputed")
    address = _address(delivery, at=at)
    if address is None:
        campaigns.mark_without_address(delivery)
        return
    try:
        _send(delivery, address, at=at)
    except Exception as error:
        campaigns.note_trouble(delivery, why=type(error).__name__)
        raise
    campaigns.mark_sent(delivery, actor=WORKER, at=at)


def _send(delivery: Delivery, address: str, *, at: datetime) -> None:
    campaign = delivery.campaign
    with translation.override(delivery.language):
        title, text = campaign.title, campaign.text
    mail.send(
        to=address,
        subject=title,
        template="campaign",
        context={"text": text, "reference": campaign.reference, "officer": Officer.objects.on(clock.kst_date(at))},
        language=delivery.language,
        message_id=campaigns.message_key(delivery),
    )


def _address(delivery: Delivery, *, at: datetime) -> str | None:
    contact = Contact.objects.filter(subject_id=delivery.subject_id, kind=Contact.Kind.EMAIL).first()
    if contact is None:
        return None
    task, reason = "campaigns.delivery.addressed", f"notice {delivery.campaign.reference}"
    try:
        with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=WORKER, at=at, reason=reason) as door:
            return str(door.reveal(contact, "value"))
    except Destroyed:
        return None

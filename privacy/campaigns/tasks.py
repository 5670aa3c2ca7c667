"""What the worker does for campaigns: list people in slices, send each mail once. Safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils import translation

from privacy.campaigns import actions as campaigns
from privacy.campaigns import recipients
from privacy.campaigns.models import ADDRESS_DISPUTED, TEXT_ALTERED, Delivery
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.policies.models import Officer
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault.refusals import Destroyed

WORKER = SystemActor("campaigns")


class TextAltered(Exception):
    """The text of a notice is not the one that went on record: it goes to nobody."""


@outbox.deliverer(campaigns.LIST)
def list_people(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """List the next slice of a campaign to everybody."""
    campaigns.list_next_slice(UUID(ids["campaign"]), after=ids["after"], actor=WORKER, at=at)


def park_delivery(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the office a mail that three days of trying did not deliver."""
    delivery = Delivery.objects.get(pk=ids["delivery"])
    campaigns.mark_parked(delivery, why=delivery.trouble or why, actor=WORKER, at=at)


@outbox.deliverer(campaigns.MAIL, destination=outbox.MAIL, parked=park_delivery)
def deliver_mail(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell one person by e-mail, in her language, with the same Message-ID at every try."""
    delivery = Delivery.objects.select_related("campaign").get(pk=ids["delivery"])
    if delivery.state not in {Delivery.State.WAITING, Delivery.State.PARKED}:
        return
    if not delivery.campaign.is_intact:
        campaigns.record_delivery_error(delivery, why=TEXT_ALTERED)
        raise TextAltered(delivery.campaign.reference)
    if contacts.disputed([delivery.subject_id], Contact.Kind.EMAIL, at=at):
        campaigns.record_delivery_error(delivery, why=ADDRESS_DISPUTED)
        raise outbox.RetryLater(6 * 60 * 60, "the address is disputed")
    address = _address(delivery, at=at)
    if address is None:
        campaigns.mark_without_address(delivery)
        return
    try:
        _send(delivery, address, at=at)
    except Exception as error:
        campaigns.record_delivery_error(delivery, why=type(error).__name__)
        raise
    campaigns.mark_sent(delivery, actor=WORKER, at=at)


def end_undeliverable() -> int:
    """End the deliveries to people whose data was destroyed before they were told; return how many."""
    return campaigns.end_undeliverable(actor=WORKER, at=clock.now())


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
    """Open the address; nothing where there is none, or where its term is over."""
    reason = f"notice {delivery.campaign.reference}"
    try:
        return recipients.address(delivery.subject_id, actor=WORKER, at=at, reason=reason)
    except Destroyed:
        return None

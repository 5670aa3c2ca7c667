"""Verbs on third parties: they are registered, changed and retired, never deleted (law P-06)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures import notice_texts, webhooks
from privacy.disclosures.actions.notices import switch_channel
from privacy.disclosures.events import Event
from privacy.disclosures.models import ThirdParty
from privacy.disclosures.refusals import Unreachable
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission


def register_party(
    *,
    code: str,
    title: str,
    kind: str,
    channel: str,
    mailbox: str = "",
    webhook_url: str = "",
    postal_address: str = "",
    contract: str = "",
    language: str = "ko",
    actor: Actor,
    at: datetime,
) -> ThirdParty:
    """Record an organisation that may receive personal information. Raises Unreachable without an address,
    UnusableWebhook for one that nothing is delivered to."""
    require_permission(actor, "disclosures.keep_third_parties")
    party = ThirdParty(
        code=code.strip(),
        title=title.strip(),
        kind=kind,
        channel=channel,
        mailbox=mailbox.strip(),
        webhook_url=webhook_url.strip(),
        postal_address=postal_address.strip(),
        contract=contract.strip(),
        language=language,
        created_at=at,
    )
    _must_be_reachable(party)
    with transaction.atomic():
        party.save(force_insert=True)
        ledger.record(Event.PARTY_REGISTERED, actor=actor, at=at, about=party, facts={"kind": kind, "channel": channel})
    return party


def change_channel(
    party: ThirdParty,
    *,
    channel: str,
    mailbox: str = "",
    webhook_url: str = "",
    postal_address: str = "",
    actor: Actor,
    at: datetime,
) -> ThirdParty:
    """Change how notices reach a third party, those that wait too. A new webhook gets a new signing key.

    One that is retired is still told of corrections to what it holds (P1.6), so its address is kept right as well.
    Raises Unreachable, UnusableWebhook.
    """
    require_permission(actor, "disclosures.keep_third_parties", about=party)
    with transaction.atomic():
        row = ThirdParty.objects.select_for_update().get(id=party.id)
        if webhook_url.strip() != row.webhook_url:
            row.webhook_generation += 1
        row.channel = channel
        row.mailbox = mailbox.strip()
        row.webhook_url = webhook_url.strip()
        row.postal_address = postal_address.strip()
        _must_be_reachable(row)
        row.save(update_fields=["channel", "mailbox", "webhook_url", "postal_address", "webhook_generation"])
        moved = switch_channel(row, at=at)
        facts = {"channel": channel, "notices": moved}
        ledger.record(Event.PARTY_CHANGED, actor=actor, at=at, about=row, facts=facts)
    return row


@transaction.atomic
def retire_party(party: ThirdParty, *, actor: Actor, at: datetime) -> ThirdParty:
    """Provide nothing more to a third party. Notices about what it already holds still go out (P1.6)."""
    require_permission(actor, "disclosures.keep_third_parties", about=party)
    row = ThirdParty.objects.select_for_update().get(id=party.id)
    if row.retired_at is None:
        row.retired_at = at
        row.save(update_fields=["retired_at"])
        ledger.record(Event.PARTY_RETIRED, actor=actor, at=at, about=row)
    return row


def show_webhook_key(party: ThirdParty, *, actor: Actor, at: datetime) -> str:
    """Return the key with which a third party checks our webhooks, on record: whoever has it can sign as we do."""
    require_permission(actor, "disclosures.keep_third_parties", about=party)
    ledger.record_before(Event.WEBHOOK_KEY_SHOWN, actor=actor, at=at, about=party, task=Event.WEBHOOK_KEY_SHOWN)
    return notice_texts.webhook_key(party)


def _must_be_reachable(party: ThirdParty) -> None:
    address = {
        ThirdParty.Channel.EMAIL: party.mailbox,
        ThirdParty.Channel.WEBHOOK: party.webhook_url,
        ThirdParty.Channel.LETTER: party.postal_address,
    }.get(ThirdParty.Channel(party.channel))
    if not address:
        raise Unreachable(_("Enter the address for the chosen channel: e-mail, webhook or postal address."))
    if party.channel == ThirdParty.Channel.WEBHOOK:
        webhooks.check_address(party.webhook_url)

"""Letters for people who have a postal address and no e-mail: one page each, opened by the vault, for a reason."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.campaigns.models import Campaign, Delivery
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, pdf
from privacy.lib.badges import day_text
from privacy.lib.refusals import Refusal
from privacy.policies.models import Officer
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

MOST = 500


class NobodyToWrite(Refusal):
    """Nobody who still has to be told has a postal address on record."""

    code = "nobody-to-write"


def printed(campaign: Campaign, *, reason: str, actor: Actor, at: datetime) -> bytes:
    """Return the letters as one PDF. Raises NotPermitted, NobodyToWrite, and what the vault raises."""
    require(actor, "campaigns.record_telling", about=campaign)
    waiting = campaign.deliveries.filter(state__in=("without-address", "parked")).order_by("id")
    languages: dict[UUID, str] = dict(waiting.values_list("subject_id", "language"))
    addresses = Contact.objects.filter(subject_id__in=list(languages), kind=Contact.Kind.ADDRESS).order_by("id")[:MOST]
    disputed = contacts.disputed(list(languages), Contact.Kind.ADDRESS, at=at)
    found = [contact for contact in addresses if contact.subject_id not in disputed]
    if not found:
        raise NobodyToWrite(_("Nobody who still has to be told has a postal address on record."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="campaigns.letters.printed", actor=actor, at=at, reason=reason
    ) as door:
        opened = [(contact.subject_id, str(value)) for contact, value in door.reveal_many(found, "value")]
    blocks = [block for one, address in opened for block in _page(campaign, address, languages[one], at)]
    with override("ko"):
        payload = {"title": campaign.title_ko, "reference": campaign.reference, "blocks": blocks[:-1]}
        return pdf.render("sheet", payload, language="ko", made_at=at)


def waiting_for_letters(campaign: Campaign) -> int:
    """Return how many people without e-mail could be written to."""
    ids = campaign.deliveries.filter(state=Delivery.State.WITHOUT_ADDRESS).values_list("subject_id", flat=True)
    return Contact.objects.filter(subject_id__in=list(ids), kind=Contact.Kind.ADDRESS).count()


def _page(campaign: Campaign, address: str, language: str, at: datetime) -> Iterable[dict[str, object]]:
    day = clock.kst_date(at)
    officer = Officer.objects.on(day)
    with override(language):
        yield {"kind": "text", "text": address}
        yield {"kind": "heading", "text": campaign.title}
        yield {"kind": "text", "text": campaign.text}
        signed = [_("Extrus Inc., protection officer"), f"{officer.name} {officer.phone}" if officer else ""]
        yield {"kind": "signature", "rows": [day_text(day), *signed]}
        yield {"kind": "page"}

"""Letters for people of any kind who have a postal address and no e-mail: one page each, opened for a reason."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched, islice
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.campaigns import recipients
from privacy.campaigns.models import Campaign, Delivery
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.lib.documents import pdf
from privacy.lib.errors.refusals import Refusal
from privacy.policies.models import Officer

MAX_LETTERS, BATCH_SIZE = 500, 1_000


class NoPostalAddress(Refusal):
    "None of the people still to be notified has a postal address on record."

    code = "nobody-to-write"


def print_letters(campaign: Campaign, *, reason: str, actor: Actor, at: datetime) -> bytes:
    """Return the letters as one PDF. Raises NotPermitted, NoPostalAddress, and what the vault raises."""
    require_permission(actor, "campaigns.record_telling", about=campaign)
    if not campaign.is_intact:
        raise NoPostalAddress(_("The text of the notice was changed outside the portal, so it is not sent."))
    opened = _opened(campaign, reason=reason, actor=actor, at=at)
    if not opened:
        raise NoPostalAddress(_("None of the people still to be notified has a postal address on record."))
    blocks = [block for address, language in opened for block in _page(campaign, address, language, at)]
    with override("ko"):
        payload = {"title": campaign.title_ko, "reference": campaign.reference, "blocks": blocks[:-1]}
        made = pdf.render("sheet", payload, language="ko", made_at=campaign.started_at)
    return document_issuance.issue(made, kind="notice-letters", number=campaign.reference, actor=actor, at=at)


def count_next_letters(campaign: Campaign, *, at: datetime) -> int:
    """Return how many letters the next printing makes at most: one for each person who may have a postal address."""
    return sum(1 for _one in islice(_recipients(campaign, at=at), MAX_LETTERS))


def _opened(campaign: Campaign, *, reason: str, actor: Actor, at: datetime) -> list[tuple[str, str]]:
    """Return postal address and language of those who are written to; who has none holds up nobody behind them."""
    waiting, found = _recipients(campaign, at=at), list[tuple[str, str]]()
    while some := list(islice(waiting, MAX_LETTERS - len(found))):
        addresses = recipients.postal_addresses([one for one, _language in some], actor=actor, at=at, reason=reason)
        found += [(addresses[one], language) for one, language in some if one in addresses]
    return found


def _recipients(campaign: Campaign, *, at: datetime) -> Iterator[tuple[UUID, str]]:
    """Yield each person of any kind who still has to be told and may have a postal address, and her language.

    Oldest delivery first; a disputed address waits and holds up nobody behind it.
    """
    waiting = campaign.deliveries.filter(state__in=(Delivery.State.WITHOUT_ADDRESS, Delivery.State.PARKED))
    people = waiting.order_by("id").values_list("subject_id", "language")
    for some in batched(people.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        languages = dict(some)
        reached = recipients.writable(list(languages), at=at)
        yield from ((one, language) for one, language in some if one in reached)


def _page(campaign: Campaign, address: str, language: str, at: datetime) -> Iterable[dict[str, object]]:
    day = clock.kst_date(at)
    officer = Officer.objects.on(day)
    with override(language):
        yield {"kind": "text", "text": address}
        yield {"kind": "heading", "text": campaign.title}
        yield {"kind": "text", "text": campaign.text}
        signed = [_("Extrus Inc., protection officer"), f"{officer.name_shown} {officer.phone}" if officer else ""]
        yield {"kind": "signature", "rows": [date_text(day), *signed]}
        yield {
            "kind": "note",
            "text": _("Check this document at %(address)s") % {"address": document_issuance.verification_url()},
        }
        yield {"kind": "digest", "label": "SHA-256", "value": campaign.digest}
        yield {"kind": "page"}

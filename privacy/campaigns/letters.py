"""Letters for people of any kind who have a postal address and no e-mail: one page each, opened for a reason."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.campaigns import letter_reports, recipients
from privacy.campaigns.lateness import is_late
from privacy.campaigns.models import Campaign, Delivery, DeliveryQuerySet, LetterBatch
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.lib.documents import pdf
from privacy.lib.documents.spreadsheets import csv_cell
from privacy.lib.errors.refusals import Refusal
from privacy.policies.models import Officer

# So many waiting people at most are looked up one by one.
MAX_LETTERS, MAX_WAITING = 500, 5_000


class NoPostalAddress(Refusal):
    "None of the people still to be notified has a postal address on record."

    code = "nobody-to-write"


def print_letters(campaign: Campaign, *, reason: str, actor: Actor, at: datetime) -> bytes:
    """Return the letters as one PDF. Raises NotPermitted, NoPostalAddress, and what the vault raises."""
    require_permission(actor, "campaigns.record_telling", about=campaign)
    _must_be_in_time(campaign, at)
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


def _must_be_in_time(campaign: Campaign, at: datetime) -> None:
    if is_late(campaign, at):
        raise NoPostalAddress(_("The day that this notice announces has come, so it can no longer be sent."))


def count_next_letters(campaign: Campaign, *, at: datetime) -> int:
    """Return how many letters the next printing makes at most: one for each person who may have a postal address."""
    return sum(1 for _one in islice(_next_recipients(campaign, at=at), MAX_LETTERS))


def next_letters(campaign: Campaign, *, at: datetime) -> list[UUID]:
    """Return the deliveries of the next batch for a mailing house, oldest first. Raises NoPostalAddress."""
    _must_be_in_time(campaign, at)
    return sorted(one.id for one in islice(_next_recipients(campaign, at=at), MAX_LETTERS))


def batch_files(batch: LetterBatch, *, reason: str, actor: Actor, at: datetime) -> tuple[dict[str, bytes], list[UUID]]:
    """Return what a mailing house gets, and the deliveries that have a letter in it.

    That is the letters, whose address is on which page, and the form of its report.

    Whose address is gone or disputed since, or who was told another way, has no letter in it. Raises NoPostalAddress,
    and what the vault raises.
    """
    campaign = batch.campaign
    _must_be_in_time(campaign, at)
    if not campaign.is_intact:
        raise NoPostalAddress(_("The text of the notice was changed outside the portal, so it is not sent."))
    waiting = Delivery.objects.to_be_written().filter(batch=batch)
    held = list(waiting.order_by("batch_place"))
    addresses = recipients.postal_addresses([one.subject_id for one in held], actor=actor, at=at, reason=reason)
    written = [one for one in held if one.subject_id in addresses]
    letters = [(batch.letter_number(one.batch_place or 0), addresses[one.subject_id], one.language) for one in written]
    if not letters:
        raise NoPostalAddress(_("None of the people still to be notified has a postal address on record."))
    blocks = [
        block
        for number, address, language in letters
        for block in ({"kind": "mark", "text": number}, *_page(campaign, address, language, at, number=number))
    ]
    with override("ko"):
        payload = {"title": campaign.title_ko, "reference": batch.reference, "blocks": blocks[:-1]}
    made = pdf.render("sheet", payload, language="ko", made_at=campaign.started_at)
    pages = pdf.pages_of_marks("sheet", payload, language="ko", made_at=campaign.started_at)
    made = document_issuance.issue(made, kind="notice-letters", number=campaign.reference, actor=actor, at=at)
    listed = [(number, pages[number], language, address) for number, address, language in letters]
    files = {
        "letters.pdf": made,
        "addresses.csv": _table(("letter", "page", "language", "address"), listed),
        "report.csv": _table(letter_reports.COLUMNS, [(number, "", "") for number, _address, _language in letters]),
    }
    return files, [one.id for one in written]


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([csv_cell(str(cell)) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _opened(campaign: Campaign, *, reason: str, actor: Actor, at: datetime) -> list[tuple[str, str]]:
    """Return postal address and language of those who are written to; who has none holds up nobody behind them."""
    waiting, found = _next_recipients(campaign, at=at), list[tuple[str, str]]()
    while some := list(islice(waiting, MAX_LETTERS - len(found))):
        addresses = recipients.postal_addresses([one.subject_id for one in some], actor=actor, at=at, reason=reason)
        found += [(addresses[one.subject_id], one.language) for one in some if one.subject_id in addresses]
    return found


def _next_recipients(campaign: Campaign, *, at: datetime) -> Iterator[Delivery]:
    """Yield each delivery to a person of any kind who still has to be told and may have a postal address.

    Whoever is in a batch for a mailing house, or whose letter came back, is written to by nobody else.
    """
    return recipients_of(campaign.deliveries.filter(batch=None), at=at)


def recipients_of(deliveries: DeliveryQuerySet, *, at: datetime) -> Iterator[Delivery]:
    """Yield which of these deliveries a letter can still tell; a disputed address waits and holds up nobody behind it.

    Looked through are those who wait, the oldest delivery first, or, where they are many, those who have an address,
    whoever registered first before the others: often nearly everybody who waits has none.
    """
    waiting = deliveries.to_be_written().only("id", "subject_id", "language").order_by()
    some_waiting = list(waiting[: MAX_WAITING + 1])
    slices: Iterable[Iterable[Delivery]] = [sorted(some_waiting, key=lambda one: one.id)]
    if len(some_waiting) > MAX_WAITING:
        with_address = recipients.with_postal_address()
        slices = (waiting.filter(subject_id__in=people).order_by("subject_id") for people in with_address)
    for some in map(list, slices):
        reached = recipients.writable([one.subject_id for one in some], at=at) if some else set()
        yield from (one for one in some if one.subject_id in reached)


def _page(
    campaign: Campaign, address: str, language: str, at: datetime, *, number: str = ""
) -> Iterable[dict[str, object]]:
    day = clock.kst_date(at)
    officer = Officer.objects.on(day)
    with override(language):
        yield {"kind": "text", "text": f"{number}\n{address}".strip()}
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

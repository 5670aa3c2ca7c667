"""Batches of letters for a mailing house: who is in one, what became of each letter, a batch taken back (0406)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.campaigns import letter_reports, letters
from privacy.campaigns.actions.deliveries import count_untold, finish_if_settled, reopen, what_is_left
from privacy.campaigns.actions.pace import CampaignOver
from privacy.campaigns.actions.ways import LETTER, take_way
from privacy.campaigns.events import Event
from privacy.campaigns.lateness import is_late_by_letter
from privacy.campaigns.letter_reports import LetterReport
from privacy.campaigns.models import LETTER_RETURNED, Campaign, Delivery, LetterBatch
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal

RECORD = "campaigns.record_telling"
# Whom a letter tells that was posted: also where the notice was stopped, or refused, before the report came.
UNTOLD = (Delivery.State.WITHOUT_ADDRESS, Delivery.State.PARKED, Delivery.State.STOPPED, Delivery.State.REFUSED)


class BatchClosed(Refusal):
    """The mailing house has it, or it was taken back."""

    code = "batch-closed"


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report of the mailing house changed: letters posted, letters returned, and those known before."""

    posted: int
    returned: int
    known: int


def make_batch(campaign: Campaign, *, actor: Actor, at: datetime) -> LetterBatch:
    """Put the next people whom only a letter reaches into a batch, in the order of its pages.

    Nobody is in two batches. Raises NotPermitted, CampaignOver, NoPostalAddress.
    """
    require_permission(actor, RECORD, about=campaign)
    with transaction.atomic():
        row = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if row.stopped_at is not None or row.state == Campaign.State.FINISHED:
            raise CampaignOver(_("This notice has ended."))
        ids = letters.next_letters(row, at=at)
        if not ids:
            raise letters.NoPostalAddress(_("None of the people still to be notified has a postal address on record."))
        batch = LetterBatch.objects.create(campaign=row, count=len(ids), made_at=at, made_by=actor.ref)
        deliveries = Delivery.objects.select_for_update().in_bulk(ids)
        for place, one in enumerate(ids, 1):
            deliveries[one].batch, deliveries[one].batch_place = batch, place
        Delivery.objects.bulk_update(deliveries.values(), ["batch", "batch_place"])
        facts = {"campaign": row.reference, "letters": len(ids)}
        people = [one.subject_id for one in deliveries.values()]
        ledger.record(Event.BATCH_MADE, actor=actor, at=at, about=batch, subjects=people, facts=facts)
    return batch


def take_batch(batch: LetterBatch, *, reason: str, actor: Actor, at: datetime) -> dict[str, bytes]:
    """Return the files of a batch by name: the letters, the addresses in the order of their pages, a form to report on.

    Each taking opens the addresses on record. Whoever has no letter in the file that is taken first leaves the batch.
    Raises NotPermitted, BatchClosed, NoPostalAddress, and more of the vault.
    """
    require_permission(actor, RECORD, about=batch)
    row = LetterBatch.objects.select_related("campaign").get(pk=batch.pk)
    if row.cancelled_at is not None:
        raise BatchClosed(_("This batch was taken back."))
    files, written = letters.batch_files(row, reason=reason, actor=actor, at=at)
    with transaction.atomic():
        held = _lock(batch)
        # Taken back meanwhile, or taken by somebody else in whose file one of these had no letter.
        if held.cancelled_at is not None or held.letters.filter(pk__in=written).count() != len(written):
            raise BatchClosed(_("This batch changed while its file was being made. Open its page again."))
        if held.handed_at is None:
            held.letters.exclude(pk__in=written).update(batch=None, batch_place=None)
            held.handed_at = at
            held.save(update_fields=["handed_at"])
        facts = {
            "campaign": row.campaign.reference, "reason": reason,
            "sha256": sha256(b"".join(files[name] for name in sorted(files))).hexdigest(),
        }  # fmt: skip
        ledger.record(Event.BATCH_TAKEN, actor=actor, at=at, about=held, facts=facts)
    return files


def cancel_batch(batch: LetterBatch, *, reason: str, actor: Actor, at: datetime) -> LetterBatch:
    """Take a batch back that no mailing house has: its people can be in another. Raises NotPermitted, BatchClosed."""
    require_permission(actor, RECORD, about=batch)
    with transaction.atomic():
        row = _lock(batch)
        if row.cancelled_at is not None:
            raise BatchClosed(_("This batch was taken back."))
        if row.handed_at is not None:
            raise BatchClosed(
                _("This batch was handed over, so it can't be taken back. The mailing house's report decides.")
            )
        row.letters.update(batch=None, batch_place=None)
        row.cancelled_at = at
        row.save(update_fields=["cancelled_at"])
        facts = {"campaign": row.campaign.reference, "reason": reason}
        ledger.record(Event.BATCH_CANCELLED, actor=actor, at=at, about=row, facts=facts)
    return row


def report_letters(batch: LetterBatch, *, name: str, content: bytes, actor: Actor, at: datetime) -> Reported:
    """Take the mailing house's report on a batch: all of it or nothing; the same again changes nothing.

    Raises NotPermitted, BatchClosed, and UnreadableReport with the numbers of the lines that can't be right.
    """
    require_permission(actor, RECORD, about=batch)
    rows = letter_reports.read(name, content)
    with transaction.atomic():
        row = _lock(batch)
        if row.cancelled_at is not None:
            raise BatchClosed(_("This batch was taken back."))
        held = {one.batch_place: one for one in row.letters.select_for_update()}
        letter_reports.judge(rows, row, held, today=clock.kst_date(at))
        posted = sum(_post(row.campaign, held[one.place], one.on, actor=actor, at=at) for one in _of(rows, "posted"))
        back = _of(rows, "returned")
        returned = sum(_return(row.campaign, held[one.place], one.on, actor=actor, at=at) for one in back)
        if posted or returned:
            row.reported_at = at
            row.save(update_fields=["reported_at"])
            facts = {
                "campaign": row.campaign.reference, "posted": posted, "returned": returned,
                "sha256": sha256(content).hexdigest(),
            }  # fmt: skip
            ledger.record(Event.BATCH_REPORTED, actor=actor, at=at, about=row, facts=facts)
            finish_if_settled(row.campaign, actor=actor, at=at)
    return Reported(posted, returned, len(rows) - posted - returned)


def _of(rows: Iterable[LetterReport], state: str) -> list[LetterReport]:
    return [one for one in rows if one.state == state]


def _lock(batch: LetterBatch) -> LetterBatch:
    """Lock a batch, and its campaign before it, as everybody does who settles a delivery."""
    campaign = Campaign.objects.select_for_update().get(batches=batch.pk)
    row = LetterBatch.objects.select_for_update().get(pk=batch.pk)
    row.campaign = campaign
    return row


def _post(campaign: Campaign, row: Delivery, on: date, *, actor: Actor, at: datetime) -> bool:
    """Note that a letter was posted, by which the person is told; return whether that is new.

    One that was posted when the day of its notice had come speaks of that day as one to come: it tells nobody (0437).
    """
    if row.state not in UNTOLD or row.returned_on is not None:
        return False
    if is_late_by_letter(campaign, on):
        return _post_late(campaign, row, on, actor=actor, at=at)
    row.state, row.way, row.settled_by = Delivery.State.TOLD, Delivery.Way.LETTER, actor.ref
    row.settled_at, row.message_id, row.trouble = min(at, periods.end_of_day(on)), "", ""
    row.posted_on = on
    row.save(update_fields=["state", "way", "settled_by", "settled_at", "message_id", "trouble", "posted_on"])
    facts = {"campaign": campaign.reference, "way": Delivery.Way.LETTER.value, "on": on.isoformat()}
    ledger.record(Event.TOLD, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    return True


def _post_late(campaign: Campaign, row: Delivery, on: date, *, actor: Actor, at: datetime) -> bool:
    if row.posted_on is not None:
        return False
    if row.state in Delivery.TOLD_ANOTHER_WAY:
        count_untold(campaign, Delivery.objects.filter(pk=row.pk), actor=actor, at=at)
        row.state, row.trouble = Delivery.State.STOPPED, ""
    row.posted_on = on
    row.save(update_fields=["state", "trouble", "posted_on"])
    return True


def _return(campaign: Campaign, row: Delivery, on: date, *, actor: Actor, at: datetime) -> bool:
    """Note that a letter came back, so nobody was told by it; return whether that is new.

    Whoever can be reached by a message takes that way; for others the fallback counts. Whoever was told another way,
    also by a letter of the office, stays told. A notice that was stopped, or that the person refused, goes on for
    nobody.
    """
    by_this_letter = row.state == Delivery.State.TOLD and row.posted_on is not None
    if row.returned_on is not None or not (by_this_letter or row.state in UNTOLD):
        return False
    row.campaign = campaign
    over, way = what_is_left(row, LETTER, actor=actor, at=at)
    row.state, row.way, row.settled_at, row.settled_by = over or Delivery.State.PARKED, "", None, ""
    row.trouble, row.returned_on = LETTER_RETURNED, on
    row.save(update_fields=["state", "way", "settled_at", "settled_by", "trouble", "returned_on"])
    facts = {"why": LETTER_RETURNED}
    ledger.record(Event.BOUNCED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    if over is None:
        if way is not None:
            take_way(row, way)
        reopen(campaign)
    return True

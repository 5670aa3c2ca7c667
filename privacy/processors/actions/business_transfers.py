"""Transfers of the business: recorded, told beforehand to everybody by a second person's word, carried out (N-03)."""

from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.campaigns import actions as campaigns
from privacy.campaigns import untold
from privacy.campaigns.models import Campaign, Delivery
from privacy.campaigns.untold import Untold
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import Notice
from privacy.processors import business_transfer_text
from privacy.processors.events import Event
from privacy.processors.models import BusinessTransfer
from privacy.safeguards.refusals import Incomplete, SamePerson, WrongState

TRANSFER = "processors.transfer_business"
# Whom no notice can reach is told by the website for so many days (Decree art. 29(2)).
WEBSITE_DAYS = "business-transfer.website.days"


def record_business_transfer(
    *,
    direction: str,
    kind: str,
    party_ko: str,
    party_en: str,
    address_ko: str,
    address_en: str,
    phone: str,
    bound_by: str,
    transfer_on: date,
    contact: str = "",
    objection_ko: str = "",
    objection_en: str = "",
    told_on: date | None = None,
    actor: Actor,
    at: datetime,
) -> BusinessTransfer:
    """Record that a business changes hands, with what people have to be told (PIPA art. 27(1)). Raises Incomplete."""
    require_permission(actor, TRANSFER)
    today, given = clock.kst_date(at), direction == BusinessTransfer.Direction.GIVEN
    said = {
        "party_ko": party_ko, "party_en": party_en, "address_ko": address_ko, "address_en": address_en, "phone": phone,
        "bound_by": bound_by, **({"objection_ko": objection_ko, "objection_en": objection_en} if given else {}),
    }  # fmt: skip
    texts = {name: text.strip() for name, text in said.items()}
    if empty := next((name for name, text in texts.items() if not text), ""):
        raise Incomplete(_("The law asks for each of these items. Fill in this one too."), pointer=f"/{empty}")
    if given and transfer_on <= today:
        raise Incomplete(
            _("People are told before the business is handed over. Enter a day in the future."), pointer="/transfer_on"
        )
    if given and told_on is not None:
        raise Incomplete(_("People are told by the notice that follows. Leave this empty."), pointer="/told_on")
    if not given and (told_on is None or told_on > today):
        raise Incomplete(
            _("Enter the day on which the people concerned were told by whoever hands over, or by the company."),
            pointer="/told_on",
        )
    with transaction.atomic():
        row = BusinessTransfer.objects.create(
            direction=direction, kind=kind, contact=contact.strip(), transfer_on=transfer_on, told_on=told_on,
            recorded_by=actor.ref, recorded_at=at, **texts,
        )  # fmt: skip
        facts = {"direction": direction, "kind": kind, "day": transfer_on.isoformat()}
        ledger.record(Event.BUSINESS_RECORDED, actor=actor, at=at, about=row, facts=facts)
    return row


def announce_business_transfer(transfer: BusinessTransfer, *, actor: Actor, at: datetime) -> BusinessTransfer:
    """Tell everybody individually, and on the website, as another person than who recorded it.

    The website shows it for the days that the law lays down, and until the business is handed over.
    Raises WrongState, SamePerson, NotASecondPerson.
    """
    require_permission(actor, TRANSFER, about=transfer)
    today = clock.kst_date(at)
    with transaction.atomic():
        row = _lock_open(transfer)
        if row.direction != BusinessTransfer.Direction.GIVEN or row.announced_at is not None:
            raise WrongState(_("People are told once, of a business that the company hands over."))
        if row.transfer_on <= today:
            raise WrongState(
                _(
                    "The day of the transfer has come. Cancel this record and record the transfer again with a day in "
                    "the future."
                )
            )
        same = SamePerson(_("You recorded the transfer, so another person must approve the notice."))
        require_second_person(actor, asked_by=row.recorded_by, same=same, at=at)
        words, title, text = business_transfer_text.compose(row)
        posted = periods.answer_due_unrolled(today, days=rulebook.parameter(WEBSITE_DAYS, today))
        until = max(row.transfer_on, posted)
        row.notice = policies.post_notice(
            kind=Notice.Kind.GENERAL, title_ko=title["ko"], title_en=title["en"], body_ko=text["ko"],
            body_en=text["en"], posted_on=today, posted_until=until, actor=actor, at=at,
        )  # fmt: skip
        row.campaign = campaigns.start_campaign(
            kind=Campaign.Kind.BUSINESS, about=f"processors.businesstransfer:{row.pk}", occasion=row.reference,
            title=title, text=text, template=words, subject_ids=None, told_before=clock.midnight(row.transfer_on),
            actor=actor, at=at,
        )  # fmt: skip
        row.announced_by, row.announced_at = actor.ref, at
        row.save(update_fields=["notice", "campaign", "announced_by", "announced_at"])
        facts = {"campaign": row.campaign.reference, "until": until.isoformat()}
        ledger.record(Event.BUSINESS_ANNOUNCED, actor=actor, at=at, about=row, facts=facts)
    return row


def tell_newcomers(*, actor: Actor, at: datetime) -> int:
    """Tell whoever registered since the notice of a coming transfer began; return how many. Safe to repeat.

    The list grows until the day of the transfer, or until it is recorded as done or given up, and each person is on it
    once. From that day on the notice would speak of a day that has come.
    """
    coming = BusinessTransfer.objects.announced().filter(transfer_on__gt=clock.kst_date(at))
    rows = coming.select_related("campaign")
    return sum(campaigns.list_newcomers(row.campaign, actor=actor, at=at) for row in rows)


def list_untold(*, actor: Actor, at: datetime) -> int:
    """List whom no notice told that had a day which has come, as not told; return how many. Safe to repeat.

    Whoever registers between that day and the handing over is told by the office, another way, and before it; so is
    whoever waits for a letter that nobody posted.
    """
    late = BusinessTransfer.objects.announced().filter(transfer_on__lte=clock.kst_date(at)).select_related("campaign")
    return sum(
        campaigns.list_untold(row.campaign, actor=actor, at=at)
        + campaigns.end_unwritten(row.campaign, actor=actor, at=at)
        for row in late
    )


def complete_business_transfer(
    transfer: BusinessTransfer, *, done_on: date, actor: Actor, at: datetime
) -> BusinessTransfer:
    """Record the day on which the data was handed over: everybody was told before, by a notice or the website.

    Raises WrongState, Incomplete.
    """
    require_permission(actor, TRANSFER, about=transfer)
    with transaction.atomic():
        row = _lock_open(transfer)
        if done_on > clock.kst_date(at):
            raise Incomplete(_("The day can't be in the future."), pointer="/done_on")
        if row.direction == BusinessTransfer.Direction.GIVEN:
            _must_be_told(row, done_on, at=at)
        row.done_on, row.done_by = done_on, actor.ref
        row.save(update_fields=["done_on", "done_by"])
        if row.campaign is not None:
            campaigns.finish_campaign(row.campaign, actor=actor, at=at)
        ledger.record(Event.BUSINESS_DONE, actor=actor, at=at, about=row, facts={"day": done_on.isoformat()})
    return row


def cancel_business_transfer(
    transfer: BusinessTransfer, *, reason: str, actor: Actor, at: datetime
) -> BusinessTransfer:
    """Give a transfer up: the notices stop, and the one on the website is there until the end of today.

    Whoever was told already learns of it by what the office posts.

    Raises WrongState, Incomplete.
    """
    require_permission(actor, TRANSFER, about=transfer)
    if not reason.strip():
        raise Incomplete(_("Enter the reason."), pointer="/reason")
    with transaction.atomic():
        row = _lock_open(transfer)
        row.cancelled_at, row.cancelled_by, row.cancel_reason = at, actor.ref, reason.strip()
        row.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
        if row.campaign is not None:
            with suppress(campaigns.CampaignOver):
                campaigns.stop_campaign(row.campaign, reason=reason.strip(), actor=actor, at=at)
        if row.notice is not None:
            policies.end_notice(row.notice, actor=actor, at=at)
        ledger.record(Event.BUSINESS_CANCELLED, actor=actor, at=at, about=row)
    return row


def _must_be_told(row: BusinessTransfer, done_on: date, *, at: datetime) -> None:
    if done_on < row.transfer_on:
        raise WrongState(
            _("People were told that the business is handed over on %(day)s, and not before.")
            % {"day": row.transfer_on.isoformat()}
        )
    if row.announced_at is None or done_on <= clock.kst_date(row.announced_at):
        raise WrongState(_("People are told before the business is handed over. Nobody was told before that day."))
    first = clock.midnight(done_on)
    if why := untold.why_untold(row.campaign, before=first, at=at):
        raise WrongState(_why_not(why))
    concerned = row.campaign.deliveries.exclude(subject_id__in=untold.registered_from(first))
    posted = rulebook.parameter(WEBSITE_DAYS, row.notice.posted_on)
    seen_until = row.notice.posted_on + timedelta(days=posted)
    if done_on < seen_until and concerned.filter(state__in=Delivery.TOLD_ANOTHER_WAY).exists():
        raise WrongState(
            _("Some people could be told only by the website, which shows the notice until %(day)s.")
            % {"day": seen_until.isoformat()}
        )


def _why_not(why: Untold) -> str:
    """Return in words why a business can't be handed over on a day: somebody was not told before it."""
    return {
        Untold.UNDER_WAY: _("People are still being told. Look at the individual notice."),
        Untold.STOPPED: _(
            "The notice was stopped before everybody was told. Cancel this record and record the transfer again."
        ),
        # Each hour the list gets them, as not told.
        Untold.UNLISTED: _(
            "People registered before that day and were not told. Within an hour each of them has a delivery: tell "
            "them in another way and record it there, or cancel this record and record the transfer again."
        ),
        Untold.UNTOLD: _(
            "Some people were not told before the planned day, and the notice has told nobody since then. Tell "
            "them in another way, record it on each delivery, and hand the business over after that day; or "
            "cancel this record and record the transfer again. If it was already handed over, whoever took it "
            "over must tell them without delay."
        ),
        Untold.TOO_LATE: _("Some people were told on that day or later. Enter a day after the last of them was told."),
    }[why]


def _lock_open(transfer: BusinessTransfer) -> BusinessTransfer:
    row = BusinessTransfer.objects.select_for_update(of=("self",)).get(pk=transfer.pk)
    if row.done_on is not None or row.cancelled_at is not None:
        raise WrongState(_("This transfer has happened, or was cancelled."))
    return row

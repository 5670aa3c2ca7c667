"""Notices on the website: revisions, breaches, others (P0.3, B-06)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.policies.events import Event
from privacy.policies.models import Notice, PolicyVersion


class NoticeTooShort(Refusal):
    code = "notice-too-short"


class NoticeBackdated(Refusal):
    """Nobody could read the notice on the day that it names."""

    code = "notice-dated-back"


def post_notice(
    *,
    kind: Notice.Kind,
    title_ko: str,
    title_en: str,
    body_ko: str,
    body_en: str,
    posted_on: date,
    posted_until: date | None = None,
    actor: Actor,
    at: datetime,
) -> Notice:
    """Post a notice for everybody. A breach notice stays for the days that the law lays down, or longer (B-06).

    Raises ``NotPermitted``, ``NoticeTooShort``, and ``NoticeBackdated`` for a day on which nobody could read it.
    """
    require_permission(actor, "policies.post_notice")
    if posted_on < clock.kst_date(at):
        raise NoticeBackdated(_("A notice can't be posted before today."), pointer="/posted_on")
    if posted_until is not None and posted_until < posted_on:
        raise NoticeTooShort(_("The notice can't end before it starts."), pointer="/posted_until")
    if kind == Notice.Kind.BREACH:
        days = rulebook.parameter("breach.website.days", posted_on)
        if posted_until is not None and posted_until < posted_on + timedelta(days):
            raise NoticeTooShort(
                _("A breach notice must stay on the website for at least %(days)d days.") % {"days": days},
                pointer="/posted_until",
            )
    return create_notice(
        kind=kind,
        title_ko=title_ko,
        title_en=title_en,
        body_ko=body_ko,
        body_en=body_en,
        posted_on=posted_on,
        posted_until=posted_until,
        actor=actor,
        at=at,
    )


def create_notice(
    *,
    kind: Notice.Kind,
    title_ko: str,
    title_en: str,
    body_ko: str,
    body_en: str,
    posted_on: date,
    posted_until: date | None,
    version: PolicyVersion | None = None,
    actor: Actor,
    at: datetime,
) -> Notice:
    """Write a notice that another verb has already permitted."""
    with transaction.atomic():
        notice = Notice.objects.create(
            kind=kind,
            version=version,
            title_ko=title_ko,
            title_en=title_en,
            body_ko=body_ko,
            body_en=body_en,
            posted_on=posted_on,
            posted_until=posted_until,
        )
        facts = {"kind": str(kind), "from": posted_on.isoformat()}
        ledger.record(Event.NOTICE_POSTED, actor=actor, at=at, about=notice, facts=facts)
    return notice


def end_notice(notice: Notice, *, actor: Actor, at: datetime) -> Notice:
    """Let today be the last day on which the website shows a notice of what will not happen; one that is over stays so.

    Building block of the verb that gives it up. A revision or a breach was no plan: their notices stay.
    """
    today = clock.kst_date(at)
    with transaction.atomic():
        row = Notice.objects.select_for_update().get(pk=notice.pk)
        if row.kind == Notice.Kind.GENERAL and (row.posted_until is None or row.posted_until > today):
            row.posted_until = today
            row.save(update_fields=["posted_until"])
            ledger.record(Event.NOTICE_ENDED, actor=actor, at=at, about=row, facts={"until": today.isoformat()})
    return row

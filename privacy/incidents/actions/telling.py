"""Telling: the subjects, everybody on the website, the authorities (B-02 … B-10)."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign
from privacy.incidents import duties, papers, wording
from privacy.incidents.actions.recording import open_row
from privacy.incidents.events import Event
from privacy.incidents.models import Incident, Report
from privacy.incidents.refusals import Incomplete, MustBeReported, NobodyFound, NothingWritten, WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import Notice

NOTIFY, REPORT = "incidents.notify_incident", "incidents.report_incident"
LANGUAGES = ("ko", "en")


def notify_subjects(incident: Incident, *, actor: Actor, at: datetime) -> Campaign:
    """Tell each affected person by herself, with the contents of the law; return the individual notice.

    Raises NotPermitted, Closed, Incomplete, NobodyFound, and ``campaigns.AlreadyTold`` for the same stage.
    """
    require(actor, NOTIFY, about=incident)
    with transaction.atomic():
        row = open_row(incident)
        stage = _complete(row, at)
        people = list(row.affected.values_list("subject_id", flat=True))
        if not people:
            raise NobodyFound(_("Nobody is known who was affected: add them, or post the notice on the website."))
        day = clock.kst_date(at)
        campaign = campaigns.begin(
            kind=Campaign.Kind.BREACH,
            about=f"incidents.incident:{row.pk}",
            occasion=f"{row.reference} {stage}",
            title={language: wording.title(row, stage, language) for language in LANGUAGES},
            text={language: wording.text(row, stage, language, on=day) for language in LANGUAGES},
            subject_ids=people,
            actor=actor,
            at=at,
        )
        if row.notified_at is None and campaign.progress.total > campaign.progress.without_address:
            row.notified_at = at
            row.save(update_fields=["notified_at"])
        facts = {"stage": stage, "campaign": campaign.reference, "people": len(people)}
        ledger.record(Event.NOTIFIED, actor=actor, at=at, about=row, facts=facts)
    return campaign


def post_on_website(incident: Incident, *, actor: Actor, at: datetime) -> Notice:
    """Post the notice for everybody, for the days that the law lays down (B-06). Raises as ``notify_subjects``."""
    require(actor, NOTIFY, about=incident)
    with transaction.atomic():
        row = open_row(incident)
        stage = _complete(row, at)
        day = clock.kst_date(at)
        days = rulebook.parameter("breach.website.days", day)
        notice = policies.post_notice(
            kind=Notice.Kind.BREACH,
            title_ko=wording.title(row, stage, "ko"),
            title_en=wording.title(row, stage, "en"),
            body_ko=wording.text(row, stage, "ko", on=day),
            body_en=wording.text(row, stage, "en", on=day),
            posted_on=day,
            posted_until=day + timedelta(days=days),
            actor=actor,
            at=at,
        )
        row.website_at = row.website_at or at
        row.save(update_fields=["website_at"])
        facts = {"stage": stage, "notice": str(notice.pk), "until": str(notice.posted_until)}
        ledger.record(Event.POSTED, actor=actor, at=at, about=row, facts=facts)
    return notice


def delay_notice(incident: Incident, *, delay: Incident.Delay, reason: str, actor: Actor, at: datetime) -> Incident:
    """Record why the notice has to wait; it goes out at once when the reason ends. The clock runs on (B-05)."""
    require(actor, NOTIFY, about=incident)
    if not reason.strip():
        raise NothingWritten(_("State the reason of the delay."), pointer="/reason")
    with transaction.atomic():
        row = open_row(incident)
        row.delay, row.delay_reason = Incident.Delay(delay), reason.strip()
        row.save(update_fields=["delay", "delay_reason"])
        ledger.record(Event.DELAYED, actor=actor, at=at, about=row, facts={"because": str(delay)})
    return row


def record_report(
    incident: Incident,
    *,
    authority: Report.Authority,
    duty: Report.Duty,
    reported_at: datetime,
    receipt: str = "",
    actor: Actor,
    at: datetime,
) -> Report:
    """Record that the form went to an authority; a second one is a supplement (B-08 … B-10).

    Raises NotPermitted, Closed, Incomplete while items 3 to 5 are unknown, WrongState for a duty that isn't one.
    """
    require(actor, REPORT, about=incident)
    with transaction.atomic():
        row = open_row(incident)
        if duty == Report.Duty.INTRUSION and not row.intrusion:
            raise WrongState(_("The incident is not recorded as an intrusion."))
        if not row.aware_at <= reported_at <= at:
            raise WrongState(_("A report is made after becoming aware, and not in the future."))
        if duty == Report.Duty.BREACH:
            _complete(row, at)
        sequence = row.reports.filter(duty=duty).count() + 1
        form = papers.report_form(row, duty=duty, sequence=sequence, at=at)
        report = Report.objects.create(
            incident=row,
            authority=authority,
            duty=duty,
            sequence=sequence,
            receipt=receipt.strip(),
            digest=hashlib.sha256(form).hexdigest(),
            reported_at=reported_at,
            reported_by=actor.ref,
        )
        field = "reported_at" if duty == Report.Duty.BREACH else "intrusion_reported_at"
        if getattr(row, field) is None:
            setattr(row, field, reported_at)
            row.save(update_fields=[field])
        facts = {"authority": str(authority), "duty": str(duty), "no": sequence, "digest": report.digest}
        ledger.record(Event.REPORTED, actor=actor, at=at, about=row, facts=facts)
    return report


def need_not_report(incident: Incident, *, reason: str, actor: Actor, at: datetime) -> Incident:
    """Record why it is not reported. Raises MustBeReported where the law wants it and nothing was recovered (B-08)."""
    require(actor, REPORT, about=incident)
    if not reason.strip():
        raise NothingWritten(_("State why it need not be reported."), pointer="/reason")
    with transaction.atomic():
        row = open_row(incident)
        found = duties.grounds(row)
        if found and not row.recovered:
            raise MustBeReported(
                _("It must be reported: %(grounds)s. It need not be only where the data was recovered or deleted.")
                % {"grounds": "; ".join(found)}
            )
        row.not_reported_reason = reason.strip()
        row.save(update_fields=["not_reported_reason"])
        ledger.record(Event.NOT_REPORTED, actor=actor, at=at, about=row, facts={"recovered": row.recovered})
    return row


def _complete(row: Incident, at: datetime) -> str:
    missing = duties.unsaid(row, clock.kst_date(at))
    if missing:
        raise Incomplete(_("The notice lacks what the law wants said: %(missing)s.") % {"missing": "; ".join(missing)})
    return duties.stage(row)

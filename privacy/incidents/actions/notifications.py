"""Telling: the subjects, everybody on the website, the authorities (B-02 … B-10)."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign
from privacy.incidents import documents, duties, later_facts, notice_texts, notifications
from privacy.incidents.actions.incidents import REPORTED_FACTS, lock_open_incident
from privacy.incidents.events import Event
from privacy.incidents.models import Incident, Notification, Report, Stage
from privacy.incidents.refusals import (
    ChangedProposal,
    Contradiction,
    EmptyText,
    Incomplete,
    MustBeReported,
    NobodyFound,
    WrongState,
)
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.exports import document_issuance
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import Notice

NOTIFY, REPORT = "incidents.notify_incident", "incidents.report_incident"
LANGUAGES = ("ko", "en")
# Where there is something to say about not reporting.
NOT_REPORTED = {"not-demanded", "owed", "recovered"}


def notify_subjects(incident: Incident, *, read: str = "", actor: Actor, at: datetime) -> list[Campaign]:
    """Tell each affected person who was not told yet by herself, with the contents of the law (B-03).

    What is told depends on what each of them knows: a supplement goes to whoever got the first notice, the whole to
    whoever was added since. ``read`` is the digest of the notice as it was shown before the button was pressed.
    Returns the individual notices, one a stage. Raises NotPermitted, Closed, Incomplete, NobodyFound, ChangedProposal
    where it says something else by now or goes to others, and ``campaigns.AlreadyNotified`` when nobody is left.
    """
    require_permission(actor, NOTIFY, about=incident)
    with transaction.atomic():
        row = lock_open_incident(incident)
        _complete(row, at)
        wanted = notifications.pending_individual_notices(row)
        if not wanted and notifications.notifications_of(row, Stage).exclude(campaign=None).exists():
            raise campaigns.AlreadyNotified(
                _("Everyone listed is already being told. Open the individual notice, or add data subjects.")
            )
        if not wanted and row.certainty == Incident.Certainty.NONE:
            raise NobodyFound(_("Nobody was told individually of a possible breach, so there is nothing to correct."))
        if not wanted:
            raise NobodyFound(_("No affected data subjects are listed. Add them, or post the notice on the website."))
        _must_be_what_was_read(row, wanted, read, at=at)
        return [_start_campaign(row, stage, people, actor=actor, at=at) for stage, people in wanted.items()]


def digest_of_notice(incident: Incident, told: Mapping[Stage, Collection[UUID]], on: date) -> str:
    """Return the digest of what notices would say on a day in every language, each by its stage to these people."""
    return canonical_json.digest(
        {
            f"{stage.value} {language}": [
                sorted(str(person) for person in people),
                notice_texts.notice_title(incident, stage, language),
                notice_texts.notice_text(incident, stage, language, on=on),
            ]
            for stage, people in told.items()
            for language in LANGUAGES
        }
    )


def _must_be_what_was_read(row: Incident, told: Mapping[Stage, Collection[UUID]], read: str, *, at: datetime) -> None:
    if read and read != digest_of_notice(row, told, clock.kst_date(at)):
        raise ChangedProposal(_("The notice has changed since you opened this page. Read it again."))


def _start_campaign(row: Incident, stage: Stage, people: list[UUID], *, actor: Actor, at: datetime) -> Campaign:
    day = clock.kst_date(at)
    before = notifications.notifications_of(row, [stage]).exclude(campaign=None).count()
    words = notice_texts.wording(stage)
    campaign = campaigns.start_campaign(
        kind=Campaign.Kind.BREACH,
        about=f"incidents.incident:{row.pk}",
        occasion=" ".join([row.reference, stage, *([str(before + 1)] if before else [])]),
        title={language: notice_texts.notice_title(row, stage, language, words=words) for language in LANGUAGES},
        text={language: notice_texts.notice_text(row, stage, language, on=day, words=words) for language in LANGUAGES},
        template=words.version,
        subject_ids=people,
        actor=actor,
        at=at,
    )
    Notification.objects.create(incident=row, stage=stage, campaign=campaign, made_at=at, made_by=actor.ref)
    facts = {"stage": stage.value, "campaign": campaign.reference, "people": len(people)}
    ledger.record(Event.NOTIFIED, actor=actor, at=at, about=row, facts=facts)
    return campaign


def post_on_website(incident: Incident, *, read: str = "", actor: Actor, at: datetime) -> Notice:
    """Post the notice for everybody, for the days that the law lays down (B-06).

    ``read`` is as with ``notify_subjects``. Raises NotPermitted, Closed, Incomplete, ChangedProposal,
    ``campaigns.AlreadyNotified`` while the same text is posted, and NobodyFound where it would take back what was told
    to nobody.
    """
    require_permission(actor, NOTIFY, about=incident)
    with transaction.atomic():
        row = lock_open_incident(incident)
        _complete(row, at)
        stage, day = notifications.next_public_notice(row), clock.kst_date(at)
        if stage == Stage.NONE and not notifications.notifications_of(row, [Stage.POSSIBLE]).exists():
            raise NobodyFound(_("Nobody was told of a possible breach, so there is nothing to correct."))
        _must_be_what_was_read(row, {stage: []}, read, at=at)
        said = {
            f"{part}_{language}": text
            for language in LANGUAGES
            for part, text in (
                ("title", notice_texts.notice_title(row, stage, language)),
                ("body", notice_texts.notice_text(row, stage, language, on=day)),
            )
        }
        if Notice.objects.filter(notification__incident=row, posted_until__gte=day, **said).exists():
            raise campaigns.AlreadyNotified(_("The website already shows this notice."))
        days = rulebook.parameter("breach.website.days", day)
        until = day + timedelta(days=days)
        kind = Notice.Kind.BREACH
        notice = policies.post_notice(kind=kind, **said, posted_on=day, posted_until=until, actor=actor, at=at)
        Notification.objects.create(incident=row, stage=stage, notice=notice, made_at=at, made_by=actor.ref)
        facts = {"stage": stage.value, "notice": str(notice.pk), "until": str(notice.posted_until)}
        ledger.record(Event.POSTED, actor=actor, at=at, about=row, facts=facts)
    return notice


def delay_notice(incident: Incident, *, delay: Incident.Delay, reason: str, actor: Actor, at: datetime) -> Incident:
    """Record why the notice has to wait; it goes out at once when the reason ends. The clock runs on (B-05).

    That of a possible breach waits for force majeure alone (Decree 39-3(1)): Contradiction for another reason.
    """
    require_permission(actor, NOTIFY, about=incident)
    if not reason.strip():
        raise EmptyText(_("State the reason for the delay."), pointer="/reason")
    with transaction.atomic():
        row = lock_open_incident(incident)
        ground = Incident.Delay(delay)
        if ground not in row.delay_grounds:
            raise Contradiction(
                _("The notice of a possible breach may wait for force majeure alone (Decree art. 39-3(1))."),
                pointer="/delay",
            )
        row.delay, row.delay_reason, row.delay_ended_at = ground, reason.strip(), None
        row.save(update_fields=["delay", "delay_reason", "delay_ended_at"])
        ledger.record(Event.DELAYED, actor=actor, at=at, about=row, facts={"because": str(delay)})
    return row


def end_delay(incident: Incident, *, ended_at: datetime, actor: Actor, at: datetime) -> Incident:
    """Record when the reason to wait ended: past the 72 hours the notice is due at that very moment (Decree 39(1)).

    Raises Contradiction where nothing waits, and for a moment that is to come or before anybody knew of the breach.
    """
    require_permission(actor, NOTIFY, about=incident)
    with transaction.atomic():
        row = lock_open_incident(incident)
        if not row.delay or row.delay_ended_at is not None:
            raise Contradiction(_("No notice is waiting here."))
        if not row.aware_at <= ended_at <= at:
            raise Contradiction(
                _("Enter when the reason ended: after the company became aware, and not in the future."),
                pointer="/ended_at",
            )
        row.delay_ended_at = ended_at
        row.save(update_fields=["delay_ended_at"])
        ledger.record(Event.DELAY_ENDED, actor=actor, at=at, about=row, facts={"since": ended_at.isoformat()})
    return row


def issue_report_form(incident: Incident, *, duty: Report.Duty, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Hand out the form of the next report with its number, on record: a report that follows is this file (B-08)."""
    require_permission(actor, "incidents.view_incident", about=incident)
    incident = Incident.objects.get(pk=incident.pk)
    sequence = incident.reports.filter(duty=duty).count() + 1
    number = f"{incident.reference}-{'F9' if duty == Report.Duty.BREACH else 'intrusion'}-{sequence}"
    content = documents.report_form(incident, duty=duty, sequence=sequence, at=at)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        facts = {"duty": str(duty), "no": sequence, "digest": digest, "incomplete": not incident.is_known}
        ledger.record(Event.FORM_ISSUED, actor=actor, at=at, about=incident, facts=facts)
        document_issuance.issue(content, kind="incident-report", number=number, actor=actor, at=at)
    return content, number


def record_report(
    incident: Incident,
    *,
    authority: Report.Authority,
    duty: Report.Duty,
    reported_at: datetime,
    receipt: str = "",
    partial: bool = False,
    actor: Actor,
    at: datetime,
) -> Report:
    """Record that a report was made to an authority; a second one is a supplement (B-08 … B-10).

    It is the form that was handed out last by that moment, or by the end of a minute that was typed, unless this
    authority has that form already; what is written down after a form was made is not told by it.
    ``partial`` says that items or course were left out, whatever is known by now.
    Raises NotPermitted, Closed, Incomplete while items 3 to 5 are unknown, WrongState for a duty that isn't one.
    """
    require_permission(actor, REPORT, about=incident)
    with transaction.atomic():
        row = lock_open_incident(incident)
        if duty == Report.Duty.INTRUSION and not row.intrusion:
            raise WrongState(_("The incident is not recorded as an intrusion."))
        if duty == Report.Duty.BREACH and authority == Report.Authority.MSIT:
            raise WrongState(_("A breach must be reported to the PIPC or KISA."), pointer="/authority")
        if duty == Report.Duty.INTRUSION and authority == Report.Authority.PIPC:
            raise WrongState(_("An intrusion must be reported to the MSIT or KISA."), pointer="/authority")
        if not row.aware_at <= reported_at <= at:
            raise WrongState(_("A report can't be dated before the company became aware, or in the future."))
        if duty == Report.Duty.BREACH:
            _complete(row, at)
        if row.reports.filter(authority=authority, duty=duty, reported_at=reported_at).exists():
            raise WrongState(_("This report is already recorded."))
        sequence = row.reports.filter(duty=duty).count() + 1
        form = later_facts.last_form(row, duty, before=_end_of_minute(reported_at))
        if form and row.reports.filter(authority=authority, duty=duty, digest=form.digest).exists():
            form = None
        told_at = form.at if form else reported_at
        lacked = form is not None and form.partial
        report = Report.objects.create(
            incident=row,
            authority=authority,
            duty=duty,
            sequence=sequence,
            receipt=receipt.strip(),
            digest=form.digest if form else "",
            reported_at=reported_at,
            reported_by=actor.ref,
            partial=partial or lacked or _must_be_partial(row, duty, reported_at),
            due_at=_supplement(row, duty, told_at),
        )
        field = "reported_at" if duty == Report.Duty.BREACH else "intrusion_reported_at"
        # The first report keeps the term, in whichever order they are recorded.
        setattr(row, field, min(getattr(row, field) or reported_at, reported_at))
        if duty == Report.Duty.INTRUSION:
            row.new_facts_at = row.new_facts_at or _facts_since(row, later_facts.told_until(row, duty))
        row.save(update_fields=[field, "new_facts_at"])
        facts = {"authority": str(authority), "duty": str(duty), "no": report.sequence, "digest": report.digest}
        ledger.record(Event.REPORTED, actor=actor, at=at, about=row, facts=facts)
    return report


def need_not_report(incident: Incident, *, reason: str, actor: Actor, at: datetime) -> Incident:
    """Record why it is not reported, for the grounds that stand now; one that appears later is decided anew (B-08).

    Raises MustBeReported where the law wants it and nothing was recovered.
    """
    require_permission(actor, REPORT, about=incident)
    if not reason.strip():
        raise EmptyText(_("State why it need not be reported."), pointer="/reason")
    with transaction.atomic():
        row = lock_open_incident(incident)
        duty = duties.report_duty(row)
        if duty.state not in NOT_REPORTED:
            raise WrongState(_("There is nothing to decide about the report: %(state)s.") % {"state": duty.said})
        if duty.grounds and not row.recovered:
            raise MustBeReported(
                _(
                    "It must be reported: %(grounds)s. The only exception is if the route was found and the data was "
                    "recovered or deleted, so that harm is clearly unlikely."
                )
                % {"grounds": "; ".join(duty.grounds)}
            )
        row.not_reported_reason, row.not_reported_grounds = reason.strip(), sorted(duty.codes)
        row.save(update_fields=["not_reported_reason", "not_reported_grounds"])
        ledger.record(Event.NOT_REPORTED, actor=actor, at=at, about=row, facts={"recovered": row.recovered})
    return row


def _end_of_minute(moment: datetime) -> datetime:
    """Return the last moment of a whole minute, as a form shows and takes them; another moment as it is."""
    typed = moment == moment.replace(second=0, microsecond=0)
    return moment + timedelta(minutes=1, microseconds=-1) if typed else moment


def _supplement(row: Incident, duty: Report.Duty, told_at: datetime) -> datetime | None:
    """Return until when the new facts of an intrusion were due, if this report tells them (B-10)."""
    since = row.new_facts_at
    if duty != Report.Duty.INTRUSION or since is None or told_at < since:
        return None
    row.new_facts_at = None
    return duties.supplement_due(since)


def _must_be_partial(row: Incident, duty: Report.Duty, reported_at: datetime) -> bool:
    """Whether a report can't have told items and course of a breach: not known yet, or still in doubt (B-09)."""
    # What was reported while it was in doubt is no report of the breach that it turned out to be (B-08).
    in_doubt = duty == Report.Duty.BREACH and (row.confirmed_at is None or reported_at < row.confirmed_at)
    return in_doubt or not row.is_known


def _facts_since(row: Incident, told: datetime) -> datetime | None:
    """Return when facts of an intrusion became known that no report could tell by a moment (B-10)."""
    later = later_facts.changes_after(row, told)
    return next((one.at for one in later if not one.fields.isdisjoint({*REPORTED_FACTS, "affected"})), None)


def _complete(row: Incident, at: datetime) -> None:
    missing = duties.missing_notice_contents(row, clock.kst_date(at))
    if missing:
        raise Incomplete(_("The notice lacks what the law requires: %(missing)s.") % {"missing": "; ".join(missing)})

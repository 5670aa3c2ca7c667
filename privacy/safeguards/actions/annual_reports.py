"""The annual report to the representative: made from the registers, kept with its figures, presented (law O-03)."""

import hashlib
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock
from privacy.safeguards import documents
from privacy.safeguards.events import Event
from privacy.safeguards.models import AnnualReport
from privacy.safeguards.refusals import Incomplete, WrongState

MAKE = "safeguards.make_report"


def make_report(*, year: int, language: str, remarks: str = "", actor: Actor, at: datetime) -> AnnualReport:
    """Make the report on a year; of the current one it tells what there is so far. Raises Incomplete."""
    require_permission(actor, MAKE)
    today = clock.kst_date(at)
    if not 2020 <= year <= today.year:
        raise Incomplete(_("A report covers a year from 2020 to the current one."), pointer="/year")
    report = AnnualReport(
        year=year,
        language=language,
        remarks=remarks.strip(),
        chapters=documents.annual_report_sections(date(year, 1, 1), date(year, 12, 31), language=language),
        made_by=actor.ref,
        made_at=at,
    )
    report.digest = hashlib.sha256(documents.report_pdf(report)).hexdigest()
    with transaction.atomic():
        report.save(force_insert=True)
        facts = {"year": year, "language": language, "sha256": report.digest}
        ledger.record(Event.REPORT_MADE, actor=actor, at=at, about=report, facts=facts)
    return report


def print_report(report: AnnualReport, *, actor: Actor, at: datetime) -> bytes:
    """Return a report as PDF, the same as when it was made. Raises WrongState where its figures were altered since."""
    require_permission(actor, "safeguards.view_annualreport", about=report)
    content = documents.report_pdf(report)
    if hashlib.sha256(content).hexdigest() != report.digest:
        raise WrongState(
            _("The report no longer matches its digest: its figures, names or the program that prints it have changed. "
              "Make a new one.")
        )  # fmt: skip
    return document_issuance.issue(content, kind="annual-report", number=report.reference, actor=actor, at=at)


def present_report(report: AnnualReport, *, presented_on: date, actor: Actor, at: datetime) -> AnnualReport:
    """Record that the representative was given the report. Raises WrongState, Incomplete."""
    require_permission(actor, MAKE, about=report)
    with transaction.atomic():
        row = AnnualReport.objects.select_for_update().get(pk=report.pk)
        if row.presented_on is not None:
            raise WrongState(_("The report was already presented."))
        if not clock.kst_date(row.made_at) <= presented_on <= clock.kst_date(at):
            raise Incomplete(
                _("Enter the day it was presented. It can't be before the report was made or in the future.")
            )
        row.presented_on, row.presented_by = presented_on, actor.ref
        row.save(update_fields=["presented_on", "presented_by"])
        facts = {"presented_on": presented_on.isoformat()}
        ledger.record(Event.REPORT_PRESENTED, actor=actor, at=at, about=row, facts=facts)
    return row

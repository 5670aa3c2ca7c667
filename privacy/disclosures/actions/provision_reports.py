"""Reports on provisions to agencies: recorded once they are filed (law P-09, P-10)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures import provision_reports
from privacy.disclosures.events import Event
from privacy.disclosures.models import ProvisionReport
from privacy.disclosures.refusals import NotFiled
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock

REPORT = "disclosures.report_provisions"


def record_provision_report(
    *, report: str, filed_on: date, receipt: str, actor: Actor, at: datetime
) -> ProvisionReport:
    """Record that an owed report (its ``key``) was filed, with the figures by agency.

    Nothing more is provided in a half-year that is over, so they are final. Raises NotFiled.
    """
    require_permission(actor, REPORT)
    owed = provision_reports.owed_report(report, on=clock.kst_date(at))
    if owed is None:
        raise NotFiled(_("No such report is due for a half-year that is over."), pointer="/report")
    half = owed.half
    if not receipt.strip():
        raise NotFiled(_("Enter the number of the receipt or of the letter."), pointer="/receipt")
    if not half.last < filed_on <= clock.kst_date(at):
        raise NotFiled(_("Enter a day between the end of the half-year and today."), pointer="/filed_on")
    figures = provision_reports.figures_by_agency(owed.record_class, half.first, half.last)
    with transaction.atomic():
        row = ProvisionReport.objects.create(
            record_class=owed.record_class,
            half_from=half.first,
            half_until=half.last,
            due_on=half.due_on,
            filed_on=filed_on,
            receipt=receipt.strip(),
            figures=figures,
            documents=sum(int(one["documents"]) for one in figures),
            people=provision_reports.people_given(owed.record_class, half.first, half.last),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {
            "kind": owed.record_class, "day": filed_on.isoformat(), "late": filed_on > row.due_on,
            "documents": row.documents, "people": row.people,
        }  # fmt: skip
        ledger.record(Event.PROVISIONS_REPORTED, actor=actor, at=at, about=row, facts=facts)
    return row

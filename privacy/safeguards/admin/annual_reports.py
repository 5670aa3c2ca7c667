"""Annual reports in the console: made for a year, downloaded, presented to the representative."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.lib.http.downloads import attachment
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import PresentedForm, ReportForm
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import AnnualReport

MAKE = "safeguards.make_report"


@admin.register(AnnualReport)
class AnnualReportAdmin(RecordAdmin):
    explanation = _(
        "The protection officer's report to the representative: one year's figures from every register, with charts, "
        "in one PDF."
    )
    empty_hint = _("Make the report for a year. For the current year it covers the figures so far.")
    list_display = ("__str__", "year", "language", "maker", "made_at", "presented_shown")
    list_filter = ("year", "language")
    fields = (("reference", "year", "language"), ("maker", "made_at"), "remarks", "presented_shown", "digest")
    readonly_fields = ("maker", "presented_shown")
    actions = ("download", "present")
    change_form_template = "admin/safeguards/annualreport/change_form.html"
    add_label = _("Make a report")
    record_form = ReportForm
    add_permission = MAKE
    add_hint = _("The figures are taken from the registers now and kept with the report.")
    maker = account_column("made_by", _("made by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> AnnualReport:
        return safeguards.make_report(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: AnnualReport) -> Collection[str]:
        return ("download",) if record.presented_on else ("download", "present")

    @admin.display(description=_("presented"), ordering="presented_on")
    def presented_shown(self, report: AnnualReport) -> SafeString | str:
        return str(report.presented_on) if report.presented_on else badge(_("not presented yet"), "wait")

    @button(description=_("Download as PDF"), permission="safeguards.view_annualreport", locations=CHANGE_FORM_ONLY)
    def download(self, request: HttpRequest, queryset: QuerySet[AnnualReport]) -> HttpResponse | None:
        report = queryset.get()
        made: list[bytes] = []
        verb = lambda: made.append(safeguards.print_report(report, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The report was downloaded.")):
            return None
        name = f"annual-report-{report.year}-{report.language}.pdf"
        return attachment(made[0], media_type="application/pdf", name=name)

    @button(description=_("Mark as presented"), permission=MAKE, locations=CHANGE_FORM_ONLY)
    def present(self, request: HttpRequest, queryset: QuerySet[AnnualReport]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Mark as presented"), verb=_("Record"),
            consequences=[_("The register shows the day on which the report was presented to the representative.")],
            form_class=PresentedForm, initial={"presented_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.present_report, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The day has been recorded."))
        return None

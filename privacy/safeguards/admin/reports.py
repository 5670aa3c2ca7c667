"""Annual reports in the console: made for a year, downloaded, presented to the representative."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import badge
from privacy.lib.downloads import attachment
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.register import RegisterAdmin, person
from privacy.safeguards.forms import PresentedForm, ReportForm
from privacy.safeguards.models import AnnualReport

PAGE = (ActionLocation.CHANGE_FORM,)
MAKE = "safeguards.make_report"


@admin.register(AnnualReport)
class ReportAdmin(RegisterAdmin):
    explanation = _(
        "The protection officer reports to the representative: the figures of a year from every register, with charts, "
        "as one PDF."
    )
    empty_hint = _("Make the report of a year; of the current one it tells what there is so far.")
    list_display = ("__str__", "year", "language", "maker", "made_at", "presented_shown")
    list_filter = ("year", "language")
    fields = (("reference", "year", "language"), ("maker", "made_at"), "remarks", "presented_shown", "digest")
    readonly_fields = ("maker", "presented_shown")
    actions = ("download", "present")
    change_form_template = "admin/safeguards/annualreport/change_form.html"
    new_label = _("Make a report")
    new_form = ReportForm
    new_permission = MAKE
    new_hint = _("The figures are taken from the registers now and kept with the report.")
    maker = person("made_by", _("made by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> AnnualReport:
        return safeguards.make_report(actor=actor_of(request), at=clock.now(), **given)

    def verbs_for(self, record: AnnualReport) -> Collection[str]:
        return ("download",) if record.presented_on else ("download", "present")

    @admin.display(description=_("presented"), ordering="presented_on")
    def presented_shown(self, report: AnnualReport) -> SafeString | str:
        return str(report.presented_on) if report.presented_on else badge(_("not presented yet"), "wait")

    @button(description=_("Download as PDF"), permission="safeguards.view_annualreport", locations=PAGE)
    def download(self, request: HttpRequest, queryset: QuerySet[AnnualReport]) -> HttpResponse | None:
        report = queryset.get()
        made: list[bytes] = []
        verb = lambda: made.append(safeguards.print_report(report, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_verb(self, request, verb, _("The report was downloaded.")):
            return None
        name = f"annual-report-{report.year}-{report.language}.pdf"
        return attachment(made[0], media_type="application/pdf", name=name)

    @button(description=_("It was presented"), permission=MAKE, locations=PAGE)
    def present(self, request: HttpRequest, queryset: QuerySet[AnnualReport]) -> HttpResponse | None:
        answers = ask(
            self, request, queryset, title=_("It was presented"), verb=_("Record"),
            consequences=[_("The day on which the representative was given the report stands in the register.")],
            form_class=PresentedForm, initial={"presented_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.present_report, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The day is recorded."))
        return None

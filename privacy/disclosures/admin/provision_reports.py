"""The half-yearly reports on provisions to agencies in the console."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.disclosures import actions as disclosures
from privacy.disclosures import provision_reports
from privacy.disclosures.actions.provision_reports import REPORT
from privacy.disclosures.models import ProvisionReport
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import due_badge


def _owed() -> list[tuple[str, str]]:
    today = clock.today()
    return [(one.key, str(one)) for one in provision_reports.owed_reports() if one.half.last < today]


class ReportForm(forms.Form):
    """Which report was filed, when, under which receipt."""

    report = forms.ChoiceField(label=_("Report"), choices=_owed)
    filed_on = BoundedDateField(label=_("Filed on"))
    receipt = forms.CharField(
        label=_("Receipt of the filing"), max_length=200, help_text=_("The number of the receipt or of the letter.")
    )


@admin.register(ProvisionReport)
class ProvisionReportAdmin(ReadOnlyAdmin):
    explanation = _(
        "What agencies were given is reported to the minister after each half-year: information on users of "
        "telecommunications and communication confirmation data, each by a report of its own."
    )
    empty_hint = _("No report is due until an agency has been given such material.")
    list_display = ("reference", "record_class", "half_from", "half_until", "due_shown", "filed_on", "documents")
    list_filter = ("record_class",)
    fields = (
        ("reference", "record_class"), ("half_from", "half_until"), ("due_on", "filed_on", "receipt"),
        ("documents", "people"), "figures_shown", ("recorded_by", "recorded_at"),
    )  # fmt: skip
    readonly_fields = ("figures_shown",)
    change_list_template = "admin/disclosures/provisionreport/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        new = path("new/", self.page(self.new, needs=REPORT), name="disclosures_provisionreport_new")
        return [new, *super().get_urls()]

    def new(self, request: HttpRequest) -> HttpResponse:
        """Record a report that was filed."""
        form = ReportForm(request.POST or None)

        def make() -> ProvisionReport:
            return disclosures.record_provision_report(**form.cleaned_data, actor=actor_of(request), at=clock.now())

        return add_record(
            self, request, form, make,
            title=_("Record a report"), verb=_("Record"),
            consequences=[
                _(
                    "The figures to be filed are in the register that you can export on the list, for the days of the "
                    "half-year."
                ),
                _("The figures of the half-year are kept with the record. You can't change it once it is recorded."),
            ],
            success=_("The report has been recorded."),
        )  # fmt: skip

    @admin.display(description=_("report due"), ordering="due_on")
    def due_shown(self, row: ProvisionReport) -> SafeString:
        return due_badge(row.due_on, row.filed_on, settled=True)

    @admin.display(description=_("figures by agency"))
    def figures_shown(self, row: ProvisionReport) -> SafeString:
        words = _("documents: %(documents)s, people: %(people)s, urgent: %(urgent)s, with a permit: %(permits)s")
        return format_html_join(
            "", "<div>{}: <strong>{}</strong></div>", ((one["title"], words % one) for one in row.figures)
        )

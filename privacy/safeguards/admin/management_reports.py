"""Reports to representative and board, and the officer's appointment, in the console."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import hand_out_paper
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, due_badge
from privacy.policies.models import Officer
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import date_field, text_field
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import ManagementReport, OfficerAppointment

REPORT = "safeguards.report_to_management"


class PaperForm(forms.Form):
    """What every signed paper is: a file."""

    file = forms.FileField(
        label=_("File"), help_text=_("PDF, JPEG or PNG, at most 10 MB. It is scanned for malware and encrypted.")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.pop("file", None)
        if file is not None:
            given["name"], given["content"] = file.name, file.read()
        return given


class ManagementReportForm(forms.Form):
    """What the officer reported."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ManagementReport.Kind.choices, widget=forms.RadioSelect)
    audience = forms.ChoiceField(
        label=_("Reported to"), choices=ManagementReport.Audience.choices, widget=forms.RadioSelect
    )
    subject = forms.CharField(label=pgettext_lazy("report", "Subject"), max_length=200)
    content = text_field(5, label=_("What was reported"), max_length=8_000)
    reported_on = date_field(label=_("Reported on"))
    corrected = text_field(
        3, label=_("What was corrected at once"), max_length=4_000, required=False,
        help_text=_("Only for a breach of the law."),
    )  # fmt: skip
    staff_asked = forms.IntegerField(
        label=_("Staff asked for"), min_value=0, max_value=1_000_000, required=False,
        help_text=_("Only for staff and budget."),
    )  # fmt: skip
    budget_asked = forms.IntegerField(
        label=_("Budget asked for (million won)"), min_value=0, max_value=1_000_000_000, required=False
    )


class ReadingForm(PaperForm):
    """That a report was read, and what came of it."""

    read_on = date_field(label=_("Read on"))
    decision = text_field(3, label=_("What was decided or instructed"), max_length=4_000)
    staff_granted = forms.IntegerField(
        label=_("Staff granted"), min_value=0, max_value=1_000_000, required=False,
        help_text=_("Only for staff and budget."),
    )  # fmt: skip
    budget_granted = forms.IntegerField(
        label=_("Budget granted (million won)"), min_value=0, max_value=1_000_000_000, required=False
    )
    field_order = ["read_on", "decision", "staff_granted", "budget_granted", "file"]


class AppointmentForm(PaperForm):
    """The officer's standing and the paper of the appointment."""

    officer = forms.ModelChoiceField(label=_("Designation"), queryset=Officer.objects.filter(appointment=None))
    standing = forms.ChoiceField(
        label=_("Standing"), choices=OfficerAppointment.Standing.choices, widget=forms.RadioSelect
    )
    position = forms.CharField(label=_("Position in the company"), max_length=120)
    appointed_on = date_field(label=_("Appointed on"))
    document = forms.CharField(label=_("Paper of appointment"), max_length=200)
    field_order = ["officer", "standing", "position", "appointed_on", "document", "file"]


@admin.register(ManagementReport)
class ManagementReportAdmin(RecordAdmin):
    explanation = _(
        "What the protection officer reports directly to the representative and the board, with the signed copy that "
        "proves it was read: the state of protection, staff and budget, breaches of the law."
    )
    empty_hint = _("Record the first report. Regular ones are due each year once a management plan is in force.")
    list_display = ("reference", "kind", "audience", "subject", "reported_on", "read_shown")
    list_filter = ("kind", "audience", ("read_on", admin.EmptyFieldListFilter))
    fields = (
        ("reference", "kind", "audience"), "subject", "content", "corrected", ("staff_asked", "budget_asked"),
        ("reported_on", "read_by"), ("recorder", "recorded_at"), ("read_on", "decision"),
        ("staff_granted", "budget_granted"), ("prover", "proven_at"), "file_digest",
    )  # fmt: skip
    readonly_fields = ("recorder", "prover")
    actions = ("prove", "open_file")
    add_label = _("Record a report")
    record_form = ManagementReportForm
    add_permission = REPORT
    recorder = account_column("recorded_by", _("recorded by"))
    prover = account_column("proven_by", _("signed copy recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> ManagementReport:
        return safeguards.record_report(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: ManagementReport) -> Collection[str]:
        return ("prove",) if record.read_on is None else ("open_file",)

    @admin.display(description=_("signed copy"))
    def read_shown(self, row: ManagementReport) -> SafeString:
        return badge(_("read"), "done") if row.read_on else due_badge(row.read_by, clock.today())

    @button(description=_("Record the signed copy"), permission=REPORT, locations=CHANGE_FORM_ONLY)
    def prove(self, request: HttpRequest, queryset: QuerySet[ManagementReport]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Record the signed copy"), verb=_("Record"),
            consequences=[_("You can't change it once it is recorded.")],
            form_class=ReadingForm, initial={"read_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.prove_reading, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The signed copy has been recorded."))
        return None

    @button(description=_("Open the file"), permission="safeguards.view_managementreport", locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[ManagementReport]) -> HttpResponse | None:
        row = queryset.get()
        return hand_out_paper(self, request, partial(safeguards.open_signed_paper, row), name=row.reference)


@admin.register(OfficerAppointment)
class OfficerAppointmentAdmin(RecordAdmin):
    explanation = _(
        "The law asks for an owner, a representative or an executive as the protection officer, with the paper."
    )
    empty_hint = _("Record the appointment of the designated officer.")
    list_display = ("officer", "standing", "position", "appointed_on")
    list_select_related = ("officer",)
    fields = (
        "officer", "standing", "position", ("appointed_on", "document"), ("recorder", "recorded_at"), "file_digest",
    )  # fmt: skip
    readonly_fields = ("recorder",)
    actions = ("open_file",)
    add_label = _("Record an appointment")
    record_form = AppointmentForm
    add_permission = REPORT
    recorder = account_column("recorded_by", _("recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> OfficerAppointment:
        return safeguards.record_appointment(actor=actor_of(request), at=clock.now(), **given)

    @button(description=_("Open the file"), permission="safeguards.view_managementreport", locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[OfficerAppointment]) -> HttpResponse | None:
        return hand_out_paper(self, request, partial(safeguards.open_signed_paper, queryset.get()), name="appointment")

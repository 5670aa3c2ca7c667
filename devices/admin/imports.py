"""Bringing in an existing fleet: a file, a preview, the errors as a file to mend, progress while the worker does it."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consents.models import AgreementVersion
from devices import actions as devices
from devices.fleet_import_files import AGREEMENT_OF_COLUMN, COLUMNS
from devices.models import FleetImport, Gateway
from devices.refusals import MESSAGES
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.lib.documents.spreadsheets import MEDIA_TYPE, workbook
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook

IMPORT_FLEET = "devices.import_fleet"
# With these a row is refused for a day that can't be right; whatever else is said of a consent is said afterwards.
CODES_OF_PREVIEW = frozenset({"clock", "malformed"})


class FileForm(forms.Form):
    """A file, and the gateway that speaks for its devices afterwards."""

    gateway = forms.ModelChoiceField(label=_("Gateway"), queryset=Gateway.objects.active())
    file = forms.FileField(label=_("CSV or XLSX file"), help_text=_("At most 50,000 rows and 12 MB"))


@admin.register(FleetImport)
class FleetImportAdmin(ReadOnlyAdmin):
    explanation = _("Existing fleets imported from files. Nothing is registered until the preview is confirmed.")
    empty_hint = _("Add an import: a CSV or XLSX file with one device per row.")
    list_display = ("reference", "gateway", "state_shown", "rows", "accepted", "refused", "progress", "made_at")
    list_select_related = ("gateway",)
    fields = (
        "reference", "gateway", "state_shown", "rows", "accepted", "refused", "errors", "progress", "file_digest",
        "made_by", "made_at", "confirmed_by", "confirmed_at", "finished_at",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("confirm", "discard")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(IMPORT_FLEET)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take a file and show what it would bring."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                made = devices.preview_import(
                    name=file.name,
                    content=file.read(),
                    gateway=form.cleaned_data["gateway"],
                    actor=actor_of(request),
                    at=clock.now(),
                )
                return HttpResponseRedirect(reverse("admin:devices_fleetimport_change", args=[made.pk]))
            except Refusal as refusal:
                form.add_error("file", str(refusal))
        texts = AgreementVersion.objects.published().filter(agreement__code__in=AGREEMENT_OF_COLUMN.values())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import an existing fleet"),
            "opts": self.opts,
            "form": form,
            "columns": COLUMNS,
            "texts": texts.select_related("agreement").order_by("agreement__position"),
        }
        return TemplateResponse(request, "devices/office/import.html", context)

    def get_urls(self) -> list[URLPattern]:
        findings = path("<uuid:pk>/findings/", self.page(self.findings), name="devices_fleetimport_findings")
        return [findings, *super().get_urls()]

    def findings(self, request: HttpRequest, pk: object) -> HttpResponse:
        """Hand out which rows, or consents of rows, can't be taken and why: by row and column, without a value."""
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        lines = [(number, column, code, _reason(column, code)) for number, column, code in row.findings]
        if len(lines) >= devices.MAX_ROW_ERRORS:
            lines.append(
                (
                    "",
                    "",
                    "",
                    _now("The list stops here, but there are more errors. Correct these rows, then upload the rest."),
                )
            )
        content = workbook(row.reference, [_now("Row"), _now("Column"), _now("Code"), _now("Reason")], lines)
        response = HttpResponse(content, content_type=MEDIA_TYPE)
        response.headers["Content-Disposition"] = f'attachment; filename="{row.reference}.xlsx"'
        return response

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: FleetImport) -> SafeString:
        return state_badge(row.state, row.get_state_display())

    def is_in_progress(self, record: FleetImport) -> bool:
        return record.state == FleetImport.State.RUNNING

    @admin.display(description=_("progress"))
    def progress(self, row: FleetImport) -> SafeString | str:
        if row.state not in {FleetImport.State.RUNNING, FleetImport.State.DONE}:
            return "–"
        return format_html(
            '<progress max="{}" value="{}" aria-label="{}"></progress> {} / {}',
            row.accepted,
            row.registered,
            _("progress"),
            row.registered,
            row.accepted,
        )

    @admin.display(description=_("errors"))
    def errors(self, row: FleetImport) -> SafeString | str:
        if not row.findings:
            return "–"
        address = reverse("admin:devices_fleetimport_findings", args=[row.pk])
        return format_html('<a href="{}">{}</a>', address, _("What can't be imported, with reasons (XLSX)"))

    @button(description=_("Confirm and register"), permission=IMPORT_FLEET, locations=CHANGE_FORM_ONLY, step_up=True)
    def confirm(self, request: HttpRequest, queryset: QuerySet[FleetImport]) -> HttpResponse | None:
        row = queryset.first()
        if row is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Register the fleet"),
            verb=pgettext_lazy("verb", "Register"),
            consequences=[
                _("%(accepted)d devices are registered in the background; %(refused)d rows are left out.")
                % {"accepted": row.accepted, "refused": row.refused},
                _("A day of agreement counts for the text now in force. We keep the paper forms."),
                _("The data of a device is destroyed after %(days)d days if nobody agrees to its registration.")
                % {"days": rulebook.parameter("child.unconfirmed.days", clock.today())},
            ],
        )
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(devices.confirm_import, row, actor=actor_of(request), at=clock.now())
        run_action(
            self, request, verb, _("The fleet is being registered in the background. This page shows the progress.")
        )
        return None

    @button(description=_("Discard"), permission=IMPORT_FLEET, locations=CHANGE_FORM_ONLY)
    def discard(self, request: HttpRequest, queryset: QuerySet[FleetImport]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Discard the import"),
            verb=_("Discard"),
            consequences=[_("What was read from the file is destroyed with its keys.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for row in queryset:
            verb = partial(devices.discard_import, row, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The import has been discarded."))
        return None


def _reason(column: str, code: str) -> str:
    if code == "already-registered":
        return _now("A device with this identifier is already registered, or appears twice in the file.")
    if code == "was-corrected":
        return _now(
            "A correction replaced this value of a registered device. If another device really has it, let its "
            "gateway register that device."
        )
    if code == "rounded-number":
        return _now(
            "The spreadsheet stored this as a number and lost its digits after the 15th. Format the column as text, "
            "then enter the value again."
        )
    if code == "age-not-stated":
        return _now("Children may use this gateway's devices, so enter the date of birth of whoever agreed.")
    if code == "representative-needed":
        return _now(
            "Whoever agreed is under 14, so the consent of a legal representative is needed. Leave the consents of "
            "this row empty; the person is asked for a representative."
        )
    if code == "no-column":
        return _now(
            "This row has a value under no heading. In a CSV file, put quotation marks around a value with a comma in "
            "it."
        )
    if column in AGREEMENT_OF_COLUMN and code not in CODES_OF_PREVIEW:
        return _now("The device has been registered. This consent could not be recorded.")
    return str(MESSAGES[code]) if code in MESSAGES else _now("The portal could not register this row.")

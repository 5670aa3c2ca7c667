"""Certificates, the destruction register and paper in the console, with their downloads."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.badges import badge, moment_text
from privacy.lib.refusals import Refusal
from privacy.policies.admin.saving import VerbAdmin
from privacy.retention import actions as retention
from privacy.retention import documents, persons, signing
from privacy.retention.forms import PaperForm
from privacy.retention.models import Certificate, PaperDestruction, RegisterEntry
from privacy.retention.register import F6, REST

ON_PAGE = (ActionLocation.CHANGE_FORM,)
FORMATS = {"ko": "application/pdf", "en": "application/pdf", "json": "application/json"}


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    explanation = _("Signed statements of what was destroyed and what the read-back found. They are never changed.")
    empty_hint = _("A certificate appears here when a list has been carried out and read back.")
    list_display = ("number", "kind", "what", "people", "issued_at", "downloads")
    list_filter = ("kind",)
    list_select_related = ("list",)
    fields = ("kind", "of", "issued_at", "intact", "downloads", "says", "digest", "signature", "public_key", "signed")
    readonly_fields = ("of", "intact", "downloads", "says", "signed")

    @admin.display(description=_("what"), ordering="list__category")
    def what(self, certificate: Certificate) -> str:
        return documents.list_title(certificate.list)

    @admin.display(description=_("data subjects"))
    def people(self, certificate: Certificate) -> str:
        return str(certificate.statement.get("destroyed", {}).get("people", "–"))

    @admin.display(description=_("destruction list"))
    def of(self, certificate: Certificate) -> SafeString | str:
        return _link("destructionlist", certificate.list)

    @admin.display(description=_("what the certificate says"))
    def says(self, certificate: Certificate) -> SafeString:
        # A database and its table are codes, the same in every language.
        said = [
            (format_html("<code>{}</code>", name) if " · " in name else name, value)
            for name, value in documents.statement_rows(certificate)
        ]
        rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", said)
        return format_html('<dl class="facts">{}</dl>', rows)

    @admin.display(description=_("what was signed"))
    def signed(self, certificate: Certificate) -> SafeString:
        return format_html("<details><summary>JSON</summary><code>{}</code></details>", certificate.body)

    @admin.display(description=_("signature fits"), boolean=True)
    def intact(self, certificate: Certificate) -> bool:
        return signing.is_signed(certificate.body, certificate.signature, certificate.public_key)

    @admin.display(description=_("download"))
    def downloads(self, certificate: Certificate) -> SafeString:
        links = {kind: reverse("admin:retention_certificate_file", args=[certificate.pk, kind]) for kind in FORMATS}
        return format_html(
            '<a href="{}">PDF (한국어)</a> · <a href="{}">PDF (English)</a> · <a href="{}">JSON</a>',
            links["ko"],
            links["en"],
            links["json"],
        )

    def get_urls(self) -> list[URLPattern]:
        file = path("<uuid:pk>/file/<slug:kind>/", self.page(self.file), name="retention_certificate_file")
        return [file, *super().get_urls()]

    def file(self, request: HttpRequest, pk: object, kind: str) -> HttpResponse:
        """Send a certificate as PDF in Korean or English, or as the JSON that proves itself. No personal data in it."""
        certificate = self.get_object(request, str(pk))
        if certificate is None or kind not in FORMATS or not self.has_view_permission(request, certificate):
            raise Http404
        if kind == "json":
            content, name = documents.certificate_json(certificate), f"{certificate.number}.json"
        else:
            content = documents.certificate_pdf(certificate, language=kind)
            name = f"{certificate.number}-{kind}.pdf"
        return _attachment(content, name, FORMATS[kind])


def _link(model: str, record: Model | None) -> SafeString | str:
    if record is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:retention_{model}_change", args=[record.pk]), record)


@admin.register(RegisterEntry)
class RegisterEntryAdmin(ReadOnlyAdmin):
    explanation = _("The destruction register with the columns of the official form. It names no data subject.")
    empty_hint = _("Each destruction, electronic or on paper, is entered here with its next number.")
    list_display = (
        "number",
        "file_name",
        "record_kinds",
        "destroyed_on",
        "reason",
        "handled",
        "department_head",
        "confirmed",
    )
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter), "media_destroyed")
    fields = (*F6, "created_until", *REST, "list_shown", "paper_shown")
    readonly_fields = ("handled", "confirmed", "list_shown", "paper_shown")
    # The official form is filled in in Korean.
    written_in = "ko"
    actions = ("confirm",)

    def verbs_for(self, record: RegisterEntry) -> Collection[str]:
        return () if record.confirmed_at else ("confirm",)

    @admin.display(description=_("destruction list"), ordering="list")
    def list_shown(self, entry: RegisterEntry) -> SafeString | str:
        return _link("destructionlist", entry.list)

    @admin.display(description=_("destruction of paper"), ordering="paper")
    def paper_shown(self, entry: RegisterEntry) -> SafeString | str:
        return _link("paperdestruction", entry.paper)

    @admin.display(description=_("handled by"), ordering="handler")
    def handled(self, entry: RegisterEntry) -> str:
        return persons.in_words(entry.handler)

    @admin.display(description=_("confirmed by the officer"), ordering="confirmed_at")
    def confirmed(self, entry: RegisterEntry) -> SafeString | str:
        if entry.confirmed_at is None:
            return badge(_("to be confirmed"), "wait")
        return f"{persons.in_words(entry.confirmed_by)} · {moment_text(entry.confirmed_at)}"

    @button(description=_("Confirm the result"), permission="retention.confirm_destruction")
    def confirm(self, request: HttpRequest, queryset: QuerySet[RegisterEntry]) -> None:
        for entry in queryset:
            run_verb(
                self,
                request,
                partial(retention.confirm_result, entry, actor=actor_of(request), at=clock.now()),
                _("Confirmed."),
            )


@admin.register(PaperDestruction)
class PaperDestructionAdmin(VerbAdmin):
    explanation = _("Paper and other media that were destroyed before a witness. Each is entered into the register.")
    empty_hint = _("Record a destruction after it took place: method, amount, place, who did it, who witnessed it.")
    list_display = ("reference", "medium", "contents", "amount", "amount_unit", "method", "destroyed_on", "witness")
    list_filter = ("medium", "method")
    actions = ("read_evidence",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("retention.record_paper")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return PaperForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [
                ("medium", "method"), "contents", ("created_from", "created_until"), ("amount", "amount_unit"), "place",
                "destroyed_on", "reason", ("executor", "witness"), "scan",
            ]  # fmt: skip
        return [
            "reference", *PaperForm.Meta.fields, "evidence_digest", ("recorder", "recorded_at"),
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("recorder",)

    def verbs_for(self, record: PaperDestruction) -> Collection[str]:
        return ("read_evidence",) if record.evidence_id else ()

    @admin.display(description=_("recorded by"))
    def recorder(self, paper: PaperDestruction) -> str:
        return persons.in_words(paper.recorded_by)

    @button(description=_("Read the evidence"), permission="retention.view_paperdestruction", locations=ON_PAGE)
    def read_evidence(self, request: HttpRequest, queryset: QuerySet[PaperDestruction]) -> HttpResponse | None:
        paper = queryset.get()
        try:
            content, media_type = retention.open_evidence(paper, actor=actor_of(request), at=clock.now())
        except Refusal as refusal:
            self.message_user(request, str(refusal), level="error")
            return None
        return _attachment(content, f"{paper.reference}.{media_type.partition('/')[2]}", media_type)

    def save_model(self, request: HttpRequest, obj: PaperDestruction, form: Any, change: bool) -> None:
        given = dict(form.cleaned_data)
        scan = given.pop("scan")
        evidence = retention.Evidence(scan.name or "", scan.read()) if scan else None
        made = retention.record_paper(**given, evidence=evidence, actor=actor_of(request), at=clock.now())
        obj.pk = made.pk


def _attachment(content: bytes, name: str, media_type: str) -> HttpResponse:
    return HttpResponse(
        content, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )

"""Certificates, the destruction register and paper in the console, with their downloads."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.policies.admin.saving import VerbAdmin
from privacy.retention import actions as retention
from privacy.retention import documents, signing
from privacy.retention.forms import PaperForm
from privacy.retention.models import Certificate, PaperDestruction, RegisterEntry
from privacy.retention.register import F6, REST

FORMATS = {"ko": "application/pdf", "en": "application/pdf", "json": "application/json"}


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    explanation = _("Signed statements of what was destroyed and what the read-back found. They are never changed.")
    empty_hint = _("A certificate appears here when a list has been carried out and read back.")
    list_display = ("number", "kind", "list", "issued_at", "downloads")
    list_filter = ("kind",)
    list_select_related = ("list",)
    fields = ("number", "kind", "list", "issued_at", "digest", "signature", "public_key", "intact", "downloads", "body")
    readonly_fields = ("intact", "downloads")

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
        file = path(
            "<uuid:pk>/file/<slug:kind>/", self.admin_site.admin_view(self.file), name="retention_certificate_file"
        )
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


@admin.register(RegisterEntry)
class RegisterEntryAdmin(ReadOnlyAdmin):
    explanation = _("The destruction register with the columns of the official form. It names no data subject.")
    empty_hint = _("Each destruction, electronic or on paper, is entered here with its next number.")
    list_display = (*F6, "method", "people", "records", "confirmed_by")
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter), "media_destroyed")
    fields = (*F6, "created_until", *REST, "list", "paper")
    actions = ("confirm",)

    def verbs_for(self, record: RegisterEntry) -> Collection[str]:
        return () if record.confirmed_at else ("confirm",)

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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("retention.record_paper")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return PaperForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(PaperForm.Meta.fields)
        return names if obj is None else ["reference", *names, "evidence_digest", "recorded_by", "recorded_at"]

    def save_model(self, request: HttpRequest, obj: PaperDestruction, form: Any, change: bool) -> None:
        made = retention.record_paper(**form.cleaned_data, actor=actor_of(request), at=clock.now())
        obj.pk = made.pk


def _attachment(content: bytes, name: str, media_type: str) -> HttpResponse:
    return HttpResponse(
        content, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )

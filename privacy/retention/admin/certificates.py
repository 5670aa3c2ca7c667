"""Certificates in the console, with their downloads."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.dates import clock
from privacy.lib.http.downloads import attachment
from privacy.retention.admin.record_links import record_link
from privacy.retention.certificates import authenticity, documents
from privacy.retention.models import Certificate

FORMATS = {"ko": "application/pdf", "en": "application/pdf", "json": "application/json"}


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    explanation = _("Signed statements of what was destroyed and what the read-back found. They never change.")
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
        return record_link("destructionlist", certificate.list)

    @admin.display(description=_("what the certificate says"))
    def says(self, certificate: Certificate) -> SafeString:
        # A database and its table are codes, the same in every language.
        said = [
            (format_html("<code>{}</code>", name) if " · " in name else capfirst(name), value)
            for name, value in documents.statement_rows(certificate)
        ]
        rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", said)
        return format_html('<dl class="facts">{}</dl>', rows)

    @admin.display(description=_("what was signed"))
    def signed(self, certificate: Certificate) -> SafeString:
        return format_html("<details><summary>JSON</summary><code>{}</code></details>", certificate.body)

    @admin.display(description=_("signed by the portal's key and on the audit trail"), boolean=True)
    def intact(self, certificate: Certificate) -> bool:
        return authenticity.is_genuine(certificate)

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
        name = f"{certificate.number}.json" if kind == "json" else f"{certificate.number}-{kind}.pdf"
        content = authenticity.issue_certificate(certificate, form=kind, actor=actor_of(request), at=clock.now())
        return attachment(content, media_type=FORMATS[kind], name=name)

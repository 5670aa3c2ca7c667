"""Reviews in the console: findings to explain, a sample to look at, two signatures, the sheet as PDF."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.ledger import actions as ledger
from privacy.ledger.admin.filters import actor_of
from privacy.ledger.events import Event
from privacy.ledger.models import Entry, Finding, Review
from privacy.ledger.sheets import review_sheet
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import badge, state_badge

PAGE = (ActionLocation.CHANGE_FORM,)


class ExplanationForm(forms.Form):
    """What was found out about a finding; it names accounts by reference and nobody's data."""

    explanation = forms.CharField(label=_("Explanation"), max_length=2_000, widget=forms.Textarea({"rows": 4}))
    measure = forms.CharField(
        label=_("Measure taken"), max_length=1_000, required=False, widget=forms.Textarea({"rows": 3})
    )


class SignatureForm(forms.Form):
    """What the reviewer says over the signature."""

    checked = forms.CharField(label=_("What the sample showed"), max_length=2_000, widget=forms.Textarea({"rows": 4}))
    conclusion = forms.CharField(label=_("Conclusion"), max_length=4_000, widget=forms.Textarea({"rows": 5}))


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    explanation = _(
        "At the end of each period the access records are frozen, rules raise findings, an auditor explains them, "
        "looks at a sample drawn by nobody's choice, and signs; a second person confirms."
    )
    empty_hint = _("The first review opens by itself when the first period has ended.")
    list_display = ("reference", "period", "standing", "due_on", "open_findings")
    list_filter = ("state",)
    fields = (
        "reference",
        "period",
        "due_on",
        "range",
        "root",
        "figures",
        "found",
        "drawn",
        "checked",
        "conclusion",
        "reviewer",
        "signed_at",
        "confirmer",
        "confirmed_at",
    )
    readonly_fields = fields
    actions = ("draw", "sign", "confirm")
    change_form_template = "admin/ledger/review/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        waiting = Count("findings", filter=Q(findings__explained_at=None))
        reviews: QuerySet[Review] = super().get_queryset(request).annotate(waiting=waiting)
        return reviews

    @admin.display(description=_("period"))
    def period(self, review: Review) -> str:
        return f"{review.period_from} – {review.period_until}"

    @admin.display(description=_("state"))
    def standing(self, review: Review) -> SafeString:
        overdue = review.state != Review.State.CONFIRMED and review.due_on < clock.today()
        word = state_badge(review.state, review.get_state_display())
        return format_html("{} {}", badge(_("overdue"), "late"), word) if overdue else word

    @admin.display(description=_("findings to explain"))
    def open_findings(self, review: Review) -> int:
        return int(getattr(review, "waiting", 0))

    @admin.display(description=_("entries"))
    def range(self, review: Review) -> str:
        return f"{review.start_index} – {review.end_index}"

    @admin.display(description=_("figures"))
    def figures(self, review: Review) -> SafeString | str:
        kinds = dict(Entry._meta.get_field("kind").flatchoices)
        rows = ((kinds.get(kind, kind), f["entries"], f["accounts"]) for kind, f in sorted(review.counted.items()))
        return format_html_join("", "<div>{}: {} ({} {})</div>", ((*row, _("accounts")) for row in rows)) or "–"

    @admin.display(description=_("findings"))
    def found(self, review: Review) -> SafeString | str:
        findings = review.findings.order_by("explained_at", "rule")
        return (
            format_html_join(
                "",
                '<div>{} <a href="{}">{}</a> {}</div>',
                (
                    (
                        badge(_("explained"), "good") if finding.explained_at else badge(_("open"), "open"),
                        reverse("admin:ledger_finding_change", args=[finding.pk]),
                        finding.get_rule_display(),
                        finding.account,
                    )
                    for finding in findings
                ),
            )
            or "–"
        )

    @admin.display(description=_("sample"))
    def drawn(self, review: Review) -> SafeString | str:
        links = ((reverse("admin:ledger_entry_change", args=[entry]), entry) for entry in review.sample)
        return format_html_join(" ", '<a href="{}">{}</a>', links) or "–"

    @button(description=_("Draw the sample"), permission="ledger.review_trail", locations=PAGE)
    def draw(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        for review in queryset:
            run_verb(
                self, request,
                partial(ledger.draw_sample, review=review, actor=actor_of(request), at=clock.now()),
                _("The sample is drawn. Look at every entry of it, then sign."),
            )  # fmt: skip

    @button(description=_("Sign as the reviewer"), permission="ledger.review_trail", locations=PAGE)
    def sign(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        answers = ask(
            self, request, queryset,
            title=_("Sign the review"),
            verb=_("Sign"),
            consequences=[
                _("Your account stands as the reviewer on the sheet; findings can't be explained after that."),
                _("Another person must confirm the review."),
            ],
            form_class=SignatureForm,
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for review in queryset:
            run_verb(
                self, request,
                partial(ledger.sign_review,
                    review=review, checked=answers["checked"], conclusion=answers["conclusion"],
                    actor=actor_of(request), at=clock.now(),
                ),
                _("Signed. It waits for the second person."),
            )  # fmt: skip
        return None

    @button(description=_("Confirm as the second person"), permission="ledger.confirm_review", locations=PAGE)
    def confirm(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        answers = ask(
            self, request, queryset,
            title=_("Confirm the review"),
            verb=_("Confirm"),
            consequences=[_("The review is closed with your account as the second person.")],
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for review in queryset:
            run_verb(
                self, request,
                partial(ledger.confirm_review, review=review, actor=actor_of(request), at=clock.now()),
                _("The review is confirmed."),
            )  # fmt: skip
        return None

    def get_urls(self) -> list[URLPattern]:
        sheet = path("<path:object_id>/sheet/", self.page(self.sheet_view), name="ledger_review_sheet")
        return [sheet, *super().get_urls()]

    def sheet_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the review sheet as PDF; that it was sent is on record."""
        review = self.get_object(request, object_id)
        if review is None or not self.has_view_permission(request, review):
            raise PermissionDenied
        ledger.record_first(
            Event.EXPORTED, actor=actor_of(request), at=None, about=review, task="ledger.review.printed",
            reason=f"review sheet {review.reference}",
        )  # fmt: skip
        response = HttpResponse(review_sheet(review, language=get_language() or "ko"), content_type="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="{review.reference}.pdf"'
        return response


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    explanation = _("What the rules noticed. A finding accuses nobody; it asks for an explanation.")
    empty_hint = _("Nothing was noticed yet.")
    list_display = ("rule", "account", "count", "first_at", "review", "told")
    list_filter = ("rule", ("explained_at", admin.EmptyFieldListFilter))
    list_select_related = ("review",)
    fields = (
        "rule",
        "account",
        "count",
        "first_at",
        "last_at",
        "noticed",
        "seen",
        "review",
        "explanation",
        "measure",
        "explained_by",
        "explained_at",
    )
    readonly_fields = fields
    actions = ("explain",)

    @admin.display(description=_("explained"))
    def told(self, finding: Finding) -> SafeString:
        return badge(_("explained"), "good") if finding.explained_at else badge(_("open"), "open")

    @admin.display(description=_("what was noticed"))
    def noticed(self, finding: Finding) -> SafeString | str:
        return format_html_join("", "<div>{}: {}</div>", sorted(finding.facts.items())) or "–"

    @admin.display(description=_("entries"))
    def seen(self, finding: Finding) -> SafeString | str:
        links = ((reverse("admin:ledger_entry_change", args=[entry]), entry) for entry in finding.entries)
        return format_html_join(" ", '<a href="{}">{}</a>', links) or "–"

    @button(description=_("Explain"), permission="ledger.review_trail", locations=PAGE)
    def explain(self, request: HttpRequest, queryset: QuerySet[Finding]) -> HttpResponse | None:
        answers = ask(
            self, request, queryset,
            title=_("Explain a finding"),
            verb=_("Keep the explanation"),
            consequences=[_("The explanation stays with the finding and is printed on the review sheet.")],
            form_class=ExplanationForm,
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for finding in queryset:
            run_verb(
                self, request,
                partial(ledger.explain_finding,
                    finding=finding, explanation=answers["explanation"], measure=answers["measure"],
                    actor=actor_of(request), at=clock.now(),
                ),
                _("The explanation is kept."),
            )  # fmt: skip
        return None

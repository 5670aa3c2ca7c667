"""Reviews in the console: findings to explain, a sample to look at, two signatures, the sheet as PDF."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.admin.filters import request_actor
from privacy.ledger.events import Event
from privacy.ledger.exports.review_sheet import issue_review_sheet
from privacy.ledger.models import Entry, Finding, Review
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, state_badge


class SignatureForm(forms.Form):
    """What the reviewer says over the signature, and the findings that are signed with it, as they were read."""

    findings = forms.CharField(
        label=_("Findings and their explanations"),
        required=False,
        widget=forms.Textarea({"rows": 6, "readonly": True}),
    )
    checked = forms.CharField(label=_("What the sample showed"), max_length=2_000, widget=forms.Textarea({"rows": 4}))
    conclusion = forms.CharField(label=_("Conclusion"), max_length=4_000, widget=forms.Textarea({"rows": 5}))


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    explanation = _(
        "At the end of each period the access records are fixed and rules raise findings. An auditor explains the "
        "findings, examines a random sample and signs. A second person confirms."
    )
    empty_hint = _("The first review opens automatically when the first period has ended.")
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
    STEPS: ClassVar = {
        Review.State.OPEN: ("draw",),
        Review.State.SAMPLED: ("sign",),
        Review.State.SIGNED: ("confirm",),
    }
    change_form_template = "admin/ledger/review/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        waiting = Count("findings", filter=Q(findings__explained_at=None))
        reviews: QuerySet[Review] = super().get_queryset(request).annotate(waiting=waiting)
        return reviews

    def buttons_for(self, record: Review) -> tuple[str, ...]:
        return self.STEPS.get(Review.State(record.state), ())

    def withheld_from(self, record: Review, actor: Actor) -> tuple[str, ...]:
        """Nobody signs over findings about themselves, and the second signature is not the reviewer's."""
        if record.findings.filter(account=actor.ref).exists():
            return ("sign", "confirm")
        return ("confirm",) if record.reviewer == actor.ref else ()

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
        return review.describe_range()

    @admin.display(description=_("figures"))
    def figures(self, review: Review) -> SafeString | str:
        kinds = dict(Entry._meta.get_field("kind").flatchoices)
        rows = ((kinds.get(kind, kind), f["entries"], f["accounts"]) for kind, f in sorted(review.counted.items()))
        return format_html_join("", "<div>{}: {} ({} {})</div>", ((*row, _("accounts")) for row in rows)) or "–"

    @admin.display(description=_("findings"))
    def found(self, review: Review) -> SafeString | str:
        """How many of each rule, how many of them are explained, and the way to the list that is worked through."""
        address = f"{reverse('admin:ledger_finding_changelist')}?review__id__exact={review.pk}"
        counted = review.findings.order_by("rule").values("rule").annotate(all=Count("pk"), told=Count("explained_at"))
        rules = dict(Finding.Rule.choices)
        lines = format_html_join(
            "",
            '<div><a href="{}&rule__exact={}">{}</a>: {}</div>',
            (
                (address, one["rule"], rules.get(one["rule"], one["rule"]),
                 now_("%(told)d of %(all)d explained") % {"told": one["told"], "all": one["all"]})
                for one in counted
            ),
        )  # fmt: skip
        return (
            format_html('{}<div><a href="{}">{}</a></div>', lines, address, _("Go through the list")) if lines else "–"
        )

    @admin.display(description=_("sample"))
    def drawn(self, review: Review) -> SafeString | str:
        links = ((reverse("admin:ledger_entry_change", args=[entry]), entry) for entry in review.sample)
        return format_html_join(" ", '<a href="{}">{}</a>', links) or "–"

    @button(description=_("Draw the sample"), permission="ledger.review_trail", locations=CHANGE_FORM_ONLY)
    def draw(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        for review in queryset:
            run_action(
                self, request,
                partial(ledger.draw_sample, review=review, actor=request_actor(request), at=clock.now()),
                _("The sample has been drawn. Examine every entry in it, then sign."),
            )  # fmt: skip

    @button(description=_("Sign as the reviewer"), permission="ledger.review_trail", locations=CHANGE_FORM_ONLY)
    def sign(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset,
            title=_("Sign the review"),
            verb=_("Sign"),
            consequences=[
                _(
                    "The review sheet names your account as the reviewer. After that, findings can no longer be "
                    "explained."
                ),
                _("Another person must confirm the review."),
            ],
            form_class=SignatureForm,
            edits=lambda review: {"findings": _explained_findings(review)},
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for review in queryset:
            run_action(
                self, request,
                partial(ledger.sign_review,
                    review=review, checked=answers["checked"], conclusion=answers["conclusion"],
                    actor=request_actor(request), at=clock.now(),
                ),
                _("Signed. It is waiting for the second person."),
                record=review,
            )  # fmt: skip
        return None

    @button(
        description=_("Confirm as the second person"), permission="ledger.confirm_review", locations=CHANGE_FORM_ONLY
    )
    def confirm(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset,
            title=_("Confirm the review"),
            verb=_("Confirm"),
            consequences=[_("The review is closed, and you are recorded as the second person.")],
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for review in queryset:
            run_action(
                self, request,
                partial(ledger.confirm_review, review=review, actor=request_actor(request), at=clock.now()),
                _("The review has been confirmed."),
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
        ledger.record_before(
            Event.EXPORTED, actor=request_actor(request), at=None, about=review, task="ledger.review.printed",
            reason=f"review sheet {review.reference}",
        )  # fmt: skip
        sheet = issue_review_sheet(
            review, language=get_language() or "ko", actor=request_actor(request), at=clock.now()
        )
        response = HttpResponse(sheet, content_type="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="{review.reference}.pdf"'
        return response


def _explained_findings(review: Review) -> str:
    """Return what the sheet says of the findings, a line for each and for each question to an account holder."""
    lines: list[list[str]] = []
    for finding in review.findings.order_by("rule", "first_at", "pk").prefetch_related("questions"):
        words = [finding.explanation, finding.measure]
        lines.append([finding.get_rule_display(), finding.account, str(finding.count), *words])
        lines += [[f"? {one.question}", one.answer and f"→ {one.answer}"] for one in finding.questions.all()]
    return "\n".join(" · ".join(part for part in line if part) for line in lines)

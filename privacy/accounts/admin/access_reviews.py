"""Reviews of access in the console: each grant confirmed or revoked, then the signature."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.admin.access_grants import scope_text
from privacy.accounts.forms import ConclusionForm, DecisionForm
from privacy.accounts.models import AccessReview, ReviewedGrant
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.lib.display.period_text import period_text
from privacy.lib.registries import parameters

REVIEW = "accounts.review_access"


def _explanation() -> str:
    return now_(
        "Every %(period)s the portal lists all current access. Someone other than the holder confirms or revokes each "
        "line, and then the review is signed."
    ) % {"period": period_text(months=parameters.number("grants.review.months", clock.today()))}


@admin.register(AccessReview)
class AccessReviewAdmin(ReadOnlyAdmin):
    explanation = lazy(_explanation, str)()
    empty_hint = _("The next review opens automatically on the first day of its period.")
    list_display = ("reference", "period", "standing", "due_on", "undecided")
    list_filter = ("state",)
    fields = (
        "reference",
        "period",
        "standing",
        "due_on",
        "undecided",
        "open_list",
        "conclusion",
        "signed_by",
        "signed_at",
    )
    readonly_fields = fields
    actions = ("sign",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessReview]:
        # What has ended meanwhile needs no decision.
        pending = Q(lines__outcome=ReviewedGrant.Outcome.PENDING)
        living = Q(lines__grant__valid_until__gte=clock.today(), lines__grant__revoked_at=None)
        waiting = Count("lines", filter=pending & living)
        reviews: QuerySet[AccessReview] = super().get_queryset(request).annotate(waiting=waiting)
        return reviews

    def buttons_for(self, record: AccessReview) -> tuple[str, ...]:
        return ("sign",) if record.state == AccessReview.State.OPEN else ()

    @admin.display(description=_("period"))
    def period(self, review: AccessReview) -> str:
        return f"{review.period_from} – {review.period_until}"

    @admin.display(description=_("state"))
    def standing(self, review: AccessReview) -> SafeString:
        word = badges.state_badge(review.state, review.get_state_display())
        overdue = review.state == AccessReview.State.OPEN and review.due_on < clock.today()
        return format_html("{} {}", badges.badge(_("overdue"), "late"), word) if overdue else word

    @admin.display(description=_("still to decide"))
    def undecided(self, review: AccessReview) -> int:
        return int(getattr(review, "waiting", 0))

    @admin.display(description=_("list"))
    def open_list(self, review: AccessReview) -> SafeString:
        address = f"{reverse('admin:accounts_reviewedgrant_changelist')}?review__id__exact={review.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Go through the list"))

    @button(description=_("Sign the review"), permission=REVIEW, locations=CHANGE_FORM_ONLY)
    def sign(self, request: HttpRequest, queryset: QuerySet[AccessReview]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Sign the access review"),
            verb=_("Sign"),
            consequences=[
                _("Your account is recorded as the reviewer. The review is closed and recorded on the audit trail.")
            ],
            form_class=ConclusionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.sign_review,
            queryset.get(),
            conclusion=answers["conclusion"],
            actor=actor_of(request),
            at=clock.now(),
        )
        run_action(self, request, verb, _("Signed."))
        return None


@admin.register(ReviewedGrant)
class ReviewedGrantAdmin(ReadOnlyAdmin):
    explanation = _(
        "Is this access still needed? Select lines and confirm or revoke them. A colleague reviews your own."
    )
    empty_hint = _("Lines appear here when a review opens.")
    list_display = ("grant_text", "holder", "until", "why", "standing", "decided_by")
    list_filter = ("outcome", "review")
    list_select_related = ("grant__user", "review")
    fields = ("review", "grant_text", "holder", "why", "until", "standing", "decided_by", "decided_at", "note")
    readonly_fields = fields
    actions = ("confirm", "withdraw")

    def buttons_for(self, record: ReviewedGrant) -> tuple[str, ...]:
        return ("confirm", "withdraw") if record.review.state == AccessReview.State.OPEN else ()

    @admin.display(description=_("access to"))
    def grant_text(self, line: ReviewedGrant) -> str:
        return scope_text(line.grant, clock.today())

    @admin.display(description=_("account"))
    def holder(self, line: ReviewedGrant) -> str:
        return str(line.grant.user)

    @admin.display(description=_("until"))
    def until(self, line: ReviewedGrant) -> str:
        return badges.date_text(line.grant.valid_until) if line.grant.valid_until else "–"

    @admin.display(description=_("reason"))
    def why(self, line: ReviewedGrant) -> str:
        return line.grant.reason

    @admin.display(description=_("state"), ordering="outcome")
    def standing(self, line: ReviewedGrant) -> SafeString:
        return badges.state_badge(line.outcome, line.outcome_text)

    @button(description=_("Confirm: still needed"), permission=REVIEW)
    def confirm(self, request: HttpRequest, queryset: QuerySet[ReviewedGrant]) -> None:
        verb: Any = partial(accounts.confirm_grants, list(queryset), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Confirmed."))

    @button(description=_("Revoke: not needed"), permission=REVIEW)
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ReviewedGrant]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Revoke access in the review"),
            verb=_("Revoke now"),
            consequences=[
                _("It ends at once, even in the middle of work. If it is a role, its holder is signed out everywhere.")
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.revoke_grants, list(queryset), note=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("Revoked."))
        return None

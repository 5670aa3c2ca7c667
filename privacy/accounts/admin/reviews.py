"""Reviews of access in the console: each grant confirmed or revoked, then the signature."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.admin.access import scope_text
from privacy.accounts.console import actor_of
from privacy.accounts.forms import ConclusionForm, DecisionForm
from privacy.accounts.models import AccessReview, ReviewedGrant
from privacy.lib import badges, clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask

REVIEW = "accounts.review_access"


@admin.register(AccessReview)
class AccessReviewAdmin(ReadOnlyAdmin):
    explanation = _(
        "Every quarter the portal lists all access in force. Somebody who is not its holder confirms or revokes each "
        "line; then the review is signed."
    )
    empty_hint = _("The next review opens by itself on the first day of the quarter.")
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
        waiting = Count("lines", filter=Q(lines__outcome=ReviewedGrant.Outcome.PENDING))
        reviews: QuerySet[AccessReview] = super().get_queryset(request).annotate(waiting=waiting)
        return reviews

    def verbs_for(self, record: AccessReview) -> tuple[str, ...]:
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

    @button(description=_("Sign the review"), permission=REVIEW, locations=(ActionLocation.CHANGE_FORM,))
    def sign(self, request: HttpRequest, queryset: QuerySet[AccessReview]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Sign the review of access"),
            verb=_("Sign"),
            consequences=[_("Your account stands as the reviewer, the review is closed and goes on the audit trail.")],
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
        run_verb(self, request, verb, _("Signed."))
        return None


@admin.register(ReviewedGrant)
class ReviewedGrantAdmin(ReadOnlyAdmin):
    explanation = _(
        "Is this access still needed? Choose lines and confirm or revoke them; your own are for a colleague."
    )
    empty_hint = _("Lines appear when a review opens.")
    list_display = ("grant_text", "holder", "until", "why", "standing", "decided_by")
    list_filter = ("outcome", "review")
    list_select_related = ("grant__user", "review")
    fields = ("review", "grant_text", "holder", "why", "until", "standing", "decided_by", "decided_at", "note")
    readonly_fields = fields
    actions = ("confirm", "withdraw")

    def verbs_for(self, record: ReviewedGrant) -> tuple[str, ...]:
        return ("confirm", "withdraw") if record.review.state == AccessReview.State.OPEN else ()

    @admin.display(description=_("access to"))
    def grant_text(self, line: ReviewedGrant) -> str:
        return scope_text(line.grant, clock.today())

    @admin.display(description=_("account"))
    def holder(self, line: ReviewedGrant) -> str:
        return str(line.grant.user)

    @admin.display(description=_("until"))
    def until(self, line: ReviewedGrant) -> str:
        return badges.day_text(line.grant.valid_until) if line.grant.valid_until else "–"

    @admin.display(description=_("reason"))
    def why(self, line: ReviewedGrant) -> str:
        return line.grant.reason

    @admin.display(description=_("state"), ordering="outcome")
    def standing(self, line: ReviewedGrant) -> SafeString:
        return badges.state_badge(line.outcome, line.get_outcome_display())

    @button(description=_("Confirm: still needed"), permission=REVIEW)
    def confirm(self, request: HttpRequest, queryset: QuerySet[ReviewedGrant]) -> None:
        verb: Any = partial(accounts.confirm_grants, list(queryset), actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("Confirmed."))

    @button(description=_("Revoke: not needed"), permission=REVIEW)
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ReviewedGrant]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Revoke access in the review"),
            verb=_("Revoke now"),
            consequences=[
                _("It ends at once, in the middle of work too. With a role, its holder is signed out everywhere.")
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.revoke_grants, list(queryset), note=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_verb(self, request, verb, _("Revoked."))
        return None

"""Reviews of access in the console: each grant confirmed or revoked, then the signature."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.admin.access_grants import scope_text
from privacy.accounts.forms import ConclusionForm, DecisionForm
from privacy.accounts.models import AccessGrant, AccessReview, ReviewedGrant, User
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
        "signer",
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

    @admin.display(description=_("signed by"))
    def signer(self, review: AccessReview) -> str:
        return self.account_name(review.signed_by)

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
    account_fields = ("decided_by",)
    list_display = ("grant_text", "holder", "until", "why", "standing", "decider")
    list_filter = ("outcome", ("grant__user", admin.RelatedOnlyFieldListFilter), "grant__role", "review")
    list_per_page = 200
    list_select_related = ("grant__user", "review")
    fields = ("review", "grant_text", "holder", "why", "until", "standing", "decider", "decided_at", "note")
    readonly_fields = fields
    actions = ("confirm", "withdraw")

    def buttons_for(self, record: ReviewedGrant) -> tuple[str, ...]:
        return ("confirm", "withdraw") if record.review.state == AccessReview.State.OPEN else ()

    @admin.display(description=_("access to"))
    def grant_text(self, line: ReviewedGrant) -> str:
        return scope_text(line.grant, clock.today())

    def withheld_from(self, record: ReviewedGrant, actor: User) -> tuple[str, ...]:
        """Nobody reviews their own access."""
        return ("confirm", "withdraw") if record.grant.user_id == actor.pk else ()

    @admin.display(description=_("account"), ordering="grant__user__name")
    def holder(self, line: ReviewedGrant) -> str:
        return str(line.grant.user)

    @admin.display(description=_("until"), ordering="grant__valid_until")
    def until(self, line: ReviewedGrant) -> str:
        return badges.date_text(line.grant.valid_until) if line.grant.valid_until else "–"

    @admin.display(description=_("reason"))
    def why(self, line: ReviewedGrant) -> str:
        return line.grant.reason

    @admin.display(description=_("state"), ordering="outcome")
    def standing(self, line: ReviewedGrant) -> SafeString:
        return badges.state_badge(line.outcome, line.outcome_text)

    @admin.display(description=_("decided by"), ordering="decided_by")
    def decider(self, line: ReviewedGrant) -> str:
        return self.account_name(line.decided_by)

    @button(description=_("Confirm: still needed"), permission=REVIEW)
    def confirm(self, request: HttpRequest, queryset: QuerySet[ReviewedGrant]) -> None:
        lines = list(_able(request, queryset, living=True))
        if lines:
            verb: Any = partial(accounts.confirm_grants, lines, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _told(len(lines)))

    @button(description=_("Revoke: not needed"), permission=REVIEW)
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ReviewedGrant]) -> HttpResponse | None:
        able = _able(request, queryset)
        if not able:
            return None
        answers = confirm_action(
            self,
            request,
            able,
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
        lines = list(able)
        verb = partial(accounts.revoke_grants, lines, note=answers["reason"], actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, lambda revoked: _revoked_text(revoked, len(lines)))
        return None


def _revoked_text(revoked: int, chosen: int) -> str:
    """Return what became of the lines: what had ended already was revoked by nobody now."""
    if revoked == chosen:
        return now_("Revoked.")
    said = now_("Revoked: %(revoked)d of %(chosen)d. The rest had already ended.")
    return said % {"revoked": revoked, "chosen": chosen}


def _able(request: HttpRequest, queryset: QuerySet[ReviewedGrant], *, living: bool = False) -> QuerySet[ReviewedGrant]:
    """Return of several lines those that this person may decide about, and say how many were left out and why.

    A single line is left to the verb, which says why not.
    """
    if queryset.count() == 1:
        return queryset
    able = queryset.exclude(grant__user=actor_of(request)).filter(review__state=AccessReview.State.OPEN)
    if living:
        able = able.filter(grant__in=AccessGrant.objects.living(on=clock.today()))
    left = queryset.count() - able.count()
    if left:
        told = ngettext(
            "%(count)d line was left out: your own access, access that has ended, or a signed review.",
            "%(count)d lines were left out: your own access, access that has ended, or a signed review.",
            left,
        )
        messages.warning(request, told % {"count": left})
    return able


def _told(count: int) -> str:
    return ngettext("Confirmed %(count)d line.", "Confirmed %(count)d lines.", count) % {"count": count}

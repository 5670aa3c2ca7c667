"""The register of access in the console: requests to decide, grants in force and past, the export."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.forms import DecisionForm, EndForm, GrantForm
from privacy.accounts.models import AccessGrant, AccessRequest
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import badges, display_names
from privacy.lib.http import step_up_authentication

GRANT = "accounts.grant_access"


def scope_text(record: AccessGrant | AccessRequest, on: date) -> str:
    """Return what access is to, in words."""
    if record.role:
        return now_("Role: %(role)s") % {"role": ROLE_NAMES[record.role]}
    category, purpose = (
        display_names.display_name("category", record.category, on=on),
        display_names.display_name("purpose", record.purpose, on=on),
    )
    return f"{capfirst(category)} · {purpose}"


@admin.register(AccessGrant)
class AccessGrantAdmin(ReadOnlyAdmin):
    explanation = _(
        "The access register (F-12): each line has a reason, a period and an approver. Lines are "
        "never edited. A change adds a new line, and every line is kept for at least three years "
        "after it ends."
    )
    empty_hint = _("Decide a request, or request access for a colleague.")
    list_display = ("scope", "user", "standing", "valid_until", "approved_by")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "role", "category", "purpose")
    list_select_related = ("user", "approved_by")
    fields = (
        "user", "scope", "standing", "reason", ("valid_from", "valid_until"),
        "asked_by", ("approved_by", "granted_by", "granted_at"), "replaces", ("revoked_by", "revoked_at"), "revocation",
    )  # fmt: skip
    readonly_fields = ("scope", "standing")
    actions = ("change_end", "revoke")
    change_list_template = "admin/accounts/accessgrant/change_list.html"

    def buttons_for(self, record: AccessGrant) -> tuple[str, ...]:
        return () if record.revoked_at or record.valid_until < clock.today() else ("change_end", "revoke")

    @admin.display(description=_("access to"))
    def scope(self, grant: AccessGrant) -> str:
        return scope_text(grant, clock.today())

    @admin.display(description=_("state"))
    def standing(self, grant: AccessGrant) -> SafeString:
        today = clock.today()
        if grant.revoked_at:
            return badges.badge(_("revoked"), "gone")
        if grant.valid_until < today:
            return badges.badge(_("ended"), "done")
        if grant.valid_from > today:
            return badges.badge(_("upcoming"), "wait")
        return badges.badge(pgettext("access grant", "in force"), "good")

    @button(description=_("Revoke access"), permission=GRANT, step_up=True)
    def revoke(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Revoke access"),
            verb=_("Revoke now"),
            consequences=[
                _("It ends at once, even in the middle of work. If it is a role, its holder is signed out everywhere."),
                _("The line stays in the register for at least three years."),
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        for grant in queryset:
            verb = partial(accounts.revoke, grant=grant, why=answers["reason"], actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("Access revoked."), record=grant)
        return None

    @button(description=_("Change the end date"), permission=GRANT, locations=CHANGE_FORM_ONLY, step_up=True)
    def change_end(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Change the end date of access"),
            verb=_("Change"),
            consequences=[
                _("This line ends and is replaced by one with the new end date. Both stay in the register."),
                _(
                    "The new last day can only be earlier. To extend access, request it; another "
                    "officer must approve it."
                ),
            ],
            form_class=EndForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.change_end, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Changed and entered in the register as a new line."))
        return None

    def get_urls(self) -> list[URLPattern]:
        return [
            path("grant/", self.page(self.grant_page, needs=GRANT), name="accounts_accessgrant_grant"),
            *super().get_urls(),
        ]

    def grant_page(self, request: HttpRequest) -> HttpResponse:
        """Ask for access for a colleague without a request of theirs; another officer approves it."""
        step_up_authentication.require(request)
        today, granter = clock.today(), actor_of(request)
        initial = {"valid_from": today, "valid_until": today + timedelta(days=90)}
        form = GrantForm(request.POST or None, initial=initial, on=today, granter=granter)
        return add_record(
            self,
            request,
            form,
            lambda: accounts.request_access(
                user=form.cleaned_data["user"], **form.asked(), asked_by=granter, at=clock.now()
            ),
            title=_("Request access for a colleague"),
            verb=_("Request access"),
            consequences=[
                _("Nothing is granted until another officer approves it."),
                _("The person can open it from the first day, provided their pledge and training are valid."),
            ],
            success=_("Requested. Another officer must approve it."),
        )


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    explanation = _(
        "Access that employees request at /staff/access/, or that an officer requests for a "
        "colleague. Someone else decides."
    )
    empty_hint = _("Nobody has requested access.")
    list_display = ("reference", "user", "scope", "standing", "valid_until", "requested_at")
    list_filter = ("state",)
    list_select_related = ("user",)
    fields = (
        ("reference", "standing"), "user", "scope", "reason", ("valid_from", "valid_until"), "requested_at",
        ("decided_by", "decided_at"), "decision", "grant",
    )  # fmt: skip
    readonly_fields = ("scope", "standing")
    second_person = SecondPersonStep(
        GRANT, lambda record: record.state == AccessRequest.State.OPEN,
        rows={"state__exact": AccessRequest.State.OPEN.value},
    )  # fmt: skip
    actions = ("approve", "refuse")

    def buttons_for(self, record: AccessRequest) -> tuple[str, ...]:
        return ("approve", "refuse") if record.state == AccessRequest.State.OPEN else ()

    @admin.display(description=_("access to"))
    def scope(self, asked: AccessRequest) -> str:
        return scope_text(asked, clock.today())

    @admin.display(description=_("state"), ordering="state")
    def standing(self, asked: AccessRequest) -> SafeString:
        return badges.state_badge(asked.state, asked.get_state_display())

    @button(description=_("Approve"), permission=GRANT, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> HttpResponse | None:
        asked = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=pgettext_lazy("access grant", "Approve access"),
            verb=_("Approve"),
            consequences=[
                now_("%(who)s gets %(scope)s until %(until)s.")
                % {"who": asked.user, "scope": self.scope(asked), "until": badges.date_text(asked.valid_until)},
                _("This replaces the same access that is still in force."),
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.approve_access, asked, reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("Approved and entered in the register."))
        return None

    @button(description=_("Refuse"), permission=GRANT, locations=CHANGE_FORM_ONLY, step_up=True)
    def refuse(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=pgettext_lazy("access grant", "Refuse access"),
            verb=_("Refuse"),
            consequences=[_("Nothing is granted. The applicant will see your reason.")],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.refuse_access, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("Refused."))
        return None

"""The register of access in the console: requests to decide, grants in force and past, the export."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.console import actor_of
from privacy.accounts.forms import DecisionForm, EndForm, GrantForm
from privacy.accounts.models import AccessGrant, AccessRequest
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib import badges, clock, names, stepup
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.refusals import Refusal

PAGE = (ActionLocation.CHANGE_FORM,)
GRANT = "accounts.grant_access"


def scope_text(record: AccessGrant | AccessRequest, on: date) -> str:
    """Return what access is to, in words."""
    if record.role:
        return now_("Role: %(role)s") % {"role": ROLE_NAMES[record.role]}
    category, purpose = names.of("category", record.category, on=on), names.of("purpose", record.purpose, on=on)
    return f"{category} · {purpose}"


@admin.register(AccessGrant)
class AccessGrantAdmin(ReadOnlyAdmin):
    explanation = _(
        "The register of access (F-12): each line with reason, period and approver. A line is never edited; a change "
        "is a new line, and every line is kept for three years after its end."
    )
    empty_hint = _("Decide a request, or grant access yourself to a colleague.")
    list_display = ("scope", "user", "standing", "valid_until", "approved_by")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "role", "category", "purpose")
    list_select_related = ("user", "approved_by")
    fields = (
        "user", "scope", "standing", "reason", ("valid_from", "valid_until"),
        ("approved_by", "granted_by", "granted_at"), "replaces", ("revoked_by", "revoked_at"), "revocation",
    )  # fmt: skip
    readonly_fields = ("scope", "standing")
    actions = ("change_end", "revoke")
    change_list_template = "admin/accounts/accessgrant/change_list.html"

    def verbs_for(self, record: AccessGrant) -> tuple[str, ...]:
        return () if record.revoked_at else ("change_end", "revoke")

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
            return badges.badge(_("to come"), "wait")
        return badges.badge(_("in force"), "good")

    @button(description=_("Revoke access"), permission=GRANT, step_up=True)
    def revoke(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Revoke access"),
            verb=_("Revoke now"),
            consequences=[
                _("It ends at once, in the middle of work too. With a role, its holder is signed out everywhere."),
                _("The line stays in the register for three years."),
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        for grant in queryset:
            verb = partial(accounts.revoke, grant=grant, why=answers["reason"], actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("Access revoked."))
        return None

    @button(description=_("Change the end"), permission=GRANT, locations=PAGE, step_up=True)
    def change_end(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Change the end of access"),
            verb=_("Change"),
            consequences=[
                _("This line ends and a new one with the new end takes its place; both stay in the register.")
            ],
            form_class=EndForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.change, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("Changed; the new line is in the register."))
        return None

    def get_urls(self) -> list[URLPattern]:
        return [
            path("grant/", self.page(self.grant_page, needs=GRANT), name="accounts_accessgrant_grant"),
            *super().get_urls(),
        ]

    def grant_page(self, request: HttpRequest) -> HttpResponse:
        """Grant access to a colleague without a request of theirs."""
        stepup.require(request)
        today, granter = clock.today(), actor_of(request)
        initial = {"valid_from": today, "valid_until": today + timedelta(days=90)}
        form = GrantForm(request.POST or None, initial=initial, on=today, granter=granter)
        if request.method == "POST" and form.is_valid():
            try:
                made = accounts.grant(user=form.cleaned_data["user"], **form.asked(), actor=granter, at=clock.now())
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, now_("Granted; the line is in the register."))
                return HttpResponseRedirect(reverse("admin:accounts_accessgrant_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Grant access"),
            "opts": self.opts,
            "form": form,
            "objects": [],
            "verb": _("Grant access"),
            "consequences": [_("The person can open it from the first day on, once pledge and training are valid.")],
        }
        return TemplateResponse(request, "admin/act.html", context)


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    explanation = _("What employees ask for at /staff/access/. Another person than the applicant decides.")
    empty_hint = _("Nobody has asked for access.")
    list_display = ("reference", "user", "scope", "standing", "valid_until", "requested_at")
    list_filter = ("state",)
    list_select_related = ("user",)
    fields = (
        ("reference", "standing"), "user", "scope", "reason", ("valid_from", "valid_until"), "requested_at",
        ("decided_by", "decided_at"), "decision", "grant",
    )  # fmt: skip
    readonly_fields = ("scope", "standing")
    actions = ("approve", "refuse")

    def verbs_for(self, record: AccessRequest) -> tuple[str, ...]:
        return ("approve", "refuse") if record.state == AccessRequest.State.OPEN else ()

    @admin.display(description=_("access to"))
    def scope(self, asked: AccessRequest) -> str:
        return scope_text(asked, clock.today())

    @admin.display(description=_("state"), ordering="state")
    def standing(self, asked: AccessRequest) -> SafeString:
        return badges.state_badge(asked.state, asked.get_state_display())

    @button(description=_("Approve"), permission=GRANT, locations=PAGE, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> HttpResponse | None:
        asked = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Approve access"),
            verb=_("Approve"),
            consequences=[
                now_("%(who)s gets: %(scope)s, until %(until)s.")
                % {"who": asked.user, "scope": self.scope(asked), "until": badges.day_text(asked.valid_until)},
                _("The same access that still runs ends, and this takes its place."),
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.approve_access, asked, reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_verb(self, request, verb, _("Approved; the line is in the register."))
        return None

    @button(description=_("Refuse"), permission=GRANT, locations=PAGE, step_up=True)
    def refuse(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Refuse access"),
            verb=_("Refuse"),
            consequences=[_("Nothing is granted. The applicant reads your reason.")],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.refuse_access, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_verb(self, request, verb, _("Refused."))
        return None

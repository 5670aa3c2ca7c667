"""Credentials of programs: issued for oneself after a step-up, a token shown once, revoked by its owner or officers."""

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, datetime_text
from privacy.lib.http import step_up_authentication
from privacy.office_api import actions as office_api
from privacy.office_api.actions.credentials import ISSUE, LIFETIME, LONGEST
from privacy.office_api.models import Credential, Scope


class TokenForm(forms.Form):
    """What a token is for, what it may do, and how long."""

    title = forms.CharField(
        label=pgettext_lazy("credential", "Used by"), max_length=100, help_text=_("The program, such as “helpdesk”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what your own account may do works. Choose as little as the program needs."),
    )  # fmt: skip
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=LONGEST.days, initial=LIFETIME.days)


class ClientForm(TokenForm):
    """A client of the company's identity provider."""

    client_id = forms.CharField(
        label=_("Client id"), max_length=200, help_text=_("As the identity provider has it (client credentials).")
    )
    field_order = ("title", "client_id", "scopes", "days")


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    explanation = _(
        "Programs that use the API of the office. Each acts as its owner, within its scopes, and stops working as soon "
        "as the owner leaves."
    )
    empty_hint = _("No program has a credential. Issue a token to let one act on your behalf.")
    change_list_template = "admin/safeguards/change_list.html"
    list_display = ("title", "reference", "state_shown", "kind", "owner", "last_used", "expires_at")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner", "use")
    fields = (
        "title", ("reference", "kind"), "owner", ("hint", "client_id"), "scopes_named", ("rate", "last_used"),
        ("issued_at", "expires_at"), ("revoked_at", "revoked_by"),
    )  # fmt: skip
    readonly_fields = ("last_used", "scopes_named")
    actions = ("revoke",)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("token/", self.page(self.issue_token, needs=ISSUE), name="office_api_credential_token"),
            path("client/", self.page(self.register_client, needs=ISSUE), name="office_api_credential_client"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Offer the pages for a new credential to those who may."""
        tools = []
        if actor_of(request).may(ISSUE):
            tools = [
                (reverse("admin:office_api_credential_token"), _("Issue a token")),
                (reverse("admin:office_api_credential_client"), _("Register a client")),
            ]
        return super().changelist_view(request, {**(extra_context or {}), "tools": tools})

    def buttons_for(self, record: Credential) -> Collection[str]:
        return ("revoke",) if record.revoked_at is None else ()

    @admin.display(description=_("state"))
    def state_shown(self, row: Credential) -> SafeString:
        if row.revoked_at is not None:
            return badge(pgettext_lazy("credential", "revoked"), "gone")
        if not row.owner.is_active:
            return badge(_("owner has left"), "gone")
        return badge(_("expired"), "done") if row.expires_at <= clock.now() else badge(_("works"), "good")

    @admin.display(description=_("last used"))
    def last_used(self, row: Credential) -> str:
        use = getattr(row, "use", None)
        return datetime_text(use.last_used_at) if use is not None else str(_("never"))

    @admin.display(description=_("scopes"))
    def scopes_named(self, row: Credential) -> str:
        return scopes_in_words(row)

    def issue_token(self, request: HttpRequest) -> HttpResponse:
        """Ask what a token is for, make it, and show it this once."""
        step_up_authentication.require(request)
        form = TokenForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            made = make_or_refuse(
                form,
                lambda: office_api.issue_token(
                    title=given["title"], scopes=given["scopes"], lifetime=timedelta(days=given["days"]),
                    actor=actor_of(request), at=clock.now(),
                ),
            )  # fmt: skip
            if made is not None:
                context = {"token": made.token, "row": made.row, "scopes": scopes_in_words(made.row)}
                return self._shown(request, "office_api/office/token.html", _("The new token"), context)
        hint = _("The token is shown only once. We keep only its hash. It acts as you, within its scopes.")
        return self._shown(request, "admin/safeguards/new.html", _("Issue a token"), {"form": form, "hint": hint})

    def register_client(self, request: HttpRequest) -> HttpResponse:
        """Ask which client of the provider may act as this person, and register it."""
        step_up_authentication.require(request)
        form = ClientForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            made = make_or_refuse(
                form,
                lambda: office_api.register_client(
                    title=given["title"], client_id=given["client_id"], scopes=given["scopes"],
                    lifetime=timedelta(days=given["days"]), actor=actor_of(request), at=clock.now(),
                ),
            )  # fmt: skip
            if made is not None:
                return HttpResponseRedirect(reverse("admin:office_api_credential_change", args=[made.pk]))
        hint = _("Its access tokens must be made for %(audience)s. It acts as you, within its scopes and the token's.")
        context = {"form": form, "hint": hint % {"audience": office_api.audience()}}
        return self._shown(request, "admin/safeguards/new.html", _("Register a client"), context)

    @button(description=pgettext_lazy("credential", "Revoke"), permission=ISSUE, step_up=True)
    def revoke(self, request: HttpRequest, queryset: QuerySet[Credential]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset,
            title=_("Revoke credentials"), verb=pgettext_lazy("credential", "Revoke"),
            consequences=[_("They stop working at once and permanently.")], dangerous=True,
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for row in queryset:
            verb = partial(office_api.revoke, row, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The credential no longer works."), record=row)
        return None

    def _shown(self, request: HttpRequest, template: str, title: object, more: dict[str, Any]) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **more}
        return TemplateResponse(request, template, context)


def scopes_in_words(row: Credential) -> str:
    """Return what a credential may do, in words."""
    return ", ".join(str(Scope(scope).label) for scope in Scope.values if scope in row.scopes)

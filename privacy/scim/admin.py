"""Credentials of the company's directory in the console: a token shown once, which works once another approves it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, datetime_text
from privacy.lib.http import step_up_authentication
from privacy.scim import actions as scim
from privacy.scim.actions.credentials import KEEP, LIFETIME, LONGEST
from privacy.scim.models import ProvisioningCredential


class TokenForm(forms.Form):
    """Which directory it is, and how long its token works."""

    title = forms.CharField(label=pgettext_lazy("directory", "Directory"), max_length=100)
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=LONGEST.days, initial=LIFETIME.days)


@admin.register(ProvisioningCredential)
class ProvisioningCredentialAdmin(ReadOnlyAdmin):
    explanation = _(
        "The company's directory says by SCIM who works here: it opens accounts without roles, and ends everything of "
        "those who leave. Roles are granted here alone, by two people."
    )
    empty_hint = _("No directory is connected. Request a token for it.")
    change_list_template = "admin/safeguards/change_list.html"
    list_display = ("title", "state_shown", "reference", "last_used", "expires_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("use",)
    fields = (
        ("title", "reference"), "state_shown", ("hint", "rate", "last_used"), ("asker", "asked_at"),
        ("approver", "approved_at"), "expires_at", ("revoker", "revoked_at"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "last_used", "asker", "approver", "revoker")
    actions = ("approve", "revoke")
    second_person = SecondPersonStep(
        KEEP, lambda record: record.waits, rows={"approved_at__isnull": True, "revoked_at__isnull": True}
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.page(self.request_token, needs=KEEP)
        return [path("new/", view, name="scim_provisioningcredential_new"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Offer the page for a new token to those who may."""
        new = (reverse("admin:scim_provisioningcredential_new"), _("Request a token"))
        tools = [new] if actor_of(request).may(KEEP) else []
        return super().changelist_view(request, {**(extra_context or {}), "tools": tools})

    def request_token(self, request: HttpRequest) -> HttpResponse:
        """Ask which directory it is, make a token, and show it this once."""
        step_up_authentication.require(request)
        form = TokenForm(request.POST or None)
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            made = make_or_refuse(
                form,
                lambda: scim.ask_credential(
                    title=given["title"], lifetime=timedelta(days=given["days"]), actor=actor_of(request),
                    at=clock.now(),
                ),
            )  # fmt: skip
            if made is not None:
                how = _("Enter this token in the directory. It is shown only once, and works once another approves it.")
                context = {"title": _("The new token"), "record": made.row, "how": how, "secret": made.token}
                return TemplateResponse(request, "admin/disclosures/once.html", {**shared, **context})
        hint = _("Another person must approve it. We keep only its hash.")
        context = {"title": _("Request a token"), "form": form, "hint": hint}
        return TemplateResponse(request, "admin/safeguards/new.html", {**shared, **context})

    def buttons_for(self, record: ProvisioningCredential) -> Collection[str]:
        if record.revoked_at is not None:
            return ()
        return ("approve", "revoke") if record.waits else ("revoke",)

    @admin.display(description=_("state"))
    def state_shown(self, row: ProvisioningCredential) -> SafeString:
        if row.revoked_at is not None:
            return badge(pgettext_lazy("credential", "revoked"), "gone")
        if row.waits:
            return badge(_("waits for a second person"), "wait")
        return badge(_("expired"), "done") if row.expires_at <= clock.now() else badge(_("works"), "good")

    @admin.display(description=_("last used"))
    def last_used(self, row: ProvisioningCredential) -> str:
        use = getattr(row, "use", None)
        return datetime_text(use.last_used_at) if use is not None else str(_("never"))

    @admin.display(description=_("requested by"))
    def asker(self, row: ProvisioningCredential) -> str:
        return self.account_name(row.asked_by)

    @admin.display(description=_("approved by"))
    def approver(self, row: ProvisioningCredential) -> str:
        return self.account_name(row.approved_by) if row.approved_by else "–"

    @admin.display(description=_("revoked by"))
    def revoker(self, row: ProvisioningCredential) -> str:
        return self.account_name(row.revoked_by) if row.revoked_by else "–"

    @button(description=_("Approve"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[ProvisioningCredential]) -> Page:
        return pressed(
            self, request, queryset, scim.approve_credential, title=_("Approve the token"),
            consequences=[
                _("Whoever has the token can open accounts without roles, and close every account."),
                _("The register names you as the second person."),
            ],
            success=_("Approved. The token works now."),
        )  # fmt: skip

    @button(
        description=pgettext_lazy("credential", "Revoke"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[ProvisioningCredential]) -> Page:
        return pressed(
            self, request, queryset, scim.revoke_credential, title=_("Revoke the token"),
            consequences=[_("The directory no longer ends anybody's access until it has another token.")],
            success=_("The token no longer works."), dangerous=True,
        )  # fmt: skip

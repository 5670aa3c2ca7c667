from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.console import actor_of
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.scopes import known as scopes_known
from privacy.accounts.signin import actions as signin
from privacy.lib import clock, names, stepup
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("name", "email", "reference", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    fields = ("name", "email", "reference", "groups", "is_active", "is_staff", "joined_at", "last_login")
    actions = ("reset_sign_in",)

    @button(
        description=_("Reset sign-in"),
        permission="accounts.reset_sign_in",
        locations=(ActionLocation.CHANGE_FORM,),
        step_up=True,
    )
    def reset_sign_in(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """For somebody who stands before the officer without password or second factor."""
        answers = ask(
            self,
            request,
            queryset,
            title=_("Reset sign-in"),
            verb=_("Reset sign-in"),
            consequences=[
                _("Their second factors are removed, every session of theirs ends, and they get a new password."),
                _("Make sure who stands before you: who has the new password is this person from now on."),
            ],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        user, made = queryset.get(), []
        verb = partial(signin.reset, user, actor=actor_of(request), at=clock.now())
        if not run_verb(self, request, lambda: made.append(verb()), _("The sign-in is reset.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new password"),
            "opts": self.opts,
            "person": user,
            "password": made[0],
        }
        return TemplateResponse(request, "accounts/reset.html", context)


class AccessGrantForm(forms.ModelForm[AccessGrant]):
    """Who may open what for which purpose, why, and from when until when (F-12)."""

    granter: User
    category = forms.ChoiceField(label=_("category"))
    purpose = forms.ChoiceField(label=_("purpose"))

    class Meta:
        model = AccessGrant
        fields = ("user", "category", "purpose", "reason", "valid_from", "valid_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = scopes_known(clock.today())
        for name, values in (("category", {c for c, _p in scopes}), ("purpose", {p for _c, p in scopes})):
            cast(forms.ChoiceField, self.fields[name]).choices = [
                (value, names.of(name, value, on=clock.today())) for value in sorted(values)
            ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("user") == self.granter:
            self.add_error("user", _("Access is granted by another person. Ask a colleague who may grant access."))
        pair = (cleaned.get("category", ""), cleaned.get("purpose", ""))
        if all(pair) and pair not in scopes_known(clock.today()):
            self.add_error("purpose", _("The rulebook declares no such purpose for this category."))
        return cleaned


@admin.register(AccessGrant)
class AccessGrantAdmin(ReadOnlyAdmin):
    list_display = ("user", "category", "purpose", "valid_from", "valid_until", "approved_by", "revoked_at")
    list_filter = ("category", "purpose")
    list_select_related = ("user", "approved_by")
    actions = ("revoke",)
    form = AccessGrantForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.grant_access")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """Giving access asks who one is; so the form is not filled in for nothing."""
        stepup.require(request)
        return super().add_view(request, form_url, extra_context)

    def get_fields(self, request: HttpRequest, obj: AccessGrant | None = None) -> Any:
        return AccessGrantForm.Meta.fields if obj is None else super().get_fields(request, obj)

    def get_form(
        self, request: HttpRequest, obj: AccessGrant | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        return type("Form", (AccessGrantForm,), {"granter": request.user})

    def save_model(self, request: HttpRequest, obj: AccessGrant, form: Any, change: bool) -> None:
        """Grant by the verb; the form has checked the rest."""
        obj.pk = accounts.grant(**form.cleaned_data, actor=actor_of(request), at=clock.now()).pk

    @button(description=_("Revoke access"), permission="accounts.grant_access", step_up=True)
    def revoke(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> None:
        for grant in queryset:
            verb = partial(accounts.revoke, grant=grant, actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("Access revoked."))

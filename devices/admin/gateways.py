"""Gateways and their tokens: registered, rotated without a gap, revoked (issue of tokens: shown once)."""

from datetime import timedelta
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from devices import actions as devices
from devices.models import Challenge, Gateway, GatewayToken, Scope
from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import badge
from privacy.lib.refusals import Refusal

KEEP = "devices.keep_gateways"
ON_PAGE = (ActionLocation.CHANGE_FORM,)


class GatewayForm(forms.ModelForm[Gateway]):
    """What a new gateway is called and how much it may ask."""

    class Meta:
        model = Gateway
        fields = ("title", "rate")


class TokenForm(forms.Form):
    """What a token may do, and how long."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=Scope.values
    )
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=730, initial=365)


@admin.register(Gateway)
class GatewayAdmin(ReadOnlyAdmin):
    explanation = _("Machines that speak for devices: the MDM server, or agents. Each shows a token of its own.")
    empty_hint = _("Register a gateway, then issue a token for it.")
    list_display = ("title", "reference", "rate", "created_at", "state_shown", "tokens")
    fields = ("title", "reference", "rate", "created_at", "closed_at")
    actions = ("issue_token", "close")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(KEEP)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({"form": GatewayForm} if obj is None else {}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("title", "rate") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.fields

    def save_model(self, request: HttpRequest, obj: Gateway, form: Any, change: bool) -> None:
        made = devices.register_gateway(title=obj.title, rate=obj.rate, actor=actor_of(request), at=clock.now())
        obj.pk, obj.reference, obj._state.adding = made.pk, made.reference, False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return cast(HttpResponse, super().changeform_view(request, *args, **kwargs))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    @admin.display(description=_("state"))
    def state_shown(self, gateway: Gateway) -> SafeString:
        return badge(_("open"), "good") if gateway.closed_at is None else badge(_("closed"), "done")

    @admin.display(description=_("working tokens"))
    def tokens(self, gateway: Gateway) -> int:
        return GatewayToken.objects.usable(at=clock.now()).filter(gateway=gateway).count()

    @button(description=_("Issue a token"), permission=KEEP, locations=ON_PAGE, step_up=True)
    def issue_token(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> HttpResponse | None:
        gateway = queryset.first()
        if gateway is None:
            return None
        answers = ask(
            self,
            request,
            queryset,
            title=_("Issue a token"),
            verb=_("Issue"),
            consequences=[
                _("The token is shown once. Only its hash is kept."),
                _("Whoever has it can act as this gateway within its scopes."),
            ],
            form_class=TokenForm,
        )
        if isinstance(answers, HttpResponse):
            return answers
        try:
            made = devices.issue_token(
                gateway,
                scopes=answers["scopes"],
                lifetime=timedelta(days=answers["days"]),
                actor=actor_of(request),
                at=clock.now(),
            )
        except Refusal as refusal:
            self.message_user(request, str(refusal), level="ERROR")
            return None
        return _shown(self, request, made)

    @button(description=_("Close the gateway"), permission=KEEP, locations=ON_PAGE, step_up=True)
    def close(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Close a gateway"),
            verb=_("Close the gateway"),
            consequences=[_("None of its tokens works any more; its devices can send nothing.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for gateway in queryset:
            verb = partial(devices.close_gateway, gateway, actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("The gateway is closed."))
        return None


@admin.register(GatewayToken)
class GatewayTokenAdmin(ReadOnlyAdmin):
    explanation = _("Tokens of gateways. Rotating gives a new one while the old one goes on for a week.")
    list_display = ("hint", "state_shown", "gateway", "scopes_named", "issued_at", "expires_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("gateway",)
    fields = ("hint", "gateway", "scopes_named", "issued_at", "issued_by", "expires_at", "revoked_at", "revoked_by")
    readonly_fields = fields
    actions = ("rotate", "revoke")

    @admin.display(description=_("state"))
    def state_shown(self, token: GatewayToken) -> SafeString:
        if token.revoked_at is not None:
            return badge(_("revoked"), "gone")
        return badge(_("expired"), "done") if token.expires_at <= clock.now() else badge(_("works"), "good")

    @admin.display(description=_("scopes"))
    def scopes_named(self, token: GatewayToken) -> str:
        return ", ".join(str(Scope(scope).label) for scope in Scope.values if scope in token.scopes)

    @button(description=_("Rotate"), permission=KEEP, locations=ON_PAGE, step_up=True)
    def rotate(self, request: HttpRequest, queryset: QuerySet[GatewayToken]) -> HttpResponse | None:
        token = queryset.first()
        if token is None:
            return None
        answers = ask(
            self,
            request,
            queryset,
            title=_("Rotate a token"),
            verb=_("Rotate"),
            consequences=[
                _("A new token with the same scopes is shown once."),
                _("The old one goes on for a week, so that nothing stands still."),
            ],
        )
        if isinstance(answers, HttpResponse):
            return answers
        try:
            made = devices.rotate_token(token, actor=actor_of(request), at=clock.now())
        except Refusal as refusal:
            self.message_user(request, str(refusal), level="ERROR")
            return None
        token.refresh_from_db()
        return _shown(self, request, made, old=token)

    @button(description=_("Revoke"), permission=KEEP, step_up=True)
    def revoke(self, request: HttpRequest, queryset: QuerySet[GatewayToken]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Revoke tokens"),
            verb=_("Revoke"),
            consequences=[_("They stop working at once, for good.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for token in queryset:
            verb = partial(devices.revoke_token, token, actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("The token no longer works."))
        return None


@admin.register(Challenge)
class ChallengeAdmin(ReadOnlyAdmin):
    explanation = _("Codes that a device's holder confirms, so that the office knows who asks (law R-06).")
    list_display = ("case", "state", "asked_at", "expires_at", "answered_at", "answered_by")
    list_filter = ("state",)


def _shown(
    modeladmin: Any, request: HttpRequest, made: devices.NewToken, *, old: GatewayToken | None = None
) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": _("The new token"),
        "opts": GatewayToken._meta,
        "token": made.token,
        "row": made.row,
        "old": old,
    }
    return TemplateResponse(request, "devices/office/token.html", context)

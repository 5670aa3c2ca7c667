"""Gateways and their tokens: registered, rotated without a gap, revoked (issue of tokens: shown once)."""

from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from devices import actions as devices
from devices.models import Challenge, Gateway, GatewayToken, Scope
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, datetime_text

KEEP_GATEWAYS = "devices.keep_gateways"


class GatewayForm(forms.ModelForm[Gateway]):
    """What a new gateway is called and how much it may ask."""

    class Meta:
        model = Gateway
        fields = ("title", "users", "rate")


class TokenForm(forms.Form):
    """What a token may do, and how long."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=Scope.values
    )
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=730, initial=365)
    signing_key = forms.CharField(
        label=_("Public key for signed requests"),
        help_text=_("Ed25519, in Base64. With a key, the token works only for requests signed with its private key."),
        required=False,
        max_length=64,
    )


@admin.register(Gateway)
class GatewayAdmin(EditableAdmin):
    explanation = _("Systems that act for devices: the MDM server, or agents. Each uses its own token.")
    empty_hint = _("Register a gateway, then issue a token for it.")
    add_form = GatewayForm
    list_display = ("title", "reference", "rate", "created_at", "state_shown", "tokens")
    fields = ("title", "reference", "users", "rate", "created_at", "closed_at")
    actions = ("issue_token", "close")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(KEEP_GATEWAYS)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("title", "users", "rate") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.fields

    def save_model(self, request: HttpRequest, obj: Gateway, form: Any, change: bool) -> None:
        made = devices.register_gateway(
            title=obj.title, rate=obj.rate, users=obj.users, actor=actor_of(request), at=clock.now()
        )
        obj.pk, obj.reference, obj._state.adding = made.pk, made.reference, False

    @admin.display(description=_("state"))
    def state_shown(self, gateway: Gateway) -> SafeString:
        return (
            badge(pgettext_lazy("gateway", "open"), "good")
            if gateway.closed_at is None
            else badge(pgettext_lazy("gateway", "closed"), "done")
        )

    @admin.display(description=_("valid tokens"))
    def tokens(self, gateway: Gateway) -> int:
        return GatewayToken.objects.usable(at=clock.now()).filter(gateway=gateway).count()

    @button(description=_("Issue a token"), permission=KEEP_GATEWAYS, locations=CHANGE_FORM_ONLY, step_up=True)
    def issue_token(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> HttpResponse | None:
        gateway = queryset.first()
        if gateway is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Issue a token"),
            verb=_("Issue"),
            consequences=[
                _("The token is shown only once. We keep only its hash."),
                _("Anyone who has it can act as this gateway within its scopes."),
                _("It works once another officer has approved it."),
            ],
            form_class=TokenForm,
        )
        if isinstance(answers, HttpResponse):
            return answers
        made: list[devices.IssuedToken] = []
        issue = partial(
            devices.issue_token,
            gateway,
            scopes=answers["scopes"],
            lifetime=timedelta(days=answers["days"]),
            signing_key=answers["signing_key"],
            actor=actor_of(request),
            at=clock.now(),
        )
        if not run_action(self, request, lambda: made.append(issue()), _("The token was issued.")):
            return None
        return _token_page(self, request, made[0])

    @button(description=_("Close the gateway"), permission=KEEP_GATEWAYS, locations=CHANGE_FORM_ONLY, step_up=True)
    def close(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Close a gateway"),
            verb=_("Close the gateway"),
            consequences=[_("Its tokens stop working, and its devices can no longer send anything.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for gateway in queryset:
            verb = partial(devices.close_gateway, gateway, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The gateway has been closed."))
        return None


@admin.register(GatewayToken)
class GatewayTokenAdmin(ReadOnlyAdmin):
    explanation = _(
        "Tokens of gateways. Rotating a token creates a new one, and the old one works for up to another week."
    )
    list_display = ("hint", "state_shown", "gateway", "scopes_named", "issued_at", "expires_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("gateway",)
    fields = (
        "hint",
        "gateway",
        "scopes_named",
        "issued_at",
        "issued_by",
        "approved_by",
        "approved_at",
        "expires_at",
        "signed",
        "revoked_at",
        "revoked_by",
    )
    readonly_fields = fields
    actions = ("approve", "rotate", "revoke")
    second_person = SecondPersonStep(KEEP_GATEWAYS, lambda record: record.waits_for_approval(at=clock.now()))

    @admin.display(description=_("state"))
    def state_shown(self, token: GatewayToken) -> SafeString:
        if token.revoked_at is not None:
            return badge(pgettext_lazy("token", "revoked"), "gone")
        if token.gateway.closed_at is not None:
            return badge(_("gateway closed"), "gone")
        if token.expires_at <= clock.now():
            return badge(_("expired"), "done")
        return badge(_("waits for approval"), "wait") if token.approved_at is None else badge(_("works"), "good")

    def buttons_for(self, record: GatewayToken) -> tuple[str, ...]:
        return ("approve", "revoke") if record.waits_for_approval(at=clock.now()) else ("rotate", "revoke")

    @button(description=_("Approve the token"), permission=KEEP_GATEWAYS, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[GatewayToken]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve the token"),
            verb=_("Approve"),
            consequences=[
                _("Anyone who has it can act as this gateway within its scopes."),
                _("The register names you as the second person."),
            ],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for token in queryset:
            verb = partial(devices.approve_token, token, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The token works now."), record=token)
        return None

    @admin.display(description=_("only for signed requests"), boolean=True)
    def signed(self, token: GatewayToken) -> bool:
        return token.signing_key is not None

    @admin.display(description=_("scopes"))
    def scopes_named(self, token: GatewayToken) -> str:
        return _scopes_named(token)

    @button(description=_("Rotate"), permission=KEEP_GATEWAYS, locations=CHANGE_FORM_ONLY, step_up=True)
    def rotate(self, request: HttpRequest, queryset: QuerySet[GatewayToken]) -> HttpResponse | None:
        token = queryset.first()
        if token is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Rotate a token"),
            verb=_("Rotate"),
            consequences=[
                _("A new token with the same scopes is issued and shown only once."),
                _("It works once another officer has approved it."),
                _("The old one works for another week, or until it expires if that is sooner."),
            ],
        )
        if isinstance(answers, HttpResponse):
            return answers
        made = devices.rotate_token(token, actor=actor_of(request), at=clock.now())
        token.refresh_from_db()
        return _token_page(self, request, made, old=token)

    @button(description=pgettext_lazy("token", "Revoke"), permission=KEEP_GATEWAYS, step_up=True)
    def revoke(self, request: HttpRequest, queryset: QuerySet[GatewayToken]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Revoke tokens"),
            verb=pgettext_lazy("token", "Revoke"),
            consequences=[_("They stop working at once and permanently.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for token in queryset:
            verb = partial(devices.revoke_token, token, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The token no longer works."))
        return None


@admin.register(Challenge)
class ChallengeAdmin(ReadOnlyAdmin):
    explanation = _(
        "Questions sent to a device's holder to show who is making a request. Only the requester sees the code."
    )
    list_display = ("case", "state_shown", "asked_at", "expires_at", "answered", "answered_through")
    list_filter = ("state",)
    fields = ("case", "device_id", "state_shown", "asked_at", "expires_at", "answered", "answered_through")
    readonly_fields = fields

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, challenge: Challenge) -> str:
        if challenge.is_out_of_tries:
            return str(_("ended: too many wrong codes"))
        return str(_("ran out")) if challenge.ran_out(at=clock.now()) else challenge.get_state_display()

    @admin.display(description=_("answered"))
    def answered(self, challenge: Challenge) -> str:
        at = challenge.answered_at
        return "–" if at is None or challenge.ran_out(at=clock.now()) else datetime_text(at)

    @admin.display(description=_("answered through"))
    def answered_through(self, challenge: Challenge) -> str:
        nobody = challenge.is_out_of_tries or challenge.ran_out(at=clock.now())
        return "–" if nobody else challenge.answered_by or "–"


def _scopes_named(token: GatewayToken) -> str:
    """Return what a token may do, in words."""
    return ", ".join(str(Scope(scope).label) for scope in Scope.values if scope in token.scopes)


def _token_page(
    modeladmin: Any, request: HttpRequest, made: devices.IssuedToken, *, old: GatewayToken | None = None
) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": _("The new token"),
        "opts": GatewayToken._meta,
        "token": made.token,
        "row": made.row,
        "scopes": _scopes_named(made.row),
        "old": old,
    }
    return TemplateResponse(request, "devices/office/token.html", context)

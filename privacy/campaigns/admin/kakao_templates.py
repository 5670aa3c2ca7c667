"""Templates of KakaoTalk notices in the console: the register of what Kakao approved, and how the channel is set up."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.campaigns import actions as campaigns
from privacy.campaigns import kakao
from privacy.campaigns.actions.kakao_templates import PERMISSION
from privacy.campaigns.models import KakaoTemplate
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import badge
from privacy.lib.integrations import text_messages


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = KakaoTemplate
        fields = ("code", "kind", "language", "text", "approved_on")
        field_classes = {"approved_on": BoundedDateField}
        help_texts = {
            "code": _("As Kakao or the provider gave it."),
            "text": format_lazy(
                "{} {}",
                _("Exactly as it was approved, with these variables. Kakao delivers no other text."),
                ", ".join(f"#{{{name}}}" for name in kakao.VARIABLES),
            ),
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 10, "lang": "ko"})}


@admin.register(KakaoTemplate)
class KakaoTemplateAdmin(EditableAdmin):
    empty_hint = _("Have a template approved in Kakao's channel first, then enter its code and text here.")
    add_form = TemplateForm
    list_display = ("code", "kind", "language", "state_shown", "approved_on", "recorded_at")
    account_fields = ("recorded_by", "ended_by")
    actions = ("end",)

    @property
    def explanation(self) -> Any:
        said = _(
            "Texts that Kakao approved. A notice goes to a mobile number by KakaoTalk if its kind has one, and by text "
            "message if not, or if KakaoTalk doesn't deliver it."
        )
        if text_messages.are_sent_by_kakao():
            return said
        missing = _("No channel is set up yet (KAKAO_CHANNEL), so notices go by text message.")
        return f"{said} {missing}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm(PERMISSION)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["code", ("kind", "language"), "text", "approved_on"]
        return [
            ("code", "state_shown"), ("kind", "language"), "text", "approved_on", ("recorder", "recorded_at"),
            ("ender", "ended_at"),
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("state_shown", "recorder", "ender")

    @admin.display(description=_("state"))
    def state_shown(self, template: KakaoTemplate) -> SafeString:
        return badge(_("ended"), "no") if template.ended_at else badge(_("in use"), "good")

    @admin.display(description=_("recorded by"))
    def recorder(self, template: KakaoTemplate) -> str:
        return self.account_name(template.recorded_by)

    @admin.display(description=_("ended by"))
    def ender(self, template: KakaoTemplate) -> str:
        return self.account_name(template.ended_by) or "–"

    def buttons_for(self, record: KakaoTemplate) -> tuple[str, ...]:
        return () if record.ended_at else ("end",)

    def save_model(self, request: HttpRequest, obj: KakaoTemplate, form: Any, change: bool) -> None:
        obj.pk = campaigns.record_kakao_template(
            code=obj.code, kind=obj.kind, language=obj.language, text=obj.text, approved_on=obj.approved_on,
            actor=actor_of(request), at=clock.now(),
        ).pk  # fmt: skip

    @button(description=_("End"), permission=PERMISSION, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[KakaoTemplate]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("End"), verb=_("End"), dangerous=True,
            consequences=[_("Notices of this kind go by text message from now on.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(campaigns.end_kakao_template, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Ended."), level=messages.WARNING)
        return None

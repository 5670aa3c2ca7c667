"""The register of the app's permissions in the console."""

from collections.abc import Collection
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
from devices.actions.app_permissions import KEEP
from devices.models import AppPermission
from devices.register import permission_items
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import badge
from privacy.processors.admin.forms import ItemsField
from privacy.safeguards.admin.records import RecordAdmin, account_column

WITHOUT_HELP = _("Only for an optional one. The service itself works without it.")


class AppPermissionForm(forms.Form):
    """A permission that the app asks for."""

    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Latin letters, digits and hyphens, for example location.")
    )
    name_ko = forms.CharField(label=_("Permission (Korean)"), max_length=120)
    name_en = forms.CharField(label=_("Permission (English)"), max_length=120)
    required = forms.TypedChoiceField(
        label=_("Required or optional"),
        choices=[("yes", _("required: the service can't be provided without it")), ("no", _("optional"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    items = ItemsField(required=False, help_text=_("What is collected by it. Leave it empty if nothing is."))
    reason_ko = forms.CharField(label=_("Why it is needed (Korean)"), max_length=300)
    reason_en = forms.CharField(label=_("Why it is needed (English)"), max_length=300)
    without_ko = forms.CharField(
        label=_("What doesn't work without it (Korean)"), max_length=300, required=False, help_text=WITHOUT_HELP
    )
    without_en = forms.CharField(label=_("What doesn't work without it (English)"), max_length=300, required=False)
    starts_on = BoundedDateField(label=pgettext_lazy("permission", "Asked from"))


class LastDayForm(forms.Form):
    """The last day of a permission."""

    ended_on = BoundedDateField(label=_("Last day"))


@admin.register(AppPermission)
class AppPermissionAdmin(RecordAdmin):
    explanation = _(
        "What the app may access on a handset, and why. Whoever refuses an optional permission still gets the "
        "service. The privacy policy shows this table, so a change requires a revision of it."
    )
    empty_hint = _("Register each permission that the app asks for, before it does.")
    list_display = ("name_ko", "reference", "required_shown", "starts_on", "state_shown")
    list_filter = ("required", ("ended_on", admin.EmptyFieldListFilter))
    fields = (
        ("reference", "code"), ("name_ko", "name_en"), "required_shown", "items_shown", ("reason_ko", "reason_en"),
        ("without_ko", "without_en"), ("starts_on", "ended_on"), ("registrar", "registered_at"), "ender",
    )  # fmt: skip
    readonly_fields = ("required_shown", "items_shown", "registrar", "ender")
    actions = ("end",)
    add_label = _("Register a permission")
    record_form = AppPermissionForm
    add_permission = KEEP
    registrar = account_column("registered_by", _("registered by"))
    ender = account_column("ended_by", _("end recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> AppPermission:
        return devices.register_app_permission(**given, actor=actor_of(request), at=clock.now())

    def buttons_for(self, record: AppPermission) -> Collection[str]:
        return () if record.ended_on else ("end",)

    @admin.display(description=_("required or optional"), ordering="required")
    def required_shown(self, row: AppPermission) -> str:
        return str(pgettext_lazy("permission", "required") if row.required else pgettext_lazy("permission", "optional"))

    @admin.display(description=_("items"))
    def items_shown(self, row: AppPermission) -> str:
        return permission_items(row) or "–"

    @admin.display(description=_("state"))
    def state_shown(self, row: AppPermission) -> SafeString:
        today = clock.today()
        if row.ended_on is not None and row.ended_on < today:
            return badge(_("ended"), "done")
        return (
            badge(pgettext_lazy("permission", "asked for"), "good")
            if row.starts_on <= today
            else badge(pgettext_lazy("permission", "announced"), "wait")
        )

    @button(description=_("End the permission"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[AppPermission]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("End the permission"), verb=_("Record the end"),
            consequences=[_("After a revision, the privacy policy no longer lists it.")], form_class=LastDayForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(devices.end_app_permission, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The end has been recorded."))
        return None

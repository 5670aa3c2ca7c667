"""Extra holidays and dated numbers in the console."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import button, run_verb
from privacy.policies import actions as policies
from privacy.policies.admin.saving import VerbAdmin
from privacy.policies.models import ExtraHoliday, Parameter


@admin.register(ExtraHoliday)
class ExtraHolidayAdmin(VerbAdmin):
    explanation = _(
        "Temporary holidays and by-election days. Deadlines that end on one move on to the next working day."
    )
    empty_hint = _("The holidays of the law are known by themselves. Add the ones the government designates.")
    list_display = ("day", "name", "added_at")
    fields = ("day", "name")
    actions = ("withdraw",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.edit_calendar")

    def save_model(self, request: HttpRequest, obj: ExtraHoliday, form: Any, change: bool) -> None:
        obj.pk = policies.add_holiday(day=obj.day, name=obj.name, actor=actor_of(request), at=clock.now()).pk

    @button(description=_("Withdraw"), permission="policies.edit_calendar")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ExtraHoliday]) -> None:
        for holiday in queryset:
            run_verb(
                self,
                request,
                partial(policies.withdraw_holiday, holiday, actor=actor_of(request), at=clock.now()),
                _("Withdrawn."),
            )


class ParameterForm(forms.ModelForm[Parameter]):
    """A new value of a number that the portal already knows."""

    code = forms.ChoiceField(label=_("code"))

    class Meta:
        model = Parameter
        fields = ("code", "value", "effective_on", "basis")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        assert isinstance(field, forms.ChoiceField)
        known = Parameter.objects.order_by("code").values_list("code", flat=True).distinct()
        field.choices = [(code, code) for code in known]


@admin.register(Parameter)
class ParameterAdmin(VerbAdmin):
    explanation = _("Numbers of the law and of the office, each from the day it holds. Earlier values stay.")
    list_display = ("code", "value", "unit", "effective_on", "basis")
    list_filter = ("unit",)
    search_fields = ("code",)
    fields = ("code", "value", "effective_on", "basis")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.set_parameter")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return ParameterForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Parameter, form: Any, change: bool) -> None:
        obj.pk = policies.set_parameter(
            code=obj.code,
            value=obj.value,
            effective_on=obj.effective_on,
            basis=obj.basis,
            actor=actor_of(request),
            at=clock.now(),
        ).pk

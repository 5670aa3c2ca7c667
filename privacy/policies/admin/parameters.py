"""Extra holidays and dated numbers in the console."""

from datetime import timedelta
from functools import partial
from itertools import zip_longest
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField, NativeDateInput
from privacy.policies import actions as policies
from privacy.policies import rehearsal, rulebook
from privacy.policies.models import ExtraHoliday, Parameter, ParameterChange


@admin.register(ExtraHoliday)
class ExtraHolidayAdmin(EditableAdmin):
    explanation = _(
        "Temporary holidays and by-election days. A deadline that falls on one moves to the next working day."
    )
    empty_hint = _("Statutory holidays are included. Add the ones the government designates.")
    list_display = ("day", "name", "added_at")
    fields = ("day", "name")
    actions = ("withdraw",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.edit_calendar")

    def save_model(self, request: HttpRequest, obj: ExtraHoliday, form: Any, change: bool) -> None:
        obj.pk = policies.add_holiday(day=obj.day, name=obj.name, actor=actor_of(request), at=clock.now()).pk

    @button(description=pgettext_lazy("decision", "Withdraw"), permission="policies.edit_calendar")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ExtraHoliday]) -> None:
        for holiday in queryset:
            run_action(
                self,
                request,
                partial(policies.withdraw_holiday, holiday, actor=actor_of(request), at=clock.now()),
                _("Withdrawn."),
            )


class DayForm(forms.Form):
    """The day of a rehearsal."""

    on = BoundedDateField(label=_("Day"))


VALUE_FIELDS = ("code", "value", "effective_on", "basis")


class KnownCodeForm(forms.ModelForm[Any]):
    """A new value of a number that the portal already knows."""

    code = forms.ChoiceField(label=_("Code"))

    class Meta:
        fields = VALUE_FIELDS
        field_classes: ClassVar = {"effective_on": BoundedDateField}
        widgets: ClassVar = {"effective_on": NativeDateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        assert isinstance(field, forms.ChoiceField)
        known = Parameter.objects.order_by("code").values_list("code", flat=True).distinct()
        field.choices = [(code, code) for code in known]


class ParameterForm(KnownCodeForm):
    """A value that one officer sets."""

    class Meta(KnownCodeForm.Meta):
        model = Parameter


@admin.register(Parameter)
class ParameterAdmin(EditableAdmin):
    explanation = _("Statutory and internal values, each from the day it applies. Earlier values are kept.")
    add_form = ParameterForm
    list_display = ("code", "value", "unit", "effective_on", "basis")
    list_filter = ("unit",)
    search_fields = ("code",)
    fields = VALUE_FIELDS
    change_list_template = "admin/policies/parameter/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        mine = path("rehearsal/", self.page(self.rehearsal), name="policies_parameter_rehearsal")
        return [mine, *super().get_urls()]

    def rehearsal(self, request: HttpRequest) -> HttpResponse:
        """Show what the dated rules of a day change, and on which days to come any begin."""
        form = DayForm(request.GET or None)
        chosen = form.cleaned_data["on"] if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("What changes on a day"),
            "opts": self.opts,
            "form": form,
            "days": rehearsal.coming_days(clock.today()),
            "found": rehearsal.rehearse(chosen, may=actor_of(request).may) if chosen else None,
        }
        return TemplateResponse(request, "admin/policies/parameter/rehearsal.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.set_parameter")

    def save_model(self, request: HttpRequest, obj: Parameter, form: Any, change: bool) -> None:
        obj.pk = policies.set_parameter(
            code=obj.code,
            value=obj.value,
            effective_on=obj.effective_on,
            basis=obj.basis,
            actor=actor_of(request),
            at=clock.now(),
        ).pk


def _values_in_time(change: ParameterChange) -> list[str]:
    """Return what applies today and from each later day, the requested value among them, until another follows it."""
    today = clock.today()
    first = min(today, change.effective_on)
    lines = [_("“%(code)s” is now %(value)d.") % {"code": change.code, "value": rulebook.parameter(change.code, today)}]
    later = [(day, value, False) for day, value in rulebook.parameter_history(change.code) if day > first]
    values = sorted([*later, (change.effective_on, change.value, True)])
    for (day, value, requested), following in zip_longest(values, values[1:]):
        line = _("From %(day)s: %(value)d.")
        until = following[0] - timedelta(days=1) if following else None
        if requested:
            line = (
                _("From %(day)s until %(until)s: %(value)d (this request).")
                if until
                else _("From %(day)s: %(value)d (this request).")
            )
        lines.append(line % {"day": day.isoformat(), "value": value, "until": until})
    return lines


class ParameterChangeForm(KnownCodeForm):
    """A value that lessens a protection."""

    class Meta(KnownCodeForm.Meta):
        model = ParameterChange


@admin.register(ParameterChange)
class ParameterChangeAdmin(EditableAdmin):
    explanation = _(
        "Values that lessen a protection, such as a shorter wait before a destruction: one officer requests one, "
        "another approves it."
    )
    empty_hint = _("Request a value here when the console says that it lessens a protection.")
    add_form = ParameterChangeForm
    list_display = ("code", "value", "effective_on", "basis", "asked_by", "asked_at", "approved_at", "refused_at")
    second_person = SecondPersonStep(
        "policies.set_parameter", lambda record: record.is_open,
        rows={"approved_at__isnull": True, "refused_at__isnull": True},
    )  # fmt: skip
    actions = ("approve", "refuse")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.set_parameter")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return VALUE_FIELDS
        return (*VALUE_FIELDS, ("asked_by", "asked_at"), ("approved_by", "approved_at"), ("refused_by", "refused_at"))

    def save_model(self, request: HttpRequest, obj: ParameterChange, form: Any, change: bool) -> None:
        obj.pk = policies.ask_change(
            code=obj.code,
            value=obj.value,
            effective_on=obj.effective_on,
            basis=obj.basis,
            actor=actor_of(request),
            at=clock.now(),
        ).pk

    def buttons_for(self, record: ParameterChange) -> tuple[str, ...]:
        return ("approve", "refuse") if record.is_open else ()

    @button(description=_("Approve the value"), permission="policies.set_parameter", step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[ParameterChange]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve the value"),
            verb=_("Approve"),
            consequences=[
                *(line for change in queryset for line in _values_in_time(change)),
                _("The register names you as the second person."),
            ],
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for change in queryset:
            verb = partial(policies.approve_change, change, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The value is set."), record=change)
        return None

    @button(description=_("Refuse the value"), permission="policies.set_parameter")
    def refuse(self, request: HttpRequest, queryset: QuerySet[ParameterChange]) -> None:
        for change in queryset:
            verb = partial(policies.refuse_change, change, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("Refused. Nothing has changed."), record=change)

"""Exposed data in the console: what the public can see on a network, by when it goes, and that it is gone."""

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

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock, periods
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import badge, due_badge
from privacy.safeguards import actions as safeguards
from privacy.safeguards.actions.exposures import KEEP
from privacy.safeguards.admin.forms import text_field
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import Exposure


class ExposureForm(forms.Form):
    """What is exposed where, who said so, and by when it has to go."""

    found = forms.ChoiceField(label=_("How it became known"), choices=Exposure.Found.choices, widget=forms.RadioSelect)
    document = forms.CharField(label=_("Number of the request"), max_length=100, required=False)
    what = forms.ChoiceField(label=_("What is exposed"), choices=Exposure.What.choices, widget=forms.RadioSelect)
    where = text_field(
        2, label=_("Where"), max_length=500, help_text=_("The address or place, without the data itself.")
    )
    known_on = BoundedDateField(label=_("Known since"))
    due_on = BoundedDateField(
        label=_("To be erased or blocked by"), help_text=_("Without delay, and no later than the authority says.")
    )


class EndForm(forms.Form):
    """What was done about it."""

    measure = forms.ChoiceField(label=_("Measure"), choices=Exposure.Measure.choices, widget=forms.RadioSelect)
    how = text_field(2, label=_("How it was done"), max_length=500)
    answered_on = BoundedDateField(
        label=_("Authority answered on"), required=False, help_text=_("Needed where an authority asked.")
    )


@admin.register(Exposure)
class ExposureAdmin(RecordAdmin):
    explanation = _(
        "Unique identifiers, account or card details that the public can see on a network. What the PIPC or an agency "
        "asks to have erased or blocked is dealt with without delay, and another person checks whether it is gone."
    )
    empty_hint = _("Record a request of an authority, or what a colleague found, here.")
    list_display = ("reference", "found", "what", "due_at", "state_shown")
    list_filter = ("found", "what", "measure")
    fields = (
        ("reference", "state_shown"), ("found", "document"), ("what", "where"), ("known_at", "due_at"),
        ("recorder", "recorded_at"), ("measure", "how"), ("ended_at", "ender", "answered_on"),
        ("confirmer", "confirmed_at"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "recorder", "ender", "confirmer")
    actions = ("end", "confirm")
    second_person = SecondPersonStep(
        KEEP,
        lambda record: record.ended_at is not None and record.confirmed_at is None,
        asked_by=lambda record: record.ended_by,
        button="confirm",
        rows={"ended_at__isnull": False, "confirmed_at__isnull": True},
        is_work=True,
    )
    add_label = _("Record exposed data")
    record_form = ExposureForm
    add_permission = KEEP
    recorder = account_column("recorded_by", _("recorded by"))
    ender = account_column("ended_by", _("measure recorded by"))
    confirmer = account_column("confirmed_by", _("confirmed by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Exposure:
        at = clock.now()
        known_at = min(clock.midnight(given.pop("known_on")), at)
        # The whole of its last day is left.
        due_at = periods.end_of_day(given.pop("due_on"))
        return safeguards.record_exposure(**given, known_at=known_at, due_at=due_at, actor=actor_of(request), at=at)

    def buttons_for(self, record: Exposure) -> Collection[str]:
        if record.ended_at is None:
            return ("end",)
        return () if record.confirmed_at else ("confirm",)

    @admin.display(description=_("state"))
    def state_shown(self, row: Exposure) -> SafeString:
        if row.confirmed_at is not None:
            return badge(_("gone"), "done")
        if row.ended_at is not None:
            return badge(_("to be confirmed"), "today")
        return due_badge(clock.kst_date(row.due_at), clock.today())

    @button(description=_("Record the measure"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[Exposure]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Record the measure"), verb=_("Record"),
            consequences=[_("Another person then checks whether the data is gone.")], form_class=EndForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.end_exposure, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The measure has been recorded."))
        return None

    @button(description=_("Confirm that it is gone"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def confirm(self, request: HttpRequest, queryset: QuerySet[Exposure]) -> HttpResponse | None:
        verb = partial(safeguards.confirm_exposure_gone, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It is recorded that the data is gone."))
        return None

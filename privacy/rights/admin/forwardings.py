"""Buttons of a case that pass a request on to the controller from whom the data came (law R-19)."""

from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import date_text
from privacy.rights import actions as rights
from privacy.rights.actions.forwardings import DECIDE
from privacy.rights.letters import right_name
from privacy.rights.models import Forwarding, Request, Right

type Answer = HttpResponse | None


def to_pass_on(case: Request) -> QuerySet[Right]:
    """Return the rights of a case that can be passed on."""
    return case.rights.amendments()


def unanswered(case: Request) -> QuerySet[Forwarding]:
    """Return what was passed on and is not answered yet."""
    return Forwarding.objects.unanswered().filter(right__request=case)


class RightField(forms.ModelChoiceField[Right]):
    def label_from_instance(self, obj: Right) -> str:
        return right_name(obj, on=obj.request.received_on)


class PassOnForm(forms.Form):
    """Which right is passed on, to whom, and how."""

    right = RightField(label=_("Right"), queryset=Right.objects.none())
    controller = forms.CharField(label=_("Controller that provided the data"), max_length=200)
    how = forms.CharField(label=_("How it was passed on"), max_length=200)
    passed_on_on = BoundedDateField(label=_("Day of passing on"))


class ControllerAnswerForm(forms.Form):
    """What a controller did."""

    forwarding = forms.ModelChoiceField(label=_("Passed on to"), queryset=Forwarding.objects.none())
    answer = forms.ChoiceField(
        label=_("What the controller did"), choices=Forwarding.Answer.choices, widget=forms.RadioSelect
    )
    answered_on = BoundedDateField(
        label=_("Controller answered on"), required=False, help_text=_("Not used where it has not answered.")
    )


class ForwardingActions(ReadOnlyAdmin):
    """Only corrections and deletions are passed on."""

    @admin.display(description=_("requests passed on"))
    def forwardings_shown(self, case: Request) -> SafeString:
        """To whom, when, and what became of it."""
        rows = Forwarding.objects.filter(right__request=case)
        lines = (
            (one.controller, one.how, date_text(one.passed_on_on), one.get_answer_display() or "–") for one in rows
        )
        return format_html_join("", "<div>{} ({}, {}): <strong>{}</strong></div>", lines)

    @button(description=_("Pass on to the controller"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def pass_on(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        rows = to_pass_on(queryset.get())
        right = RightField(label=_("Right"), queryset=rows, empty_label=None)
        answers = confirm_action(
            self, request, queryset, title=_("Pass on to the controller"), verb=_("Pass on to the controller"),
            form_class=type("PassOnThis", (PassOnForm,), {"right": right}),
            consequences=[
                _("You have told the controller from whom the data came. The requester sees it on the status page."),
                _("The deadline for our answer keeps running."),
            ],
            initial={"passed_on_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.pass_on, answers.pop("right"), actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("It is recorded that the request was passed on."))
        return None

    @button(description=_("Record the controller’s answer"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def controller_answer(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        rows = unanswered(queryset.get())
        forwarding = forms.ModelChoiceField(label=_("Passed on to"), queryset=rows, empty_label=None)
        answers = confirm_action(
            self, request, queryset, title=_("Record the controller’s answer"),
            verb=_("Record the controller’s answer"),
            form_class=type("AnswerOfThis", (ControllerAnswerForm,), {"forwarding": forwarding}),
            consequences=[_("Decide the request by this answer. You can't change it once it is recorded.")],
            initial={"answered_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            rights.record_controller_answer, answers.pop("forwarding"), actor=actor_of(request), at=clock.now(),
            **answers,
        )  # fmt: skip
        run_action(self, request, verb, _("The controller’s answer has been recorded."))
        return None

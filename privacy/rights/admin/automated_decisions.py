"""The buttons of a case about an automated decision: a person answers, and an answer may take longer (law R-34)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.rights import actions as rights
from privacy.rights import automated_decision_texts, letters
from privacy.rights.actions.term_extensions import DAYS, MOST
from privacy.rights.models import AUTOMATED, Request, Right

type Answer = HttpResponse | None


def extendable(case: Request) -> QuerySet[Right]:
    """Return what of a case that goes on asks about automated decisions and is not answered."""
    if case.state not in Request.UNANSWERED:
        return case.rights.none()
    owed = case.rights.undecided() | case.rights.to_answer()
    return owed.filter(kind__in=AUTOMATED).order_by("position")


class AnswerForm(ReadForm):
    """What became of the decision, and what its person is told: the parts that the Decree asks for."""

    outcome = forms.ChoiceField(label=_("What became of the decision"), widget=forms.RadioSelect)
    kind = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(automated_decision_texts.OUTCOMES[self.kind].items())
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["outcome"].initial = choices[0][0]
        for name, label in automated_decision_texts.FIELDS[self.kind].items():
            area = forms.Textarea(attrs={"rows": 4})
            self.fields[name] = forms.CharField(label=label, max_length=2000, widget=area)


class ExtendForm(ReadForm):
    """For which right, why and by how many days an answer takes longer."""

    right = forms.ChoiceField(label=_("Right"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The requester is told."))
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=366)
    offered: list[Right] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.position), letters.right_name(one, on=one.request.received_on)) for one in self.offered]
        self.fields["right"].choices = choices  # type: ignore[attr-defined]
        self.fields["right"].initial = choices[0][0] if choices else ""


class AutomatedDecisionActions(ReadOnlyAdmin):
    """What is asked about a wholly automated decision is answered by a person."""

    @button(
        description=_("Answer about the automated decision"),
        permission="rights.carry_out_request",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def answer_decision(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        right = case.rights.to_answer().first()
        if right is None:
            return None
        right.request = case
        answers = confirm_action(
            self,
            request,
            queryset,
            title=letters.right_name(right, on=case.received_on),
            verb=_("Send the answer"),
            consequences=[
                _("The requester reads what you write. It is encrypted."),
                _("Who granted this can't answer it."),
            ],
            form_class=type("AnswerThis", (AnswerForm,), {"kind": right.kind}),
            initial={"read": rights.digest_of_request(case)},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        outcome, read = answers.pop("outcome"), answers.pop("read")
        verb = partial(
            rights.answer_decision, right, outcome=outcome, said=answers, read=read, actor=actor_of(request),
            at=clock.now(),
        )  # fmt: skip
        run_action(self, request, verb, _("The answer has been recorded."))
        return None

    @button(description=_("Extend the term"), permission="rights.decide_request", locations=CHANGE_FORM_ONLY)
    def extend_term(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case, bounds = queryset.get(), rulebook.parameters([MOST, DAYS], clock.today())
        offered = list(extendable(case))
        for one in offered:
            one.request = case
        if not offered:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Extend the term"),
            verb=_("Extend the term"),
            consequences=[
                _("Only these answers may take longer: at most %(times)d times, up to %(days)d days each.")
                % {"times": bounds[MOST], "days": bounds[DAYS]},
                _("The requester is told the reason. The due date moves once the notice has gone out in time."),
            ],
            form_class=type("ExtendThis", (ExtendForm,), {"offered": offered}),
            initial={"read": rights.digest_of_extensions(case)},
            outgoing=partial(_notice_of, offered, request),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        position = answers.pop("right")
        right = next(one for one in offered if str(one.position) == position)
        verb = partial(rights.extend_term, right, **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The deadline is extended, and the requester is told."))
        return None


def _notice_of(offered: list[Right], request: HttpRequest, answers: Mapping[str, Any]) -> list[OutgoingText]:
    right = next(one for one in offered if str(one.position) == answers["right"])
    said = {"reason": answers["reason"], "days": answers["days"]}
    return rights.preview_extension(right, **said, actor=actor_of(request), at=clock.now())

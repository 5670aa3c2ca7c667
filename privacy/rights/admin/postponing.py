"""Buttons of a case that put access off, and take note that the reason has ended (law R-09, R-10)."""

from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.rights import actions as rights
from privacy.rights.deskforms import PostponeForm, ReasonEndedForm
from privacy.rights.models import Postponement, Request, Right

PAGE = (ActionLocation.CHANGE_FORM,)
DECIDE = "rights.decide_request"

type Answer = HttpResponse | None


class PostponingDesk(ReadOnlyAdmin):
    """Access can be put off, nothing else."""

    @button(description=_("Put access off"), permission=DECIDE, locations=PAGE)
    def postpone(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Put access off"),
            verb=_("Put access off"),
            consequences=[_("Only access can be put off, and the requester is told the reason within the ten days.")],
            form_class=PostponeForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers

        def verb() -> None:
            right = case.rights.undecided().filter(kind=Right.Kind.ACCESS).first()
            if right is None:
                raise rights.NotPostponable(now_("No access waits for a decision in this case."))
            rights.postpone(right, actor=actor_of(request), at=clock.now(), **answers)

        run_verb(self, request, verb, _("Access is put off; the requester is told."))
        return None

    @button(description=_("The reason has ended"), permission=DECIDE, locations=PAGE)
    def end_postponement(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("The reason has ended"),
            verb=_("Note the day"),
            consequences=[_("Access is due without delay, within ten days of this day.")],
            form_class=ReasonEndedForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers

        def verb() -> None:
            put_off = Postponement.objects.filter(right__request=case, ended_on=None).first()
            if put_off is None:
                raise rights.NotPostponable(now_("No access is put off in this case."))
            rights.end_postponement(put_off, ended_on=answers["ended_on"], actor=actor_of(request), at=clock.now())

        run_verb(self, request, verb, _("The day is noted."))
        return None

"""The button of a case that joins a request sent twice with the earlier one."""

from functools import partial

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.rights import actions as rights
from privacy.rights import duplicates
from privacy.rights.admin.forms import DuplicateForm
from privacy.rights.models import Request


class DuplicateActions(ReadOnlyAdmin):
    """The office joins, never the portal by itself: two people may ask about one device."""

    @button(
        description=_("Join with an earlier request"),
        permission="rights.decide_request",
        locations=CHANGE_FORM_ONLY,
    )
    def join(self, request: HttpRequest, queryset: QuerySet[Request]) -> HttpResponse | None:
        case = queryset.get()
        offered = [
            (str(one.pk), f"{one.number}, {one.get_state_display()}") for one in duplicates.earlier_duplicates(case)
        ]
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Join with an earlier request"),
            verb=_("Join"),
            consequences=[
                _("This case ends. The earlier request is answered by its own due date, which doesn't change."),
                _("This case's freezes end; those of the earlier case stay in place."),
                _("If the earlier request is closed without an answer, this one continues separately."),
                _("The contents of both requests are opened and compared. Each opening is recorded."),
                _("The requester is told. The earlier case number is given only if their identity is confirmed."),
            ],
            form_class=type("JoinThis", (DuplicateForm,), {"offered": offered}),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(_join, case, answers["to"], request)
        run_action(self, request, verb, _("The request has been joined with the earlier one."))
        return None

    @button(
        description=_("Answer it separately"),
        permission="rights.decide_request",
        locations=CHANGE_FORM_ONLY,
    )
    def part(self, request: HttpRequest, queryset: QuerySet[Request]) -> HttpResponse | None:
        case = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Answer it separately"),
            verb=_("Answer it separately"),
            consequences=[
                now_("The case is open again. Its own answer is due on %(day)s.") % {"day": date_text(case.due_on)},
                _("The items to be corrected are frozen again. Documents sent with the request have been destroyed."),
                _("The requester is told."),
            ],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.part, case, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The request is answered separately again."))
        return None


def _join(case: Request, to: str, request: HttpRequest) -> None:
    kept = Request.objects.filter(pk=to).first()
    if kept is None:
        raise rights.NotDuplicate(
            now_("You can join a request only with an earlier open request about the same person and the same right.")
        )
    rights.join(case, to=kept, actor=actor_of(request), at=clock.now())

"""Buttons that act on several cases of the list at once: only those that decide nothing about a person."""

from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, button, run_action
from privacy.lib.console.several_records import remind_each
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.admin.forms import AssignForm
from privacy.rights.admin.postponements import DECIDE, Answer
from privacy.rights.models import Request

# So many cases at once: each takes a lock, an entry and a step of its own.
MOST = 200


class SeveralCasesActions(ReadOnlyAdmin):
    """To give cases to a colleague, and to close those that are answered. What can't take the step is left and told."""

    @button(description=_("Assign"), permission="rights.assign_request")
    def assign(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        able = _able(request, queryset, list(Request.OPEN))
        if not able:
            return None
        answers = confirm_action(
            self, request, able, title=_("Assign"), verb=_("Assign"), consequences=[], form_class=AssignForm
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for case in able:
            verb = partial(rights.assign, case, to=answers["to"], actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The case has been assigned."), record=case)
        return None

    @button(description=_("Remind"), permission="rights.assign_request")
    def remind(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        """Remind those whom the chosen cases are assigned to; nothing else happens, so nothing is asked."""
        remind = partial(rights.remind_assignee, actor=actor_of(request), at=clock.now())
        able = _able(request, queryset, list(Request.OPEN))
        remind_each(request, able, remind, page="admin:rights_request_change")
        return None

    @button(description=_("Close the case"), permission=DECIDE)
    def close(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        able = _able(request, queryset, [Request.State.NOTIFIED])
        if not able:
            return None
        if queryset.count() > 1:
            answers = confirm_action(
                self,
                request,
                able,
                title=_("Close the case"),
                verb=_("Close"),
                consequences=[_("Each of these cases is closed, and its documents are destroyed.")],
            )
            if isinstance(answers, TemplateResponse):
                return answers
        done = _("The case has been closed, and its documents have been destroyed.")
        for case in able:
            verb = partial(rights.close_case, case, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, done, record=case)
        return None


def _able(request: HttpRequest, queryset: QuerySet[Request], states: list[Request.State]) -> QuerySet[Request]:
    """Return those of the chosen cases that can take the step, and say how many can't, also of what changed meanwhile.

    A single one is left to the verb, which says why not.
    """
    able = queryset.filter(state__in=states)
    chosen, left = queryset.count(), queryset.exclude(state__in=states).count()
    if chosen == 1:
        return queryset
    if chosen > MOST:
        messages.error(request, _("Choose at most %(most)d cases at a time.") % {"most": MOST})
        return queryset.none()
    if left:
        told = ngettext(
            "%(count)d of the chosen cases is not at this step and stays as it is.",
            "%(count)d of the chosen cases are not at this step and stay as they are.",
            left,
        )
        messages.warning(request, told % {"count": left})
    return able

"""The button of a case that decides what becomes of suspended data (law R-23)."""

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
from privacy.lib.display.badges import due_badge
from privacy.rights import actions as rights
from privacy.rights.models import Request, SuspensionMeasure

type Answer = HttpResponse | None


def undecided_measures(case: Request) -> QuerySet[SuspensionMeasure]:
    """Return the suspensions of a case whose data nobody has dealt with."""
    return SuspensionMeasure.objects.open().filter(right__request=case)


class KeepForm(forms.Form):
    """Why suspended data is kept."""

    reason = forms.CharField(label=_("Why the data is kept"), max_length=300)


class SuspendedDataActions(ReadOnlyAdmin):
    """Suspended data is destroyed by a deletion, or kept closed for a reason."""

    @admin.display(description=_("measures for suspended data"))
    def measures_shown(self, case: Request) -> SafeString:
        """By when each suspension is dealt with, and why its data is kept."""
        rows = SuspensionMeasure.objects.filter(right__request=case)
        owed = set(undecided_measures(case).values_list("pk", flat=True))
        lines = ((due_badge(one.due_on, clock.today(), settled=one.pk not in owed), one.reason) for one in rows)
        return format_html_join("", "<div>{} {}</div>", lines)

    @button(
        description=_("Keep suspended data blocked"), permission="rights.decide_request", locations=CHANGE_FORM_ONLY
    )
    def keep_suspended(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = confirm_action(
            self, request, queryset, title=_("Keep suspended data blocked"), verb=_("Keep suspended data blocked"),
            consequences=[
                _("The data stays blocked, and its retention period keeps running."),
                _("To destroy it before that, record the person’s request for deletion."),
            ],
            form_class=KeepForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        for measure in undecided_measures(case).select_related("right"):
            verb = partial(rights.keep_suspended, measure.right, actor=actor_of(request), at=clock.now(), **answers)
            run_action(self, request, verb, _("The decision has been recorded."))
        return None

"""The round of pledges and trainings on one page: filtered, sorted, and those who owe something reminded."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.models import User
from privacy.lib.console.several_records import act_on_each, told_left, told_reminded
from privacy.lib.dates import clock
from privacy.workforce import actions as workforce
from privacy.workforce import pledge_round
from privacy.workforce.pledge_round import Order, Shown

REMIND = "workforce.register_pledge"


class RoundForm(forms.Form):
    """Whom the page shows, and in which order."""

    shown = forms.ChoiceField(label=_("Show"), choices=Shown.choices, required=False)
    order = forms.ChoiceField(label=_("Sort by"), choices=Order.choices, required=False)
    name = forms.CharField(label=_("Name or reference"), required=False, max_length=100)


def round_page(modeladmin: Any, request: HttpRequest) -> HttpResponse:
    """Show the round; a POST reminds those who are ticked, or everybody shown who can be, and keeps the filter."""
    form = RoundForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    every = pledge_round.lines_on(clock.today())
    lines = pledge_round.chosen(
        every,
        shown=given.get("shown") or Shown.OWING,
        order=given.get("order") or Order.DAY,
        name=given.get("name") or "",
    )
    if request.method == "POST":
        _remind(request, [one.person.user for one in lines if one.can_be_reminded])
        return HttpResponseRedirect(request.get_full_path())
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": _("Round of pledges and training"),
        "opts": modeladmin.opts,
        "form": form,
        "lines": lines,
        "coverage": pledge_round.coverage_of(every),
        "may_remind": request.user.has_perm(REMIND) and any(one.can_be_reminded for one in lines),
        "shown": given.get("shown") or Shown.OWING,
        "order": given.get("order") or Order.DAY,
    }
    return TemplateResponse(request, "admin/workforce/pledge/round.html", context)


def _remind(request: HttpRequest, offered: list[User]) -> None:
    ticked = set(request.POST.getlist("person"))
    meant = offered if "everybody" in request.POST else [one for one in offered if one.reference in ticked]
    act_on_each(
        request,
        meant,
        lambda user: workforce.remind_person(user, actor=actor_of(request), at=clock.now()),
        done=told_reminded,
        left=told_left,
    )

"""Buttons of a case that put access off, and take note that the reason has ended (law R-09, R-10)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import lazy
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.policies import rulebook
from privacy.rights import actions as rights
from privacy.rights.admin.forms import PostponeForm, ReasonEndedForm
from privacy.rights.models import Letter, Postponement, Request, Right

DECIDE, VERIFY = "rights.decide_request", "rights.verify_identity"

type Answer = HttpResponse | None


class PostponementActions(ReadOnlyAdmin):
    """Access can be put off, nothing else."""

    @button(description=_("Postpone access"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def postpone(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Postpone access"),
            verb=_("Postpone access"),
            consequences=[
                now_("Only access can be postponed, and the requester must be told the reason by %(day)s.")
                % {"day": date_text(rights.postponable_until(case))},
                self._bounds(),
            ],
            form_class=PostponeForm,
            outgoing=partial(_notice_of, case, request),
        )
        if isinstance(answers, TemplateResponse):
            return answers

        def verb() -> None:
            right = case.rights.undecided().filter(kind=Right.Kind.ACCESS).first()
            if right is None:
                raise rights.NotPostponable(now_("No access is waiting for a decision in this case."))
            rights.postpone(right, actor=actor_of(request), at=clock.now(), **answers)

        run_action(self, request, verb, lazy(_told, str)(case))
        return None

    @button(description=_("Approve the postponement"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def approve_postponement(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve the postponement"),
            verb=_("Approve the postponement"),
            consequences=[*self._proposal(case), _("Access is postponed, and the requester is told the reason.")],
            form_class=ReadForm,
            initial={"read": _shown(case)},
            outgoing=lambda _answers: (
                rights.preview_letter(
                    case, Letter.Kind.POSTPONED, about=_proposed(case).id, actor=actor_of(request), at=clock.now()
                )
                if Postponement.objects.proposed().filter(right__request=case).exists()
                else []
            ),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            rights.approve_postponement,
            _proposed(case),
            read=answers["read"],
            actor=actor_of(request),
            at=clock.now(),
        )
        run_action(self, request, verb, lazy(_told, str)(case))
        return None

    @button(description=_("Decline the postponement"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def decline_postponement(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Decline the postponement"),
            verb=_("Decline the postponement"),
            consequences=[*self._proposal(case), _("Access is still due by the original deadline.")],
            form_class=ReadForm,
            initial={"read": _shown(case)},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            rights.decline_postponement,
            _proposed(case),
            read=answers["read"],
            actor=actor_of(request),
            at=clock.now(),
        )
        run_action(self, request, verb, _("The postponement is declined."))
        return None

    @button(description=_("The reason has ended"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def end_postponement(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("The reason has ended"),
            verb=_("Record the day"),
            consequences=[self._term_after()],
            form_class=ReasonEndedForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers

        def verb() -> None:
            put_off = Postponement.objects.in_force().filter(right__request=case, ended_on=None).first()
            if put_off is None:
                raise rights.NotPostponable(now_("No access is postponed in this case."))
            rights.end_postponement(put_off, ended_on=answers["ended_on"], actor=actor_of(request), at=clock.now())

        run_action(self, request, verb, _("The day has been recorded."))
        return None

    def _term_after(self) -> str:
        days = rulebook.parameter("rights.postponed.answer.days", clock.today())
        return ngettext(
            "Access is due without delay, within %(days)d day of this day.",
            "Access is due without delay, within %(days)d days of this day.",
            days,
        ) % {"days": days}

    def _bounds(self) -> str:
        bounds = rulebook.parameters([rights.DAYS_WITHOUT_APPROVAL, rights.MAX_POSTPONEMENT_DAYS], clock.today())
        return now_(
            "Postponing access by more than %(alone)d days beyond the original deadline needs a "
            "second officer's approval. More than %(most)d days is not possible."
        ) % {"alone": bounds[rights.DAYS_WITHOUT_APPROVAL], "most": bounds[rights.MAX_POSTPONEMENT_DAYS]}

    def _proposal(self, case: Request) -> list[str]:
        proposed = Postponement.objects.proposed().filter(right__request=case).first()
        if proposed is None:
            return []
        return [
            now_("Proposed by %(who)s, until %(day)s: %(reason)s")
            % {
                "who": name_with_reference(proposed.postponed_by),
                "day": date_text(proposed.expected_on),
                "reason": proposed.reason,
            }
        ]


def _notice_of(case: Request, request: HttpRequest, answers: Mapping[str, Any]) -> list[OutgoingText]:
    right = case.rights.undecided().filter(kind=Right.Kind.ACCESS).first()
    if right is None or Postponement.objects.filter(right=right).exists():
        return []
    right.request = case
    return rights.preview_postponement(right, **answers, actor=actor_of(request), at=clock.now())


def _proposed(case: Request) -> Postponement:
    proposed = Postponement.objects.proposed().filter(right__request=case).first()
    return proposed or Postponement(right=case.rights.all()[0])


def _shown(case: Request) -> str:
    """What the page is about to show; where nothing waits for a second officer the verb says so."""
    proposed = Postponement.objects.proposed().filter(right__request=case).first()
    return rights.digest_of_proposal(proposed) if proposed else "-"


def _told(case: Request) -> str:
    if Postponement.objects.proposed().filter(right__request=case).exists():
        return now_(
            "The postponement is waiting for a second officer. Until it is approved, access is "
            "due by the original deadline."
        )
    return now_("The requester is told. The due date changes only if this notice is sent before the original deadline.")

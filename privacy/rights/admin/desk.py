"""Buttons of a case: each asks what it needs, says what will happen, and calls one verb for each right."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import button, run_verb
from privacy.lib.asking import ask
from privacy.lib.refusals import Refusal
from privacy.policies import rulebook
from privacy.policies.models.language import in_language
from privacy.rights import actions as rights
from privacy.rights import letters, matching
from privacy.rights.admin.postponing import DECIDE, PAGE, Answer, PostponingDesk
from privacy.rights.admin.reports import ReportDesk
from privacy.rights.deskforms import AssignForm, ChooseRightForm, FeeForm, RefuseForm, VerifyForm
from privacy.rights.models import Request, Right

VERIFY, CARRY_OUT = "rights.verify_identity", "rights.carry_out_request"


class Desk(ReportDesk, PostponingDesk):
    """The buttons of a case's page."""

    @button(description=_("Verify identity"), permission=VERIFY, locations=PAGE)
    def verify(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Verify identity"),
            verb=_("The identity is verified"),
            consequences=[
                _("The requester is told that the case is in review."),
                _("The freezes of the corrections asked for hold until they are decided."),
                self._matching(case),
            ],
            form_class=VerifyForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        run_verb(self, request, partial(self._verify, case, answers, request), _("The identity is verified."))
        return None

    @button(description=_("Ask for a document"), permission=VERIFY, locations=PAGE)
    def ask_evidence(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        verb = partial(rights.ask_evidence, queryset.get(), actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The status page asks for a document. The term goes on running."))
        return None

    @button(description=_("Reject identity"), permission=VERIFY, locations=PAGE)
    def reject(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Reject identity"),
            verb=_("End the case"),
            consequences=[
                _("The case ends without a decision, its freezes are lifted, its documents destroyed."),
                _("The requester is told that the identity could not be confirmed."),
            ],
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.reject_identity, queryset.get(), actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The case is ended."))
        return None

    @button(description=_("Assign"), permission="rights.assign_request", locations=PAGE)
    def assign(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Assign"), verb=_("Assign"), consequences=[], form_class=AssignForm
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.assign, queryset.get(), to=answers["to"], actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The case is assigned."))
        return None

    @button(description=_("Grant"), permission=DECIDE, locations=PAGE)
    def grant(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=lambda case: list(case.rights.undecided()),
            title=_("Grant"),
            verb=_("Grant"),
            consequences=[_("What is granted is fixed now; “Carry out” then does exactly this.")],
            act=lambda right: rights.grant(right, actor=actor_of(request), at=clock.now()),
            success=_("Granted."),
        )

    @button(description=_("Refuse"), permission=DECIDE, locations=PAGE)
    def refuse(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        pending = _of(case, list(case.rights.undecided()))
        if not pending:
            decided = case.rights.all()[0]
            run_verb(
                self, request, partial(rights.refuse, decided, ground="", actor=actor_of(request), at=clock.now()), ""
            )
            return None
        form_class = type("RefuseThis", (RefuseForm,), {"rights": pending, "parts": _parts()})
        answers = ask(
            self,
            request,
            queryset,
            title=_("Refuse"),
            verb=_("Refuse"),
            consequences=[
                _("A refusal needs one of the grounds of the law, and the law itself where the ground is a law."),
                _("The requester is told the ground, the way to object, and the agencies."),
                _("A refused correction lifts the freeze of its item."),
            ],
            form_class=form_class,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        right = next(one for one in pending if str(one.position) == answers["right"])
        run_verb(self, request, partial(_refuse, right, answers, request), _("The refusal is recorded."))
        return None

    @button(description=_("Carry out"), permission=CARRY_OUT, locations=PAGE, step_up=True)
    def carry_out(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=lambda case: list(case.rights.to_carry_out()),
            title=_("Carry out"),
            verb=_("Carry out now"),
            consequences=[
                _("Correction: the value changes, the freeze lifts, and each earlier recipient is notified."),
                _("Deletion and withdrawal: the data is destroyed for good, or archived where a law preserves it."),
                _("Suspension: the data is frozen until processing is resumed. Access: the package is built."),
            ],
            act=lambda right: rights.carry_out(right, actor=actor_of(request), at=clock.now()),
            success=_("Carried out."),
            dangerous=True,
        )

    @button(description=_("Resume processing"), permission=CARRY_OUT, locations=PAGE)
    def resume(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=lambda case: list(case.rights.suspending()),
            title=_("Resume processing"),
            verb=_("Resume processing"),
            consequences=[_("Only when the person says so: the data is used again.")],
            act=lambda right: rights.resume_processing(right, actor=actor_of(request), at=clock.now()),
            success=_("Processing is resumed."),
        )

    @button(description=_("Set fee"), permission=DECIDE, locations=PAGE)
    def fee(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Set fee"), verb=_("Set fee"), form_class=FeeForm,
            consequences=[_("At actual cost, and nothing where the cause lies with the company.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.set_fee, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        run_verb(self, request, verb, _("The fee is set."))
        return None

    @button(description=_("Close the case"), permission=DECIDE, locations=PAGE)
    def close(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        verb = partial(rights.close, queryset.get(), actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The case is closed; its documents are destroyed."))
        return None

    def _for_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Request],
        *,
        offered: Callable[[Request], list[Right]],
        act: Callable[[Right], object],
        success: object,
        **words: Any,
    ) -> Answer:
        """Ask which rights of the case are meant, and call the verb for each."""
        case = queryset.get()
        found = _of(case, offered(case))
        if not found:
            # Somebody was faster: the verb itself says who, and when.
            run_verb(self, request, partial(act, _of(case, list(case.rights.all()))[0]), success)
            return None
        form_class = type("ChooseThese", (ChooseRightForm,), {"offered": found})
        answers = ask(self, request, queryset, form_class=form_class, **words)
        if isinstance(answers, TemplateResponse):
            return answers
        for right in found:
            if str(right.position) in answers["rights"]:
                name = letters.right_name(right, on=case.received_on)
                run_verb(self, request, partial(act, right), f"{name}: {success}")
        return None

    def _verify(self, case: Request, answers: dict[str, Any], request: HttpRequest) -> None:
        match = matching.by_reference(answers["record"]) if answers["record"] else None
        if answers["record"] and match is None:
            raise Refusal(now_("There is no record %(reference)s.") % {"reference": answers["record"]})
        rights.verify(
            case,
            method=answers["method"],
            subject_id=match.subject_id if match else None,
            record_id=match.record_id if match else None,
            authority=answers["authority"],
            authority_until=answers["authority_until"],
            actor=actor_of(request),
            at=clock.now(),
        )

    def _matching(self, case: Request) -> str:
        if case.matched_subject_id is None:
            return now_(
                "No record matches what was claimed. Verified without a record, the answer is: nothing is held."
            )
        return now_("A record matches what was claimed; it is the one the case is about unless you name another.")


def _of(case: Request, found: list[Right]) -> list[Right]:
    for right in found:
        right.request = case
    return found


def _parts() -> list[tuple[str, str]]:
    rules = rulebook.in_force(clock.today())
    # Whether an access tells of provisions to authorities is decided case by case (law P-13).
    told = (Right.Scope.PROVISION.value, str(Right.Scope.PROVISION.label))
    return [*((code, in_language(term, "name")) for code, term in rules.categories.items()), told]


def _refuse(right: Right, answers: dict[str, Any], request: HttpRequest) -> None:
    words = {name: answers[name] for name in ("ground", "law", "termination_asked", "explanation")}
    if answers["excluded"]:
        rights.grant_partly(right, excluded=answers["excluded"], actor=actor_of(request), at=clock.now(), **words)
    else:
        rights.refuse(right, actor=actor_of(request), at=clock.now(), **words)

"""Buttons of a case: each asks what it needs, says what will happen, and calls one verb for each right."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import lazy
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.accounts.actors import actor_of
from privacy.accounts.approval_signatures import Approval
from privacy.accounts.approval_signing import signing_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.lib.errors.refusals import Refusal
from privacy.retention.certificates import statement_texts
from privacy.rights import actions as rights
from privacy.rights import identity_evidence, letters, matching, right_scope
from privacy.rights.admin import signed_releases
from privacy.rights.admin.automated_decisions import AutomatedDecisionActions
from privacy.rights.admin.decide import DecideActions
from privacy.rights.admin.documents import DocumentActions
from privacy.rights.admin.duplicates import DuplicateActions
from privacy.rights.admin.forms import (
    ChooseRightForm,
    FeeForm,
    RefuseForm,
    StopForm,
    VerifyForm,
)
from privacy.rights.admin.forwardings import ForwardingActions
from privacy.rights.admin.mandates import MandateActions, MandateForm, of_case
from privacy.rights.admin.messages import MessageActions
from privacy.rights.admin.package_preview import PackagePreviewActions
from privacy.rights.admin.postponements import DECIDE, VERIFY, Answer, PostponementActions
from privacy.rights.admin.report_corrections import ReportCorrectionActions
from privacy.rights.admin.several_cases import SeveralCasesActions
from privacy.rights.admin.suspended_data import SuspendedDataActions
from privacy.rights.models import AUTOMATED, Letter, Request, Right

CARRIED_OUT = {
    Right.Kind.ACCESS: _("The copy is ready. It can be downloaded after a second proof of identity."),
    Right.Kind.CORRECTION: _("Corrected. The freeze is lifted, and earlier recipients are being notified."),
    Right.Kind.DELETION: _("Destroyed, or archived where a law requires it to be kept."),
    Right.Kind.SUSPENSION: _("Suspended. The data is frozen until processing is resumed."),
    **dict.fromkeys(AUTOMATED, _("The answer has been recorded.")),
    Right.Kind.PORTABILITY: _("The answer says by which copy the data is transmitted."),
    Right.Kind.SOURCE: _("The answer says where the data comes from."),
    Right.Kind.CONSENT_WITHDRAWAL: _(
        "Withdrawn. Processing has stopped, and the data is destroyed after the waiting period."
    ),
}
CARRY_OUT = "rights.carry_out_request"


def next_permission(case: Request) -> str:
    """What the next step of a case takes, where another person must take it."""
    if not case.is_verified:
        return VERIFY
    by_documents = case.identity_method == Request.IdentityMethod.DOCUMENTS
    return DECIDE if by_documents and case.rights.undecided().exists() else CARRY_OUT


def _what_happened(right: Right) -> object:
    """What carrying a right out has done to it, said once it is done."""

    def said() -> str:
        row = Right.objects.get(pk=right.pk)
        if row.carried_out_at is None and row.waits_until is not None and row.destruction_began_at is None:
            return now_(
                "Nothing is destroyed yet. The data is blocked and will be destroyed after %(when)s unless someone "
                "stops it first."
            ) % {"when": datetime_text(row.waits_until)}
        if row.carried_out_at is None:
            return now_("It has begun and continues by itself.")
        if row.result.get("nothing_held"):
            return now_("We hold nothing, so there was nothing to do.")
        if row.result.get("destroyed"):
            return now_("The data had already been destroyed.")
        return str(CARRIED_OUT[Right.Kind(row.kind)])

    return lazy(said, str)()


class CaseActions(
    DecideActions,
    PackagePreviewActions,
    ReportCorrectionActions,
    PostponementActions,
    ForwardingActions,
    SuspendedDataActions,
    AutomatedDecisionActions,
    DuplicateActions,
    DocumentActions,
    MandateActions,
    MessageActions,
    SeveralCasesActions,
):
    """The buttons of a case's page."""

    @button(description=_("Verify identity"), permission=VERIFY, locations=CHANGE_FORM_ONLY, step_up=True)
    def verify(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Verify identity"),
            verb=_("The identity is verified"),
            consequences=[
                _("The requester is told that the case is in review."),
                _("Items frozen for a correction stay frozen until the correction is decided."),
                self._matching(case),
                identity_evidence.at_most(case),
            ],
            form_class=of_case(VerifyForm, case),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        run_action(self, request, partial(self._verify, case, answers, request), _("The identity has been verified."))
        return None

    @button(description=_("Reject identity"), permission=VERIFY, locations=CHANGE_FORM_ONLY)
    def reject(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Reject identity"),
            verb=_("End the case"),
            consequences=[
                _("The case ends without a decision. Its freezes are lifted and its documents destroyed."),
                _("The requester is told that the identity could not be confirmed."),
            ],
            dangerous=True,
            outgoing=lambda _answers: rights.preview_letter(
                queryset.get(), Letter.Kind.IDENTITY_REJECTED, actor=actor_of(request), at=clock.now()
            ),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.reject_identity, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The case has ended."))
        return None

    @button(description=_("Grant"), permission=DECIDE, locations=CHANGE_FORM_ONLY, step_up=True)
    def grant(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=lambda case: list(case.rights.undecided()),
            title=_("Grant"),
            verb=_("Grant"),
            consequences=[_("What you grant becomes final now. “Carry out” does exactly this.")],
            act=rights.grant,
            success=_("Granted."),
        )

    @button(description=_("Refuse"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def refuse(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        pending = _of(case, list(case.rights.undecided()))
        if not pending:
            decided = case.rights.all()[0]
            run_action(
                self, request, partial(rights.refuse, decided, ground="", actor=actor_of(request), at=clock.now()), ""
            )
            return None
        form_class = type("RefuseThis", (RefuseForm,), {"rights": pending, "parts": _parts(pending)})
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Refuse"),
            verb=_("Refuse"),
            consequences=[
                _("A refusal needs one of the legal grounds. If the ground is a law, cite it."),
                _("The requester is told the ground, how to object, and which agencies can help."),
                _("Refusing a correction lifts the freeze on its item."),
            ],
            form_class=form_class,
            initial={"read": rights.digest_of_request(case)},
            outgoing=partial(_letter_of_refusal, case, request),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        right = next(one for one in pending if str(one.position) == answers["right"])
        run_action(self, request, partial(_refuse, right, answers, request), _("The refusal has been recorded."))
        return None

    @button(description=_("Carry out"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY, step_up=True)
    def carry_out(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=partial(signed_releases.offered_to, actor_of(request)),
            title=_("Carry out"),
            verb=_("Carry out now"),
            consequences=[
                _("Correction: the value changes, the freeze lifts, and each earlier recipient is notified."),
                _("Deletion and withdrawal: the data is destroyed, or archived if a law requires it to be kept."),
                _(
                    "A deletion starts with a waiting period. The data is blocked, and the person "
                    "and every officer are told."
                ),
                _("Until the waiting period is over, any officer can stop it."),
                statement_texts.cannot_be_undone(),
                _("Suspension: the data is frozen until processing is resumed."),
                _("Source of data: the answer says where the data comes from and what it is used for."),
                _("Access: the copy is made last. It shows what was corrected and leaves out what was deleted."),
            ],
            act=rights.carry_out,
            signs=partial(rights.approvals_of, at=clock.now()),
            success=_what_happened,
            dangerous=True,
        )

    @button(description=_("Stop the destruction"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def stop(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=lambda case: list(case.rights.stoppable()),
            title=_("Stop the destruction"),
            verb=_("Stop the destruction"),
            consequences=[_("Nothing is destroyed. The data is open again, and the right must be decided again.")],
            act=rights.stop_destruction,
            success=_("The destruction has been stopped."),
            form=StopForm,
        )

    @button(description=_("Resume processing"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY)
    def resume(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        return self._for_each(
            request,
            queryset,
            offered=lambda case: list(case.rights.suspending()),
            title=_("Resume processing"),
            verb=_("Resume processing"),
            consequences=[_("Only if the person asks for it. The data is used again.")],
            act=rights.resume_processing,
            success=_("Processing has been resumed."),
        )

    @button(description=_("Set fee"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def fee(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Set fee"), verb=_("Set fee"), form_class=FeeForm,
            consequences=[
                _("At actual cost. No fee if the company caused the request."),
                _("Postage only where the person asked for the answer by post."),
            ],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.set_fee, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("The fee has been set."))
        return None

    def _for_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Request],
        *,
        offered: Callable[[Request], list[Right]],
        act: Callable[..., object],
        success: object | Callable[[Right], object],
        form: type[ChooseRightForm] = ChooseRightForm,
        signs: Callable[[Right], list[Approval]] = lambda right: [],
        **words: Any,
    ) -> Answer:
        """Ask which rights of the case are meant, and call the verb for each, on what was shown (``read``)."""
        case, actor = queryset.get(), actor_of(request)
        found = _of(case, offered(case))
        if not found:
            # Somebody was faster: the verb itself says who, and when.
            first = _of(case, list(case.rights.all()))[0]
            run_action(self, request, partial(act, first, actor=actor, at=clock.now()), "")
            return None
        form_class = type("ChooseThese", (form,), {"offered": found})
        shown = {"read": rights.digest_of_request(case)}
        signing = signing_of(request, [each for right in found for each in signs(right)], at=clock.now())
        answers = confirm_action(
            self, request, queryset, form_class=form_class, initial=shown, signing=signing, **words
        )
        if isinstance(answers, TemplateResponse):
            return answers
        chosen = answers.pop("rights")
        for right in found:
            if str(right.position) in chosen:
                name = letters.right_name(right, on=case.received_on)
                verb = partial(act, right, **answers, actor=actor, at=clock.now())
                said = success(right) if callable(success) else success
                if run_action(self, request, verb, lazy(lambda name=name, said=said: f"{name}: {said}", str)()):
                    # What this page itself has changed was not overlooked by anybody.
                    answers["read"] = rights.digest_of_request(case)
        return None

    def _verify(self, case: Request, answers: dict[str, Any], request: HttpRequest) -> None:
        match = matching.by_reference(answers["record"]) if answers["record"] else None
        if answers["record"] and match is None:
            raise Refusal(now_("There is no record %(reference)s.") % {"reference": answers["record"]})
        rights.verify(
            case,
            method=answers["method"],
            named=match,
            authority=answers["authority"],
            authority_until=answers["authority_until"],
            mandate=MandateForm.said(answers),
            principal_born_on=answers.get("principal_born_on"),
            actor=actor_of(request),
            at=clock.now(),
        )

    def _matching(self, case: Request) -> str:
        found = matching.find_records(case.target_kind, bytes(case.target_index), most=None)
        if case.matched_subject_id is None and not found:
            return now_(
                "No record matches the number given. If you verify the identity anyway, the answer will be that we "
                "hold nothing."
            )
        return ngettext(
            "%(count)d record matches the number given: %(records)s. The case covers it unless you choose another.",
            "%(count)d records match the number given: %(records)s. The case covers all of them unless you choose one.",
            len(found),
        ) % {"count": len(found), "records": ", ".join(matching.references_of(found))}


def _of(case: Request, found: list[Right]) -> list[Right]:
    for right in found:
        right.request = case
    return found


def _parts(pending: list[Right]) -> list[tuple[str, str]]:
    """The parts that one of these rights has; which of them a chosen right has is checked when it is decided."""
    today = clock.today()
    found = {
        part: right_scope.part_name(right, part, on=today)
        for right in pending
        for part in right_scope.excludable_parts(right, on=today)
    }
    return list(found.items())


def _letter_of_refusal(case: Request, request: HttpRequest, answers: Mapping[str, Any]) -> list[OutgoingText]:
    parts = answers["excluded"]
    said = {"excluded": parts, **{name: answers[name] for name in ("ground", "law", "termination_asked")}}
    decision = Right.Decision.PARTLY_GRANTED if parts else Right.Decision.REFUSED
    chosen = rights.ChosenDecision(int(answers["right"]), decision, answers["explanation"], said)
    return rights.preview_result(case, [chosen], actor=actor_of(request), at=clock.now())


def _refuse(right: Right, answers: dict[str, Any], request: HttpRequest) -> None:
    words = {name: answers[name] for name in ("ground", "law", "termination_asked", "explanation", "read")}
    if answers["excluded"]:
        rights.grant_partly(right, excluded=answers["excluded"], actor=actor_of(request), at=clock.now(), **words)
    else:
        rights.refuse(right, actor=actor_of(request), at=clock.now(), **words)

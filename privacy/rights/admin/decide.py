"""Deciding a case on one page: what is asked beside what is held, and what each decision leads to."""

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights import grounds, letters
from privacy.rights.admin.forms import RefuseForm, lacking
from privacy.rights.admin.postponements import DECIDE, Answer
from privacy.rights.consequences import consequences_of
from privacy.rights.models import AUTOMATED, GROUNDS_WITH_LAW, Request, Right

GRANT, REFUSE, LATER = "grant", "refuse", "later"
TOLD = {GRANT: _("Granted."), REFUSE: _("The refusal has been recorded.")}


class DecideForm(ReadForm):
    """For each right: granted, refused on one of its grounds, or not decided yet."""

    pending: list[Right] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for right in self.pending:
            for name, field in _fields(right).items():
                self.fields[f"{name}_{right.position}"] = field

    def of(self, right: Right) -> list[forms.BoundField]:
        """Return the fields of a right: the decision, then what a refusal needs."""
        return [self[f"{name}_{right.position}"] for name in _fields(right)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for right in self.pending:
            self._check(right, given)
        if not self.errors and all(given[f"decision_{right.position}"] == LATER for right in self.pending):
            raise forms.ValidationError(_("Choose a decision for at least one right."))
        return given

    def _check(self, right: Right, given: dict[str, Any]) -> None:
        if given.get(f"decision_{right.position}") != REFUSE:
            return
        said = refusal_of(right, given)
        if not said["ground"]:
            self.add_error(f"ground_{right.position}", _("A refusal needs a legal ground."))
        for name, why in lacking(said["ground"], law=said["law"], termination_asked=said["termination_asked"]):
            self.add_error(f"{name}_{right.position}", why)


def refusal_of(right: Right, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return of the answers what the verb needs to refuse a right."""
    unsaid = {"ground": "", "law": "", "termination_asked": False, "explanation": ""}
    return {name: given.get(f"{name}_{right.position}", none) for name, none in unsaid.items()}


def _fields(right: Right) -> dict[str, forms.Field]:
    """Return the decision of a right, and what a refusal asks: of law and contract only where it has such a ground."""
    held = grounds.offered(right.kind, clock.today())
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[(GRANT, _("Grant")), (REFUSE, _("Refuse")), (LATER, _("Decide later"))],
        widget=forms.RadioSelect,
    )
    asked = ["ground"]
    asked += ["law"] if {*GROUNDS_WITH_LAW} & {*held} else []
    asked += ["termination_asked"] if Right.Ground.CONTRACT in held else []
    refusal: dict[str, Any] = {name: deepcopy(RefuseForm.base_fields[name]) for name in (*asked, "explanation")}
    refusal["ground"].choices = [(ground.value, ground.label) for ground in held]
    refusal["ground"].required = False
    # Needed only where the right is refused: the page shows them then, and says what is missing.
    for name in asked:
        refusal[name].is_conditional = True
    return {"decision": decision, **refusal}


class DecideActions(ReadOnlyAdmin):
    """The button that shows a case's request beside what is held, and takes the decisions."""

    @button(description=_("Read and decide"), permission=DECIDE, locations=CHANGE_FORM_ONLY, step_up=True)
    def decide(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case, actor, at = queryset.get(), actor_of(request), clock.now()
        # What another has decided since this page was opened stays on it, with what was typed.
        pending = [r for r in case.rights.all() if not r.is_decided or f"decision_{r.position}" in request.POST]
        for right in pending:
            right.request = case
        if not pending:
            run_action(self, request, partial(rights.grant, case.rights.all()[0], actor=actor, at=at), "")
            return None
        form_class = type("DecideThis", (DecideForm,), {"pending": pending})
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Read and decide"),
            verb=_("Record the decision"),
            consequences=[
                _("What you grant becomes final now. “Carry out” does exactly this."),
                _("A refusal is told to the requester with its ground, how to object, and which agencies can help."),
            ],
            form_class=form_class,
            initial={"read": rights.digest_of_request(case)},
            template="admin/rights/request/decide.html",
            shown=partial(_shown, case, pending, request),
            outgoing=partial(_outgoing, case, pending, request),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        chosen = {choice: [r for r in pending if answers[f"decision_{r.position}"] == choice] for choice in TOLD}
        verb = partial(
            rights.decide_together,
            case,
            granted=chosen[GRANT],
            refused=[(right, refusal_of(right, answers)) for right in chosen[REFUSE]],
            read=answers["read"],
            actor=actor,
            at=at,
        )
        run_action(self, request, verb, lazy(partial(_told, case, chosen), str)())
        return None


def _outgoing(
    case: Request, pending: list[Right], request: HttpRequest, answers: Mapping[str, Any]
) -> list[OutgoingText]:
    """Return the answer that these decisions send, where something is refused and nothing is left to carry out."""
    chosen = []
    for right in pending:
        decision = answers[f"decision_{right.position}"]
        if decision == GRANT:
            chosen.append(rights.ChosenDecision(right.position, Right.Decision.GRANTED))
        elif decision == REFUSE:
            said = refusal_of(right, answers)
            explanation = said.pop("explanation")
            chosen.append(rights.ChosenDecision(right.position, Right.Decision.REFUSED, explanation, said))
    return rights.preview_result(case, chosen, actor=actor_of(request), at=clock.now())


def _told(case: Request, chosen: Mapping[str, list[Right]]) -> str:
    """Say what was decided of each right."""
    return " ".join(
        f"{letters.right_name(right, on=case.received_on)}: {TOLD[choice]}"
        for choice, decided in chosen.items()
        for right in decided
    )


def _shown(case: Request, pending: list[Right], request: HttpRequest, form: DecideForm) -> dict[str, Any]:
    """Open what the page shows, each on record: the requester's words, and what is held of what shall be corrected."""
    actor, at = actor_of(request), clock.now()
    words, current, refused = None, dict[int, list[str]](), []
    try:
        words = rights.read_particulars(case, task="rights.particulars.read", actor=actor, at=at)
    except Refusal as why:
        refused.append(str(why))
    try:
        current = rights.read_current_values(case, actor=actor, at=at)
    except Refusal as why:
        refused.append(str(why))
    return {
        "case": case,
        "words": words,
        "refused": refused,
        "asked": [
            {
                "right": right,
                "name": letters.right_name(right, on=case.received_on),
                "is_correction": right.kind == Right.Kind.CORRECTION,
                "is_automated": right.kind in AUTOMATED,
                "now": current.get(right.position),
                "wanted": rights.wanted_text(right, words.wanted) if words else "",
                "consequences": consequences_of(right, at=at),
                "fields": form.of(right),
            }
            for right in pending
        ],
    }

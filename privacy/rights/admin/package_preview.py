"""What an access is about to hand out, on one page, and what is left out of it because it concerns other people."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.access_package import html_pages, redactions
from privacy.rights.admin.postponements import DECIDE, Answer
from privacy.rights.models import GROUNDS_OF_OTHERS, Request, Right

PUT_BACK = "put-back"


class LeaveOutForm(ReadForm):
    """Which places of the page are left out, why, and whether only some words of one."""

    ground = forms.ChoiceField(
        label=_("Why it must be left out"),
        choices=[(ground.value, ground.label) for ground in GROUNDS_OF_OTHERS],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("The requester is told, in the answer and in the copy."),
    )
    passage = forms.CharField(
        label=_("Only these words"),
        required=False,
        max_length=2000,
        help_text=_("To leave out part of a text, select that text above and copy the words here."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    ground.is_conditional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["chosen"] = _chosen(self.data)
        return given


class PackagePreviewActions(ReadOnlyAdmin):
    """The button that shows what a package hands out."""

    @button(
        description=_("Preview copy"),
        permission="rights.carry_out_request",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def preview(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        place = _place(request.POST)
        answers = self._preview_page(request, queryset, case, place)
        if isinstance(answers, TemplateResponse):
            return answers
        right = rights.access_to_preview(case)
        common = {"place": place, "read": answers["read"], "actor": actor_of(request), "at": clock.now()}
        if request.POST.get("confirmed") == PUT_BACK:
            rights.put_back(right, chosen=answers["chosen"], **common)
            messages.success(request, now_("Put back. The copy includes it again."))
        else:
            said = {name: answers[name] for name in ("chosen", "ground", "passage")}
            rights.leave_out(right, **said, **common)
            messages.success(request, now_("Left out of the copy."))
        # The same part again, with an empty form.
        request.POST = _without_answers(request.POST)  # type: ignore[assignment]
        page = self._preview_page(request, queryset, case, place)
        assert isinstance(page, TemplateResponse)
        return page

    def _preview_page(
        self, request: HttpRequest, queryset: QuerySet[Request], case: Request, place: Mapping[str, Any]
    ) -> dict[str, Any] | TemplateResponse:
        right, actor = rights.access_to_preview(case), actor_of(request)
        may_decide = request.user.has_perm(DECIDE)
        may_leave_out = may_decide and not rights.granted_by_another(right, than=actor)
        return confirm_action(
            self,
            request,
            queryset,
            title=_("What the requester will get"),
            verb=_("Leave out selected"),
            consequences=_consequences(right, may_decide=may_decide, may_leave_out=may_leave_out),
            form_class=LeaveOutForm,
            initial={"read": rights.digest_of_request(case)},
            template="admin/rights/request/preview.html",
            shown=partial(_shown, right, place, request, may_leave_out=may_leave_out),
        )


def _consequences(right: Right, *, may_decide: bool, may_leave_out: bool) -> list[Any]:
    """Say what looking and leaving out lead to."""
    said: list[Any] = [_("This is what the copy contains as of now. Opening this page was recorded.")]
    if may_leave_out:
        said.append(
            _(
                "Leave out only what concerns other people. The copy and the answer say that something was left out, "
                "and why."
            )
        )
    if may_leave_out and right.is_granted:
        said.append(_("You granted this access. Leaving something out, or putting it back, replaces your decision."))
    elif may_decide and not may_leave_out:
        said.append(rights.why_not_yours(right))
    return said


def _shown(
    right: Right, place: Mapping[str, Any], request: HttpRequest, form: LeaveOutForm, *, may_leave_out: bool
) -> dict[str, Any]:
    """Open what the page shows, on record. What was ticked stays so."""
    right = rights.access_to_preview(right.request)
    seen = rights.preview_package(right, place=place, actor=actor_of(request), at=clock.now())
    known = html_pages.CodeLabels(clock.today())
    ticked = {json.dumps(one) for one in _chosen(form.data)}
    held = [
        {"name": known.of("category", code), "records": [_record(code, *one, ticked, known) for one in records]}
        for code, records in seen.records
    ]
    here = {
        mark
        for _code, records in seen.records
        for _pointer, record, marks in records
        for mark in marks
        # What no longer has a place in its record has none on the page.
        if not mark.path or mark.path in dict(redactions.values(record))
    }
    elsewhere = {_token(mark): mark for mark in redactions.of_right(right.redactions) if mark not in here}
    return {
        "case": right.request,
        "elsewhere": [_elsewhere(token, mark, ticked, known) for token, mark in elsewhere.items()],
        "held": held,
        "place": json.dumps(seen.place),
        "next_place": json.dumps(seen.next_place) if seen.next_place else "",
        "jumps": [
            (json.dumps({"category": number}), known.of("category", code), number == seen.place["category"])
            for number, code in enumerate(seen.categories)
        ],
        "rest": html_pages.context(seen.rest) if seen.next_place is None else None,
        "may_leave_out": may_leave_out,
        "put_back": PUT_BACK,
        "left_out_places": len(right.redactions),
    }


def _record(
    code: str,
    pointer: str,
    record: dict[str, Any],
    marks: list[redactions.Redaction],
    ticked: set[str],
    known: html_pages.CodeLabels,
) -> dict[str, Any]:
    given = dict(redactions.values(redactions.given(record, marks)))
    places = []
    for path, label, text, value in html_pages.places(record, known):
        mine = [mark for mark in marks if path[: len(mark.path)] == mark.path]
        token = json.dumps([code, pointer, list(path)])
        # What stands under a value that is left out stands nowhere.
        shown = given.get(path, redactions.BLACKED_OUT)
        places.append(
            {
                "token": token,
                "label": label,
                "text": text,
                "given": shown if shown != value else "",
                "is_gone": shown == redactions.BLACKED_OUT,
                "grounds": list(dict.fromkeys(str(Right.Ground(mark.ground).label) for mark in mine)),
                "has_changed": any(mark.record != pointer for mark in mine),
                "ticked": token in ticked,
                # What is left out with more than itself comes back with that.
                "can_be_chosen": all(mark.path == path for mark in mine),
            }
        )
    whole = json.dumps([code, pointer, []])
    return {"token": whole, "name": html_pages.name_of(record), "places": places, "ticked": whole in ticked}


def _elsewhere(
    token: str, mark: redactions.Redaction, ticked: set[str], known: html_pages.CodeLabels
) -> dict[str, Any]:
    """Say what is left out of another part, or of a record that is gone: it can be put back from here."""
    name, _colon, said = redactions.key_of(mark.record).partition(":")
    if name == redactions.CONTACT:
        said = known.of("item", said)
    return {
        "token": token,
        "category": known.of("category", mark.category),
        "record": said,
        "label": html_pages.label_of(mark.path, known),
        "ground": Right.Ground(mark.ground).label,
        "ticked": token in ticked,
    }


def _token(mark: redactions.Redaction) -> str:
    return json.dumps([mark.category, mark.record, list(mark.path)])


def _place(sent: Mapping[str, str]) -> dict[str, Any]:
    """Return from where on the page was asked for; the beginning where that is unreadable."""
    try:
        place = json.loads(sent.get("place", "{}"))
    except ValueError:
        return {}
    return place if isinstance(place, dict) else {}


def _chosen(sent: Any) -> list[list[Any]]:
    """Return the places that are ticked, as category, record and path; what nobody's page has sent is passed by."""
    found = []
    for one in sent.getlist("chosen") if hasattr(sent, "getlist") else []:
        try:
            place = json.loads(one)
        except ValueError:
            continue
        if isinstance(place, list) and len(place) == 3 and isinstance(place[2], list):
            found.append([str(place[0]), str(place[1]), [str(name) for name in place[2]]])
    return found


def _without_answers(sent: QueryDict) -> QueryDict:
    kept = sent.copy()
    for name in ("confirmed", "chosen", "ground", "passage", "read"):
        kept.pop(name, None)
    return kept

"""Consents of legal representatives: what each child's was asked, and what an officer records of an answer."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import actions as consents
from consents.actions.representatives import RECORD
from consents.models import AgreementVersion, Decision, RepresentativeRequest
from consents.representatives.texts import texts_to_decide
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.subjects.models import Subject

BADGES = {"unnamed": "pending", "asked": "pending", "agreed": "agreed", "refused": "withdrawn", "expired": "closed"}
# What the way of a confirmation says of the way of the consent (law C-07).
METHOD_OF = {
    Decision.Confirmation.DOCUMENT: Decision.Method.PAPER,
    Decision.Confirmation.EMAIL: Decision.Method.EMAIL,
    Decision.Confirmation.PHONE: Decision.Method.PHONE,
}


class AnswerForm(forms.Form):
    """What came by paper, mail or phone."""

    agreed = forms.MultipleChoiceField(label=_("Agreed to"), widget=forms.CheckboxSelectMultiple)
    confirmation = forms.ChoiceField(
        label=_("How was it confirmed?"), choices=[(way.value, way.label) for way in METHOD_OF]
    )
    relationship = forms.CharField(label=_("Relationship to the child"), max_length=60)
    document = forms.CharField(label=_("Where the answer is on record"), max_length=100)


class UnnamedAnswerForm(AnswerForm):
    """The same where the child named nobody: whose answer it is."""

    name = forms.CharField(label=_("Legal representative's name"), max_length=100)
    contact = forms.CharField(label=_("Legal representative's mobile number or e-mail address"), max_length=200)
    field_order = ["name", "contact"]


class RefusalForm(forms.Form):
    """Where the refusal is on record."""

    document = forms.CharField(label=_("Where the answer is on record"), max_length=100)


@admin.register(RepresentativeRequest)
class RepresentativeRequestAdmin(KeysetAdmin):
    explanation = _(
        "People under 14 whose parent or other legal representative has to agree. What the child agreed to alone stops "
        "until they do; without an answer in time, their contact is erased and the registration ends."
    )
    empty_hint = _("Requests appear here when someone states on the consent pages or a device that they are under 14.")
    keyset = ("due_at", "id")
    list_display = ("reference", "state_shown", "channel", "due_at", "ended_at", "confirmation")
    list_filter = ("state",)
    fields = (
        "reference", "person", "state_shown", "channel", "opened_at", "asked_at", "due_at", "ended_at", "confirmation",
        "document", "answered_by", "told_at",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("record_answer", "record_refusal")

    @admin.display(description=_("data subject"))
    def person(self, row: RepresentativeRequest) -> str:
        return Subject.objects.values_list("reference", flat=True).filter(pk=row.subject_id).first() or "–"

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: RepresentativeRequest) -> SafeString:
        return state_badge(BADGES[row.state], row.get_state_display())

    def buttons_for(self, record: RepresentativeRequest) -> tuple[str, ...]:
        return ("record_answer", "record_refusal") if record.is_open else ()

    @button(description=_("Record the representative's consent"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def record_answer(self, request: HttpRequest, queryset: QuerySet[RepresentativeRequest]) -> HttpResponse | None:
        row = queryset.get()
        versions = texts_to_decide(Subject.objects.get(pk=row.subject_id), at=clock.now())
        asks_for = AnswerForm if consents.is_asked_kept(row) else UnnamedAnswerForm
        answers = confirm_action(
            self, request, queryset, title=_("Record the representative's consent"), verb=_("Record"),
            consequences=[_("The consents count from now on. What is not ticked counts as refused.")],
            form_class=_form_of(versions, asks_for),
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        chosen, confirmation = answers.pop("agreed"), answers["confirmation"]
        named: dict[str, str] = {key: answers.pop(key) for key in ("name", "contact") if key in answers}
        verb = partial(
            consents.answer_as_representative,
            row,
            agreed=[one for one in versions if str(one.pk) in chosen],
            refused=[one for one in versions if str(one.pk) not in chosen],
            method=METHOD_OF[Decision.Confirmation(confirmation)],
            named=named,
            actor=actor_of(request),
            at=clock.now(),
            **answers,
        )
        run_action(self, request, verb, _("The representative's answer has been recorded."))
        return None

    @button(description=_("Record a refusal"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def record_refusal(self, request: HttpRequest, queryset: QuerySet[RepresentativeRequest]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Record a refusal"), verb=_("Record"),
            consequences=[_("What the child agreed to alone ends, and the representative's contact is erased.")],
            form_class=RefusalForm, dangerous=True,
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(
            consents.refuse_as_representative, queryset.get(), actor=actor_of(request), at=clock.now(), **answers
        )
        run_action(self, request, verb, _("The representative's answer has been recorded."))
        return None


def _form_of(versions: list[AgreementVersion], base: type[AnswerForm]) -> type[forms.Form]:
    """Return the form with the texts of the day."""
    choices = [(str(one.pk), one.title) for one in versions]
    agreed: Any = forms.MultipleChoiceField(label=_("Agreed to"), choices=choices, widget=forms.CheckboxSelectMultiple)
    return type("AnswerForm", (base,), {"__module__": __name__, "agreed": agreed})

"""What the console asks about a power of attorney (law F-4, R-26)."""

from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.rights import actions as rights
from privacy.rights.actions import Mandate
from privacy.rights.admin.postponements import VERIFY, Answer
from privacy.rights.models import Request


class AuthorityForm(forms.Form):
    """The mandate that a representative shows again."""

    authority = forms.ChoiceField(label=_("Proof of authority"), choices=Request.Authority.choices)
    authority_until = BoundedDateField(label=_("Mandate ends"), required=False)


class MandateForm(forms.Form):
    """What a power of attorney says (law F-4), as whoever verifies the identity reads it on the paper."""

    covers = forms.MultipleChoiceField(
        label=_("What it covers"),
        required=False,
        choices=Request.Mandate.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what is ticked on the paper. What it does not cover can't be carried out for the agent."),
    )
    given_on = BoundedDateField(label=_("Date of the power of attorney"))
    name = forms.CharField(label=_("Agent's name"), required=False, max_length=100)
    birth_date = forms.CharField(label=_("Agent's birth date"), required=False, max_length=20)
    phone = forms.CharField(label=_("Agent's phone number"), required=False, max_length=40)
    relation = forms.CharField(label=_("Agent's relation to the person"), required=False, max_length=100)
    address = forms.CharField(label=_("Agent's address"), required=False, max_length=300)
    principal = forms.CharField(label=_("Name of the person who gives it"), required=False, max_length=100)
    principal_birth_date = forms.CharField(label=_("Birth date of that person"), required=False, max_length=20)
    principal_phone = forms.CharField(label=_("Phone number of that person"), required=False, max_length=40)
    principal_address = forms.CharField(label=_("Address of that person"), required=False, max_length=300)
    signed = forms.BooleanField(label=_("I have seen that person's signature or seal on it"), required=False)

    @staticmethod
    def said(given: dict[str, Any]) -> Mandate | None:
        """Return the power of attorney as the verb takes it, and leave the other answers; none where none is asked."""
        if given.get("given_on") is None:
            return None
        people = {name: given.pop(name) for name in rights.PEOPLE}
        return Mandate(tuple(given.pop("covers")), given.pop("given_on"), given.pop("signed"), people)


class KinshipForm(forms.Form):
    """Whom a legal representative acts for, as the certificate has it; the date is compared and not kept."""

    principal_born_on = BoundedDateField(
        label=_("Date of birth of the person, from the certificate"),
        required=False,
        help_text=_("Needed with a family relations certificate. It is compared with the age and not kept here."),
    )


def of_case(form: type[forms.Form], case: Request) -> type[forms.Form]:
    """Return a form that asks for a power of attorney where an agent asks, and refuses at its fields."""

    def clean(self: forms.Form) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors:
            try:
                mandate = MandateForm.said(dict(given))
                rights.must_prove(
                    case,
                    given["authority"],
                    given["authority_until"],
                    mandate,
                    principal_born_on=given.get("principal_born_on"),
                    at=clock.now(),
                )
            except rights.MissingAuthority as refusal:
                self.add_error((refusal.pointer or "").strip("/") or None, str(refusal))
        return given

    more = {Request.Requester.AGENT: MandateForm, Request.Requester.LEGAL_REPRESENTATIVE: KinshipForm}
    asked = more.get(Request.Requester(case.requester))
    bases = (asked, form) if asked is not None else (form,)
    return type("ProvenForm", bases, {"clean": clean})


class MandateActions(ReadOnlyAdmin):
    """The button that records a mandate anew."""

    @button(description=_("Record a new mandate"), permission=VERIFY, locations=CHANGE_FORM_ONLY)
    def renew_authority(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        if "confirmed" not in request.POST:
            # Nobody types a whole power of attorney to learn that it must be read first.
            rights.must_have_read_mandate(queryset.get(), actor=actor_of(request), at=clock.now())
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Record a new mandate"),
            verb=_("Record"),
            consequences=[
                _("Once a mandate has ended, nothing is carried out for the representative or handed to them."),
                _("It rests on the documents that came while a mandate was lacking. You have opened and read them."),
            ],
            form_class=of_case(AuthorityForm, queryset.get()),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        answers["mandate"] = MandateForm.said(answers)
        verb = partial(rights.renew_authority, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The mandate has been recorded."))
        return None

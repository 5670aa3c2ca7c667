"""What is asked about a contact, by the office and by the person."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.lib.errors.refusals import Refusal
from privacy.subjects.contact_validation import validate_contact
from privacy.subjects.models import Contact


class ContactForm(forms.Form):
    """A way to reach a person."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Contact.Kind.choices)
    value = forms.CharField(label=_("Contact"), max_length=200)
    language = forms.ChoiceField(label=_("Language of notices"), choices=Contact.Language.choices)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "kind" in found and "value" in found:
            try:
                validate_contact(found["kind"], found["value"])
            except Refusal as refusal:
                self.add_error("value", str(refusal))
        return found


class OfficeContactForm(ContactForm):
    """A contact that the office records, with the document that it comes from."""

    document = forms.CharField(
        label=_("Document"),
        max_length=100,
        help_text=_("The letter, form or call that this comes from, by number or day and without personal data."),
    )
    is_preferred = forms.BooleanField(label=_("Preferred"), required=False)


class ContactChoiceForm(forms.Form):
    """One of the contacts that a person has."""

    kind = forms.ChoiceField(label=_("Contact"), choices=Contact.Kind.choices)

"""Forms of the status page: looking a case up, objecting, sending documents, fetching a package."""

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.lib.errors.refusals import sentence
from privacy.rights.actions import LONGEST_MESSAGE
from privacy.rights.models.cases import EXAMPLE_NUMBER


class CaseForm(forms.Form):
    """Number and code of a case."""

    number = forms.CharField(
        label=_("Case number"),
        max_length=20,
        help_text=sentence(_("For example %(example)s."), example=EXAMPLE_NUMBER),
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("It was shown once, when you asked."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ObjectionForm(forms.Form):
    """An objection to one decision."""

    right = forms.IntegerField(min_value=0, max_value=999, widget=forms.HiddenInput)
    statement = forms.CharField(
        label=_("What do you disagree with, and why?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    evidence = forms.FileField(
        label=_("A document that shows it (optional)"),
        required=False,
        help_text=_("PDF, JPEG or PNG, at most 10 MB. We encrypt it and destroy it once your objection is decided."),
    )


class MessageForm(forms.Form):
    """A message to the office about the case."""

    text = forms.CharField(
        label=_("Your message"), max_length=LONGEST_MESSAGE, widget=forms.Textarea(attrs={"rows": 5})
    )
    attachment = forms.FileField(
        label=_("Document"),
        required=False,
        help_text=_("PDF, JPEG or PNG, at most 10 MB. We encrypt it and destroy it with the records of your request."),
    )


class DocumentForm(forms.Form):
    """A document that proves identity or authority."""

    # What comes once the case is closed can only prove a mandate anew.
    HELP_ONCE_CLOSED = _(
        "PDF, JPEG or PNG, at most 10 MB. Black out what we don't need, such as the last seven digits of a resident "
        "registration number. We encrypt the document and destroy it once we have recorded your mandate, or once the "
        "copy can no longer be downloaded."
    )

    document = forms.FileField(
        label=_("Document"),
        help_text=_(
            "PDF, JPEG or PNG, at most 10 MB. Black out what we don't need, such as the last seven digits of a "
            "resident registration number. We encrypt the document and destroy it when the case is closed."),
    )  # fmt: skip


class DownloadForm(forms.Form):
    """The second proof for a download."""

    pickup_code = forms.CharField(
        label=_("Pick-up code"),
        max_length=40,
        required=False,
        help_text=_(
            "We sent you this code by e-mail or text message, or gave it to you by telephone, in person or by letter."
        ),
        widget=forms.TextInput(attrs={"class": "medium", "autocomplete": "off"}),
    )

"""Forms of the complaint page, of its status page and of its answer."""

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.incidents.models.complaints import PREFIX
from privacy.lib.errors.refusals import sentence
from privacy.lib.identifiers.ids import example_reference


class ComplaintForm(forms.Form):
    """What the complaint is about, and how to answer; only the first is needed."""

    explanation = forms.CharField(
        label=_("What is your complaint about?"),
        help_text=_("Don't write resident registration numbers or health information."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Tell us what your complaint is about.")},
    )
    name = forms.CharField(label=_("Your name"), max_length=100, required=False)
    email = forms.EmailField(label=_("E-mail for the answer"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone number for the answer"), max_length=40, required=False)
    submission = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    # A field for machines only; see static/css/forms.css.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))


class StatusForm(forms.Form):
    """Reference and code of a complaint."""

    reference = forms.CharField(
        label=_("Receipt number"),
        max_length=20,
        help_text=sentence(_("For example %(example)s."), example=example_reference(PREFIX)),
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off", "spellcheck": "false"}),
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("It was shown once, when you complained."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class AnswerForm(forms.Form):
    """The officer's answer."""

    answer = forms.CharField(label=_("Answer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 8}))

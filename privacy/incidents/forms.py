"""Forms of the complaint page and of its answer."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ComplaintForm(forms.Form):
    """What the complaint is about, and how to answer; only the first is needed."""

    explanation = forms.CharField(
        label=_("What is your complaint about?"),
        help_text=_("Don't write resident registration numbers or health information."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write what your complaint is about.")},
    )
    name = forms.CharField(label=_("Your name"), max_length=100, required=False)
    email = forms.EmailField(label=_("E-mail for the answer"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone number for the answer"), max_length=40, required=False)
    # A field for machines only; see static/css/forms.css.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))


class AnswerForm(forms.Form):
    """The officer's answer."""

    answer = forms.CharField(label=_("Answer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 8}))

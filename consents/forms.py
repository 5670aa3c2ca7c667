"""What the consent pages ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consents import identity_verification


class CodeForm(forms.Form):
    """A consent code in hand: what the gateway answered, or what stands on a printed receipt."""

    code = forms.CharField(
        label=_("Consent code"),
        max_length=80,
        help_text=_("26 letters and digits in groups of four, shown once with your receipt"),
    )


class ContactCodeForm(forms.Form):
    """The code that was mailed to an address."""

    code = forms.CharField(label=_("Code"), max_length=80, help_text=_("26 letters and digits from our e-mail"))


class VerificationForm(forms.Form):
    """Another way to prove it: what it begins with."""

    term = forms.CharField(max_length=80)

    def __init__(self, proof: identity_verification.VerificationMethod, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].label = proof.label
        self.fields["term"].help_text = proof.help_text

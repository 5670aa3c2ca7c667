"""What the consent pages ask for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consents import identity_verification
from consents.models import AgreementVersion, RepresentativeRequest
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.integrations import text_messages


class CodeForm(forms.Form):
    """A consent code in hand: what the gateway answered, or what stands on a printed receipt."""

    code = forms.CharField(
        label=_("Consent code"),
        max_length=80,
        help_text=_("26 letters and digits in groups of four, shown once with your receipt"),
    )


class ContactCodeForm(forms.Form):
    """The code that was mailed to an address."""

    code = forms.CharField(label=_("Code"), max_length=80, help_text=_("26 letters and digits from our message"))


class BirthDateForm(forms.Form):
    """The date of birth, by which it is known whether somebody is under 14; it is not kept."""

    birth_date = BoundedDateField(
        label=_("Your date of birth"),
        help_text=_("For example 2014-05-01. We check whether you are under 14 and don't keep the date."),
        error_messages={"invalid": _("Enter your date of birth, such as 2014-05-01.")},
    )


class NameRepresentativeForm(forms.Form):
    """Whom a child wants to be asked: nothing more is taken from a child (PIPA art. 22-2(2))."""

    name = forms.CharField(label=_("Their name"), max_length=100)
    channel = forms.ChoiceField(
        label=_("How can we ask them?"), choices=RepresentativeRequest.Channel.choices, widget=forms.RadioSelect
    )
    contact = forms.CharField(
        label=_("Their mobile number or e-mail address"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not text_messages.are_sent():
            email = RepresentativeRequest.Channel.EMAIL
            self.fields["channel"].choices = [(email.value, email.label)]  # type: ignore[attr-defined]
            self.fields["channel"].initial = email.value
            self.fields["contact"].label = _("Their e-mail address")


class RepresentativeForm(forms.Form):
    """What a legal representative decides about each text, read on the same page."""

    relationship = forms.CharField(
        label=_("Your relationship to the child"), help_text=_("For example: mother, father, guardian"), max_length=60
    )

    def __init__(self, versions: Sequence[AgreementVersion], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = versions
        for version in versions:
            self.fields[f"choice_{version.pk.hex}"] = forms.ChoiceField(
                label=_("Your decision"),
                choices=[("agree", _("I agree")), ("disagree", _("I don't agree"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose whether you agree.")},
            )

    def texts(self) -> list[tuple[AgreementVersion, forms.BoundField]]:
        """Return each text with its field."""
        return [(version, self[f"choice_{version.pk.hex}"]) for version in self.versions]

    def decided(self, choice: str) -> list[AgreementVersion]:
        return [one for one in self.versions if self.cleaned_data[f"choice_{one.pk.hex}"] == choice]


class VerificationForm(forms.Form):
    """Another way to prove it: what it begins with."""

    term = forms.CharField(max_length=80)

    def __init__(self, proof: identity_verification.VerificationMethod, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].label = proof.label
        self.fields["term"].help_text = proof.help_text

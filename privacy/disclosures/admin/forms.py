"""What the console asks for third parties, disclosures and notices."""

from dataclasses import fields
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext_lazy as _

from privacy.disclosures.actions import AuthorityRequest, RequestedItem
from privacy.disclosures.models import CorrectionProof, Disclosure, ThirdParty
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.policies import rulebook
from privacy.policies.models.localized_fields import in_language
from privacy.subjects import holdings
from privacy.subjects.models import Subject


class ThirdPartyForm(forms.Form):
    """A new third party."""

    code = forms.SlugField(
        label=_("Code"), max_length=60, help_text=_("The recipient's code in agreements on provision, such as acme.")
    )
    title = forms.CharField(label=_("Organisation"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=ThirdParty.Kind.choices)
    contract = forms.CharField(label=_("Contract"), max_length=200, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=[("ko", _("Korean")), ("en", _("English"))])
    channel = forms.ChoiceField(
        label=_("Notices are sent by"), choices=ThirdParty.Channel.choices, widget=forms.RadioSelect, initial="email"
    )
    mailbox = forms.EmailField(label=_("E-mail address for notices"), required=False)
    webhook_url = forms.URLField(label=_("Webhook"), required=False, assume_scheme="https")
    postal_address = forms.CharField(label=_("Postal address"), max_length=300, required=False)


class ChannelForm(forms.Form):
    """How notices reach a third party."""

    channel = forms.ChoiceField(
        label=_("Notices are sent by"), choices=ThirdParty.Channel.choices, widget=forms.RadioSelect, initial="email"
    )
    mailbox = forms.EmailField(label=_("E-mail address for notices"), required=False)
    webhook_url = forms.URLField(label=_("Webhook"), required=False, assume_scheme="https")
    postal_address = forms.CharField(label=_("Postal address"), max_length=300, required=False)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class ApprovalForm(forms.Form):
    """What the approver was shown: an approval is of that and of nothing else."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ScanForm(forms.Form):
    """The scan of the document by which an authority asks."""

    scan = forms.FileField(label=_("Scan of the document"), help_text=_("PDF, JPEG or PNG, at most 10 MB."))


class DisclosureForm(forms.Form):
    """What is to be provided, to whom, why, and on which basis (P5.1; law P-06, F-8)."""

    third_party = forms.ModelChoiceField(label=_("Recipient"), queryset=ThirdParty.objects.none())
    basis = forms.ChoiceField(label=_("Legal basis"), choices=Disclosure.Basis.choices, widget=forms.RadioSelect)
    statute = forms.CharField(
        label=_("Statute and article"), max_length=200, required=False, help_text=_("Needed if the basis is a law.")
    )
    document_no = forms.CharField(
        label=_("Document number"), max_length=100, required=False, help_text=_("Needed if the basis is a law.")
    )
    purpose_code = forms.SlugField(
        label=_("Purpose in the agreement"),
        max_length=60,
        required=False,
        help_text=_("Needed if the basis is a consent: the code in the agreement's text."),
    )
    purpose = forms.CharField(label=_("Purpose of the disclosure"), max_length=300)
    records = forms.CharField(
        label=_("Whose data"),
        help_text=_("References of devices or people, one on each line, such as D-7F3K-92QX."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    items = forms.MultipleChoiceField(label=_("Items"), widget=forms.CheckboxSelectMultiple)
    period = forms.CharField(label=_("Date, cycle or period"), max_length=100, required=False)
    restrictions = forms.CharField(
        label=_("Restrictions asked of the recipient"),
        max_length=300,
        required=False,
        help_text=_(
            "How the recipient must limit its use and protect the data (Personal Information Protection Act 18(5))."
        ),
    )
    terminal_number_ground = forms.CharField(
        label=_("Officer's ground for providing a terminal unique number"),
        max_length=300,
        required=False,
        help_text=_(
            "Only if an IMEI goes to someone other than a handset maker or mobile carrier (Protection of "
            "Communications Secrets Act 3(3))."
        ),
    )

    official = forms.CharField(
        label=_("Unit and name of the requesting official"),
        max_length=200,
        required=False,
        help_text=_("Fill in this field and those below only if an investigative agency makes the request."),
    )
    reason = forms.CharField(label=_("Reason for the authority's request"), max_length=300, required=False)
    relation = forms.CharField(label=_("Relation to the user concerned"), max_length=300, required=False)
    extent = forms.CharField(label=_("Extent of the material needed"), max_length=300, required=False)
    permit_no = forms.CharField(label=_("Warrant or permission number"), max_length=100, required=False)
    record_class = forms.ChoiceField(
        label=_("Kind of material"), required=False, choices=[("", "–"), *Disclosure.Record.choices]
    )
    urgent = forms.BooleanField(label=_("Urgent: the document will follow"), required=False)
    document_due_on = BoundedDateField(label=_("Document due"), required=False)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["third_party"].queryset = ThirdParty.objects.filter(retired_at=None)  # type: ignore[attr-defined]
        self.fields["items"].choices = [  # type: ignore[attr-defined]
            (f"{category}/{code}", f"{in_language(term, 'name')}: {in_language(item, 'name')}")
            for category, term in rulebook.in_force(on).categories.items()
            for code, item in term.items.items()
        ]

    def clean_records(self) -> list[Any]:
        """Turn references into people. Unknown ones are named."""
        references = [line.strip().upper() for line in self.cleaned_data["records"].splitlines() if line.strip()]
        found = {reference: subject_of(reference) for reference in references}
        unknown = [reference for reference, subject in found.items() if subject is None]
        if unknown:
            raise forms.ValidationError(
                _("No one has the reference %(unknown)s."), params={"unknown": ", ".join(unknown)}
            )
        return list(found.values())

    def authority(self) -> AuthorityRequest:
        """Return what the authority's request says."""
        return AuthorityRequest(**{field.name: self.cleaned_data[field.name] for field in fields(AuthorityRequest)})

    def wanted(self) -> list[RequestedItem]:
        """Return every item of every person, as the verb takes them."""
        pairs = [choice.split("/", 1) for choice in self.cleaned_data["items"]]
        return [
            RequestedItem(subject, category, item)
            for subject in self.cleaned_data["records"]
            for category, item in pairs
        ]


def subject_of(reference: str) -> Any:
    """Return the person behind a reference of a person or of a record, or None."""
    subject = Subject.objects.filter(reference=reference).values_list("id", flat=True).first()
    if subject is not None:
        return subject
    for holding in holdings.all_holdings():
        try:
            holding.model._meta.get_field("reference")
        except FieldDoesNotExist:
            continue
        found = holding.rows().filter(reference=reference).values_list(holding.subject, flat=True).first()
        if found is not None:
            return found
    return None


class SettlementForm(forms.Form):
    """How a recipient's correction is settled without its proof."""

    settled_as = forms.ChoiceField(
        label=_("How it is settled"), choices=CorrectionProof.Settlement.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("How it was verified"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("No names of people, no values."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Evidence"), help_text=_("PDF, JPEG or PNG, at most 10 MB. It is scanned for malware and encrypted.")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.pop("file", None)
        return {**given, "name": file.name, "content": file.read()} if file else given

"""Forms of the console's buttons about processors and transfers abroad."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.models.localized_fields import in_language
from privacy.processors.models import Clause, Consignment, Criterion, OverseasTransfer, Subprocessor
from privacy.processors.models.consignments import HOME
from privacy.processors.models.supervisions import Answer
from privacy.safeguards.admin.forms import AccountField, date_field, text_field

CODE_HELP = _("Short, in Latin letters, for example cloud-storage.")
COUNTRY_HELP = _("Two capital letters: KR for Korea, US, SG and so on.")
ARTICLE = "clause_"


class ItemsField(forms.MultipleChoiceField):
    """Items of the rulebook in force."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Items"), choices=self._choices, **options)

    def _choices(self) -> list[tuple[str, str]]:
        return [
            (code, f"{in_language(category, 'name')}: {in_language(item, 'name')}")
            for category in rulebook.in_force(clock.today()).categories.values()
            for code, item in category.items.items()
        ]


class _ContractFields(forms.Form):
    """The document and its articles: where it agrees on each thing that the law asks for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for clause in Clause:
            self.fields[f"{ARTICLE}{clause.value}"] = forms.CharField(
                label=clause.label, max_length=60, required=False, help_text=_("The article, for example “art. 5”.")
            )
        self.fields["complete_by"] = date_field(
            label=_("Amend the contract by"),
            required=False,
            help_text=_("Only where the contract lacks one of these articles."),
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        names = [name for name in given if name.startswith(ARTICLE)]
        given["clauses"] = {name.removeprefix(ARTICLE): given.pop(name) for name in names}
        return given


class ConsignmentForm(_ContractFields):
    """A new row of the register of processors."""

    code = forms.SlugField(label=_("Code"), max_length=40, help_text=CODE_HELP)
    name_ko = forms.CharField(label=_("Processor (Korean)"), max_length=120)
    name_en = forms.CharField(label=_("Processor (English)"), max_length=120)
    contact = forms.CharField(
        label=_("Contact"), max_length=200, help_text=_("Its department and telephone, no names of people.")
    )
    country = forms.CharField(label=_("Country"), max_length=2, initial="KR", help_text=COUNTRY_HELP)
    work_ko = forms.CharField(label=_("Consigned work (Korean)"), max_length=300)
    work_en = forms.CharField(label=_("Consigned work (English)"), max_length=300)
    items = ItemsField()
    is_marketing = forms.BooleanField(label=_("The work is promotion or sales"), required=False)
    told_on = date_field(label=_("People told on"), required=False)
    told_how = forms.CharField(label=_("How people were told"), max_length=300, required=False)
    starts_on = date_field(label=pgettext_lazy("contract", "Begins on"))
    contract = forms.CharField(label=_("Contract"), max_length=200, help_text=_("Title and number of the document."))
    signed_on = date_field(label=_("Signed on"))
    term_ends_on = date_field(label=_("Term ends on"), required=False)


class AmendForm(_ContractFields):
    """A renewed or amended contract."""

    contract = forms.CharField(label=_("Contract"), max_length=200)
    signed_on = date_field(label=_("Signed on"))
    term_ends_on = date_field(label=_("Term ends on"), required=False)


class SubprocessorForm(forms.Form):
    """A sub-consignment and our consent to it."""

    name_ko = forms.CharField(label=_("Sub-processor (Korean)"), max_length=120)
    name_en = forms.CharField(label=_("Sub-processor (English)"), max_length=120)
    country = forms.CharField(label=_("Country"), max_length=2, initial="KR", help_text=COUNTRY_HELP)
    work_ko = forms.CharField(label=_("Work (Korean)"), max_length=300)
    work_en = forms.CharField(label=_("Work (English)"), max_length=300)
    agreed_on = date_field(label=_("Consent given on"))
    document = forms.CharField(label=_("Document of the consent"), max_length=200)


class EvidenceFileForm(forms.Form):
    """What every proof is: a file."""

    file = forms.FileField(
        label=_("Evidence"), help_text=_("PDF, JPEG or PNG, at most 10 MB. It is scanned for malware and encrypted.")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.pop("file", None)
        if file is not None:
            given["name"], given["content"] = file.name, file.read()
        return given


class CheckForm(EvidenceFileForm):
    """A check of a processor: each criterion answered."""

    field_order = ["held_on", "method", "outcome"]
    held_on = date_field(label=pgettext_lazy("supervision", "Held on"))
    method = forms.CharField(label=_("Method"), max_length=200, help_text=_("On site, by documents, by questions…"))
    outcome = text_field(3, label=_("Result"), max_length=4_000)
    correction = text_field(
        2, label=_("Corrective action"), max_length=4_000, required=False,
        help_text=_("Only where something is not in order."),
    )  # fmt: skip
    responsible = AccountField(label=_("To be done by"), required=False)
    correct_by = date_field(label=_("Correct by"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for criterion in Criterion:
            self.fields[criterion.value] = forms.ChoiceField(
                label=criterion.label, choices=Answer.choices, widget=forms.RadioSelect
            )
            self.fields[f"{criterion.value}_note"] = forms.CharField(
                label=_("What you saw"), max_length=1_000, required=False
            )
        last = ("correction", "responsible", "correct_by", "file")
        self.order_fields([name for name in self.fields if name not in last] + list(last))

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        given["checklist"] = {
            one.value: {"answer": given.pop(one.value, ""), "note": given.pop(f"{one.value}_note", "")}
            for one in Criterion
        }
        return given


class TrainingForm(EvidenceFileForm):
    """A training of the processor's people."""

    held_on = date_field(label=pgettext_lazy("supervision", "Held on"))
    method = forms.CharField(label=_("Method"), max_length=200)
    outcome = text_field(3, label=_("Content and result"), max_length=4_000)
    trained = forms.IntegerField(label=_("People trained"), min_value=1, max_value=1_000_000)
    field_order = ["held_on", "method", "outcome", "trained", "file"]


class EndForm(forms.Form):
    """The last day of a consignment or transfer."""

    ended_on = date_field(label=_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=300)


class LastDayForm(forms.Form):
    """The last day of a sub-consignment."""

    ended_on = date_field(label=_("Last day"))


class DisposalForm(EvidenceFileForm):
    """What became of the data."""

    disposal = forms.ChoiceField(label=_("What became of the data"), choices=Consignment.Disposal.choices)
    disposed_on = date_field(label=_("Returned or destroyed on"))
    detail = text_field(3, label=_("How, and how it was checked"), max_length=4_000)
    field_order = ["disposal", "disposed_on", "detail", "file"]


class TransferForm(forms.Form):
    """A new row of the register of transfers abroad."""

    code = forms.SlugField(label=_("Code"), max_length=40, help_text=CODE_HELP)
    recipient_ko = forms.CharField(label=_("Recipient (Korean)"), max_length=120)
    recipient_en = forms.CharField(label=_("Recipient (English)"), max_length=120)
    contact = forms.CharField(
        label=_("Contact of the recipient"), max_length=200, help_text=_("It is published in the privacy policy.")
    )
    country = forms.CharField(label=_("Country"), max_length=2, help_text=COUNTRY_HELP)
    country_ko = forms.CharField(label=_("Country (Korean)"), max_length=60)
    country_en = forms.CharField(label=_("Country (English)"), max_length=60)
    items = ItemsField()
    basis = forms.ChoiceField(label=_("Basis"), choices=OverseasTransfer.Basis.choices, widget=forms.RadioSelect)
    basis_detail = forms.CharField(
        label=_("What the basis is"),
        max_length=300,
        help_text=_("The code of the agreement, the law and article, the certificate or the notice of the PIPC."),
    )
    consignment = forms.ModelChoiceField(
        label=_("Consignment"), queryset=Consignment.objects.with_data(), required=False
    )
    subprocessor = forms.ModelChoiceField(
        label=_("Sub-processor"),
        queryset=Subprocessor.objects.with_data().exclude(country=HOME),
        required=False,
        help_text=_("Only where the recipient is engaged by the processor."),
    )
    purpose_ko = forms.CharField(label=_("Purpose of the recipient (Korean)"), max_length=300)
    purpose_en = forms.CharField(label=_("Purpose of the recipient (English)"), max_length=300)
    kept_ko = forms.CharField(label=_("Kept and used until (Korean)"), max_length=200)
    kept_en = forms.CharField(label=_("Kept and used until (English)"), max_length=200)
    way_ko = forms.CharField(label=_("When and how (Korean)"), max_length=300)
    way_en = forms.CharField(label=_("When and how (English)"), max_length=300)
    refusal_ko = text_field(2, label=_("How to refuse, and the effect (Korean)"), max_length=2_000)
    refusal_en = text_field(2, label=_("How to refuse, and the effect (English)"), max_length=2_000)
    safety = forms.CharField(label=_("Safety measures agreed"), max_length=300)
    disputes = forms.CharField(label=_("Complaints and disputes agreed"), max_length=300)
    starts_on = date_field(label=pgettext_lazy("contract", "Begins on"))

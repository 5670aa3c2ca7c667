"""Forms of the officer's buttons and of what is recorded by hand."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from privacy.lib.dates.form_fields import BoundedDateField, NativeDateInput
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.retention.models import Hold, PaperDestruction
from privacy.subjects.models import Subject


class ReasonForm(forms.Form):
    """A reason that goes onto the ledger."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class DelayReasonForm(forms.Form):
    """Why something was destroyed after its due date (law D-02)."""

    reason = forms.CharField(label=_("Reason for delay"), widget=forms.Textarea(attrs={"rows": 3}))


class HoldForm(forms.Form):
    """A new hold, but for its category, which the page offers by name."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Hold.Kind.choices)
    subject = forms.CharField(
        label=_("Data subject"),
        required=False,
        help_text=_("A reference such as S-7F3K-92QX. Leave empty for everyone."),
    )
    demanded_by = forms.CharField(label=_("Demanded by"), max_length=200)
    document = forms.CharField(label=_("Document number"), max_length=100)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    until = BoundedDateField(label=_("Last day"), required=False)

    def clean_subject(self) -> Subject | None:
        reference = str(self.cleaned_data["subject"]).strip().upper()
        if not reference:
            return None
        subject = Subject.objects.filter(reference=reference).first()
        if subject is None:
            raise ValidationError(_("No one has this reference."), code="unknown")
        return subject


class PaperDestructionForm(forms.ModelForm[PaperDestruction]):
    """A destruction of paper or media that took place."""

    scan = forms.FileField(
        label=_("Evidence"),
        required=False,
        help_text=_("A scan or photo that shows it: PDF, JPEG or PNG, at most 5 MB. It is encrypted."),
    )

    submission = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput, initial=new_form_nonce)

    class Meta:
        model = PaperDestruction
        fields = (
            "medium", "contents", "created_from", "created_until", "amount", "amount_unit", "method", "place",
            "due_since", "destroyed_on", "reason", "executor", "witness", "part", "rest", "partial_reason",
            "supervision", "supervisor",
        )  # fmt: skip
        field_classes: ClassVar = dict.fromkeys(
            ("created_from", "created_until", "due_since", "destroyed_on"), BoundedDateField
        )
        widgets = {
            **{name: NativeDateInput() for name in ("created_from", "created_until", "due_since", "destroyed_on")},
            "contents": forms.TextInput(attrs={"size": 60}),
            "place": forms.TextInput(attrs={"size": 60}),
            "reason": forms.TextInput(attrs={"size": 60}),
            **dict.fromkeys(("part", "rest", "partial_reason", "supervision"), forms.TextInput(attrs={"size": 60})),
        }
        help_texts: ClassVar = {
            "contents": _("What it was, without naming anyone, such as “application forms from 2019”."),
            "due_since": _(
                "The day on which it was no longer needed, such as the day after its retention period ended."
            ),
            "amount_unit": _("Boxes, sheets, disks …"),
            "method": _("Paper is shredded or incinerated. A disk can also be degaussed or overwritten."),
            "executor": _("An account reference, such as U-7F3K-92QX. Any other name is shown as stated by you."),
            "witness": _("Someone other than the person who carried it out, entered in the same way."),
            "part": _("Only where a part is destroyed: paper is masked or punched, a file is erased and supervised."),
            "supervision": _("For an erasure: who can still reach the medium, and how that is watched."),
            "supervisor": _("For an erasure: someone other than the person who carried it out."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_since"].required = True


class ArchiveAccessForm(forms.Form):
    """Asking for access to the archive: a law, a document, a reason; the page offers the rules by name."""

    subject = forms.CharField(label=_("Data subject"), help_text=_("A reference such as S-7F3K-92QX."))
    law = forms.CharField(label=_("Law and article"), max_length=200)
    document = forms.CharField(label=_("Document number"), max_length=100)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))

    clean_subject = HoldForm.clean_subject

"""Forms of the public check page and of the officer's buttons."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from privacy.retention import verifying
from privacy.retention.models import Hold, PaperDestruction
from privacy.subjects.models import Subject


class VerifyForm(forms.Form):
    """A digest, or the file itself."""

    digest = forms.CharField(
        label=_("SHA-256 of the document"),
        required=False,
        max_length=200,
        strip=True,
        help_text=_("The 64 letters and digits printed at the end of the certificate; spaces don't matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("or the file"), required=False, help_text=_("The file is only read here, never kept. At most 256 kB.")
    )

    def clean_digest(self) -> str:
        digest = "".join(str(self.cleaned_data["digest"]).split()).lower()
        if digest and not verifying.DIGEST.fullmatch(digest):
            raise ValidationError(_("A SHA-256 has 64 digits and letters from a to f."), code="digest")
        return digest

    def clean_file(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > verifying.MOST_BYTES:
            raise ValidationError(_("The file is too large to be one of our documents."), code="size")
        return file

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("digest") and not given.get("file"):
            raise ValidationError(_("Enter the SHA-256 or choose the file."), code="empty")
        return given


class ReasonForm(forms.Form):
    """A reason that goes onto the ledger."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class HoldForm(forms.Form):
    """A new hold, but for its category, which the page offers by name."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Hold.Kind.choices)
    subject = forms.CharField(
        label=_("Data subject"), required=False, help_text=_("A reference such as S-7F3K-92QX. Empty: everybody.")
    )
    demanded_by = forms.CharField(label=_("Demanded by"), max_length=200)
    document = forms.CharField(label=_("Document number"), max_length=100)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    until = forms.DateField(label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean_subject(self) -> Subject | None:
        reference = str(self.cleaned_data["subject"]).strip().upper()
        if not reference:
            return None
        subject = Subject.objects.filter(reference=reference).first()
        if subject is None:
            raise ValidationError(_("There is nobody with this reference."), code="unknown")
        return subject


class PaperForm(forms.ModelForm[PaperDestruction]):
    """A destruction of paper or media that took place."""

    scan = forms.FileField(
        label=_("Evidence"),
        required=False,
        help_text=_("A scan or photo that shows it: PDF, JPEG or PNG, at most 5 MB. It is sealed."),
    )

    class Meta:
        model = PaperDestruction
        fields = (
            "medium", "contents", "created_from", "created_until", "amount", "amount_unit", "method", "place",
            "destroyed_on", "reason", "executor", "witness",
        )  # fmt: skip
        widgets = {
            **{
                name: forms.DateInput(attrs={"type": "date"})
                for name in ("created_from", "created_until", "destroyed_on")
            },
            "contents": forms.TextInput(attrs={"size": 60}),
            "place": forms.TextInput(attrs={"size": 60}),
            "reason": forms.TextInput(attrs={"size": 60}),
        }
        help_texts: ClassVar = {
            "contents": _("What it was, without naming anybody: “application forms of 2019”."),
            "amount_unit": _("Boxes, sheets, disks …"),
            "method": _("Paper is shredded or incinerated; a disk also degaussed or overwritten."),
            "witness": _("Somebody other than the one who carried it out."),
        }


class AccessForm(forms.Form):
    """Asking for access to the archive: a law, a document, a reason; the page offers the rules by name."""

    subject = forms.CharField(label=_("Data subject"), help_text=_("A reference such as S-7F3K-92QX."))
    law = forms.CharField(label=_("Law and article"), max_length=200)
    document = forms.CharField(label=_("Document number"), max_length=100)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))

    clean_subject = HoldForm.clean_subject

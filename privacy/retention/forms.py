"""The form of the public page where a document is checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents
from privacy.retention.certificates import authenticity


class VerifyForm(forms.Form):
    """A digest, or the file itself."""

    digest = forms.CharField(
        label=_("SHA-256 of the document"),
        required=False,
        max_length=200,
        strip=True,
        help_text=_("The 64 letters and digits printed at the end of the document; spaces don't matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("or the file"), required=False, help_text=_("We only read the file; we don't keep it. At most 5 MB.")
    )

    def clean_digest(self) -> str:
        digest = "".join(str(self.cleaned_data["digest"]).split()).lower()
        if digest and not issued_documents.DIGEST.fullmatch(digest):
            raise ValidationError(_("A SHA-256 consists of 64 digits and letters from a to f."), code="digest")
        return digest

    def clean_file(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > authenticity.MAX_UPLOAD_BYTES:
            raise ValidationError(
                _("Files of up to 5 MB are checked here. Enter the SHA-256 of a larger one."), code="size"
            )
        return file

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("digest") and not given.get("file"):
            raise ValidationError(_("Enter the SHA-256 or choose the file."), code="empty")
        return given

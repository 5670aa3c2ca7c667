"""What the consent pages ask for."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consents import proofs, receipts

REFERENCE = re.compile(r"C-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class ReceiptForm(forms.Form):
    """A receipt in hand: its number and its digest."""

    reference = forms.CharField(label=_("Number of the receipt"), max_length=20, help_text=_("Such as C-7F3K-92QX"))
    digest = forms.CharField(
        label=_("Digest of the receipt"),
        max_length=80,
        help_text=_("64 digits and letters, on the receipt below the number"),
    )

    def clean(self) -> dict[str, Any]:
        """A receipt that isn't genuine and one that doesn't exist get the same answer (SEC-16)."""
        given = super().clean() or {}
        reference = str(given.get("reference", "")).strip().upper()
        digest = str(given.get("digest", "")).strip().lower().removeprefix("sha256:")
        if not self.errors:
            check = receipts.check_digest(reference, digest) if REFERENCE.fullmatch(reference) else None
            if check is None or not check.genuine or check.decision is None:
                raise forms.ValidationError(_("This is not a receipt of ours. Check the number and the digest."))
            given["decision"] = check.decision
        return given


class ProofForm(forms.Form):
    """Another way to prove it: what it begins with."""

    term = forms.CharField(max_length=80)

    def __init__(self, proof: proofs.Proof, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].label = proof.label
        self.fields["term"].help_text = proof.help_text

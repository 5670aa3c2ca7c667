"""What a recipient fills in to prove a correction: for each item what became of it, and what it holds now."""

from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.disclosures.actions import Evidence, ItemAnswer
from privacy.disclosures.models import RecipientAnswer

Says = RecipientAnswer.Says


class ProofForm(forms.Form):
    """An answer for every item of a notice; ``named`` has the items by code."""

    asked = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)
    evidence = forms.FileField(
        label=_("A document that shows it"),
        required=False,
        help_text=_(
            "PDF, JPEG or PNG, at most 10 MB, for example a screenshot. We scan it for malware and encrypt it."
        ),
    )

    def __init__(self, *args: Any, named: dict[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.named = named
        for item in named:
            self.fields[f"says-{item}"] = forms.ChoiceField(
                label=_("What became of it?"),
                choices=[
                    (Says.CORRECTED, _("We have corrected it")),
                    (Says.NOT_HELD, _("We no longer hold it")),
                    (Says.CANNOT, _("We can't correct it")),
                ],
                widget=forms.RadioSelect,
            )
            self.fields[f"value-{item}"] = forms.CharField(
                label=_("If corrected: what your records say now"),
                required=False,
                max_length=4000,
                help_text=_("Copy it from your own system, exactly as it is there. We compare it and don't keep it."),
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
            self.fields[f"commitment-{item}"] = forms.CharField(
                label=_("Its digest, computed with this key"),
                required=False,
                max_length=64,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
            self.fields[f"reason-{item}"] = forms.ChoiceField(
                label=_("If you can't correct it: why"),
                required=False,
                choices=[("", "–"), *RecipientAnswer.Reason.choices],
            )

    def groups(self) -> list[dict[str, Any]]:
        """Return the fields of each item, for the page."""
        return [
            {
                "name": name,
                "code": item,
                **{part: self[f"{part}-{item}"] for part in ("says", "value", "commitment", "reason")},
            }
            for item, name in self.named.items()
        ]

    def answers(self) -> dict[str, ItemAnswer]:
        """Return what was filled in, by item: what belongs to another choice is left out."""
        found: dict[str, ItemAnswer] = {}
        for item in self.named:
            says, part = self.cleaned_data[f"says-{item}"], partial(self._filled, item)
            corrected = says == Says.CORRECTED
            found[item] = ItemAnswer(
                says,
                commitment=part("commitment") if corrected else "",
                value=part("value") if corrected else "",
                reason=part("reason") if says == Says.CANNOT else "",
            )
        return found

    def _filled(self, item: str, part: str) -> str:
        return str(self.cleaned_data[f"{part}-{item}"])

    def file(self) -> Evidence | None:
        """Return the document that came with it."""
        upload = self.cleaned_data["evidence"]
        return Evidence(upload.name or "", upload.read()) if upload else None

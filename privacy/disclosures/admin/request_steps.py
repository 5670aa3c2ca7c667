"""Requesting a disclosure in steps: each asks only what matters for the recipient and the basis that were chosen."""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy, pgettext_lazy

from privacy.disclosures.legal_basis import AGENCY, TERMINAL_NUMBER
from privacy.disclosures.models import Disclosure, ThirdParty
from privacy.lib.console.form_steps import SUMMARY, FormSteps

Basis = Disclosure.Basis
PARTIES, GROUND, CONTENT = "parties", "ground", "content"
# What is needed on a condition or never.
OPTIONAL = {"urgent", "document_due_on", "permit_no", "period", "terminal_number_ground"}


class DisclosureRequestSteps(FormSteps):
    titles: ClassVar[Mapping[str, Promise]] = {
        PARTIES: gettext_lazy("Recipient and legal basis"),
        GROUND: gettext_lazy("What the basis needs"),
        CONTENT: gettext_lazy("What is provided, and what for"),
        SUMMARY: pgettext_lazy("step", "Check and request"),
    }

    def fields_of(self, step: str) -> list[str]:
        basis = self.form["basis"].value()
        party = self._party
        if step == PARTIES:
            return ["third_party", "basis"]
        if step == GROUND:
            if basis == Basis.LAW:
                agency = [*AGENCY, "permit_no"] if party is not None and party.is_investigator else []
                return ["statute", "document_no", "restrictions", *agency, "urgent", "document_due_on"]
            return ["purpose_code", "restrictions"] if basis == Basis.SEPARATE_CONSENT else ["purpose_code"]
        if step == CONTENT:
            may = party is not None and party.may_receive_terminal_numbers
            return ["purpose", "records", "items", "period", *([] if may else ["terminal_number_ground"])]
        return []

    def needed(self) -> set[str]:
        relevant = set(self.relevant())
        items = {str(one).rpartition("/")[-1] for one in self.form["items"].value() or ()}
        conditions = {
            "document_due_on": self.form["urgent"].value(),
            "permit_no": self.form["record_class"].value() == Disclosure.Record.CONFIRMATION,
            "terminal_number_ground": TERMINAL_NUMBER in items,
        }
        return relevant - OPTIONAL | {name for name, holds in conditions.items() if holds and name in relevant}

    def said(self, name: str) -> str:
        return getattr(self._party, "title", "") if name == "third_party" else super().said(name)

    @cached_property
    def _party(self) -> ThirdParty | None:
        chosen = str(self.form["third_party"].value() or "")
        return next((party for party in ThirdParty.objects.filter(retired_at=None) if str(party.pk) == chosen), None)

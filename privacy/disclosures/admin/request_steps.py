"""Requesting a disclosure in steps: what matters now, and on the last step all of it with what is missing.

Works without script and keeps nothing: what the other steps hold travels in hidden fields. A form that comes whole,
with no ``go``, is sent as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from privacy.disclosures.admin.forms import DisclosureForm
from privacy.disclosures.legal_basis import AGENCY, TERMINAL_NUMBER
from privacy.disclosures.models import Disclosure, ThirdParty

Basis = Disclosure.Basis
PARTIES, GROUND, CONTENT, SUMMARY = "parties", "ground", "content", "summary"
STEPS: Mapping[str, Promise] = {
    PARTIES: gettext_lazy("Recipient and legal basis"),
    GROUND: gettext_lazy("What the basis needs"),
    CONTENT: gettext_lazy("What is provided, and what for"),
    SUMMARY: pgettext_lazy("step", "Check and request"),
}
# What is needed on a condition or never.
OPTIONAL = {"urgent", "document_due_on", "permit_no", "period", "terminal_number_ground"}


@dataclass(frozen=True)
class SummaryLine:
    """A field of the request on the last step: what was answered, or that it is missing."""

    label: str
    text: str
    is_missing: bool


class DisclosureRequestSteps:
    """One page of the form: ``at`` is the step that was filled in, ``go`` the one that was asked for."""

    def __init__(self, form: DisclosureForm, *, at: str = PARTIES, go: str = "") -> None:
        self.form = form
        self.step = at if at in STEPS else PARTIES
        if go in STEPS:
            self._go(go)

    def _go(self, wanted: str) -> None:
        """Go there; forward only over a step that is filled in."""
        order = list(STEPS)
        needed = self.needed()
        for name in needed:
            self.form.fields[name].required = True
        names = self.fields_of(self.step)
        if order.index(wanted) > order.index(self.step) and any(name in self.form.errors for name in names):
            self.keep_errors()
        else:
            self.step = wanted
            self.form.errors.clear()

    def go_to_errors(self) -> None:
        """Show the first step on which something was refused, or the last one; of other fields, over all fields."""
        relevant = self.relevant()
        self.step = next((step for step in STEPS if set(self.fields_of(step)) & set(self.form.errors)), SUMMARY)
        for name in [one for one in self.form.errors if one in self.form.fields and one not in relevant]:
            for message in self.form.errors.pop(name):
                self.form.add_error(None, f"{self.form.fields[name].label}: {message}")
        self.keep_errors()

    def keep_errors(self) -> None:
        """Leave the errors of this step and those over all fields."""
        shown = {"__all__", *(field.name for field in self.shown)}
        for name in [name for name in self.form.errors if name not in shown]:
            del self.form.errors[name]

    def fields_of(self, step: str) -> list[str]:
        """Return the fields of a step that matter for the chosen recipient and basis."""
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

    def relevant(self) -> list[str]:
        """Return every field that matters, in the order of the steps."""
        return [name for step in STEPS for name in self.fields_of(step)]

    def needed(self) -> set[str]:
        """Return the fields without which the request is refused."""
        relevant = set(self.relevant())
        items = {str(one).rpartition("/")[-1] for one in self.form["items"].value() or ()}
        conditions = {
            "document_due_on": self.form["urgent"].value(),
            "permit_no": self.form["record_class"].value() == Disclosure.Record.CONFIRMATION,
            "terminal_number_ground": TERMINAL_NUMBER in items,
        }
        return relevant - OPTIONAL | {name for name, holds in conditions.items() if holds and name in relevant}

    @property
    def shown(self) -> list[BoundField]:
        """The fields of this page."""
        return [self.form[name] for name in self.fields_of(self.step)]

    @property
    def carried(self) -> list[BoundField]:
        """What the page takes along unseen; the last one leaves behind what no longer matters."""
        shown = self.fields_of(self.step)
        names = self.relevant() if self.step == SUMMARY else list(self.form.fields)
        return [self.form[name] for name in names if name not in shown]

    @property
    def number(self) -> int:
        return list(STEPS).index(self.step) + 1

    @property
    def title(self) -> Promise:
        return STEPS[self.step]

    @property
    def before(self) -> str:
        return list(STEPS)[self.number - 2] if self.number > 1 else ""

    @property
    def after(self) -> str:
        return list(STEPS)[self.number] if self.number < len(STEPS) else ""

    @property
    def count(self) -> int:
        return len(STEPS)

    @cached_property
    def groups(self) -> list[tuple[str, Promise, list[SummaryLine]]]:
        """All that was answered, and what is missing, by step."""
        needed = self.needed()
        found = []
        for step, title in STEPS.items():
            said = [(name, self._said(name)) for name in self.fields_of(step)]
            lines = [
                SummaryLine(str(self.form.fields[name].label), text, not text)
                for name, text in said
                if text or name in needed
            ]
            found += [(step, title, lines)] if lines else []
        return found

    @property
    def missing(self) -> list[SummaryLine]:
        return [line for _step, _title, lines in self.groups for line in lines if line.is_missing]

    @cached_property
    def _party(self) -> ThirdParty | None:
        chosen = str(self.form["third_party"].value() or "")
        return next((party for party in ThirdParty.objects.filter(retired_at=None) if str(party.pk) == chosen), None)

    def _said(self, name: str) -> str:
        value: Any = self.form[name].value()
        if name == "third_party":
            return getattr(self._party, "title", "")
        if name == "urgent":
            return _("yes") if value and value != "False" else ""
        choices = {str(code): str(word) for code, word in getattr(self.form.fields[name], "choices", ())}
        if isinstance(value, list):
            return ", ".join(choices.get(str(one), str(one)) for one in value)
        return choices.get(str(value), str(value)) if value else ""

"""The record of processing activities (GDPR art. 30; ISMS-P 3.2.1), made from rulebook, holdings and registers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.lib.display import display_names
from privacy.lib.display.reader_language import reader_language
from privacy.policies import data_recipients, rulebook, wording
from privacy.policies.data_recipients import DataRecipient, RecipientKind
from privacy.retention.models import ArchivedRecord
from privacy.subjects import holdings

PLACES = {
    "personal": gettext_lazy("database of personal information"),
    "archive": gettext_lazy("archive of what other laws require"),
    "default": gettext_lazy("general database"),
}


@dataclass(frozen=True, slots=True)
class ProcessingActivity:
    """What is done with one category of personal information, in the words of the reader's language."""

    code: str
    name: str
    basis: str
    purposes: tuple[str, ...]
    items: tuple[str, ...]
    places: tuple[str, ...]
    recipients: tuple[str, ...]
    processors: tuple[str, ...]
    abroad: tuple[str, ...]
    kept: str

    def cells(self) -> list[str]:
        """Return the activity as a row, in the order of ``columns``."""
        lists = (self.purposes, self.items, self.recipients, self.processors, self.abroad, self.places)
        purposes, items, recipients, processors, abroad, places = (", ".join(one) or "–" for one in lists)
        return [self.name, self.basis, purposes, items, recipients, processors, abroad, self.kept, places]


def columns() -> list[str]:
    """Return the headings of the record, in the reader's language."""
    return [
        _("Category"), _("Legal basis"), _("Purposes"), _("Items"), _("Recipients"), _("Processors"),
        _("Recipients abroad"), _("Kept for"), _("Stored in"),
    ]  # fmt: skip


def activities(on: date) -> list[ProcessingActivity]:
    """Return what is done with each category on a day: those of the policy first, then the office's own files.

    Raises NoPolicyInForce.
    """
    book = rulebook.in_force(on)
    named = {kind: data_recipients.recipients_of_kind(kind, on) for kind in data_recipients.RECIPIENT_KINDS}
    codes = [*book.categories, *(code for code in holdings.categories() if code not in book.categories)]
    return [_activity(code, book, named, on) for code in codes]


def _activity(
    code: str, book: rulebook.Rulebook, named: dict[RecipientKind, list[DataRecipient]], on: date
) -> ProcessingActivity:
    declared = book.categories.get(code)
    held = holdings.for_category(code)
    items = tuple(declared.items) if declared else tuple(dict.fromkeys(item for one in held for item in one.items))
    kept = declared.retention if declared else None
    return ProcessingActivity(
        code=code,
        name=capfirst(display_names.display_name("category", code, on=on)),
        basis=_basis(declared, held, on),
        purposes=tuple(display_names.display_name("purpose", one, on=on) for one in sorted(declared.purposes))
        if declared
        else (),
        items=tuple(display_names.display_name("item", one, on=on) for one in items),
        places=tuple(dict.fromkeys(capfirst(str(PLACES[one.using])) for one in held)),
        recipients=_names(named["recipients"], items),
        processors=_names(named["processors"], items),
        abroad=_names(named["transfers"], items),
        kept=wording.retention(kept.clock, kept.years, kept.months) if kept else _office_term(held, on),
    )


def _basis(declared: rulebook.DeclaredCategory | None, held: Sequence[holdings.Holding], on: date) -> str:
    if declared is None:
        return next((str(one.duty) for one in held if one.duty), "–")
    return wording.category_basis(declared, on)


def _office_term(held: Sequence[holdings.Holding], on: date) -> str:
    """Return how long the office keeps a file of its own, by the number of the rulebook that its destruction asks."""
    years = [rulebook.parameter(one.kept_years, on) for one in held if one.kept_years]
    if years:
        return wording.period(max(years), 0)
    if any(one.model is ArchivedRecord for one in held):
        return _("until the end that the law sets for each record")
    return _("until it has served its purpose")


def _names(parties: Iterable[DataRecipient], items: Sequence[str]) -> tuple[str, ...]:
    """Return the names of those who receive any of these items."""
    english = reader_language() == "en"
    return tuple((one.name_en if english else one.name_ko) for one in parties if set(one.items) & set(items))

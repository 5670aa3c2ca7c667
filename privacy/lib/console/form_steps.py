"""A long form in steps: what matters now, and on the last step all of it with what is missing.

Works without script and keeps nothing: what the other steps hold travels in hidden fields. A form that comes whole,
with no ``go``, is sent as it is. The page is ``admin/form_steps.html``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _

SUMMARY = "summary"


@dataclass(frozen=True)
class SummaryLine:
    """A field on the last step: what was answered, or that it is missing."""

    label: str
    text: str
    is_missing: bool


class FormSteps(ABC):
    """One page of the form: ``at`` is the step that was filled in, ``go`` the one that was asked for.

    ``titles`` names the steps in their order; the last one is SUMMARY. ``unseen`` names hidden fields that every
    step takes along.
    """

    titles: ClassVar[Mapping[str, Promise]]
    unseen: ClassVar[tuple[str, ...]] = ()
    # Fields of a step that stand folded under a title, for the few who need them.
    folded_title: ClassVar[Promise | str] = ""
    folded_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, form: forms.Form, *, at: str = "", go: str = "") -> None:
        self.form = form
        self.step = at if at in self.titles else next(iter(self.titles))
        if go in self.titles:
            self._go(go)

    @abstractmethod
    def fields_of(self, step: str) -> list[str]:
        """Return the fields of a step that matter for what was chosen so far; none of SUMMARY."""

    @abstractmethod
    def needed(self) -> set[str]:
        """Return the fields without which the form is refused."""

    def said(self, name: str) -> str:
        """Return what was answered, in the words of the choice."""
        value: Any = self.form[name].value()
        field = self.form.fields[name]
        if isinstance(field, forms.BooleanField):
            return _("yes") if value and value != "False" else ""
        choices = {str(code): str(word) for code, word in _choices_of(field)}
        if isinstance(value, list | tuple):
            return ", ".join(choices.get(str(one), str(one)) for one in value)
        if isinstance(value, date):
            return value.isoformat()
        return choices.get(str(value), str(value)) if value else ""

    def go_to_errors(self) -> None:
        """Show the first step on which something was refused, or the last one; of other fields, over all fields."""
        relevant = self.relevant()
        self.step = next((step for step in self.titles if set(self.fields_of(step)) & set(self.form.errors)), SUMMARY)
        for name in [one for one in self.form.errors if one in self.form.fields and one not in relevant]:
            for message in self.form.errors.pop(name):
                self.form.add_error(None, f"{self.form.fields[name].label}: {message}")
        self._keep_errors()

    def relevant(self) -> list[str]:
        """Return every field that matters, in the order of the steps."""
        return [name for step in self.titles for name in self.fields_of(step)]

    @property
    def shown(self) -> list[BoundField]:
        """The fields of this page."""
        return [self.form[name] for name in self.fields_of(self.step)]

    @property
    def open_fields(self) -> list[BoundField]:
        return [field for field in self.shown if field.name not in self.folded_names]

    @property
    def folded_fields(self) -> list[BoundField]:
        return [field for field in self.shown if field.name in self.folded_names]

    @property
    def is_unfolded(self) -> bool:
        """Whether something stands in a folded field, or is wrong with it."""
        return any(field.value() or field.errors for field in self.folded_fields)

    @property
    def carried(self) -> list[BoundField]:
        """What the page takes along unseen; the last one leaves behind what no longer matters."""
        shown = self.fields_of(self.step)
        names = [*self.relevant(), *self.unseen] if self.step == SUMMARY else list(self.form.fields)
        return [self.form[name] for name in names if name not in shown]

    @property
    def number(self) -> int:
        return list(self.titles).index(self.step) + 1

    @property
    def title(self) -> Promise:
        return self.titles[self.step]

    @property
    def before(self) -> str:
        return list(self.titles)[self.number - 2] if self.number > 1 else ""

    @property
    def after(self) -> str:
        return list(self.titles)[self.number] if self.number < len(self.titles) else ""

    @property
    def count(self) -> int:
        return len(self.titles)

    @cached_property
    def groups(self) -> list[tuple[str, Promise, list[SummaryLine]]]:
        """All that was answered, and what is missing, by step."""
        needed = self.needed()
        found = []
        for step, title in self.titles.items():
            lines = [
                SummaryLine(str(self.form.fields[name].label), text, not text)
                for name, text in [(name, self.said(name)) for name in self.fields_of(step)]
                if text or name in needed
            ]
            found += [(step, title, lines)] if lines else []
        return found

    @property
    def missing(self) -> list[SummaryLine]:
        return [line for _step, _title, lines in self.groups for line in lines if line.is_missing]

    def _go(self, wanted: str) -> None:
        """Go there; forward only over a step that is filled in."""
        order = list(self.titles)
        for name in self.needed():
            self.form.fields[name].required = True
        names = self.fields_of(self.step)
        if order.index(wanted) > order.index(self.step) and any(name in self.form.errors for name in names):
            self._keep_errors()
        else:
            self.step = wanted
            self.form.errors.clear()

    def _keep_errors(self) -> None:
        """Leave the errors of this step and those over all fields."""
        shown = {"__all__", *(field.name for field in self.shown)}
        for name in [name for name in self.form.errors if name not in shown]:
            del self.form.errors[name]


def _choices_of(field: forms.Field) -> list[tuple[Any, Any]]:
    """Return the choices of a field, those of its groups too."""
    found: list[tuple[Any, Any]] = []
    for code, word in getattr(field, "choices", ()):
        found += list(word) if isinstance(word, list | tuple) else [(code, word)]
    return found

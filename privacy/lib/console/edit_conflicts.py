"""Two people who write at once: every form that changes a record carries the version it was opened with.

A form that was opened on an earlier version is not saved over the later one. It comes back with what was typed, and at
each field that somebody else has changed meanwhile with what is saved there now; sent again, it is saved knowingly.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.db import router, transaction
from django.db.models import Model, QuerySet
from django.forms.models import InlineForeignKeyField
from django.http import QueryDict
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from privacy.lib.errors.refusals import Refusal

VERSION_FIELD = "opened_with"


class EditConflict(Refusal):
    """Somebody else saved the record after this form was opened."""

    code = "changed-meanwhile"


class VersionedForm(forms.Form):
    """A form that changes a record: it knows what it was opened with. Its ``initial`` is what is saved now."""

    opened_with = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[VERSION_FIELD].initial = json.dumps(self._saved(), sort_keys=True)

    def clean(self) -> dict[str, Any]:
        """Compare with what is saved by now."""
        given = super().clean() or {}
        self.compare()
        given.pop(VERSION_FIELD, None)
        return given

    def compare(self) -> bool:
        """Show what somebody else saved meanwhile; return whether there is nothing to show."""
        opened, saved = _parsed(self.data.get(self.add_prefix(VERSION_FIELD))), self._saved()
        taken: list[str] = []
        contested = False
        for name, field in self._compared():
            if name not in opened or opened[name] == saved[name] or name not in self.cleaned_data:
                continue
            mine, now = _digest(field, self.cleaned_data[name]), self.get_initial_for_field(field, name)
            if mine == saved[name]:
                continue
            contested = True
            if mine == opened[name]:
                self._fill_in(name, now)
                taken.append(str(self[name].label))
            else:
                self.add_error(
                    name, _("Someone else has saved this in the meantime: %(text)s") % {"text": _shown(field, now)}
                )
        if contested:
            self._fill_in(VERSION_FIELD, json.dumps(saved, sort_keys=True))
            self.add_error(None, _said(taken))
        return not contested

    def _compared(self) -> Iterable[tuple[str, forms.Field]]:
        for name, field in self.fields.items():
            if name != VERSION_FIELD and not field.disabled and not isinstance(field, forms.FileField):
                yield name, field

    def _saved(self) -> dict[str, str]:
        return {name: _digest(field, self.get_initial_for_field(field, name)) for name, field in self._compared()}

    def _fill_in(self, name: str, value: object) -> None:
        """Put a value into what was posted, so that the form shows it."""
        posted = self.data.copy() if isinstance(self.data, QueryDict) else QueryDict(mutable=True)
        field, key = self.fields[name], self.add_prefix(name)
        widget, shown = field.widget, field.prepare_value(value)
        if isinstance(widget, forms.MultiWidget):
            for number, piece in enumerate(widget.decompress(shown) or ()):
                posted[f"{key}_{number}"] = "" if piece is None else str(piece)
        elif isinstance(widget, forms.CheckboxInput):
            posted.pop(key, None)
            if shown:
                posted[key] = "on"
        elif isinstance(shown, list | tuple | QuerySet):
            posted.setlist(key, [str(each) for each in shown])
        else:
            written = widget.format_value(shown)
            posted[key] = "" if written is None else str(written[0] if isinstance(written, list) else written)
        self.data = posted


def versioned_form(form_class: type[forms.BaseForm]) -> type[Any]:
    """Return the form class as one that carries the version it was opened with."""
    if issubclass(form_class, VersionedForm):
        return form_class
    return type(form_class.__name__, (VersionedForm, form_class), {"__module__": form_class.__module__})


def save_if_unchanged[R: Model](
    record: R, form: VersionedForm, read: Callable[[R], Mapping[str, Any]], verb: Callable[[], object]
) -> object:
    """Call the verb that saves the form, once nobody else can save the record and nobody has since it was opened."""
    using = router.db_for_write(type(record))
    with transaction.atomic(using=using):
        locked = type(record)._base_manager.using(using).select_for_update(of=("self",)).get(pk=record.pk)
        form.initial = dict(read(locked))
        if not form.compare():
            raise EditConflict(_said([]))
        return verb()


def has_unsaved_changes(form: forms.BaseForm) -> bool:
    """Whether a form that was sent says something else than what is saved."""
    for name, field in form.fields.items():
        if name in (VERSION_FIELD, "DELETE") or field.disabled or isinstance(field, InlineForeignKeyField):
            continue
        shown = form[name]
        if field.has_changed(_lines(shown.initial), _lines(shown.data)):
            return True
    return False


def _lines(value: object) -> object:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _said(taken: list[str]) -> str:
    said = _(
        "Someone else saved this record after you opened this page. Nothing is lost: what you wrote is still here, "
        "and what they wrote is shown beside it. Combine the two, then save again."
    )
    if not taken:
        return said
    shown = _("These fields, which you hadn't changed, show what they wrote: %(fields)s.")
    return f"{said} {shown % {'fields': get_text_list(taken, _('and'))}}"


def _parsed(opened: object) -> dict[str, str]:
    try:
        told = json.loads(str(opened))
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _digest(field: forms.Field, value: object) -> str:
    plain = bool(value) if type(field) is forms.BooleanField else _plain(value)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    """Return a value of a field in one form, whether it is stored, shown or typed."""
    if value is None or value == "":
        return ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(second=0, microsecond=0).isoformat()
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0).isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return sorted(json.dumps(_plain(each), sort_keys=True) for each in value) or ""
    return str(value).replace("\r\n", "\n").strip()


def _shown(field: forms.Field, value: object) -> str:
    """Return a saved value as a reader knows it."""
    if isinstance(field, forms.ModelChoiceField) or value is None or value == "":
        value = field.prepare_value(value)
    values = list(value) if isinstance(value, list | tuple | set | QuerySet) else [value]
    names: dict[str, object] = {}
    if isinstance(field, forms.ChoiceField):
        offered: Any = field.choices
        for code, name in offered:
            names |= dict(name) if isinstance(name, list | tuple) else {str(code): name}
    said = ", ".join(str(names.get(str(each), each)) for each in values if each not in (None, ""))
    return said or _("(empty)")

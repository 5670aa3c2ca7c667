"""What the database refuses, in words: each constraint has its sentence and the field that it is about.

The sentences are declared at start-up (``config/constraint_messages.py``). They are shown where a form breaks a
constraint and where a verb runs into one, as when two people are at it at once; nobody sees the name of a constraint.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError
from django.db.models import Model
from django.utils.functional import lazystr
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from privacy.lib.errors.refusals import Refusal, Unavailable

UNIQUE_VIOLATION = "23505"
# constraint → what it says, and the field of the record that it is about ("" where it is about several)
type ConstraintMessage = tuple[Any, str]
_messages: dict[str, ConstraintMessage] = {}


class ConstraintViolated(Refusal):
    """The database refused the row: it would contradict a rule that always holds."""

    code = "contradiction"


def declare(sentences: Mapping[str, ConstraintMessage]) -> None:
    """Register the sentences of constraints."""
    _messages.update(sentences)


def message_of(name: str) -> ConstraintMessage | None:
    """Return what a constraint says and which field it is about."""
    return _messages.get(name)


def attach_messages(models: Iterable[type[Model]]) -> None:
    """Let the constraints of models say their sentences at their fields where a form checks them."""
    for model in models:
        for constraint in model._meta.constraints:
            told = _messages.get(constraint.name)
            if told is not None:
                # Not as an argument of the constraint: it would be part of the migrations.
                vars(constraint)["validate"] = _speaking(constraint.validate, told)


def _speaking(validate: Callable[..., None], told: ConstraintMessage) -> Callable[..., None]:
    said, field = told

    def spoken(
        model: Any, instance: Any, exclude: Collection[str] | None = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        try:
            validate(model, instance, exclude=exclude, using=using)
        except ValidationError as error:
            if not field or field in (exclude or ()):
                raise ValidationError(said, code=error.code) from error
            raise ValidationError({field: ValidationError(said, code=error.code)}) from error

    return spoken


def as_refusal(error: Refusal | IntegrityError) -> Refusal:
    """Return the refusal that an error of a verb amounts to; raise it where it says nothing to a person."""
    if isinstance(error, Unavailable):
        raise error
    if isinstance(error, Refusal):
        return error
    told = getattr(error.__cause__, "diag", None)
    name = getattr(told, "constraint_name", None) or ""
    known = _messages.get(name)
    if known is not None:
        return ConstraintViolated(known[0], pointer=f"/{known[1]}" if known[1] else None)
    if getattr(told, "sqlstate", "") == UNIQUE_VIOLATION:
        for model in apps.get_models():
            if model._meta.db_table != getattr(told, "table_name", None):
                continue
            for field in model._meta.fields:
                if field.unique and field.column in name:
                    said = _("%(record)s: this %(field)s is already in use.") % {
                        "record": capfirst(model._meta.verbose_name),
                        "field": field.verbose_name,
                    }
                    return ConstraintViolated(lazystr(said), pointer=f"/{field.name}")
    raise error

"""What a value should be, in a sentence, from what pydantic or msgspec found; never a value that was sent."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.refusals import MESSAGES
from devices.report_schema import BODIES

REQUIRED = gettext_lazy("This value is required.")
STRING = gettext_lazy("This must be a string.")
INTEGER = gettext_lazy("This must be a whole number.")
BOOLEAN = gettext_lazy("This must be true or false.")
ARRAY = gettext_lazy("This must be an array.")
OBJECT = gettext_lazy("This must be a JSON object.")
UUID_SHAPE = gettext_lazy("This must be a UUID, such as 5a0f3c1e-2a7b-4a52-9d0e-0123456789ab.")
DAY_SHAPE = gettext_lazy("This must be a day, such as 2026-01-31.")
MOMENT_SHAPE = gettext_lazy("This must be a time with its offset, such as 2026-01-31T09:00:00+09:00.")

# The first words of pydantic's types of error.
OF_PYDANTIC: Mapping[str, Promise] = {
    "missing": REQUIRED, "string_type": STRING, "int_": INTEGER, "bool_": BOOLEAN, "list_type": ARRAY,
    "model_": OBJECT, "dict_type": OBJECT, "uuid_": UUID_SHAPE, "date_": DAY_SHAPE, "datetime_": MOMENT_SHAPE,
    "timezone_": MOMENT_SHAPE,
}  # fmt: skip
# What msgspec's messages hold.
OF_MSGSPEC: Mapping[str, Promise] = {
    "Invalid RFC3339": MOMENT_SHAPE, "timezone component": MOMENT_SHAPE, "Expected `datetime`": MOMENT_SHAPE,
    "UUID": UUID_SHAPE, "Expected `uuid`": UUID_SHAPE, "Expected `str`, got": STRING, "Expected `int`": INTEGER,
    "Expected `array`": ARRAY, "Expected `object`": OBJECT,
}  # fmt: skip
MISSING = re.compile(r"Object missing required field `([A-Za-z_]+)`")
QUOTED = re.compile(r"'([^']*)'")


def one_of(values: Iterable[str]) -> str:
    """Return the sentence that names what is taken."""
    return _("Use one of these: %(values)s.") % {"values": ", ".join(values)}


def of_pydantic(error: Any) -> str:
    """Return the sentence for one finding of pydantic; ``error`` is one of its ``errors()``."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in MESSAGES:
        return str(error["msg"])
    if kind == "literal_error":
        return one_of(QUOTED.findall(context["expected"]))
    if kind == "string_too_long":
        return _("This must have at most %(limit)s characters.") % {"limit": context["max_length"]}
    if kind == "too_long":
        return _("This must have at most %(limit)s entries.") % {"limit": context["max_length"]}
    if kind == "too_short":
        return _("This must have at least %(limit)s entries.") % {"limit": context["min_length"]}
    if kind == "string_too_short":
        return _("This must have at least %(limit)s characters.") % {"limit": context["min_length"]}
    return str(next((said for begin, said in OF_PYDANTIC.items() if kind.startswith(begin)), MESSAGES["malformed"]))


def missing_name(error: Exception | None) -> str:
    """Return the name that msgspec missed, if that is what it found."""
    found = MISSING.search(str(error)) if error is not None else None
    return found[1] if found else ""


def of_msgspec(error: Exception | None, *, kind: object, name: str) -> str:
    """Return the sentence for what msgspec found in a report of a kind, at the field with this name."""
    text = str(error or "")
    if missing_name(error):
        return str(REQUIRED)
    if name == "device":
        return str(UUID_SHAPE)
    if "Invalid enum value" in text and isinstance(kind, str) and kind in BODIES:
        taken = BODIES[kind].__annotations__.get(name)
        if get_origin(taken) is Literal:
            return one_of(get_args(taken))
    return str(next((said for part, said in OF_MSGSPEC.items() if part in text), MESSAGES["malformed"]))

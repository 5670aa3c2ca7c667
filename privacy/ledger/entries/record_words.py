"""What an access record says in words: its reason, way, result and object are codes on the trail."""

import re
from collections.abc import Mapping
from datetime import date

from django.apps import apps
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.display import display_names
from privacy.lib.registries import registers

CHANNEL_LABELS = {
    "api": pgettext_lazy("access channel", "API"),
    "office": pgettext_lazy("access channel", "console of the office"),
    "staff": pgettext_lazy("access channel", "pages of employees"),
    "public": pgettext_lazy("access channel", "public pages"),
    "worker": pgettext_lazy("access channel", "automatic work"),
    "shell": pgettext_lazy("access channel", "command of an operator"),
}
RESULT_LABELS = {
    "": pgettext_lazy("access record", "done"),
    "denied": pgettext_lazy("access record", "denied"),
}
# What an act was done about, where its reason is a reference: "request 2026-0001".
REASON_LABELS = {
    "request": _("rights request"),
    "case": _("rights request"),
    "disclosure": pgettext_lazy("reason", "provision"),
    "complaint": pgettext_lazy("reason", "complaint"),
    "destruction": pgettext_lazy("reason", "destruction"),
    "pledge": pgettext_lazy("reason", "pledge"),
    "notice": pgettext_lazy("reason", "notice"),
}
REFERENCE = re.compile(r"([a-z]+) ([A-Z0-9]+-[A-Z0-9-]+)")
# Of which rule an automatic act is, or of which of the portal's duties: the purpose says it in words.
RULE = re.compile(r"[A-Z]-?\d[\d.]*|contacts|duties")


def is_rule(reason: str) -> bool:
    """Return whether a reason is a rule's number alone, which says nothing to who reads a sentence."""
    return RULE.fullmatch(reason) is not None


def reason_text(reason: str, purpose: str, *, on: date) -> str:
    """Return the reason of an access in words; what a person wrote stays as it was written."""
    if is_rule(reason):
        return display_names.display_name("purpose", purpose, on=on)
    return REFERENCE.sub(lambda found: f"{REASON_LABELS.get(found[1], found[1])} {found[2]}", reason)


def channel_text(channel: str) -> str:
    """Return by which way somebody came."""
    return str(CHANNEL_LABELS.get(channel, channel))


def result_text(result: str) -> str:
    """Return what became of an access."""
    return str(RESULT_LABELS.get(result, result))


def object_text(about: str, known: Mapping[str, str]) -> str:
    """Return which record or register was handled: what it is, and its reference or id."""
    kind, _colon, key = about.partition(":")
    if kind == "register":
        try:
            return registers.get(key).title
        except registers.UnknownRegister:
            return key
    try:
        name = str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return about
    return f"{name} {known.get(key, key)}"

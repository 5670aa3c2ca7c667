"""What an entry of the trail says about a file or paper that left: of what it is, with which items, and why."""

from typing import Any

from django.apps import apps
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from privacy.ledger.entries import task_labels
from privacy.ledger.entries.payloads import parse_payload
from privacy.lib.registries import registers
from privacy.safeguards.models import Printout

# What stands for the folder of many registers (``config.dossier``).
DOSSIER = "dossier"


def said(printout: Printout) -> dict[str, Any]:
    """Return what the entry says; nothing of one that can't be read, which stands in the register all the same."""
    try:
        return parse_payload(printout.payload)
    except ValueError:
        return {}


def copy_of(printout: Printout) -> str:
    """Return of what it is a copy, in the language of the page; a register as a file has the official title."""
    if printout.task:
        return task_labels.task_label(printout.task)
    found = source(printout)
    if found != printout.about:
        return found
    # What was taken out of one record is named by its kind; its page is behind the entry.
    try:
        return str(apps.get_model(found.partition(":")[0])._meta.verbose_name)
    except (LookupError, ValueError):
        return found


def number_and_payload(entry: str = "") -> Concat:
    """Return the expression that ``named`` makes words of; ``entry`` leads to the printout from another row."""
    return Concat(F(f"{entry}pk"), Value(" "), F(f"{entry}payload"), output_field=TextField())


def named(reference: str) -> str:
    """Return what stands for an entry in the calendar: of what it is a copy, and the entry's number."""
    number, _space, payload = reference.partition(" ")
    found = Printout(pk=int(number), payload=payload)
    said_of_it = said(found)
    found.task, found.about, found.word = said_of_it.get("task"), said_of_it.get("about"), said_of_it.get("word", "")
    return _("%(copy)s (No. %(number)s)") % {"copy": capfirst(copy_of(found)), "number": number}


def stated_purpose(printout: Printout) -> str:
    """Return why it was taken out, as it was stated then."""
    return str(said(printout).get("reason", ""))


def source(printout: Printout) -> str:
    """Return of what it is a copy: the official title of a register, else the record or the task."""
    facts = said(printout).get("facts", {})
    if facts.get("register") == DOSSIER:
        return _("dossier for an inspector")
    try:
        return registers.get(str(facts.get("register", ""))).title
    except registers.UnknownRegister:
        return task_labels.task_label(printout.task) if printout.task else str(printout.about or printout.word)


def items(printout: Printout) -> str:
    """Return which items it holds: its columns as they were, else those that the register has now."""
    facts = said(printout).get("facts", {})
    if facts.get("register") == DOSSIER:
        return ", ".join(
            registers.get(code).title for code in facts.get("registers", {}) if registers.is_declared(code)
        )
    if columns := facts.get("columns"):
        return ", ".join(map(str, columns))
    try:
        return ", ".join(registers.get(str(facts.get("register", ""))).headings)
    except registers.UnknownRegister:
        return source(printout)

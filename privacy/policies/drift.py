"""Whether what the policy says is still what the rulebook, the registers and the seal say (V-08)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from privacy.policies import document, registers, seals
from privacy.policies.models import PolicyVersion


@dataclass(frozen=True, slots=True)
class Drift:
    """One place at which a published text no longer matches: ``code`` for machines, ``message`` for the officer.

    ``is_due`` marks what calls for a revision of the policy (a register or a statutory number moved on); anything else
    was altered behind the portal's back.
    """

    code: str
    version: str
    message: str
    is_due: bool = False


def drifts(on: date) -> list[Drift]:
    """Return every difference between published texts and what stands behind them; empty when all match."""
    return [*_broken_seals(), *_in_force(on)]


def _broken_seals() -> Iterator[Drift]:
    for version in seals.broken(PolicyVersion.objects.public()):
        words = {"version": version.number}
        yield Drift("seal", version.number, _("The text of version %(version)s no longer matches its seal.") % words)


def _in_force(on: date) -> Iterator[Drift]:
    version = PolicyVersion.objects.in_force(on)
    if version is None:
        yield Drift("none", "", _("No privacy policy is in force."))
        return
    published = version.document or {}
    words = {"version": version.number}
    try:
        live = document.compose(version, on)
    except document.UnknownValue as unknown:
        message = _("The text asks for %(value)s, which the rulebook does not have.") % {"value": unknown}
        yield Drift("value", version.number, message)
        return
    for name, rows in live["tables"].items():
        if rows != published.get("tables", {}).get(name):
            message = _("“%(table)s” in the rulebook or register differs from version %(version)s as published.")
            yield Drift(
                f"table:{name}", version.number, message % {**words, "table": name}, is_due=name in registers.NAMES
            )
    for name, value in live["values"].items():
        if value != published.get("values", {}).get(name):
            message = _("%(value)s differs from version %(version)s as published.") % {**words, "value": name}
            yield Drift(f"value:{name}", version.number, message, is_due=name.startswith("parameter:"))
    if live["sections"] != published.get("sections"):
        yield Drift("sections", version.number, _("The sections of version %(version)s were changed.") % words)

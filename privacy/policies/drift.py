"""Whether what the policy says is still what the rulebook, the registers and the seal say (V-08)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from privacy.policies import data_recipients, integrity, policy_document
from privacy.policies.models import PolicyVersion, PublishedText


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


def find_drifts(on: date) -> list[Drift]:
    """Return every difference between published texts and what stands behind them; empty when all match."""
    return [*_broken_seals(), *_broken_texts(), *_in_force(on)]


def _broken_seals() -> Iterator[Drift]:
    for version in integrity.broken(PolicyVersion.objects.public()):
        words = {"version": version.number}
        yield Drift("seal", version.number, _("The text of version %(version)s no longer matches its seal.") % words)


def _broken_texts() -> Iterator[Drift]:
    for text in PublishedText.objects.select_related("version"):
        if not integrity.is_text_intact(text):
            words = {"version": text.version.number}
            message = _("The published text of version %(version)s is not the text that was attached.") % words
            yield Drift("published-text", text.version.number, message)


def _in_force(on: date) -> Iterator[Drift]:
    version = PolicyVersion.objects.in_force(on)
    if version is None:
        yield Drift("none", "", _("No privacy policy is in force."))
        return
    published = version.document or {}
    words = {"version": version.number}
    try:
        live = policy_document.compose(version, on)
    except policy_document.UnknownPlaceholder as unknown:
        message = _("The text uses %(value)s, which the rulebook does not have.") % {"value": unknown}
        yield Drift("value", version.number, message)
        return
    tables = published.get("tables", {})
    for name in sorted(live["tables"].keys() | tables.keys()):
        if live["tables"].get(name) != tables.get(name):
            message = _("“%(table)s” in the rulebook or register differs from version %(version)s as published.")
            yield Drift(
                f"table:{name}",
                version.number,
                message % {**words, "table": name},
                is_due=name in data_recipients.RECIPIENT_KINDS,
            )
    values = published.get("values", {})
    for name in sorted(live["values"].keys() | values.keys()):
        if live["values"].get(name) != values.get(name):
            message = _("%(value)s differs from version %(version)s as published.") % {**words, "value": name}
            yield Drift(f"value:{name}", version.number, message, is_due=name.startswith(("parameter:", "decision:")))
    if live["sections"] != published.get("sections"):
        yield Drift("sections", version.number, _("The sections of version %(version)s were changed.") % words)

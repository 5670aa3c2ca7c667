"""What an approver reads before deciding: on which demand, about whom, and whether they have opened its document."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from privacy.disclosures import actions as disclosures
from privacy.disclosures import item_values
from privacy.disclosures.models import Disclosure
from privacy.ledger.actors import Actor
from privacy.lib.display.badges import date_text

MAX_PEOPLE = 20
# What the request itself says, in the order of its form; what is empty is left out.
REQUEST_FIELDS = (
    "statute", "document_no", "agreement", "purpose_code", "permit_no", "official", "reason", "relation", "extent",
    "terminal_number_ground", "restrictions", "period", "requested_by",
)  # fmt: skip


def summary_lines(disclosure: Disclosure, *, reader: Actor) -> Iterator[str]:
    """Yield a line for each thing that an approval is about."""
    yield _line("basis", disclosure.get_basis_display())
    for name in REQUEST_FIELDS:
        if value := getattr(disclosure, name):
            yield _line(name, value)
    if disclosure.record_class:
        yield _line("record_class", disclosure.get_record_class_display())
    if disclosure.urgent and disclosure.document_due_on:
        yield _("Urgent: the document will follow by %(day)s.") % {"day": date_text(disclosure.document_due_on)}
    yield _line("form", disclosure.form_shown)
    yield _("Data subjects: %(people)s") % {"people": _people(disclosure)}
    yield _document(disclosure, reader)


def _line(name: str, value: str) -> str:
    label = str(Disclosure._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return f"{label[:1].upper()}{label[1:]}: {value}"


def _people(disclosure: Disclosure) -> str:
    people = disclosure.disclosed.order_by("subject_id").values_list("subject_id", flat=True).distinct()
    named = sorted(item_values.references_of(list(people[:MAX_PEOPLE])).values())
    rest = people.count() - len(named)
    return ", ".join(named) + (" " + _("and %(count)d more") % {"count": rest} if rest else "")


def _document(disclosure: Disclosure, reader: Actor) -> str:
    if disclosure.scan_id is None:
        return _("No document is attached.")
    if disclosures.has_read(disclosure, actor=reader):
        return _("You have read the document that is attached.")
    return _("You have not read the document yet: press “Read the scan” on this disclosure's page first.")

"""On which basis something may be provided, and to whom a terminal unique number may go (P5.1, law P-01 … P-07)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from consents import gate
from privacy.disclosures.models import Disclosure
from privacy.disclosures.refusals import NoBasis, TerminalNumber
from privacy.lib import clock
from privacy.policies import rulebook

# The terminal unique number of the Communications Secrets Act (law P-07).
TERMINAL_NUMBER = "imei"


class OneItem(Protocol):
    @property
    def subject_id(self) -> UUID: ...
    @property
    def category(self) -> str: ...
    @property
    def item(self) -> str: ...


def must_stand(disclosure: Disclosure, wanted: Iterable[OneItem], *, at: datetime) -> dict[UUID, str]:
    """Check that a disclosure has its basis for every item. Raises NoBasis or TerminalNumber.

    Returns the receipt of the consent it rests on, for each person, where the basis is a consent.
    """
    ones = list(wanted)
    rules = rulebook.in_force(clock.kst_date(at))
    for one in ones:
        if one.item not in rules.items(one.category):
            raise NoBasis(_("“%(item)s” is not an item of the privacy policy.") % {"item": one.item}, pointer="/items")
    if not disclosure.purpose:
        raise NoBasis(_("Name the purpose for which the recipient gets the information."), pointer="/purpose")
    _terminal_number_must_be_allowed(disclosure, ones)
    if disclosure.basis == Disclosure.Basis.LAW:
        _law_must_be_named(disclosure)
        if disclosure.third_party.is_investigator:
            _authority_must_say_why(disclosure)
        return {}
    return _consents(disclosure, ones, at=at)


def _law_must_be_named(disclosure: Disclosure) -> None:
    if not disclosure.statute or not disclosure.document_no:
        raise NoBasis(
            _("A disclosure by law names the statute with its article and the number of the document that asks."),
            pointer="/statute" if not disclosure.statute else "/document_no",
        )


def _authority_must_say_why(disclosure: Disclosure) -> None:
    """An agency's request says who asks, why, how the user is concerned and how much it needs (law P-08, F-8)."""
    for field in ("official", "reason", "relation", "extent", "record_class"):
        if not getattr(disclosure, field):
            raise NoBasis(
                _("An authority's request is answered only when it says: %(missing)s.")
                % {"missing": Disclosure._meta.get_field(field).verbose_name},  # type: ignore[union-attr]
                pointer=f"/{field}",
            )
    if disclosure.record_class == Disclosure.Record.CONFIRMATION and not disclosure.permit_no:
        # Law P-10: Protection of Communications Secrets Act 13.
        raise NoBasis(
            _("Communication confirmation data needs the court's permission: name its number."), pointer="/permit_no"
        )
    if disclosure.urgent and disclosure.document_due_on is None:
        raise NoBasis(_("Say by which day the document follows an urgent request."), pointer="/document_due_on")


def _consents(disclosure: Disclosure, ones: list[OneItem], *, at: datetime) -> dict[UUID, str]:
    """Return the receipt of each person's consent to exactly this: recipient, items and purpose (law P-02)."""
    party = disclosure.third_party
    if party.is_investigator:
        # Law P-03: a private company has no ground of its own for investigations; the agency's statute must be named.
        raise NoBasis(_("An investigative agency receives information only by law, with statute and document."))
    items: dict[UUID, set[str]] = {}
    for one in ones:
        items.setdefault(one.subject_id, set()).add(one.item)
    receipts = {}
    for subject_id, wanted in items.items():
        decision = gate.covers_provision(
            subject_id, recipient=party.code, items=wanted, purpose=disclosure.purpose_code, at=at
        )
        if decision is None:
            raise NoBasis(
                _("This person has not consented that %(recipient)s gets these items for this purpose.")
                % {"recipient": party.title},
                pointer="/basis",
            )
        receipts[subject_id] = decision.reference
    return receipts


def _terminal_number_must_be_allowed(disclosure: Disclosure, ones: list[OneItem]) -> None:
    if not any(one.item == TERMINAL_NUMBER for one in ones):
        return
    if disclosure.third_party.may_receive_terminal_numbers or disclosure.terminal_number_ground:
        return
    raise TerminalNumber(
        _(
            "The IMEI is a terminal unique number: it may go to handset makers and mobile carriers. "
            "For anybody else the officer states the ground in writing (Protection of Communications Secrets Act 3(3))."
        ),
        pointer="/terminal_number_ground",
    )

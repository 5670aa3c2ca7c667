"""On which basis something may be provided, to whom the policy says it goes, and to whom a terminal unique number may.

P5.1; law P-01 … P-07, V-01.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from consents import consent_status
from privacy.disclosures.models import Disclosure
from privacy.disclosures.refusals import NoBasis, RecipientNotInPolicy, TerminalNumberNotAllowed
from privacy.lib.dates import clock, periods
from privacy.lib.display import display_names
from privacy.lib.display.badges import date_text
from privacy.policies import policy_document, rulebook
from privacy.policies.models import PolicyVersion

# The terminal unique number of the Communications Secrets Act (law P-07).
TERMINAL_NUMBER = "imei"
# What an agency's request must say (law P-08, F-8), beside the permission where its material needs one (P-10).
AGENCY = ("official", "reason", "relation", "extent", "record_class")
# On what something is provided beyond the purpose of its collection (PIPA art. 18(2)1 and 2).
BEYOND_PURPOSE = frozenset({Disclosure.Basis.LAW, Disclosure.Basis.SEPARATE_CONSENT})
# PIPA art. 18(2)5 to 9, in either language: what goes to public institutions alone (law P-03). In its own words the Act
# is “the Act”, and in a letter “the same Act”.
OF_PUBLIC_INSTITUTIONS = re.compile(
    r"(개인정보\s*보호법|(?<![가-힣])(?:동|같은|이|본)?\s*법|PIPA|Personal Information Protection Act|(?:the|same) Act)"
    r"\W*(제?\s*18\s*조\s*(\([^)]*\))?\s*제?\s*2\s*항\s*제?\s*[5-9]\s*호"
    r"|(art(icle|\.)?|§)\s*18\s*(\(2\)|,?\s*para(graph|\.)?\s*2)\W*(no\.?|item|sub-?para(graph|\.)?)?\W*[5-9])",
    re.IGNORECASE,
)
A_LAW = re.compile(r"법|령|조약|Act\b", re.IGNORECASE)


class ItemLike(Protocol):
    @property
    def subject_id(self) -> UUID: ...
    @property
    def category(self) -> str: ...
    @property
    def item(self) -> str: ...


def must_have_legal_basis(disclosure: Disclosure, wanted: Iterable[ItemLike], *, at: datetime) -> dict[UUID, str]:
    """Check that a disclosure has its basis for every item. Raises NoBasis, RecipientNotInPolicy or
    TerminalNumberNotAllowed.

    Returns the receipt of the consent it rests on, for each person, where the basis is a consent.
    """
    ones = list(wanted)
    rules = rulebook.in_force(clock.kst_date(at))
    for one in ones:
        if one.item not in rules.items(one.category):
            raise NoBasis(_("“%(item)s” is not an item of the privacy policy.") % {"item": one.item}, pointer="/items")
    if not disclosure.purpose:
        raise NoBasis(_("State the purpose for which the recipient receives the information."), pointer="/purpose")
    _terminal_number_must_be_allowed(disclosure, ones)
    if not disclosure.third_party.is_investigator:
        _nothing_of_an_agency_is_stated(disclosure)
    if disclosure.basis in BEYOND_PURPOSE:
        _recipient_must_be_asked(disclosure)
    if disclosure.basis == Disclosure.Basis.LAW:
        _law_must_be_named(disclosure)
        if disclosure.urgent and disclosure.document_due_on is None:
            raise NoBasis(
                _("State the day by which the document for the urgent request will follow."), pointer="/document_due_on"
            )
        if disclosure.third_party.is_investigator:
            _authority_must_say_why(disclosure)
        return {}
    if disclosure.urgent:
        raise NoBasis(
            _("Only a disclosure required by law can be urgent. A disclosure based on consent needs no document."),
            pointer="/urgent",
        )
    receipts = _consents(disclosure, ones, at=at)
    _policy_must_name(disclosure, ones, at=at)
    return receipts


def document_follows_by(on: date) -> date:
    """Return the last day for the document of an urgent request of a day: "without delay" in days (law P-08)."""
    return periods.answer_due(on, days=rulebook.parameter("disclosure.document.days", on))


def document_must_follow_without_delay(disclosure: Disclosure) -> None:
    """Refuse a day that puts the document of an urgent request off, or that was over when it was asked for."""
    if not disclosure.urgent or disclosure.document_due_on is None:
        return
    first = clock.kst_date(disclosure.requested_at)
    last = document_follows_by(first)
    if not first <= disclosure.document_due_on <= last:
        raise NoBasis(
            _("The document must follow without delay. Enter a day from %(first)s to %(last)s.")
            % {"first": date_text(first), "last": date_text(last)},
            pointer="/document_due_on",
        )


def _policy_must_name(disclosure: Disclosure, ones: list[ItemLike], *, at: datetime) -> None:
    """The policy in force says who receives which items; only a law's demand needs no such word (law V-01, P-06)."""
    on = clock.kst_date(at)
    party = disclosure.third_party
    version = PolicyVersion.objects.in_force(on)
    named = items_named_for(policy_document.published_document(version), party.code) if version is not None else set()
    unnamed = sorted({one.item for one in ones} - named)
    if not unnamed:
        return
    words = {
        "version": version.number if version is not None else "–",
        "recipient": party.title,
        "items": ", ".join(display_names.display_name("item", item, on=on) for item in unnamed),
    }
    what = (
        _("The privacy policy in force (%(version)s) does not say that %(recipient)s receives: %(items)s.")
        if named
        else _("The privacy policy in force (%(version)s) does not name %(recipient)s as a recipient.")
    )
    # A recipient that is added burdens people: the revision that names it is announced ahead (law V-05).
    then = _("Publish a revision that does. You can request the disclosure from the day the revision takes effect.")
    raise RecipientNotInPolicy(f"{what % words} {then}", pointer="/items" if named else "/third_party")


def items_named_for(document: policy_document.Document, recipient: str) -> set[str]:
    """Return the items that a policy's text names for a recipient (law V-01)."""
    told = policy_document.listed_rows(document, "recipients")
    return {item for row in told if row["code"] == recipient for item in row["items"]}


def _law_must_be_named(disclosure: Disclosure) -> None:
    if not disclosure.statute or not disclosure.document_no:
        raise NoBasis(
            _(
                "A disclosure required by law must name the statute, its article and the number of the request "
                "document."
            ),
            pointer="/statute" if not disclosure.statute else "/document_no",
        )
    others, found = OF_PUBLIC_INSTITUTIONS.subn("", unicodedata.normalize("NFKC", disclosure.statute))
    if found and not A_LAW.search(others):
        raise NoBasis(
            _(
                "PIPA art. 18(2)5 to 9 are grounds of public institutions. Name the statute under which the "
                "recipient may demand the information."
            ),
            pointer="/statute",
        )


def _recipient_must_be_asked(disclosure: Disclosure) -> None:
    """What is provided beyond the purpose is limited, or protected, by the recipient (law P-04)."""
    if not disclosure.restrictions:
        raise NoBasis(
            _(
                "For a disclosure beyond the purpose of collection, the recipient must be asked to limit the use or "
                "to take safety measures (PIPA art. 18(5)). State what you ask for."
            ),
            pointer="/restrictions",
        )


def _nothing_of_an_agency_is_stated(disclosure: Disclosure) -> None:
    """What nobody but an agency states would count as material given to one, and be reported (law P-09, P-10)."""
    for field in (*AGENCY, "permit_no"):
        if getattr(disclosure, field):
            raise NoBasis(
                _("This belongs only to an investigative agency's request: %(stated)s. Leave it out.")
                % {"stated": Disclosure._meta.get_field(field).verbose_name},  # type: ignore[union-attr]
                pointer=f"/{field}",
            )


def _authority_must_say_why(disclosure: Disclosure) -> None:
    """An agency's request says who asks, why, how the user is concerned and how much it needs (law P-08, F-8)."""
    for field in AGENCY:
        if not getattr(disclosure, field):
            raise NoBasis(
                _("An authority's request can be answered only if it states: %(missing)s.")
                % {"missing": Disclosure._meta.get_field(field).verbose_name},  # type: ignore[union-attr]
                pointer=f"/{field}",
            )
    if disclosure.record_class == Disclosure.Record.CONFIRMATION and not disclosure.permit_no:
        # Law P-10: Protection of Communications Secrets Act 13.
        raise NoBasis(
            _("Communication confirmation data needs the court's permission. Enter its number."), pointer="/permit_no"
        )


def _consents(disclosure: Disclosure, ones: list[ItemLike], *, at: datetime) -> dict[UUID, str]:
    """Return the receipt of each person's consent to exactly this: recipient, items and purpose (law P-02)."""
    party = disclosure.third_party
    if party.is_investigator:
        # Law P-03: a private company has no ground of its own for investigations; the agency's statute must be named.
        raise NoBasis(
            _(
                "An investigative agency may receive information only if a law requires it, with the statute and the "
                "document."
            )
        )
    items: dict[UUID, set[str]] = {}
    for one in ones:
        items.setdefault(one.subject_id, set()).add(one.item)
    receipts = {}
    for subject_id, wanted in items.items():
        decision = consent_status.covers_provision(
            subject_id, recipient=party.code, items=wanted, purpose=disclosure.purpose_code, at=at
        )
        if decision is None:
            raise NoBasis(
                _("This person has not agreed to %(recipient)s receiving these items for this purpose.")
                % {"recipient": party.title},
                pointer="/basis",
            )
        receipts[subject_id] = decision.reference
    return receipts


def _terminal_number_must_be_allowed(disclosure: Disclosure, ones: list[ItemLike]) -> None:
    if not any(one.item == TERMINAL_NUMBER for one in ones):
        return
    if disclosure.third_party.may_receive_terminal_numbers or disclosure.terminal_number_ground:
        return
    raise TerminalNumberNotAllowed(
        _(
            "The IMEI is a terminal unique number: it may be given to handset makers and mobile carriers. For anyone "
            "else, the officer must state the ground in writing (Protection of Communications Secrets Act 3(3))."
        ),
        pointer="/terminal_number_ground",
    )

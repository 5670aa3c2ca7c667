"""The gate of collection and provision: what a person has agreed to, now (P3.3, P3.6, P5.1).

Only reads. The sweep asks for many people at once; disclosures ask for one person, a recipient, items and a purpose.
The gate of intake asks in SQL of its own (``devices/eligibility.py``).
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from consents.models import Agreement, AgreementVersion, CurrentConsent, Decision
from privacy.policies import rulebook, wording
from privacy.policies.models import in_language


def is_agreed(subject_id: UUID, category: str, at: datetime) -> bool:
    """Whether this person's agreement to the collection of a category stands at ``at``."""
    return (
        CurrentConsent.objects.of(subject_id)
        .agreed()
        .for_category(category)
        .filter(agreement__kind=Agreement.Kind.COLLECTION, decided_at__lte=at)
        .exists()
    )


def subjects_agreeing_to_category(category: str, *, among: Collection[UUID]) -> set[UUID]:
    """Return those of these people whose agreement to the collection of a category stands now."""
    rows = CurrentConsent.objects.among(among).agreed().for_category(category)
    return set(rows.filter(agreement__kind=Agreement.Kind.COLLECTION).values_list("subject_id", flat=True))


def covers_provision(
    subject_id: UUID, *, recipient: str, items: Collection[str], purpose: str, at: datetime
) -> Decision | None:
    """Return the decision by which this person agreed that ``recipient`` gets ``items`` for ``purpose``, or None.

    Law P-02: a consent that does not name the recipient, the purpose and every item is no basis.
    """
    standing = (
        CurrentConsent.objects.of(subject_id)
        .agreed()
        .filter(agreement__kind=Agreement.Kind.PROVISION, agreement__recipient=recipient, decided_at__lte=at)
        .select_related("decision__version")
        .first()
    )
    if standing is None:
        return None
    version = standing.decision.version
    if not set(items) <= set(version.item_codes) or purpose not in version.purpose_codes:
        return None
    return standing.decision


def subjects_agreeing_to(agreement_code: str, at: datetime) -> Iterable[UUID]:
    """Yield the people whose agreement stands, with a cursor: nobody holds a list of all of them."""
    rows = CurrentConsent.objects.agreed().filter(agreement__code=agreement_code, decided_at__lte=at)
    return rows.values_list("subject_id", flat=True).iterator(chunk_size=2000)


def basis_without_consent(version: AgreementVersion, on: date) -> str:
    """Return on what the processing that a text tells of rests, where the policy in force needs no consent for it.

    Nothing where any of it rests on consent, or where the policy states no legal basis: then people are asked (C-06).
    """
    agreement = version.agreement
    if agreement.kind != Agreement.Kind.COLLECTION or not agreement.categories:
        return ""
    book = rulebook.in_force(on)
    terms = [book.categories[code] for code in agreement.categories if code in book.categories]
    needless = [term.needs_no_consent(term.purposes & {*version.purpose_codes} or None) for term in terms]
    if len(terms) < len(agreement.categories) or not all(needless):
        return ""
    return "; ".join(wording.category_basis(term, on) for term in terms)


def kept_by_law(agreement: Agreement, on: date) -> list[str]:
    """Return what a law makes the company keep apart of what rests on an agreement, and for how long (P6.4)."""
    if agreement.kind != Agreement.Kind.COLLECTION:
        return []
    book = rulebook.in_force(on)
    # With a required agreement the registration ends, and everything else that is held goes with it.
    resting = list(book.categories) if agreement.required else [*agreement.categories]
    kinds = {item.replace("_", "-") for code in resting if code in book.categories for item in book.items(code)}
    return [
        f"{in_language(rule, 'name')} ({wording.period(0, rule.months)}, {in_language(rule, 'law')})"
        for rule in book.preservation.values()
        if kinds & rule.record_kinds
    ]

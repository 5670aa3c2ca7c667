"""The access package's content: what is held of a person, why, how long, who got it and who opened it (P1.2, R-02).

It only reads. ``packing`` makes a file of it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from consents.models import Decision
from privacy.disclosures.models import DisclosedItem
from privacy.ledger import actions as ledger
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.rights.models import Right
from privacy.subjects import holdings
from privacy.subjects.models import Subject
from privacy.vault.door import Door
from privacy.vault.models import Freeze

FORMAT = "https://privacy.extrus.example/schemas/access-package-1"
MOST_ENTRIES = 5_000


def content_of(right: Right, door: Door, *, at: datetime) -> dict[str, Any]:
    """Return everything the person asked to see, through an open door; parts left out are named, not shown.

    Under ``held`` lie iterators, read once while the file is written: a person's records may be many.
    """
    case = right.request
    assert case.subject_id is not None
    scope = set(right.scope) or set(Right.Scope.values)
    excluded = set(right.excluded)
    rules = rulebook.in_force(clock.kst_date(at))
    content: dict[str, Any] = {
        "format": FORMAT,
        "case": case.number,
        "made_at": at.isoformat(),
        "policy": rules.version,
        "person": Subject.objects.filter(id=case.subject_id).values_list("reference", flat=True).first() or "",
        "left_out": sorted(excluded),
        "frozen": [_freeze(one) for one in Freeze.objects.active(at).filter(subject_id=case.subject_id)],
    }
    if Right.Scope.ITEMS in scope:
        shown = [code for code in _exported() if code not in excluded]
        content["held"] = {code: _held(case.subject_id, code, door) for code in shown}
        content["opened"] = list(opened(case.subject_id))
    if Right.Scope.PURPOSES in scope:
        content["purposes"] = {code: sorted(rules.category(code).purposes) for code in rules.categories}
    if Right.Scope.RETENTION in scope:
        content["retention"] = {code: _term(rules.retention(code)) for code in rules.categories}
    if Right.Scope.PROVISION in scope and "provision" not in excluded:
        content["provided"] = list(_provided(case.subject_id))
    if Right.Scope.CONSENTS in scope:
        content["consents"] = list(_consents(case.subject_id))
    return content


def opened(subject_id: UUID) -> Iterator[dict[str, Any]]:
    """Yield who opened this person's data and for what, from the ledger: accounts by reference, never by name.

    What the law keeps secret (P-12) is not told here either.
    """
    entries = ledger.entries_about(subject_id).filter(kind="read")
    provided = DisclosedItem.objects.of(subject_id=subject_id)
    secret = provided.exclude(id__in=provided.told_to_the_person())
    for reference in secret.values_list("disclosure__reference", flat=True).distinct():
        entries = entries.exclude(payload__contains=f"disclosure {reference}")
    for entry in entries.order_by("id")[:MOST_ENTRIES].iterator():
        yield {
            "at": entry.time.isoformat(),
            "by": entry.actor,
            "task": entry.task or entry.word,
            "purpose": entry.purpose or "",
        }


def _exported() -> list[str]:
    """The categories of which a person's records can be shown."""
    return [code for code in holdings.categories() if any(one.export for one in holdings.for_category(code))]


def _held(subject_id: UUID, category: str, door: Door) -> Iterator[dict[str, Any]]:
    for holding in holdings.for_category(category):
        if holding.export is not None:
            yield from holding.export(subject_id, door)


def _provided(subject_id: UUID) -> Iterator[dict[str, Any]]:
    """Yield each provision to a third party with its recipient, purpose and basis (law R-02 ④)."""
    found: dict[str, dict[str, Any]] = {}
    disclosed = (
        DisclosedItem.objects.provided()
        .told_to_the_person()
        .of(subject_id=subject_id)
        .select_related("disclosure__third_party")
        .order_by("disclosure__provided_at", "item")
    )
    for one in disclosed:
        made = found.setdefault(
            one.disclosure.reference,
            {
                "disclosure": one.disclosure.reference,
                "recipient": one.disclosure.third_party.title,
                "purpose": one.disclosure.purpose,
                "basis": one.disclosure.basis,
                "statute": one.disclosure.statute,
                "provided_at": one.disclosure.provided_at and one.disclosure.provided_at.isoformat(),
                "items": [],
            },
        )
        made["items"].append(one.item)
    yield from found.values()


def _consents(subject_id: UUID) -> Iterator[dict[str, Any]]:
    """Yield every decision about every agreement (law R-02 ⑤)."""
    for one in Decision.objects.of(subject_id).select_related("agreement", "version").order_by("decided_at"):
        yield {
            "receipt": one.reference,
            "agreement": one.agreement.code,
            "version": one.version.number,
            "decision": one.choice,
            "decided_at": one.decided_at.isoformat(),
            "method": one.method,
            "text_sha256": one.text_digest,
        }


def _term(term: rulebook.RetentionTerm) -> dict[str, Any]:
    return {"from": term.clock, "years": term.years, "months": term.months}


def _freeze(one: Freeze) -> dict[str, Any]:
    return {"category": one.category, "item": one.item, "cause": one.cause, "since": one.frozen_at.isoformat()}

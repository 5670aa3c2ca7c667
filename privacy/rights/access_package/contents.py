"""The access package's content: what is held of a person, why, how long, who got it and who opened it (P1.2, R-02).

It only reads. ``writer`` makes a file of it.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consents.models import Decision
from privacy.disclosures.models import DisclosedItem
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.rights import openings, right_scope, system_states
from privacy.rights.actions.cases import people_of
from privacy.rights.models import Request, Right
from privacy.subjects.models import Subject
from privacy.vault.models import Freeze

FORMAT = "https://privacy.extrus.example/schemas/access-package-1"
MAX_ACCESS_RECORDS = 5_000


def content_of(right: Right, *, at: datetime) -> dict[str, Any]:
    """Return what the person asked to see beside the records; parts left out are named, not shown.

    The records themselves (``held``) may be many: ``writer`` reads them slice by slice.
    """
    case, people = right.request, people_of(right.request)
    scope = right_scope.scope_of(right)
    rules = rulebook.in_force(clock.kst_date(at))
    content: dict[str, Any] = {
        "format": FORMAT,
        "case": case.number,
        "made_at": at.isoformat(),
        "policy": rules.version,
        "person": ", ".join(Subject.objects.filter(id__in=people).order_by("id").values_list("reference", flat=True)),
        "left_out": sorted({*right.excluded} - {right_scope.OTHERS}),
        "frozen": frozen(people, at=at),
    }
    if Right.Scope.ITEMS in scope:
        content["opened"] = list(access_records(people, case))
        content["opened_since"] = access_records_since(people)
        if systems := system_states.located(right):
            content["systems"] = systems
    if Right.Scope.PURPOSES in scope:
        content["purposes"] = {code: sorted(rules.category(code).purposes) for code in rules.categories}
    if Right.Scope.RETENTION in scope:
        content["retention"] = {code: _term(rules.retention(code)) for code in rules.categories}
    if Right.Scope.PROVISION in scope and Right.Scope.PROVISION not in right.excluded:
        content["provided"] = provided(people, left_out=right.excluded)
    if Right.Scope.CONSENTS in scope:
        content["consents"] = list(consents(people))
    return content


def categories_of(right: Right, excluded: Collection[str]) -> list[str]:
    """Return the categories whose records are shown, in their order."""
    return sorted(set(right_scope.exported_categories(right)) - set(excluded))


def access_records(people: Collection[UUID], case: Request) -> Iterator[dict[str, Any]]:
    """Yield who opened these people's data and for what (``openings``), the oldest first.

    What they wrote in their own cases is theirs too (``references``). Of very many openings the newest are told.
    """
    for one in openings.describe(reversed(openings.openings_of(people)[:MAX_ACCESS_RECORDS]), case):
        yield {
            "entry": one.number,
            "at": one.at.isoformat(),
            "by": one.by,
            "role": one.role,
            "task": one.task,
            "purpose": one.purpose,
        }


def access_records_since(people: Collection[UUID]) -> str:
    """Return the day from which on every opening is told that may be.

    Before it entries are past their own term; where there are more than are told, it is the day after the newest one
    that is not.
    """
    untold = (
        openings.openings_of(people)[MAX_ACCESS_RECORDS : MAX_ACCESS_RECORDS + 1].values_list("time", flat=True).first()
    )
    if untold is not None:
        return (clock.kst_date(untold) + timedelta(days=1)).isoformat()
    oldest = Entry.objects.order_by("id").values_list("time", flat=True).first()
    return clock.kst_date(oldest).isoformat() if oldest is not None else ""


def frozen(people: Collection[UUID], *, at: datetime) -> list[dict[str, Any]]:
    """Return what of these people is not used at the moment."""
    found = Freeze.objects.active(at).filter(subject_id__in=people).order_by("frozen_at", "id")
    return [
        {"category": one.category, "item": one.item, "cause": one.cause, "since": one.frozen_at.isoformat()}
        for one in found
    ]


def provided(people: Collection[UUID], *, left_out: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return each provision to a third party with its recipient, purpose and basis (law R-02 ④).

    Those to investigative agencies are left out where that was decided (law P-13).
    """
    found: dict[str, dict[str, Any]] = {}
    disclosed = (
        DisclosedItem.objects.provided()
        .disclosable_to_subject()
        .filter(subject_id__in=people)
        .select_related("disclosure__third_party")
        .order_by("disclosure__provided_at", "item")
    )
    if right_scope.AUTHORITIES in left_out:
        disclosed = disclosed.filter(disclosure__record_class="")
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
        if one.item not in made["items"]:
            made["items"].append(one.item)
    return list(found.values())


def consents(people: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Yield every decision about every agreement (law R-02 ⑤)."""
    made = Decision.objects.filter(subject_id__in=people).select_related("agreement", "version")
    for one in made.order_by("decided_at", "id"):
        yield {
            "receipt": one.reference,
            "agreement": one.agreement.code,
            "version": one.version.number,
            "decision": one.choice,
            "decided_at": one.decided_at.isoformat(),
            "method": one.method,
            "text_sha256": one.text_digest,
        }


def _term(term: rulebook.RetentionPeriod) -> dict[str, Any]:
    return {"from": term.clock, "years": term.years, "months": term.months}

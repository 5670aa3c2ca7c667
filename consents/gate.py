"""The gate of collection and provision: what a person has agreed to, now (P3.3, P3.6, P5.1).

Only reads. Intake asks for many people at once; disclosures ask for one person, a recipient, items and a purpose.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import connections

from consents.models import Agreement, Decision, Standing

# The same question as ``Standing.objects``, on the hot path of intake: one statement for a whole batch.
AGREED_AMONG = """
SELECT s.subject_id, ARRAY(SELECT jsonb_array_elements_text(a.categories))
FROM consents_standing s JOIN consents_agreement a ON a.id = s.agreement_id
WHERE s.subject_id = ANY(%s) AND s.choice = 'agree' AND s.decided_at <= %s AND a.kind = 'collection'
"""


def allows(subject_id: UUID, category: str, at: datetime) -> bool:
    """Whether this person's agreement to the collection of a category stands at ``at``."""
    return (
        Standing.objects.of(subject_id)
        .agreed()
        .for_category(category)
        .filter(agreement__kind=Agreement.Kind.COLLECTION, decided_at__lte=at)
        .exists()
    )


def agreed_among(subject_ids: Collection[UUID], at: datetime) -> dict[UUID, frozenset[str]]:
    """Return the categories that each of these people has agreed to; who agreed to nothing is missing."""
    agreed: dict[UUID, frozenset[str]] = {}
    with connections["default"].cursor() as cursor:
        cursor.execute(AGREED_AMONG, [list(subject_ids), at])
        for subject_id, categories in cursor.fetchall():
            agreed[subject_id] = agreed.get(subject_id, frozenset()) | frozenset(categories)
    return agreed


def covers_provision(
    subject_id: UUID, *, recipient: str, items: Collection[str], purpose: str, at: datetime
) -> Decision | None:
    """Return the decision by which this person agreed that ``recipient`` gets ``items`` for ``purpose``, or None.

    Law P-02: a consent that does not name the recipient, the purpose and every item is no basis.
    """
    standing = (
        Standing.objects.of(subject_id)
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
    rows = Standing.objects.agreed().filter(agreement__code=agreement_code, decided_at__lte=at)
    return rows.values_list("subject_id", flat=True).iterator(chunk_size=2000)

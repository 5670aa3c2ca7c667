"""Whether what a package tells is still so: a digest of what it tells of, taken before it is read and asked again.

Values are compared by their sealed bytes, so nothing is opened for it. Records that keep coming in, such as a device's
reports, are no change of what was told: of those that were there, none may be gone or have been corrected.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from privacy.lib.crypto import canonical_json
from privacy.rights import right_scope
from privacy.rights.access_package import contents
from privacy.rights.actions.cases import people_of
from privacy.rights.models import CHANGING, CasePerson, Objection, Package, Particulars, Request, Right
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault.models import Tombstone


def fingerprint(right: Right, *, read_at: datetime, at: datetime, excluded: Collection[str] | None = None) -> str:
    """Return the digest of what a package of this right, read at ``read_at``, tells of as it is ``at``.

    ``excluded`` are the parts that it leaves out, where they are not those of the right's decision now.
    """
    people, scope = people_of(right.request), right_scope.scope_of(right)
    left_out = set(right.excluded if excluded is None else excluded)
    told: dict[str, Any] = {
        "people": sorted(str(one) for one in people),
        "frozen": contents.frozen(people, at=at),
        "rights": list(_progress(people)),
        "keys": sorted(Tombstone.objects.filter(subject_id__in=people).values_list("category", flat=True)),
        "held": {code: _held(code, people, read_at) for code in contents.categories_of(right, left_out)},
    }
    if Right.Scope.PROVISION in scope and Right.Scope.PROVISION not in left_out:
        told["provided"] = contents.provided(people, left_out=left_out)
    if Right.Scope.CONSENTS in scope:
        told["consents"] = list(contents.consents(people))
    return canonical_json.digest(told)


def is_outdated(package: Package, *, at: datetime) -> bool:
    """Whether something that a package tells is no longer so. What it leaves out is what its own decision left out."""
    if package.outdated_at is not None or package.read_at is None:
        return True
    excluded = package.contents.get("excluded")
    return fingerprint(package.right, read_at=package.read_at, at=at, excluded=excluded) != package.fingerprint


def _progress(people: Collection[UUID]) -> Iterator[list[str]]:
    """Tell how far the rights got that change what is held: also where a change keeps the number of records."""
    about = CasePerson.objects.filter(subject_id__in=people).values_list("request_id", flat=True)
    changing = Right.objects.filter(request__in=about, kind__in=CHANGING)
    for row in changing.order_by("id").values_list("id", "event_id", "started_at", "carried_out_at", "resumed_at"):
        yield [str(value or "") for value in row]


def _held(category: str, people: Collection[UUID], read_at: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {
        one.label: _rows(one, people, read_at) for one in holdings.for_category(category) if one.export is not None
    }
    return found


def _rows(holding: Holding, people: Collection[UUID], read_at: datetime) -> Any:
    if holding.arrived:
        return holding.rows(list(people)).filter(**{f"{holding.arrived}__lte": read_at}).count()
    rows = holding.rows(list(people))
    if holding.model is Particulars:
        about = CasePerson.objects.filter(subject_id__in=people).values("request_id")
        cases = Request.objects.filter(id__in=about, received_at__lte=read_at).values_list("id", flat=True)
        disputes = Objection.objects.filter(right__request_id__in=about, received_at__lte=read_at)
        rows = holding.rows().filter(about_id__in=[*cases, *disputes.values_list("id", flat=True)])
    fields = sorted(set(holding.items.values()))
    return [
        [str(row.pk), *(sha256(box.ciphertext).hexdigest() if (box := getattr(row, field)) else "" for field in fields)]
        for row in rows.order_by("pk")
    ]

"""What of a disclosure is frozen: it is neither asked for nor handed over, unless a law demands it (P1.5)."""

from collections.abc import Sequence
from datetime import datetime

from privacy.disclosures.disclosure_requests import RequestedItem
from privacy.disclosures.models import Disclosure
from privacy.vault import actions as vault
from privacy.vault.models import Freeze


def must_not_be_frozen(row: Disclosure, wanted: Sequence[RequestedItem], *, at: datetime) -> None:
    if freezes := [freeze for found in _frozen(row, wanted, at=at).values() for freeze in found]:
        raise vault.Frozen(freezes)


def without_frozen(row: Disclosure, wanted: Sequence[RequestedItem], *, at: datetime) -> list[RequestedItem]:
    """Return what may be used; of one person alone, or where all is frozen, raise the vault's Frozen."""
    frozen = _frozen(row, wanted, at=at)
    if frozen and (len({one.subject_id for one in wanted}) == 1 or len(frozen) == len(wanted)):
        raise vault.Frozen([freeze for found in frozen.values() for freeze in found])
    return [one for one in wanted if one not in frozen]


def _frozen(row: Disclosure, wanted: Sequence[RequestedItem], *, at: datetime) -> dict[RequestedItem, list[Freeze]]:
    if row.basis == Disclosure.Basis.LAW:
        return {}
    found = {
        one: vault.active_freezes(one.subject_id, one.category, [one.item], record_id=one.record_id, at=at)
        for one in wanted
    }
    return {one: freezes for one, freezes in found.items() if freezes}

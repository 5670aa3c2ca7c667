"""The grounds of refusal in words, from the one table that decisions are held against (P1.4; law R-12, R-15, R-22)."""

from privacy.policies.grounds import RefusalGrounds
from privacy.rights import models
from privacy.rights.models import Right


def table() -> list[RefusalGrounds]:
    """Return each right with the labels of its grounds, in the active language."""
    return [
        RefusalGrounds(str(Right.Kind(kind).label), [str(Right.Ground(ground).label) for ground in grounds])
        for kind, grounds in models.GROUNDS_BY_KIND.items()
    ]

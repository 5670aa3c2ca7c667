"""What the worker does of a coming transfer of the business: whoever registers is told as well, or listed as not."""

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.processors import actions as processors


def tell_newcomers() -> int:
    """Tell whoever registered since the notice of a coming transfer began; return how many are new on the lists.

    From the planned day on nobody is told: they are listed as such, for the office.
    """
    worker, at = SystemActor("business-transfers"), clock.now()
    return processors.tell_newcomers(actor=worker, at=at) + processors.list_untold(actor=worker, at=at)

"""Whether a list is what the rule lets go: whoever carries it out asks anew, and believes no table of lists.

Asked are the rule of the list's day and that of today: a version that came meanwhile may keep longer, and a list says
itself of which day it is.
"""

from datetime import date

from django.utils.translation import gettext as _

from privacy.retention.models import DestructionList
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.refusals import NotDue
from privacy.retention.schedule import selection
from privacy.subjects import holdings

Unit = DestructionList.Unit


def refuse_early(row: DestructionList, *, today: date) -> None:
    """Let a list of the rule begin only if its day has come and the rule lets go what it names. Raises NotDue.

    Of people it is asked once more for each slice, of archived records for each month: here that the rule names people
    of the category at all.
    """
    if row.run.cause == Cause.RETENTION and (row.run.as_of > today or not _is_let_go(row, today)):
        raise NotDue(
            _(
                "The retention rule in force doesn't let go of what this list names. Abort it and, unless a new policy "
                "keeps this longer, find out who made it."
            ),
        )


def _is_let_go(row: DestructionList, today: date) -> bool:
    if row.unit == Unit.MONTH:
        return all(
            row.month in {month for _holding, month in selection.months_due(row.category, day)}
            for day in {row.run.as_of, today}
        )
    return row.unit == Unit.ARCHIVE or holdings.holding_with_due(row.category) is not None

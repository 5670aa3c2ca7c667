"""Taking longer for an answer about an automated decision, twice at most, for a reason that is told (R-34)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.rights.actions.cases import lock_right, must_be_in_state, must_be_verified, record
from privacy.rights.actions.due_dates import last_day, term_of, update_due_date
from privacy.rights.actions.letters import queue_letter
from privacy.rights.events import Event
from privacy.rights.models import AUTOMATED, Letter, Request, Right, TermExtension
from privacy.rights.refusals import ContentChanged, NotPostponable

MOST, DAYS = "rights.automated.extensions", "rights.automated.extension.days"


def digest_of_extensions(case: Request) -> str:
    """Return a digest of how often each answer of a case was put off."""
    made = TermExtension.objects.filter(right__request=case).order_by("id")
    return canonical_json.digest([str(one) for one in made.values_list("id", flat=True)])


def extend_term(right: Right, *, reason: str, days: int, read: str = "", actor: Actor, at: datetime) -> TermExtension:
    """Lengthen the term of an answer; it moves once the person was told within the term.

    ``read`` is the digest of the extensions as they were shown before the button was pressed. Raises NotPostponable,
    ContentChanged, WrongState for a case that is over.
    """
    require_permission(actor, "rights.decide_request", about=right)
    with transaction.atomic():
        row = lock_right(right)
        case, today = row.request, clock.kst_date(at)
        must_be_verified(case)
        must_be_in_state(case, Request.UNANSWERED)
        if read and read != digest_of_extensions(case):
            raise ContentChanged(_("The deadline was extended after you opened this page. Open the case again."))
        if row.kind not in AUTOMATED:
            raise NotPostponable(_("Only an answer about an automated decision can take longer."))
        if row.done_at is not None:
            raise NotPostponable(_("This right has already been answered."))
        if today > last_day(term_of(case, row, None)):
            raise NotPostponable(
                _("The deadline can be extended only before the answer is due, and that day has passed.")
            )
        _must_have_told_the_last(case, row)
        bounds, number = rulebook.parameters([MOST, DAYS], today), row.extensions.count() + 1
        if number > bounds[MOST]:
            raise NotPostponable(_("The deadline for this answer can't be extended again."))
        if not reason.strip():
            raise NotPostponable(_("State the reason. The requester will be told it."), pointer="/reason")
        if not 1 <= days <= bounds[DAYS]:
            told = ngettext(
                "The deadline can be extended by at most %(days)d day at a time.",
                "The deadline can be extended by at most %(days)d days at a time.",
                bounds[DAYS],
            )
            raise NotPostponable(told % {"days": bounds[DAYS]}, pointer="/days")
        made = TermExtension.objects.create(
            right=row, number=number, days=days, reason=reason.strip(), extended_by=actor.ref, extended_at=at
        )
        record(case, Event.TERM_EXTENDED, actor=actor, at=at, right=row, facts={"number": number, "days": days})
        queue_letter(case, Letter.Kind.EXTENDED, about=made.id, matter=made, actor=actor, at=at)
        update_due_date(case)
    return made


def _must_have_told_the_last(case: Request, right: Right) -> None:
    last = right.extensions.order_by("number").last()
    if last is None or case.letters.filter(about_id=last.id, sent_at__isnull=False).exists():
        return
    raise NotPostponable(
        _("The requester hasn't been told of the last extension yet. Send that notice first, then extend again.")
    )

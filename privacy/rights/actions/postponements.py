"""Putting access off for a legitimate reason, and noting that the reason has ended (law R-09, R-10; decision 0053)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock, periods
from privacy.lib.display.badges import date_text
from privacy.policies import rulebook
from privacy.rights.actions.approval_digests import digest_of_request
from privacy.rights.actions.cases import lock_right, must_be_verified, record
from privacy.rights.actions.decisions import must_be_undecided
from privacy.rights.actions.due_dates import access_term, first_term, last_day, update_due_date
from privacy.rights.actions.letters import queue_letter
from privacy.rights.events import Event
from privacy.rights.models import Letter, Postponement, Request, Right
from privacy.rights.refusals import ContentChanged, NotPostponable, SamePerson

DECIDE = "rights.decide_request"
# By how many days after the first term one officer may put access off, and by how many two may.
DAYS_WITHOUT_APPROVAL, MAX_POSTPONEMENT_DAYS = "rights.postponed.alone.days", "rights.postponed.most.days"


def postpone(right: Right, *, reason: str, expected_on: date, actor: Actor, at: datetime) -> Postponement:
    """Put access off; the term moves once the person was told within the first one (law R-09).

    A short postponement holds at once; a longer one waits for a second officer; none goes beyond the bound of the
    rulebook. Raises NotPostponable.
    """
    require_permission(actor, DECIDE, about=right)
    with transaction.atomic():
        row = lock_right(right)
        case = row.request
        must_be_verified(case)
        must_be_undecided(row)
        if row.kind != Right.Kind.ACCESS:
            raise NotPostponable(_("Only access can be postponed; the law allows no extension for the other rights."))
        if clock.kst_date(at) > postponable_until(case):
            raise NotPostponable(_("Access can be postponed only before the answer is due, and that day has passed."))
        if not reason.strip():
            raise NotPostponable(_("State the reason. The requester will be told it."), pointer="/reason")
        if expected_on <= clock.kst_date(at):
            raise NotPostponable(_("Enter a future day by which the reason will have ended."), pointer="/expected_on")
        if Postponement.objects.filter(right=row).exists():
            raise NotPostponable(_("This access was already postponed."))
        bounds = rulebook.parameters([DAYS_WITHOUT_APPROVAL, MAX_POSTPONEMENT_DAYS], clock.kst_date(at))
        latest = _days_after(case, bounds[MAX_POSTPONEMENT_DAYS])
        if expected_on > latest:
            raise NotPostponable(
                _("Access can be postponed until %(day)s at the latest.") % {"day": date_text(latest)},
                pointer="/expected_on",
            )
        made = Postponement.objects.create(
            right=row,
            reason=reason.strip(),
            postponed_by=actor.ref,
            postponed_at=at,
            expected_on=expected_on,
            needs_approval=needs_approval(case, expected_on, at=at),
        )
        if made.needs_approval:
            facts = {"expected_on": expected_on.isoformat()}
            record(case, Event.POSTPONEMENT_PROPOSED, actor=actor, at=at, right=row, facts=facts)
        else:
            _take_effect(made, row, actor=actor, at=at)
    return made


def needs_approval(case: Request, expected_on: date, *, at: datetime) -> bool:
    """Whether putting access off until a day is more than one officer may."""
    return expected_on > _days_after(case, rulebook.parameter(DAYS_WITHOUT_APPROVAL, clock.kst_date(at)))


def postponable_until(case: Request) -> date:
    """Return until when the access of a case is given or put off, whatever else the case owes earlier or later."""
    return last_day(first_term([Right.Kind.ACCESS], case.received_on))


def _days_after(case: Request, days: int) -> date:
    from_on, usual = first_term([Right.Kind.ACCESS], case.received_on)
    return periods.answer_due_unrolled(from_on, days=usual + days)


def digest_of_proposal(postponement: Postponement) -> str:
    """Return a digest of what an approval is about: the proposal, and the request as it is now."""
    proposal = [str(postponement.id), postponement.reason, postponement.expected_on.isoformat()]
    return canonical_json.digest({"proposal": proposal, "request": digest_of_request(postponement.right.request)})


def approve_postponement(postponement: Postponement, *, read: str = "", actor: Actor, at: datetime) -> Postponement:
    """Let a long postponement hold, as a second officer and in the first term.

    ``read`` is the digest of the proposal as it was shown before the button was pressed. Raises NotPostponable,
    SamePerson, ContentChanged.
    """
    require_permission(actor, DECIDE, about=postponement)
    with transaction.atomic():
        row = lock_right(postponement.right)
        made = _proposed(postponement)
        same = SamePerson(_("You proposed this postponement, so another officer must approve it."))
        approver = require_second_person(actor, asked_by=made.postponed_by, about=made, same=same, at=at)
        must_be_undecided(row)
        _must_be_as_read(made, read)
        if clock.kst_date(at) > postponable_until(row.request):
            raise NotPostponable(_("Access can be postponed only before the answer is due, and that day has passed."))
        made.approved_by = approver
        made.approved_at = at
        made.save(update_fields=["approved_by", "approved_at"])
        _take_effect(made, row, actor=actor, at=at)
    return made


def decline_postponement(postponement: Postponement, *, read: str = "", actor: Actor, at: datetime) -> None:
    """Take a proposed postponement away: access stays due within the first term. ``read`` as with its approval.

    Raises NotPostponable, ContentChanged.
    """
    require_permission(actor, DECIDE, about=postponement)
    with transaction.atomic():
        row = lock_right(postponement.right)
        made = _proposed(postponement)
        _must_be_as_read(made, read)
        facts = {"expected_on": made.expected_on.isoformat(), "proposed_by": made.postponed_by}
        record(row.request, Event.POSTPONEMENT_DECLINED, actor=actor, at=at, right=row, facts=facts)
        Postponement.objects.filter(id=made.id).delete()


def end_postponement(postponement: Postponement, *, ended_on: date, actor: Actor, at: datetime) -> Postponement:
    """Note that the reason has ended: access is due without delay, within ten days (R-10). Raises NotPostponable."""
    require_permission(actor, DECIDE, about=postponement)
    with transaction.atomic():
        row = lock_right(postponement.right)
        made = Postponement.objects.select_for_update().get(id=postponement.id)
        if made.needs_approval and made.approved_at is None:
            raise NotPostponable(
                _("This postponement is waiting for a second officer. Nothing has been postponed yet.")
            )
        if made.ended_on is not None:
            raise NotPostponable(_("The end of the reason was already recorded."))
        if ended_on > clock.kst_date(at):
            raise NotPostponable(_("The day the reason ended can't be in the future."), pointer="/ended_on")
        if ended_on < clock.kst_date(made.postponed_at):
            raise NotPostponable(_("The reason can't have ended before access was postponed."), pointer="/ended_on")
        made.ended_on = ended_on
        from_on, days = access_term(made)
        made.due_on = periods.answer_due(from_on, days=days)
        made.save(update_fields=["ended_on", "due_on"])
        update_due_date(row.request)
        record(row.request, Event.POSTPONEMENT_ENDED, actor=actor, at=at, right=row, facts={"due_on": str(made.due_on)})
    return made


def _proposed(postponement: Postponement) -> Postponement:
    made = Postponement.objects.select_for_update().filter(id=postponement.id).first()
    if made is None or not made.needs_approval or made.approved_at is not None:
        raise NotPostponable(_("No postponement is waiting for a second officer."))
    return made


def _must_be_as_read(made: Postponement, read: str) -> None:
    if read and read != digest_of_proposal(made):
        raise ContentChanged(
            _("This postponement or its request changed after you opened this page. Open the case again and read it.")
        )


def _take_effect(made: Postponement, row: Right, *, actor: Actor, at: datetime) -> None:
    case = row.request
    record(case, Event.POSTPONED, actor=actor, at=at, right=row, facts={"expected_on": made.expected_on.isoformat()})
    queue_letter(case, Letter.Kind.POSTPONED, about=made.id, actor=actor, at=at)

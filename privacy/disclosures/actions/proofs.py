"""Asking recipients to prove a correction: when they are asked, reminded, asked again, and left to the office."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures.events import Event
from privacy.disclosures.models import CorrectionProof, Notice, ProofQuerySet, ThirdParty
from privacy.disclosures.outgoing import AGAIN, FOLLOW_UP, REMINDER, destination_of, way_of
from privacy.disclosures.refusals import WrongState
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook

State, Because = CorrectionProof.State, CorrectionProof.Because
BATCH_SIZE = 500
# A reminder goes out in the morning of its day.
MORNING = timedelta(hours=9)


def begin_proofs(notices: Sequence[Notice], *, at: datetime) -> None:
    """Have the recipients of corrections prove them, in the transaction that queues the notices.

    Building block of the verb that queues them, which records them.
    """
    CorrectionProof.objects.bulk_create(
        [_new_proof(notice, at=at) for notice in notices if notice.kind == Notice.Kind.CORRECTED],
        batch_size=BATCH_SIZE,
    )


def supersede(notices: Sequence[Notice], *, actor: Actor, at: datetime) -> None:
    """End what is asked about earlier corrections of what these notices tell of: the later one is what holds now.

    A correction is asked about itself from then on. Who has to erase everything that a proof is about has nothing left
    to correct; but what a law keeps here, or what the recipient holds on another basis too, is still to be proven.
    Building block of the verb that queues them.
    """
    for notice in notices:
        if notice.kind == Notice.Kind.ERASED and notice.partly_kept:
            continue
        earlier = CorrectionProof.objects.open().filter(
            notice__third_party=notice.third_party_id,
            notice__subject_id=notice.subject_id,
            notice__category=notice.category,
        )
        if notice.record_id is not None:
            earlier = earlier.filter(notice__record_id=notice.record_id)
        rows = earlier.exclude(notice=notice).select_for_update(of=("self",)).select_related("notice")
        for row in rows.order_by("id"):
            if _covers(notice, row.notice):
                corrects = notice.kind == Notice.Kind.CORRECTED
                row.state, row.ended_at = State.SUPERSEDED if corrects else State.TO_ERASE, at
                row.save(update_fields=["state", "ended_at"])
                record(row, Event.PROOF_SUPERSEDED, {"by": notice.reference, "kind": notice.kind}, actor=actor, at=at)


def notice_left(notice: Notice, *, actor: Actor, at: datetime) -> None:
    """Let the days begin when the notice has gone out. Building block of the verb that sent it."""
    row = _locked(CorrectionProof.objects.filter(notice=notice)).first()
    if row is not None:
        row.notice = notice
        # The first time, the entry of the notice itself says it.
        if _begin_days(row, at=at) and row.round > 1:
            _record_asked(row, Event.PROOF_ASKED, actor=actor, at=at)


@transaction.atomic
def set_day(notice: Notice, *, at: datetime) -> None:
    """Count the days from this try to reach a recipient that has not been asked yet: what is sent names its day."""
    row = _locked(CorrectionProof.objects.filter(notice=notice)).first()
    if row is not None and _is_to_be_asked(row):
        row.due_on = _due_on(at)
        row.save(update_fields=["due_on"])


def notice_came_back(notice: Notice, *, actor: Actor, at: datetime) -> None:
    """Have the office follow up a recipient that could not be reached. Building block of the verb that notes it."""
    row = _locked(CorrectionProof.objects.filter(notice=notice)).first()
    if row is not None:
        escalate(row, Because.UNREACHABLE, actor=actor, at=at)


def escalate(row: CorrectionProof, because: str, *, actor: Actor, at: datetime) -> None:
    """Give a locked proof to the office, with the reason; once for each reason. Building block."""
    if not row.is_open or row.escalated_because == because:
        return
    row.escalated_at, row.escalated_because = at, because
    row.save(update_fields=["escalated_at", "escalated_because"])
    record(row, Event.PROOF_ESCALATED, {"because": because}, actor=actor, at=at)


def escalate_overdue(*, actor: Actor, at: datetime) -> int:
    """Give the office every recipient that has not answered in time; return how many. Safe to repeat."""
    late = CorrectionProof.objects.overdue(clock.kst_date(at)).filter(escalated_at=None)
    found = 0
    for identifier in late.order_by("due_on", "id").values_list("id", flat=True)[:BATCH_SIZE]:
        with transaction.atomic():
            row = _locked(late.filter(id=identifier)).first()
            if row is not None:
                escalate(row, Because.OVERDUE, actor=actor, at=at)
                found += 1
    return found


@transaction.atomic
def ask_for_proof(notice: Notice, *, actor: Actor, at: datetime) -> CorrectionProof:
    """Ask a recipient that was told for its proof, or once more: under a fresh key, with all its tries.

    One that was told before proofs were asked for is asked like any other. Raises WrongState.
    """
    require_permission(actor, "disclosures.send_notice", about=notice)
    told = Notice.objects.select_for_update(of=("self",)).select_related("third_party").get(id=notice.id)
    if told.kind != Notice.Kind.CORRECTED:
        raise WrongState(_("Only a correction can be proven."))
    if told.state not in {Notice.State.SENT, Notice.State.ACKNOWLEDGED}:
        raise WrongState(_("This notice has not reached its recipient yet. Send it first."))
    row = _locked(CorrectionProof.objects.filter(notice=told)).first()
    if row is None:
        row = _new_proof(told, at=at)
        row.save(force_insert=True)
    elif not row.is_open:
        raise WrongState(_("This proof has already ended."))
    else:
        row.notice = told
        row.round += 1
        row.state, row.escalated_at, row.escalated_because = State.ASKED, None, ""
        # Its days begin when it has left the house.
        row.asked_at, row.due_on = None, _due_on(at)
        row.tries_left = rulebook.parameter("disclosure.answer.tries", clock.kst_date(at))
        row.save(
            update_fields=[
                "round", "state", "escalated_at", "escalated_because", "tries_left", "asked_at", "due_on",
            ]
        )  # fmt: skip
    outbox.close_dead_letters(FOLLOW_UP, ids={"notice": str(told.id)})
    tell_again(row)
    record(row, Event.PROOF_QUEUED, {"round": row.round}, actor=actor, at=at)
    return row


def asked_anew(row: CorrectionProof, *, at: datetime) -> None:
    """Begin the next round of a locked proof whose answer did not match, with its days. Building block of answering."""
    row.round += 1
    row.contradictions += 1
    row.tries_left -= 1
    row.asked_at, row.due_on = at, _due_on(at)
    if row.tries_left and way_of(row.notice) == ThirdParty.Channel.LETTER:
        # Its days begin when the letter is posted.
        row.asked_at = None
    # It has answered, and has time again: it is neither late nor out of reach.
    row.escalated_at, row.escalated_because = None, ""
    if row.tries_left:
        tell_again(row)
        remind_later(row)


def tell_again(row: CorrectionProof) -> None:
    """Queue that a recipient is asked again; an officer prints and posts a letter again."""
    told = row.notice
    if way_of(told) == ThirdParty.Channel.LETTER:
        told.channel, told.state, told.sent_at, told.sent_by = ThirdParty.Channel.LETTER, Notice.State.QUEUED, None, ""
        told.save(update_fields=["channel", "state", "sent_at", "sent_by"])
        return
    ids = {"notice": str(row.notice_id), "round": str(row.round), "why": AGAIN}
    key = f"{FOLLOW_UP}:{row.notice_id}:{row.round}:{AGAIN}"
    outbox.enqueue(FOLLOW_UP, ids=ids, key=key, destination=destination_of(told.third_party))


def remind_later(row: CorrectionProof) -> None:
    """Queue the reminder for its morning, in the caller's transaction; the deliverer asks whether it is still due.

    Nobody is reminded by letter: the office is told once the day has passed.
    """
    if way_of(row.notice) == ThirdParty.Channel.LETTER:
        return
    outbox.enqueue(
        FOLLOW_UP,
        ids={"notice": str(row.notice_id), "round": str(row.round), "why": REMINDER, "due": row.due_on.isoformat()},
        key=f"{FOLLOW_UP}:{row.notice_id}:{row.round}:{REMINDER}:{row.due_on.isoformat()}",
        not_before=reminder_at(row),
        destination=destination_of(row.notice.third_party),
    )


def reminder_at(row: CorrectionProof) -> datetime:
    """Return when a recipient is reminded of the day by which it has to answer."""
    days = rulebook.parameter("disclosure.answer.remind.days", clock.kst_date(row.asked_at or row.notice.queued_at))
    return clock.midnight(row.due_on - timedelta(days=days)) + MORNING


def follow_up_of(notice: Notice, ids: Mapping[str, str]) -> CorrectionProof | None:
    """Return the proof that a message is still due for; None where it was answered, asked anew or ended meanwhile."""
    proof = CorrectionProof.objects.filter(notice=notice, round=int(ids["round"])).open().first()
    if proof is None or ids.get("due", proof.due_on.isoformat()) != proof.due_on.isoformat():
        return None
    if proof.state == State.CANNOT or not proof.tries_left:
        return None
    proof.notice = notice
    return proof


@transaction.atomic
def mark_followed_up(proof: CorrectionProof, *, why: str, actor: Actor, at: datetime) -> None:
    """Record that a reminder, or that it was asked again, has left the house; ``proof`` is as it was told.

    The days of who is asked again begin, unless it has answered meanwhile.
    """
    row = _locked(CorrectionProof.objects.filter(pk=proof.pk)).get()
    if why == AGAIN and row.round == proof.round:
        _begin_days(row, at=at)
    event = Event.PROOF_REMINDED if why == REMINDER else Event.PROOF_ASKED
    _record_asked(proof, event, actor=actor, at=at)


@transaction.atomic
def follow_up_failed(notice: Notice, *, actor: Actor, at: datetime) -> None:
    """Have the office follow up a recipient whom a reminder did not reach for three days."""
    notice_came_back(notice, actor=actor, at=at)


def record(row: CorrectionProof, event: Event, facts: dict[str, object], *, actor: Actor, at: datetime) -> None:
    """Write an entry about a proof: references and codes, never a value or a commitment. Building block."""
    said = {"notice": row.notice.reference, "case": row.notice.case_reference, **facts}
    ledger.record(event, actor=actor, at=at, about=row, subjects=[row.notice.subject_id], facts=said)


def _record_asked(row: CorrectionProof, event: Event, *, actor: Actor, at: datetime) -> None:
    record(row, event, {"round": row.round, "due": row.due_on.isoformat()}, actor=actor, at=at)


def _covers(later: Notice, earlier: Notice) -> bool:
    """Whether a notice tells of all that an earlier one tells of: a withdrawal, of what rests on that consent alone."""
    if later.kind == Notice.Kind.WITHDRAWN:
        return bool(earlier.disclosures) and all(
            set(part) <= set(whole)
            for part, whole in ((earlier.disclosures, later.disclosures), (earlier.items, later.items))
        )
    return set(earlier.items) <= set(later.items)


def _new_proof(notice: Notice, *, at: datetime) -> CorrectionProof:
    tries = rulebook.parameter("disclosure.answer.tries", clock.kst_date(at))
    return CorrectionProof(notice=notice, due_on=_due_on(at), tries_left=tries)


def _due_on(at: datetime) -> date:
    """Return the day by which who is asked now has to answer."""
    on = clock.kst_date(at)
    return on + timedelta(days=rulebook.parameter("disclosure.answer.days", on))


def _is_to_be_asked(row: CorrectionProof) -> bool:
    """Whether the question of this round has never left the house, or reached nobody."""
    return row.is_open and (row.asked_at is None or row.escalated_because == Because.UNREACHABLE)


def _begin_days(row: CorrectionProof, *, at: datetime) -> bool:
    """Let the days of a locked proof begin with the first time that its question left; return whether they do now.

    The same question once more gives no more time.
    """
    if not _is_to_be_asked(row):
        return False
    row.asked_at, row.due_on = at, _due_on(at)
    if row.escalated_because == Because.UNREACHABLE:
        row.escalated_at, row.escalated_because = None, ""
    row.save(update_fields=["asked_at", "due_on", "escalated_at", "escalated_because"])
    remind_later(row)
    return True


def _locked(found: ProofQuerySet) -> ProofQuerySet:
    return found.select_for_update(of=("self",)).select_related("notice__third_party")

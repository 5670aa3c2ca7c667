"""How each recipient of a notice stands, in words: for the person whose data it is, and for the office."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.disclosures.models import CorrectionProof, Notice, RecipientAnswer
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import date_text

State, Because, Verdict = CorrectionProof.State, CorrectionProof.Because, RecipientAnswer.Verdict
# The shapes of docs/look.md.
SHAPES = {
    State.ASKED: "wait", State.CONTRADICTED: "alarm", State.CANNOT: "alarm", State.PROVEN: "good",
    State.NOT_HELD: "done", State.SETTLED: "done", State.SUPERSEDED: "done", State.TO_ERASE: "done", State.MOOT: "done",
}  # fmt: skip
ENDED = {
    State.NOT_HELD: gettext_lazy("It says that it no longer holds this information."),
    State.SUPERSEDED: gettext_lazy("It was told of a later change of the same information, and is asked about that."),
    State.TO_ERASE: gettext_lazy("It was asked later to erase this information, so there is nothing left to correct."),
    State.MOOT: gettext_lazy("It has answered, but we no longer hold the information to compare with."),
}
SETTLED = {
    CorrectionProof.Settlement.OTHERWISE: gettext_lazy(
        "It has not proven the correction itself. Two people from our office have verified it in another way."
    ),
    CorrectionProof.Settlement.GONE: gettext_lazy(
        "It no longer exists. Two people from our office have verified this, so nobody there holds the information."
    ),
}
FOLLOWED_UP = {
    Because.CONTRADICTED: gettext_lazy("What it answered did not match the corrected information, several times."),
    Because.CANNOT: gettext_lazy("It says that it can't correct the information."),
    Because.OVERDUE: gettext_lazy("It has not proven the correction in time."),
    Because.UNREACHABLE: gettext_lazy("We could not reach it."),
}


@dataclass(frozen=True)
class RecipientState:
    """How one recipient stands on one notice; ``ended`` says that nothing more is to come."""

    name: str
    items: tuple[str, ...]
    says: str
    ended: bool
    is_late: bool
    with_the_office: bool


def told(notices: Iterable[Notice], *, on: date) -> list[RecipientState]:
    """Return how the recipient of each notice stands on a day."""
    return [_told(notice, on) for notice in notices]


def shape_of(proof: CorrectionProof, *, on: date) -> str:
    """Return the badge kind of a proof."""
    if proof.is_with_the_office or proof.is_late(on):
        return "late"
    return SHAPES.get(State(proof.state), "active")


def state_text(proof: CorrectionProof) -> str:
    """Return the state of a proof in a word or two, with that it came late."""
    text = str(proof.get_state_display())
    if (answer := _answer_in_parts(proof)) is not None and answer.items_found(Verdict.PROVEN):
        return _("partly proven")
    return _("%(state)s (late)") % {"state": text} if proof.ended_late and proof.state == State.PROVEN else text


def _told(notice: Notice, on: date) -> RecipientState:
    proof: CorrectionProof | None = getattr(notice, "proof", None)
    open_proof = proof is not None and proof.is_open
    return RecipientState(
        name=notice.third_party.title,
        items=tuple(notice.items),
        says=_without_proof(notice) if proof is None else _with_proof(notice, proof),
        ended=not open_proof and (proof is not None or notice.state == Notice.State.ACKNOWLEDGED),
        is_late=proof is not None and proof.is_late(on),
        with_the_office=proof is not None and proof.is_with_the_office,
    )


def _without_proof(notice: Notice) -> str:
    """Say what is known of a recipient that is asked for no proof: a click says no more than that it has the notice."""
    if notice.state == Notice.State.ACKNOWLEDGED:
        return _("It says that it has received our notice.")
    if notice.state == Notice.State.PARKED:
        return str(FOLLOWED_UP[Because.UNREACHABLE])
    return _("We have told it.") if notice.state == Notice.State.SENT else _("We are telling it.")


def _answer_in_parts(proof: CorrectionProof) -> RecipientAnswer | None:
    """Return the answer that ended a proof, where it says one thing of some items and another of others."""
    if proof.state not in (State.PROVEN, State.NOT_HELD, State.MOOT) or len(proof.notice.items) < 2:
        return None
    newest = proof.answers.order_by("-answered_at").first()
    return newest if newest is not None and len({one.get("found") for one in newest.items.values()}) > 1 else None


def _by_item(answer: RecipientAnswer) -> str:
    """Say item by item what an answer shows."""
    on = clock.kst_date(answer.answered_at)
    proven = _("It proved on %(day)s that it holds the corrected information: %(items)s.")
    if answer.late:
        proven = _("It proved on %(day)s, after the deadline, that it holds the corrected information: %(items)s.")
    parts = {
        Verdict.PROVEN: proven,
        Verdict.NOT_HELD: _("It says that it no longer holds: %(items)s."),
        Verdict.MOOT: _("It has answered, but we no longer hold these items for comparison: %(items)s."),
    }
    named = {
        verdict: ", ".join(display_names.display_name("item", item, on=on) for item in answer.items_found(verdict))
        for verdict in parts
    }
    return " ".join(
        text % {"day": date_text(on), "items": named[verdict]} for verdict, text in parts.items() if named[verdict]
    )


def _with_proof(notice: Notice, proof: CorrectionProof) -> str:
    if (answer := _answer_in_parts(proof)) is not None:
        return _by_item(answer)
    if proof.state == State.PROVEN and proof.ended_at is not None:
        day = {"day": date_text(clock.kst_date(proof.ended_at))}
        if proof.ended_late:
            return _("It proved on %(day)s, after the deadline, that it holds the corrected information.") % day
        return _("It proved on %(day)s that it holds the corrected information.") % day
    if proof.state == State.SETTLED:
        return str(SETTLED[CorrectionProof.Settlement(proof.settled_as)])
    if proof.state in ENDED:
        return str(ENDED[State(proof.state)])
    if proof.escalated_because:
        return str(FOLLOWED_UP[Because(proof.escalated_because)])
    day = {"day": date_text(proof.due_on)}
    if proof.state == State.CONTRADICTED and proof.asked_at is None:
        return _("What it answered does not match the corrected information. We are asking it again.")
    if proof.state == State.CONTRADICTED:
        return _("What it answered does not match the corrected information. We asked it again, by %(day)s.") % day
    if proof.asked_at is None and notice.state in (Notice.State.SENT, Notice.State.ACKNOWLEDGED):
        return _("We have told it, and are asking it to prove the correction.")
    if notice.state == Notice.State.ACKNOWLEDGED:
        return _("It says that it has received our notice. We asked it to prove the correction by %(day)s.") % day
    if notice.state == Notice.State.SENT:
        return _("We have told it, and asked it to prove the correction by %(day)s.") % day
    return _("We are telling it, and ask it to prove the correction.")

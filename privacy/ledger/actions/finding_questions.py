"""Asking the holder of an account what a finding of the review means, and taking the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from privacy.ledger.actions.entries import record
from privacy.ledger.actions.reviews import (
    ExplanationRequired,
    SeparationOfDuties,
    WrongReviewState,
    must_be_another,
)
from privacy.ledger.events import Event
from privacy.ledger.models import Finding, FindingQuestion, Review
from privacy.ledger.review.detection_rules import MIN_REASON_LENGTH
from privacy.lib.dates import clock

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

# Within how many days an account holder explains: the office's own term, so that a review is signed in time.
DAYS_TO_ANSWER = 10
ASKED_AGAIN = _("The account holder was asked again and gave another answer. Read it, then accept.")


def ask_account_holder(*, finding: Finding, question: str, actor: Actor, at: datetime) -> FindingQuestion:
    """Ask the account's holder to explain a finding, once more where an answer did not suffice.

    Raises SeparationOfDuties, ExplanationRequired, WrongReviewState where it is explained, signed or asked already.
    """
    with transaction.atomic():
        finding = _locked(finding)
        if finding.account == actor.ref:
            raise SeparationOfDuties(_("This finding is about your own access, so someone else must ask."))
        if not finding.has_holder:
            raise WrongReviewState(_("No account is behind this finding. Explain it yourself."))
        if finding.explained_at is not None:
            raise WrongReviewState(_("This finding is explained already."))
        if finding.questions.filter(answered_at=None).exists():
            raise WrongReviewState(_("The account holder was asked and has not answered yet."))
        if len(question.strip()) < MIN_REASON_LENGTH:
            raise ExplanationRequired(_("Ask in one sentence what you want to know."))
        due_on = clock.kst_date(at) + timedelta(days=DAYS_TO_ANSWER)
        asked = FindingQuestion.objects.create(
            finding=finding, question=question.strip(), asked_by=actor.ref, asked_at=at, due_on=due_on
        )
        facts = {"rule": finding.rule, "asked": finding.account, "due": due_on.isoformat()}
        record(Event.FINDING_ASKED, actor=actor, at=at, about=finding, facts=facts)
    return asked


def answer_question(*, question: FindingQuestion, answer: str, actor: Actor, at: datetime) -> None:
    """Take the account holder's explanation, once, also after its day.

    Raises SeparationOfDuties for anybody else, ExplanationRequired, WrongReviewState.
    """
    with transaction.atomic():
        finding = _locked(question.finding)
        asked = FindingQuestion.objects.select_for_update().get(pk=question.pk)
        if finding.account != actor.ref:
            raise SeparationOfDuties(_("Only the holder of this account can explain it."))
        if asked.answered_at is not None:
            raise WrongReviewState(_("You have answered this already."))
        if len(answer.strip()) < MIN_REASON_LENGTH:
            raise ExplanationRequired(_("Explain in one sentence what you needed the data for."))
        asked.answer, asked.answered_at = answer.strip(), at
        asked.save(update_fields=["answer", "answered_at"])
        record(Event.FINDING_ANSWERED, actor=actor, at=at, about=finding, facts={"rule": finding.rule})


def accept_answer(
    *, finding: Finding, answer: UUID | None = None, measure: str = "", actor: Actor, at: datetime
) -> None:
    """Take the account holder's last answer as the explanation; ``answer`` is the question whose answer was read.

    Raises SeparationOfDuties, WrongReviewState, also where the holder was asked again since and said something else.
    """
    with transaction.atomic():
        finding = _locked(finding)
        own = _("This finding is about your own access, so someone else must accept it.")
        must_be_another(finding, actor=actor, own=own, at=at)
        if finding.explained_at is not None:
            raise WrongReviewState(_("This finding is explained already."))
        asked = finding.questions.select_for_update().order_by("-asked_at", "-pk").first()
        if asked is None or asked.answered_at is None or asked.accepted_at is not None:
            raise WrongReviewState(_("There is no answer to accept."))
        if answer is not None and asked.pk != answer:
            raise WrongReviewState(ASKED_AGAIN)
        asked.accepted_by, asked.accepted_at = actor.ref, at
        asked.save(update_fields=["accepted_by", "accepted_at"])
        finding.explanation, finding.measure = asked.answer, measure.strip()
        finding.explained_by, finding.explained_at = actor.ref, at
        finding.save(update_fields=["explanation", "measure", "explained_by", "explained_at"])
        record(Event.FINDING_ACCEPTED, actor=actor, at=at, about=finding, facts={"rule": finding.rule})


def _locked(finding: Finding) -> Finding:
    """Return the finding, locked after its review, as who signs does. Raises WrongReviewState once it is signed."""
    review = Review.objects.select_for_update().filter(findings=finding.pk).first()
    found = Finding.objects.select_for_update().get(pk=finding.pk)
    if review is not None and review.state in (Review.State.SIGNED, Review.State.CONFIRMED):
        raise WrongReviewState(_("The review is signed, so its findings can no longer be explained."))
    return found

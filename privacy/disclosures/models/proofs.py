"""What each recipient of a correction is asked to prove, what it answered, and how it ended otherwise (P1.6)."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.disclosures.models.disclosures import Notice
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id


class ProofQuerySet(models.QuerySet["CorrectionProof"]):
    def open(self) -> "ProofQuerySet":
        """Those of recipients that have proven nothing yet, and that nobody has settled."""
        return self.filter(state__in=CorrectionProof.OPEN)

    def overdue(self, on: date) -> "ProofQuerySet":
        """Open ones whose day has passed since they were asked."""
        return self.open().filter(due_on__lt=on, asked_at__isnull=False)

    def with_the_office(self) -> "ProofQuerySet":
        """Open ones that a person has to follow up."""
        return self.open().filter(escalated_at__isnull=False)


class CorrectionProof(models.Model):
    """That one recipient proves that it has corrected what a notice told it of.

    ``round`` counts how often it was asked: each round has a key of its own for the commitments. ``asked_at`` is when
    the question of this round left the house, and its days began: until then ``due_on`` is a forecast. ``tries_left``
    says how many more answers may contradict before the office has to ask again. It is proven by an answer
    (``answer_id``), or settled by one person with evidence and by another who has looked at it.
    """

    record_label = "disclosures.CorrectionProof"

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("recipient's proof", "asked")
        CONTRADICTED = "contradicted", pgettext_lazy("recipient's proof", "answered wrongly, asked again")
        CANNOT = "cannot", pgettext_lazy("recipient's proof", "says that it can't")
        PROVEN = "proven", pgettext_lazy("recipient's proof", "proven")
        NOT_HELD = "not-held", pgettext_lazy("recipient's proof", "says that it no longer holds it")
        SETTLED = "settled", pgettext_lazy("recipient's proof", "settled by two people")
        SUPERSEDED = "superseded", pgettext_lazy("recipient's proof", "replaced by a later notice")
        TO_ERASE = "to-erase", pgettext_lazy("recipient's proof", "to be erased there instead")
        MOOT = "moot", pgettext_lazy("recipient's proof", "no longer held here to compare with")

    class Because(models.TextChoices):
        """Why the office has to follow it up."""

        CONTRADICTED = "contradicted", pgettext_lazy("recipient's proof", "several answers did not match")
        CANNOT = "cannot", pgettext_lazy("recipient's proof", "it says that it can't correct the information")
        OVERDUE = "overdue", pgettext_lazy("recipient's proof", "no answer in time")
        UNREACHABLE = "unreachable", pgettext_lazy("recipient's proof", "it could not be reached")

    class Settlement(models.TextChoices):
        OTHERWISE = "otherwise", pgettext_lazy("recipient's proof", "verified another way")
        GONE = "gone", pgettext_lazy("recipient's proof", "the recipient no longer exists")

    OPEN = (State.ASKED, State.CONTRADICTED, State.CANNOT)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice = models.OneToOneField(Notice, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="proof")
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(pgettext_lazy("recipient's proof", "asked at"), null=True, blank=True)
    due_on = models.DateField(_("answer due"))
    round = models.PositiveIntegerField(_("round"), default=1)
    tries_left = models.PositiveIntegerField(_("tries left"))
    contradictions = models.PositiveIntegerField(_("answers that did not match"), default=0)
    escalated_at = models.DateTimeField(_("with the office since"), null=True, blank=True)
    escalated_because = models.CharField(_("to be followed up because"), max_length=12, choices=Because, blank=True)
    answered_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    answer_id = models.UUIDField(_("answer that ended it"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    settled_as = models.CharField(_("settled as"), max_length=10, choices=Settlement, blank=True)
    settled_by = models.CharField(pgettext_lazy("recipient's proof", "settled by"), max_length=64, blank=True)
    settled_at = models.DateTimeField(pgettext_lazy("recipient's proof", "settled at"), null=True, blank=True)
    note = models.CharField(_("how it was verified"), max_length=500, blank=True)
    file_id = models.UUIDField(_("evidence"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64, blank=True)
    seconded_by = models.CharField(_("second look by"), max_length=64, blank=True)
    seconded_at = models.DateTimeField(_("second look at"), null=True, blank=True)

    objects = ProofQuerySet.as_manager()

    class Meta:
        verbose_name = _("proof of a recipient")
        verbose_name_plural = _("proofs of recipients")
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        permissions = [("settle_proof", _("Can record or confirm that a recipient’s correction is settled otherwise"))]
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=["asked", "contradicted", "cannot"]),
                name="disclosures_open_proofs",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="disclosures_proof_ends_with_its_time",
                condition=Q(state__in=["asked", "contradicted", "cannot"], ended_at=None)
                | (~Q(state__in=["asked", "contradicted", "cannot"]) & Q(ended_at__isnull=False)),
            ),
            # Never "corrected" on a click, and never on one person's word.
            models.CheckConstraint(
                name="disclosures_proven_only_by_an_answer",
                condition=~Q(state__in=["proven", "not-held"]) | Q(answer_id__isnull=False),
            ),
            models.CheckConstraint(
                name="disclosures_settled_with_evidence_by_two",
                condition=~Q(state="settled")
                | (
                    Q(file_digest__regex=r"^[0-9a-f]{64}$", seconded_at__isnull=False)
                    & ~Q(settled_as="")
                    & ~Q(settled_by="")
                    & ~Q(seconded_by="")
                    & ~Q(note="")
                ),
            ),
            models.CheckConstraint(
                name="disclosures_second_look_is_another_persons",
                condition=Q(seconded_by="") | (~Q(seconded_by=F("settled_by")) & ~Q(settled_by="")),
            ),
            models.CheckConstraint(
                name="disclosures_followed_up_for_a_reason",
                condition=Q(escalated_at=None, escalated_because="")
                | (Q(escalated_at__isnull=False) & ~Q(escalated_because="")),
            ),
        ]

    def __str__(self) -> str:
        return self.notice.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_with_the_office(self) -> bool:
        """Whether a person has to follow it up."""
        return self.is_open and self.escalated_at is not None

    @property
    def waits_for_second(self) -> bool:
        """Whether somebody has settled it and nobody has looked a second time."""
        return self.is_open and bool(self.settled_by) and not self.seconded_by

    @property
    def takes_answers(self) -> bool:
        """Whether an answer is judged now: late ones are, and one of a recipient that was said to be gone."""
        return self.tries_left > 0 and (self.is_open or self.state in (self.State.SETTLED, self.State.NOT_HELD))

    @property
    def ended_late(self) -> bool:
        """Whether it ended after its day."""
        return self.ended_at is not None and self.is_past(clock.kst_date(self.ended_at))

    def is_late(self, on: date) -> bool:
        """Whether its day has passed and nothing proves it."""
        return self.is_open and self.is_past(on)

    def is_past(self, on: date) -> bool:
        """Whether a day is after that by which it was asked to answer; of a question that never left, none is."""
        return self.asked_at is not None and self.due_on < on


class RecipientAnswer(models.Model):
    """What a recipient answered, and what the portal found. It is never changed and never removed.

    ``items`` has by item what it says, its commitment and its reason, and what the portal found; no value of personal
    data. ``digest`` is that of the whole answer, by which the same one that arrives again is known.
    """

    record_label = "disclosures.RecipientAnswer"

    class Way(models.TextChoices):
        PAGE = "page", pgettext_lazy("recipient's answer", "on its page")
        LETTER = "letter", pgettext_lazy("recipient's answer", "on its page, by the link of a letter")
        WEBHOOK = "webhook", pgettext_lazy("recipient's answer", "by its system")

    class Says(models.TextChoices):
        CORRECTED = "corrected", pgettext_lazy("recipient's answer", "corrected")
        NOT_HELD = "not-held", pgettext_lazy("recipient's answer", "no longer held")
        CANNOT = "cannot", pgettext_lazy("recipient's answer", "can't be corrected")

    class Reason(models.TextChoices):
        """Why it can't correct: a closed list, for words could name people."""

        LAW = "law", pgettext_lazy("recipient's answer", "a law forbids it")
        DISPUTE = "dispute", pgettext_lazy("recipient's answer", "it disputes the correction")
        SYSTEM = "system", pgettext_lazy("recipient's answer", "its system does not allow it yet")
        UNKNOWN = "unknown", pgettext_lazy("recipient's answer", "it does not find the person")

    class Verdict(models.TextChoices):
        PROVEN = "proven", pgettext_lazy("recipient's answer", "matches")
        CONTRADICTED = "contradicted", pgettext_lazy("recipient's answer", "does not match")
        CANNOT = "cannot", pgettext_lazy("recipient's answer", "can't be corrected")
        NOT_HELD = "not-held", pgettext_lazy("recipient's answer", "no longer held")
        MOOT = "moot", pgettext_lazy("recipient's answer", "nothing to compare with")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    proof = models.ForeignKey(
        CorrectionProof, verbose_name=_("proof of a recipient"), on_delete=models.PROTECT, related_name="answers"
    )
    round = models.PositiveIntegerField(_("round"))
    way = models.CharField(_("how it was given"), max_length=8, choices=Way)
    items: Any = models.JSONField(_("answer by item"), default=dict)
    verdict = models.CharField(_("result"), max_length=12, choices=Verdict)
    late = models.BooleanField(_("late"))
    digest = models.CharField(_("SHA-256 of the answer"), max_length=64)
    file_id = models.UUIDField(_("evidence"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64, blank=True)
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("answer of a recipient")
        verbose_name_plural = _("answers of recipients")
        ordering = ["answered_at"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["proof", "digest"], name="disclosures_the_same_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.proof_id} {self.round}"

    def items_found(self, verdict: str) -> list[str]:
        """Return the items of which the portal found this."""
        return [item for item, one in self.items.items() if one.get("found", self.verdict) == verdict]

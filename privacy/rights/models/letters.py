"""What follows from a case: postponements, objections and answers sent."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.rights.models.cases import Request
from privacy.rights.models.rights import Right


def new_letter_reference() -> str:
    return new_reference("L")


class PostponementQuerySet(models.QuerySet["Postponement"]):
    def in_force(self) -> "PostponementQuerySet":
        """Those that hold: a long one from the moment a second officer approved it."""
        return self.filter(Q(needs_approval=False) | Q(approved_at__isnull=False))

    def proposed(self) -> "PostponementQuerySet":
        """Those that wait for a second officer."""
        return self.filter(needs_approval=True, approved_at=None)


class Postponement(models.Model):
    """Access put off for a legitimate reason, told within the first ten days (law R-09, R-10)."""

    record_label = "rights.Postponement"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.OneToOneField(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="postponement")
    reason = models.CharField(_("reason"), max_length=300)
    postponed_by = models.CharField(_("postponed by"), max_length=64)
    postponed_at = models.DateTimeField(_("postponed"))
    expected_on = models.DateField(_("expected end of the reason"))
    needs_approval = models.BooleanField(_("needs a second officer"), default=False, db_default=False)
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True, default="", db_default="")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    ended_on = models.DateField(_("day the reason ended"), null=True, blank=True)
    due_on = models.DateField(_("access due"), null=True, blank=True)

    objects = PostponementQuerySet.as_manager()

    class Meta:
        verbose_name = _("postponement")
        verbose_name_plural = _("postponements")
        constraints = [
            models.CheckConstraint(name="rights_postponed_with_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="rights_postponement_ended_has_due_date",
                condition=Q(ended_on=None, due_on=None) | Q(ended_on__isnull=False, due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="rights_postponement_approved_by_another_officer",
                condition=Q(approved_by="", approved_at=None)
                | (~Q(approved_by="") & Q(approved_at__isnull=False) & ~Q(approved_by=models.F("postponed_by"))),
            ),
        ]

    def __str__(self) -> str:
        return str(self.right_id)


class Objection(models.Model):
    """The requester disagrees with a decision; another person than the decider reviews it (law R-29, F-5)."""

    record_label = "rights.Objection"

    class Outcome(models.TextChoices):
        PENDING = "pending", _("not decided")
        UPHELD = "upheld", _("upheld")
        PARTLY_UPHELD = "partly-upheld", _("partly upheld")
        DISMISSED = "dismissed", _("dismissed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.ForeignKey(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="objections")
    decider = models.CharField(_("decided by"), max_length=64)
    decided_on = models.DateField(_("day of the decision"))
    received_at = models.DateTimeField(_("received"))
    received_on = models.DateField(_("day of receipt"))
    target_on = models.DateField(_("target"))
    # How many documents came with it: the sealed files go once it is decided.
    documents = models.PositiveSmallIntegerField(_("documents sent with it"), default=0, db_default=0)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, default=Outcome.PENDING)
    reviewer = models.CharField(_("reviewed by"), max_length=64, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["target_on"]
        constraints = [
            models.CheckConstraint(
                name="rights_objection_reviewed_by_another_person",
                condition=Q(reviewer="") | ~Q(reviewer=models.F("decider")),
            ),
            models.CheckConstraint(
                name="rights_objection_decided_names_its_reviewer",
                condition=Q(outcome="pending", reviewer="", reviewed_at=None)
                | (~Q(outcome="pending") & ~Q(reviewer="") & Q(reviewed_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["right"], condition=Q(outcome="pending"), name="rights_one_open_objection_for_each_right"
            ),
        ]

    def __str__(self) -> str:
        return str(self.right_id)


class Letter(models.Model):
    """One answer to the person, as e-mail and as PDF in both languages (law R-08, R-13, R-14; F-2, F-3)."""

    record_label = "rights.Letter"
    # What a draft is about that is not saved yet (``actions.letters.draft_letter``).
    matter: Any = None

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("identity confirmed, in review")
        POSTPONED = "postponed", _("postponement of access")
        RESULT = "result", _("result")
        EXTENDED = "extended", _("longer term for the answer")
        PART = "part-result", _("result for part of the request")
        IDENTITY_REJECTED = "identity-rejected", _("identity not confirmed")
        OBJECTION = "objection", _("result of the objection")
        JOINED = "joined", _("joined with an earlier request")
        EVIDENCE = "evidence", _("document requested")
        PROOF = "proof", _("proof of a correction or deletion requested")
        DESTRUCTION = "destruction", _("destruction announced")
        STOPPED = "destruction-stopped", _("destruction stopped")
        PARTED = "parted", _("no longer joined with an earlier request")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        ON_PORTAL = "on-portal", _("shown on the status page")
        TO_POST = "to-post", _("to be posted")
        POSTED = "posted", _("posted")
        TO_TEXT = "to-text", _("being announced by text message")
        TEXTED = "texted", _("announced by text message")
        PARKED = "parked", _("needs the officer's attention")
        WITHDRAWN = "withdrawn", _("withdrawn before it was sent")

    UNSENT = (State.QUEUED, State.TO_POST, State.TO_TEXT, State.PARKED)
    # What an officer can post: a phone that is off keeps no answer waiting.
    TO_BE_POSTED = (State.TO_POST, State.TO_TEXT, State.PARKED)
    WENT_OUT = (State.SENT, State.POSTED, State.TEXTED)
    # What tells how rights were decided and what was done.
    RESULTS = (Kind.PART, Kind.RESULT)
    # What answers the person: they are told that there is an answer, of anything else that there is a notice.
    ANSWERS = (*RESULTS, Kind.OBJECTION)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_letter_reference)
    request = models.ForeignKey(Request, verbose_name=_("case"), on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    about_id = models.UUIDField(_("about"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State)
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    queued_at = models.DateTimeField(_("queued"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    sent_by = models.CharField(_("sent by"), max_length=64, blank=True)
    trouble = models.CharField(_("last error"), max_length=200, blank=True)
    text_id = models.CharField(_("text message, at the provider"), max_length=48, blank=True, db_default="")
    texted_index = models.BinaryField(_("blind index of the number it was announced to"), null=True, blank=True)
    # Whose words announced it: a template and its version.
    announced_with = models.CharField(_("template of the announcement"), max_length=100, blank=True, db_default="")
    # What was told stays what was told, whatever is decided later: the words in both languages, without the personal
    # ones, of which only the place is kept (``Particulars``).
    told: Any = models.JSONField(_("what it says"), default=dict)
    # Whose words it has: the template and its version (privacy/policies/message_templates.py).
    template = models.CharField(_("template"), max_length=100, blank=True, default="", db_default="")
    # Of a result, by the id of each right that it tells: which decision (``Right.event_id``) and, once it went out, by
    # which day that was owed. Another decision on the same right is not told by it.
    answers: Any = models.JSONField(_("rights that it answers"), default=dict, db_default={}, blank=True)

    class Meta:
        verbose_name = _("answer to the requester")
        verbose_name_plural = _("answers to requesters")
        ordering = ["-queued_at"]
        indexes = [models.Index(fields=["texted_index"], name="rights_letters_by_number")]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "kind", "about_id"], name="rights_one_letter_of_each_kind", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def tells(self, right: Right) -> bool:
        """Whether it tells the decision on a right that holds."""
        return bool(self.answers.get(str(right.id), {}).get("decision") == str(right.event_id))

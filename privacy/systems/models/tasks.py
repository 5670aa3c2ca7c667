"""What a connected system is asked to do, what it answered, and the identifiers that outlive a destruction for it."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import CONNECTED_SYSTEM
from privacy.systems.models.systems import ConnectedSystem
from privacy.vault.fields import EncryptedJSONField, EncryptedModel


def new_task_reference() -> str:
    return new_reference("ST")


class Act(models.TextChoices):
    """What a system is asked to do."""

    LOCATE = "locate", _("find")
    FREEZE = "freeze", _("freeze")
    RELEASE = "release", _("end the freeze")
    CORRECT = "correct", _("correct")
    DESTROY = "destroy", _("destroy")


class TaskQuerySet(models.QuerySet["SystemTask"]):
    def open(self) -> "TaskQuerySet":
        """Those of which nobody has proof yet, and which nobody has given up."""
        return self.exclude(state__in=SystemTask.ENDED)

    def late(self, on: date) -> "TaskQuerySet":
        """Open ones whose day has passed."""
        return self.open().filter(due_on__lt=on)

    def of_case(self, case: str) -> "TaskQuerySet":
        """Those of a case: its reference, alone or with the number of a right behind it."""
        return self.filter(Q(case=case) | Q(case__startswith=f"{case}#"))


class SystemTask(models.Model):
    """One act that one system is asked for. Written in the transaction of what causes it.

    ``cause_id`` is the freeze, hold, right, case or destruction list behind it, ``case`` what people call it.
    ``rounds`` counts how often it was asked anew: each call of a round has a key of its own. It is confirmed only with
    a ``proof``: the signed answer that shows it, or the evidence of a person and, of a destruction, a second look.
    """

    record_label = "systems.SystemTask"

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("system task", "waiting")
        SENT = "sent", pgettext_lazy("system task", "sent")
        ANSWERED = "answered", pgettext_lazy("system task", "answered, not verified yet")
        CONFIRMED = "confirmed", pgettext_lazy("system task", "confirmed")
        NOT_HELD = "not-held", pgettext_lazy("system task", "nothing held there")
        KEPT = "kept", pgettext_lazy("system task", "kept there")
        CONTRADICTED = "contradicted", pgettext_lazy("system task", "contradicted by the read-back")
        FAILED = "failed", pgettext_lazy("system task", "failed")
        DROPPED = "dropped", pgettext_lazy("system task", "no longer needed")
        GIVEN_UP = "given-up", pgettext_lazy("system task", "given up")

    class Kept(models.TextChoices):
        LAW = "law", pgettext_lazy("kept there", "a law requires it")
        HOLD = "hold", pgettext_lazy("kept there", "a hold")
        DISPUTE = "dispute", pgettext_lazy("kept there", "a dispute")

    ENDED = (State.CONFIRMED, State.NOT_HELD, State.KEPT, State.DROPPED, State.GIVEN_UP)
    PROVEN = (State.CONFIRMED, State.NOT_HELD, State.KEPT)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_task_reference)
    system = models.ForeignKey(
        ConnectedSystem, verbose_name=_("connected system"), on_delete=models.PROTECT, related_name="tasks"
    )
    act = models.CharField(_("act"), max_length=8, choices=Act)
    why = models.CharField(_("why"), max_length=12, blank=True)
    subject_id = models.UUIDField(_("data subject"), null=True, blank=True)
    category = models.CharField(_("category"), max_length=60, blank=True)
    items: "models.JSONField[list[str]]" = models.JSONField(_("items"), default=list)
    month = models.DateField(_("month"), null=True, blank=True)
    case = models.CharField(_("case"), max_length=60)
    cause_id = models.UUIDField(_("cause"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    ordered_at = models.DateTimeField(_("ordered at"))
    due_on = models.DateField(_("due"))
    sent_at = models.DateTimeField(_("first sent at"), null=True, blank=True)
    rounds = models.PositiveIntegerField(_("asked anew"), default=0)
    contradictions = models.PositiveIntegerField(_("contradicted"), default=0)
    trouble = models.CharField(_("last trouble"), max_length=60, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    proof_id = models.UUIDField(_("answer that proves it"), null=True, blank=True)
    found: "models.JSONField[dict[str, int]]" = models.JSONField(_("found, by item"), default=dict)
    kept_because = models.CharField(_("kept because of"), max_length=8, choices=Kept, blank=True)
    kept_items: "models.JSONField[list[str]]" = models.JSONField(_("items kept"), default=list)
    backups_until = models.DateField(_("in backups until"), null=True, blank=True)
    done_by = models.CharField(_("done by"), max_length=64, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_as = models.CharField(_("reported state"), max_length=12, blank=True)
    # Where it is asked under one set of identifiers after the other: how many are done, and the gravest outcome so far.
    sets_done = models.PositiveSmallIntegerField(_("sets of identifiers done"), default=0, db_default=0)
    done_before = models.CharField(_("outcome so far"), max_length=12, blank=True, db_default="")
    note = models.CharField(_("note"), max_length=500, blank=True)
    file_id = models.UUIDField(_("evidence"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64, blank=True)
    seconded_by = models.CharField(_("second look by"), max_length=64, blank=True)
    seconded_at = models.DateTimeField(_("second look at"), null=True, blank=True)
    reason = models.CharField(_("why it was given up"), max_length=300, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task of a connected system")
        verbose_name_plural = _("tasks of connected systems")
        ordering = ["-ordered_at"]
        default_permissions = ("view",)
        permissions = [("carry_out_tasks", _("Can report what a connected system’s owner has done"))]
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=~Q(state__in=["confirmed", "not-held", "kept", "dropped", "given-up"]),
                name="systems_open_tasks",
            ),
            models.Index(fields=["case"], name="systems_tasks_of_a_case"),
            models.Index(fields=["cause_id"], name="systems_tasks_of_a_cause"),
            models.Index(fields=["subject_id", "system"], name="systems_tasks_of_a_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "act", "cause_id", "subject_id", "category"],
                name="systems_asked_once_for_a_cause",
                nulls_distinct=False,
            ),
            # Never "done" on somebody's word alone.
            models.CheckConstraint(
                name="systems_confirmed_only_with_proof",
                condition=~Q(state__in=["confirmed", "not-held", "kept"])
                | Q(proof_id__isnull=False)
                | (Q(file_digest__regex=r"^[0-9a-f]{64}$") & ~Q(done_by="") & (~Q(act="destroy") | ~Q(seconded_by=""))),
            ),
            models.CheckConstraint(
                name="systems_second_look_is_another_persons",
                condition=Q(seconded_by="") | (~Q(seconded_by=F("done_by")) & ~Q(done_by="")),
            ),
            models.CheckConstraint(
                name="systems_task_ends_once_and_says_why",
                condition=(
                    Q(
                        state__in=["confirmed", "not-held", "kept", "dropped", "given-up"],
                        ended_at__isnull=False,
                    )
                    | (Q(ended_at=None) & ~Q(state__in=["confirmed", "not-held", "kept", "dropped", "given-up"]))
                )
                & (~Q(state="kept") | ~Q(kept_because=""))
                & (~Q(state="given-up") | ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state not in self.ENDED

    @property
    def is_by_hand(self) -> bool:
        """Whether a person carries it out: the system has no API, or the task names nobody whom an API could find."""
        return self.system.way == ConnectedSystem.Way.PERSON or self.subject_id is None

    @property
    def waits_for_second(self) -> bool:
        """Whether a person has reported it as destroyed, and nobody has looked a second time."""
        return self.act == Act.DESTROY and self.state == self.State.ANSWERED and self.done_by != ""

    def is_late(self, on: date) -> bool:
        """Whether its day has passed and nothing proves it."""
        return self.is_open and self.due_on < on


class Answer(models.Model):
    """A signed answer of a system, kept as evidence. It is never changed and never removed.

    ``id`` is the call's Idempotency-Key. The call itself is kept as a digest: it held identifiers.
    """

    record_label = "systems.Answer"

    id = models.UUIDField(primary_key=True, editable=False)
    task = models.ForeignKey(SystemTask, verbose_name=_("task"), on_delete=models.PROTECT, related_name="answers")
    verb = models.CharField(_("verb"), max_length=12)
    request_digest = models.CharField(_("SHA-256 of the call"), max_length=64)
    body = models.TextField(_("answer"))
    signature = models.CharField(_("Ed25519 signature"), max_length=88)
    public_key = models.CharField(_("public key"), max_length=44)
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("signed answer")
        verbose_name_plural = _("signed answers")
        ordering = ["answered_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.verb} {self.id}"


class Envelope(EncryptedModel):
    """By what a system finds somebody whose data is destroyed or corrected here: sealed before, removed after.

    Its id is the task's; it is sealed under the system. It holds no more than what the register names for the system.
    """

    record_label = "systems.Envelope"

    id = models.UUIDField(primary_key=True, editable=False)
    system_id = models.UUIDField(_("connected system"))
    subject_id = models.UUIDField(_("data subject"), db_index=True)
    cause_id = models.UUIDField(_("cause"), db_index=True)
    identifiers = EncryptedJSONField(item="identifiers", null=True)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Encryption:
        category = CONNECTED_SYSTEM
        subject = "system_id"

    class Meta:
        verbose_name = _("identifiers for a connected system")
        verbose_name_plural = _("identifiers for connected systems")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)

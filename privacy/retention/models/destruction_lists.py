"""Runs, their lists, and the lines of a list: selection → approval → execution (P7.1). No personal data in any."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference


def new_run_reference() -> str:
    return new_reference("DR")


def new_list_reference() -> str:
    return new_reference("DL")


class Cause(models.TextChoices):
    """Why something is destroyed."""

    RETENTION = "retention", _("retention period over")
    DELETION = "deletion", _("deletion on request")
    WITHDRAWAL = "withdrawal", _("consent withdrawn")
    FALSE_IDENTITY = "false-identity", _("false identity")
    UNCONFIRMED = "unconfirmed", _("consent of the legal representative not confirmed")
    PRESERVATION_END = "preservation-end", _("legal preservation period over")
    REPLAY = "replay", _("repeated after a restore")


class DestructionRunQuerySet(models.QuerySet["DestructionRun"]):
    def looked(self) -> Self:
        """Runs that looked for what is due to their end; one that was interrupted and abandoned has found nothing.

        A plan is begun and ended with one moment; an abandoned one ends with that of whoever abandons it.
        """
        return self.filter(cause=Cause.RETENTION, planned_at=F("started_at"))


class DestructionRun(models.Model):
    """One look for what is due, or one direct order; it owns the lists that follow from it."""

    record_label = "retention.DestructionRun"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_run_reference)
    cause = models.CharField(_("cause"), max_length=20, choices=Cause)
    as_of = models.DateField(_("as of"))
    policy = models.CharField(_("policy version"), max_length=32)
    case = models.CharField(_("case"), max_length=64, blank=True)
    ordered_by = models.CharField(_("ordered by"), max_length=64)
    started_at = models.DateTimeField(_("started at"))
    planned_at = models.DateTimeField(pgettext_lazy("destruction", "planned at"), null=True, blank=True)
    due = models.PositiveIntegerField(_("people due"), default=0)
    withheld: Any = models.JSONField(_("withheld"), default=dict)

    objects = DestructionRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("destruction run")
        verbose_name_plural = _("destruction runs")
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return self.reference


class DestructionListQuerySet(models.QuerySet["DestructionList"]):
    def open(self) -> "DestructionListQuerySet":
        """Lists that are neither done nor aborted."""
        return self.filter(state__in=DestructionList.OPEN)

    def to_approve(self) -> "DestructionListQuerySet":
        """Lists that wait for an officer."""
        return self.filter(state=DestructionList.State.PROPOSED)

    def ready(self, at: datetime) -> "DestructionListQuerySet":
        """Lists that may be executed now, and those whose execution was interrupted."""
        approved = Q(state=DestructionList.State.APPROVED, not_before__lte=at)
        begun = Q(state__in=(DestructionList.State.EXECUTING, DestructionList.State.RESIDUE))
        return self.filter(approved | begun)

    def late(self, on: date) -> "DestructionListQuerySet":
        """Lists that should have been carried out by the day before ``on`` (law D-02)."""
        return self.open().filter(target_on__lt=on)


class DestructionList(models.Model):
    """What will be destroyed together: people of one category, or one whole month of it.

    ``plan`` is a digest of exactly what was approved; what is carried out is checked against it. ``step`` says how far
    an execution got; every step may be repeated.
    """

    record_label = "retention.DestructionList"

    class Unit(models.TextChoices):
        PEOPLE = "people", _("people")
        MONTH = "month", _("whole month")
        ARCHIVE = "archive", _("archived records")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("to be approved")
        APPROVED = "approved", _("approved")
        EXECUTING = "executing", _("being destroyed")
        RESIDUE = "residue", _("read-back found something left")
        DONE = "done", _("destroyed")
        ABORTED = "aborted", _("aborted")

    class Step(models.TextChoices):
        NONE = "none", _("not begun")
        INTENT = "intent", _("on the ledger")
        KEYS = "keys", _("keys destroyed")
        ROWS = "rows", _("rows removed")
        PROVEN = "proven", _("read back and certified")

    OPEN = (State.PROPOSED, State.APPROVED, State.EXECUTING, State.RESIDUE)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_list_reference)
    run = models.ForeignKey(DestructionRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="lists")
    category = models.CharField(_("category"), max_length=60)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit)
    month = models.DateField(_("month"), null=True, blank=True)
    plan = models.CharField(_("digest of the plan"), max_length=64)
    people = models.PositiveIntegerField(_("people"), default=0)
    records = models.PositiveBigIntegerField(_("records"), default=0)
    target_on = models.DateField(_("destroy by"))
    # The reason arose that many days before the target for the first on the list (law D-02), and then for the last.
    trigger_until = models.DateField(_("reason arose, last"), null=True, blank=True)
    term = models.CharField(_("rule"), max_length=60)
    term_changed = models.BooleanField(_("the rule has changed since last time"), default=False)
    needs_approval = models.BooleanField(_("needs approval"), default=True)
    over_ceiling = models.BooleanField(_("over the limit: needs two officers"), default=False)
    wait = models.DurationField(_("waiting period"), default=timedelta)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PROPOSED)
    step = models.CharField(_("step"), max_length=8, choices=Step, default=Step.NONE)
    proposed_at = models.DateTimeField(_("proposed at"))
    # Who ordered it, where it is an order on a case: copied from the run by the database.
    ordered_by = models.CharField(_("ordered by"), max_length=64, blank=True, default="", editable=False)
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    seconded_by = models.CharField(_("approved by, second"), max_length=64, blank=True)
    seconded_at = models.DateTimeField(_("approved at, second"), null=True, blank=True)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    aborted_by = models.CharField(_("aborted by"), max_length=64, blank=True)
    aborted_at = models.DateTimeField(_("aborted at"), null=True, blank=True)
    abort_reason = models.TextField(_("reason for aborting"), blank=True)
    delay_reason = models.TextField(_("reason for delay"), blank=True)
    certificate_number = models.CharField(pgettext_lazy("destruction", "certificate"), max_length=16, blank=True)
    executed_by = models.CharField(_("carried out by"), max_length=64, blank=True)
    begun_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    keys_at = models.DateTimeField(_("keys destroyed at"), null=True, blank=True)
    rows_at = models.DateTimeField(_("rows removed at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    keys_destroyed = models.PositiveIntegerField(_("keys destroyed"), default=0)
    # The key of a month stays for whoever was left out; then only the rows of the others go.
    key_kept = models.BooleanField(_("key of the month kept"), default=False)
    # Counted again where not everybody on the list went; otherwise the list's own count stands.
    people_removed = models.PositiveIntegerField(_("people whose rows were removed"), null=True, blank=True)
    rows_removed: Any = models.JSONField(_("rows removed"), default=dict)
    archived = models.PositiveBigIntegerField(_("records archived"), default=0)
    attempts: Any = models.JSONField(_("attempts to open"), default=dict)
    read_back: Any = models.JSONField(_("read-back"), default=dict)
    residues = models.PositiveIntegerField(_("found left by the read-back"), default=0)
    epochs: Any = models.JSONField(_("month keys destroyed"), default=list)
    journal_line = models.PositiveBigIntegerField(_("line of the journal"), default=0)

    objects = DestructionListQuerySet.as_manager()

    class Meta:
        verbose_name = _("destruction list")
        verbose_name_plural = _("destruction lists")
        ordering: ClassVar = ["-proposed_at"]
        permissions: ClassVar = [
            ("approve_destruction", "Can approve a destruction list"),
            ("abort_destruction", "Can abort a destruction list"),
            ("order_destruction", "Can order the destruction of a person's data"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "not_before"],
                name="retention_lists_open",
                condition=Q(state__in=("proposed", "approved", "executing", "residue")),
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="retention_month_once_on_open_lists",
                fields=["category", "month"],
                condition=Q(unit="month", state__in=("proposed", "approved", "executing", "residue")),
            ),
            models.CheckConstraint(
                name="retention_month_if_and_only_if_by_month",
                condition=Q(unit="month", month__isnull=False) | (~Q(unit="month") & Q(month__isnull=True)),
            ),
            models.CheckConstraint(
                name="retention_approved_before_it_is_carried_out",
                condition=Q(state__in=("proposed", "aborted"))
                | (Q(approved_at__isnull=False, not_before__isnull=False) & ~Q(approved_by="")),
            ),
            models.CheckConstraint(
                name="retention_order_approved_by_another",
                condition=Q(state__in=("proposed", "aborted"))
                | Q(ordered_by="")
                | (~Q(approved_by="") & ~Q(approved_by=F("ordered_by"))),
            ),
            models.CheckConstraint(
                name="retention_two_officers_over_the_ceiling",
                condition=Q(state__in=("proposed", "aborted"))
                | Q(over_ceiling=False)
                | (Q(seconded_at__isnull=False) & ~Q(seconded_by="") & ~Q(seconded_by=F("approved_by"))),
            ),
            models.CheckConstraint(
                name="retention_aborted_by_someone_for_a_reason",
                condition=(Q(state="aborted") & ~Q(aborted_by="") & ~Q(abort_reason=""))
                | (~Q(state="aborted") & Q(aborted_by="", abort_reason="", aborted_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="retention_certified_if_and_only_if_done",
                condition=Q(state="done", step="proven", done_at__isnull=False)
                | (~Q(state="done") & ~Q(step="proven") & Q(done_at__isnull=True)),
            ),
            models.UniqueConstraint(
                name="retention_certificate_of_one_list",
                fields=["certificate_number"],
                condition=~Q(certificate_number=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_whole_month(self) -> bool:
        """Whether a month of the category goes whole, without a line for each person."""
        return self.unit == self.Unit.MONTH

    @property
    def names_people(self) -> bool:
        """Whether people were put on the list one by one before it was approved."""
        return self.unit == self.Unit.PEOPLE

    @property
    def waits_for_second(self) -> bool:
        """Whether one officer has approved and the ceiling asks for another."""
        return self.state == self.State.PROPOSED and self.over_ceiling and bool(self.approved_by)


class DestructionLineQuerySet(models.QuerySet["DestructionLine"]):
    """Lines of lists."""

    def under_way(self) -> Self:
        """Those that are being destroyed: their list has begun, or is an order, which nobody reviews any more."""
        begun = Q(list__state__in=(DestructionList.State.EXECUTING, DestructionList.State.RESIDUE))
        ordered = Q(list__state=DestructionList.State.APPROVED) & ~Q(list__run__cause=Cause.RETENTION)
        return self.filter(begun | ordered, is_open=True)

    def after(self, ids: Sequence[UUID]) -> Self:
        """Those behind the last person of the slice before: a walk looks at each line once."""
        return self.filter(subject_id__gt=ids[-1]) if ids else self


class DestructionLine(models.Model):
    """One person on one list, by pseudonymous id: how far her destruction got, or why she was passed over."""

    record_label = "retention.DestructionLine"

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        KEYED = "keyed", _("key destroyed")
        COUNTED = "counted", _("rows counted")
        REMOVED = "removed", _("destroyed")
        HELD = "held", _("skipped: hold")
        FROZEN = "frozen", _("skipped: open correction")
        REQUESTED = "open-request", _("skipped: open request")
        NOT_DUE = "not-due", _("skipped: no longer due")
        DROPPED = "dropped", _("skipped: list aborted")

    OPEN = (State.PLANNED, State.KEYED, State.COUNTED)
    SKIPPED = (State.HELD, State.FROZEN, State.REQUESTED, State.NOT_DUE, State.DROPPED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The index by list and person serves for the list alone too.
    list = models.ForeignKey(DestructionList, on_delete=models.PROTECT, related_name="lines", db_index=False)
    category = models.CharField(_("category"), max_length=60)
    subject_id = models.UUIDField(_("data subject"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PLANNED)
    # No index names the state itself: while a line stays open, its steps rewrite it in its page and touch no index.
    is_open = models.GeneratedField(
        verbose_name=_("unfinished"),
        expression=models.ExpressionWrapper(Q(state__in=OPEN), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = DestructionLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a destruction list")
        verbose_name_plural = _("lines of destruction lists")
        indexes: ClassVar = [
            models.Index(fields=["list", "subject_id"], name="retention_lines_of_a_list"),
        ]
        constraints: ClassVar = [
            # Nobody stands on two open lists of a category, so nothing is destroyed twice.
            models.UniqueConstraint(
                name="retention_person_once_on_open_lists",
                fields=["subject_id", "category"],
                condition=Q(is_open=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.subject_id}"

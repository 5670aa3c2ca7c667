"""Reviews of access records (law S-04 … S-07): a frozen period, findings by rule, a sample, two signatures."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference


def new_review_reference() -> str:
    return new_reference("RV")


class ReviewQuerySet(models.QuerySet["Review"]):
    def unfinished(self) -> ReviewQuerySet:
        """Reviews that lack a signature."""
        return self.exclude(state=Review.State.CONFIRMED)

    def overdue(self, *, on: date) -> ReviewQuerySet:
        """Reviews whose day has passed without both signatures."""
        return self.unfinished().filter(due_on__lt=on)


class Review(models.Model):
    """The review of one period. What is reviewed is frozen as a range of the tree, so it can't change meanwhile."""

    record_label = "ledger.Review"

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("review", "open")
        SAMPLED = "sampled", _("sample drawn")
        SIGNED = "signed", _("signed by the reviewer")
        CONFIRMED = "confirmed", _("confirmed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_review_reference)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    period_from = models.DateField(_("first day"))
    period_until = models.DateField(_("last day"))
    due_on = models.DateField(_("due"))
    opened_at = models.DateTimeField(_("opened at"))
    start_index = models.BigIntegerField(_("from index"))
    end_index = models.BigIntegerField(_("until index"))
    root = models.CharField(_("root of the tree at the end"), max_length=64)
    counted = models.JSONField(_("figures for the period"), default=dict)
    sample = models.JSONField(_("sample"), default=list)
    checked = models.TextField(_("what the sample showed"), blank=True)
    reviewer = models.CharField(_("reviewer"), max_length=40, blank=True)
    conclusion = models.TextField(_("conclusion"), blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True)
    confirmer = models.CharField(_("confirmed by"), max_length=40, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    overdue_told_at = models.DateTimeField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review of access records")
        verbose_name_plural = _("reviews of access records")
        default_permissions = ("view",)
        ordering = ["-period_from"]
        constraints = [
            models.UniqueConstraint(fields=["period_from"], name="ledger_one_review_for_each_period"),
            models.CheckConstraint(
                condition=Q(period_until__gte=F("period_from")), name="ledger_review_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(confirmer="") | ~Q(confirmer=F("reviewer")), name="ledger_review_is_confirmed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None, reviewer="") | (Q(signed_at__isnull=False) & ~Q(reviewer="")),
                name="ledger_review_is_signed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def describe_range(self) -> str:
        """Return the first and the last index of the period, and how many entries that is; ``end_index`` is past it."""
        count = self.end_index - self.start_index
        if count <= 0:
            return gettext("none")
        return ngettext(
            "index %(first)d – %(last)d (%(count)d entry)", "index %(first)d – %(last)d (%(count)d entries)", count
        ) % {"first": self.start_index, "last": self.end_index - 1, "count": count}


class FindingQuerySet(models.QuerySet["Finding"]):
    def unexplained(self) -> FindingQuerySet:
        """Findings that nobody has explained yet."""
        return self.filter(explained_at=None)

    def standing(self) -> FindingQuerySet:
        """Findings that wait for the next review."""
        return self.filter(review=None)


class Finding(models.Model):
    """Something a rule noticed. It accuses nobody: it asks for an explanation, which stays with it."""

    record_label = "ledger.Finding"

    class Rule(models.TextChoices):
        OFF_HOURS = "off-hours", _("access at night or on a rest day")
        BULK = "bulk", _("many people's data at once or in one day")
        REPEATED = "repeated", _("the same person's data again and again")
        SELF = "self", _("lookup of one's own data")
        REASON = "reason", _("exported without a sufficient reason")
        DENIED = "denied", _("many denials in a short time")
        UNRECONCILED = "unpaired", _("changed outside the portal")
        GAP = "gap", _("numbers without an entry")
        CANARY = "canary", _("the control itself failed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    review = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,
        related_name="findings",
        null=True,
        verbose_name=pgettext_lazy("access records", "review"),
    )
    rule = models.CharField(_("rule"), max_length=10, choices=Rule)
    account = models.CharField(_("account"), max_length=60, blank=True)
    count = models.PositiveIntegerField(_("count"))
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    entries = models.JSONField(_("entries"), default=list)
    facts = models.JSONField(_("facts"), default=dict)
    raised_at = models.DateTimeField(_("raised at"))
    explanation = models.TextField(_("explanation"), blank=True)
    measure = models.TextField(_("measure taken"), blank=True)
    explained_by = models.CharField(_("explained by"), max_length=40, blank=True)
    explained_at = models.DateTimeField(_("explained at"), null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        default_permissions = ("view",)
        ordering = ["-raised_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(explained_at=None, explanation="") | (Q(explained_at__isnull=False) & ~Q(explanation="")),
                name="ledger_finding_explained_with_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_rule_display()} {self.account}".strip()

    @property
    def has_holder(self) -> bool:
        """Whether a person's account is behind it, who can be asked."""
        return self.account.startswith("U-")


class FindingQuestionQuerySet(models.QuerySet["FindingQuestion"]):
    def unanswered(self) -> FindingQuestionQuerySet:
        """Questions that wait for the account holder: neither of a review that is signed nor of what is explained."""
        closed = (Review.State.SIGNED, Review.State.CONFIRMED)
        return self.filter(answered_at=None, finding__explained_at=None).exclude(finding__review__state__in=closed)


class FindingQuestion(models.Model):
    """What the reviewer asks the holder of the account behind a finding, and the answer. Asked again: another one."""

    record_label = "ledger.FindingQuestion"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="questions", verbose_name=_("finding"))
    question = models.TextField(_("question"))
    asked_by = models.CharField(_("asked by"), max_length=64)
    asked_at = models.DateTimeField(_("asked at"))
    due_on = models.DateField(_("answer due"))
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    accepted_by = models.CharField(_("accepted by"), max_length=64, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)

    objects = FindingQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question about a finding")
        verbose_name_plural = _("questions about findings")
        default_permissions = ()
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finding"], condition=Q(answered_at=None), name="ledger_finding_is_asked_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="ledger_question_answered_with_words",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by="")
                | (Q(accepted_at__isnull=False, answered_at__isnull=False) & ~Q(accepted_by="")),
                name="ledger_only_an_answer_is_accepted",
            ),
        ]

    def __str__(self) -> str:
        return str(self.finding)


class ReconciliationState(models.Model):
    """How far the touches of a database have been paired with entries: the snapshot of the last night's look."""

    record_label = "ledger.ReconciliationState"

    alias = models.CharField(primary_key=True, max_length=20)
    snapshot = models.TextField()
    reconciled_at = models.DateTimeField()
    canary = models.CharField(max_length=40, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.alias

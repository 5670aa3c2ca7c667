"""Notices about consent to advertising (P8.12, law C-18, C-19)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from consents.models.decisions import Decision
from privacy.lib.identifiers.ids import new_id

# From when the next years count of a consent that a question confirmed (law C-19).
COUNTED_FROM = Coalesce("counted_from", "sent_at")


class AdvertisingNoticeQuerySet(models.QuerySet["AdvertisingNotice"]):
    def to_send(self) -> "AdvertisingNoticeQuerySet":
        return self.filter(state=AdvertisingNotice.State.DUE)

    def confirmations(self) -> "AdvertisingNoticeQuerySet":
        """Questions that went out: each confirms its consent for some years more (law C-19)."""
        return self.filter(kind=AdvertisingNotice.Kind.CONFIRMATION, sent_at__isnull=False)

    def late(self, on: date) -> "AdvertisingNoticeQuerySet":
        """Notices that should have gone out by the day before ``on`` (law C-18, C-19)."""
        settled = [AdvertisingNotice.State.SENT, AdvertisingNotice.State.DROPPED]
        return self.exclude(state__in=settled).filter(due_on__lt=on)


class AdvertisingNotice(models.Model):
    """Tells a person what became of her advertising consent, refusal or withdrawal (within 14 days, law C-18), or
    asks her every few years whether it still stands (law C-19; no answer leaves it standing)."""

    record_label = "consents.AdvertisingNotice"

    class Kind(models.TextChoices):
        RESULT = "result", _("result of the decision")
        CONFIRMATION = "confirmation", _("periodic confirmation")

    class State(models.TextChoices):
        DUE = "due", _("to be sent")
        SENT = "sent", _("sent")
        UNREACHABLE = "unreachable", _("no working address on record")
        DROPPED = "dropped", _("no longer needed: a new decision, or the registration has ended")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    decision = models.ForeignKey(
        Decision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="advertising_notices"
    )
    subject_id = models.UUIDField(_("data subject"))
    due_on = models.DateField(_("due"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DUE)
    made_at = models.DateTimeField(_("made"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    # Of a question that went out late: the same day by which it was due, from which the law counts on (ICN-D 62-3(1)).
    counted_from = models.DateTimeField(_("next term counted from"), null=True, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=200, blank=True)
    returned_at = models.DateTimeField(_("returned undelivered at"), null=True, blank=True)

    objects = AdvertisingNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("advertising notice")
        verbose_name_plural = _("advertising notices")
        default_permissions = ("view",)
        ordering = ["due_on"]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(state="due"), name="consents_notices_to_send"),
            models.Index(fields=["subject_id"], name="consents_notices_of_subject"),
            # The order of the console's list, of all notices and of those in one state.
            models.Index(fields=["due_on", "id"], name="consents_notices_in_order"),
            models.Index(fields=["state", "due_on", "id"], name="consents_notices_by_state"),
            models.Index(
                fields=["sent_at"],
                condition=Q(kind="confirmation", sent_at__isnull=False),
                name="consents_confirmations_sent",
            ),
            models.Index(
                fields=["counted_from"],
                condition=Q(counted_from__isnull=False),
                name="consents_confirmations_late",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["decision", "kind", "due_on"], name="consents_notice_once_for_its_day"),
            models.CheckConstraint(
                name="consents_notice_sent_at_a_time",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="consents_notice_counted_from_before_it_was_sent",
                # Of one that came back it says nothing: the release before leaves it there (docs/decisions/0450).
                condition=Q(counted_from=None)
                | Q(kind="confirmation") & (Q(sent_at=None) | Q(counted_from__lte=F("sent_at"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_on}"

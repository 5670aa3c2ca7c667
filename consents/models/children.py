"""Who is under 14, and what their legal representative was asked (law C-12, C-13, decision 0401)."""

from datetime import date, datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from consents.models.decisions import Decision
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.subjects.models import Subject
from privacy.vault.fields import EncryptedJSONField, EncryptedModel

PREFIX = "LR"


def new_representative_request_reference() -> str:
    return new_reference(PREFIX)


class AgeStatement(models.Model):
    """Whether somebody is under 14, by a date of birth that was asked for and is not kept. The newest one holds.

    ``of_age_from``: of a child, the first day of the month in which they are 14 for certain.
    """

    record_label = "consents.AgeStatement"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    is_child = models.BooleanField(_("under 14"))
    of_age_from = models.DateField(_("14 or older from"), null=True, blank=True)
    stated_at = models.DateTimeField(_("stated"))
    actor_kind = models.CharField(_("recorded by (kind)"), max_length=16)
    actor_ref = models.CharField(_("recorded by"), max_length=80)

    class Meta:
        verbose_name = _("statement of age")
        verbose_name_plural = _("statements of age")
        default_permissions = ("view",)
        ordering = ["-stated_at"]
        indexes = [models.Index(fields=["subject_id", "-stated_at"], name="consents_ages_of_subject")]
        constraints = [
            models.CheckConstraint(
                name="consents_child_if_and_only_if_of_age_later",
                condition=Q(is_child=True, of_age_from__isnull=False) | Q(is_child=False, of_age_from=None),
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    def is_child_on(self, day: date) -> bool:
        return self.of_age_from is not None and day < self.of_age_from


class RepresentativeRequestQuerySet(models.QuerySet["RepresentativeRequest"]):
    def open(self) -> "RepresentativeRequestQuerySet":
        return self.filter(state__in=RepresentativeRequest.OPEN)

    def overdue(self, at: datetime) -> "RepresentativeRequestQuerySet":
        """Those that nobody answered in time: what was collected for them goes (law C-13)."""
        return self.open().filter(due_at__lte=at)

    def untold(self) -> "RepresentativeRequestQuerySet":
        """Those who agreed on the page and don't have the message yet that confirms it (Decree art. 17-2(1)1, 7).

        Of a destroyed registration, whom to tell is destroyed too.
        """
        destroyed = Subject.objects.filter(pk=OuterRef("subject_id"), state=Subject.State.DESTROYED)
        agreed = self.filter(state=RepresentativeRequest.State.AGREED, answered_by="", told_at=None)
        return agreed.exclude(Exists(destroyed))


class RepresentativeRequest(models.Model):
    """That a child's legal representative is to consent: whom they asked is sealed in ``AskedRepresentative``.

    Until somebody answers, nothing is collected on the child's own consent; after ``due_at`` what was collected goes.
    """

    record_label = "consents.RepresentativeRequest"

    class State(models.TextChoices):
        UNNAMED = "unnamed", _("nobody named yet")
        ASKED = "asked", _("asked")
        AGREED = "agreed", _("agreed")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("not answered in time")

    class Channel(models.TextChoices):
        PHONE = "phone", _("text message")
        EMAIL = "email", _("e-mail")

    OPEN = (State.UNNAMED, State.ASKED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(
        _("reference"), max_length=16, unique=True, default=new_representative_request_reference
    )
    subject_id = models.UUIDField(_("data subject"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.UNNAMED)
    channel = models.CharField(_("asked by"), max_length=8, choices=Channel, blank=True)
    language = models.CharField(_("language"), max_length=2, default="ko")
    digest = models.CharField(_("SHA-256 of the code"), max_length=64, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    asked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    # Whose words asked: a template and its version.
    asked_with = models.CharField(_("template of the question"), max_length=100, blank=True, db_default="")
    due_at = models.DateTimeField(_("to be answered by"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    confirmation = models.CharField(
        _("how the representative's consent was confirmed"), max_length=16, choices=Decision.Confirmation, blank=True
    )
    document = models.CharField(_("where the answer is on record"), max_length=100, blank=True)
    answered_by = models.CharField(_("answer recorded by"), max_length=80, blank=True)
    told_at = models.DateTimeField(_("confirmation sent at"), null=True, blank=True)

    objects = RepresentativeRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent of a legal representative")
        verbose_name_plural = _("consents of legal representatives")
        default_permissions = ("view",)
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["subject_id", "state"], name="consents_requests_of_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id"],
                condition=Q(state__in=["unnamed", "asked"]),
                name="consents_one_open_request_for_each_child",
            ),
            models.CheckConstraint(
                name="consents_request_open_if_and_only_if_not_ended",
                condition=Q(state__in=["unnamed", "asked"], ended_at=None)
                | ~Q(state__in=["unnamed", "asked"]) & Q(ended_at__isnull=False),
            ),
            # Law C-12: what a representative agreed to counts only with the way it was confirmed.
            models.CheckConstraint(
                name="consents_request_agreed_if_and_only_if_confirmed",
                condition=Q(state="agreed") & ~Q(confirmation="") | ~Q(state="agreed") & Q(confirmation=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class AskedRepresentative(EncryptedModel):
    """The name and contact that a child gave so that their legal representative can be asked (PIPA art. 22-2(2)).

    It goes with the answer, or when there is none in time.
    """

    record_label = "consents.AskedRepresentative"

    id = models.UUIDField(primary_key=True, editable=False)  # the request's id
    subject_id = models.UUIDField(_("data subject"))
    particulars = EncryptedJSONField(item="representative", sealed_as="particulars")
    recorded_at = models.DateTimeField(_("recorded"))

    class Encryption:
        category = DEVICE_REGISTRATION
        subject = "subject_id"

    class Meta:
        verbose_name = _("legal representative who is asked")
        verbose_name_plural = _("legal representatives who are asked")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["subject_id"], name="consents_asked_of")]

    def __str__(self) -> str:
        return str(self.id)

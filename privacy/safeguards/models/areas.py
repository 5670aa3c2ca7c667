"""Protected areas: who may enter, who did, and which media went in and out (P8.11, law S-25, form F-18).

Staff stand here by the reference of their account. A visitor stands here by organisation and always with the employee
who goes along; the visitor's name stays on the paper sheet at the door, so that no register of strangers grows here.
"""

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.display_names import name_with_reference
from privacy.accounts.models import User
from privacy.lib.dates import clock, periods
from privacy.lib.identifiers.ids import new_id, new_reference


def new_entry_reference() -> str:
    return new_reference("EN")


def new_movement_reference() -> str:
    return new_reference("MD")


class Area(models.Model):
    """A computer room, data room or archive under special protection."""

    record_label = "safeguards.Area"

    class Kind(models.TextChoices):
        COMPUTER_ROOM = "computer-room", _("computer room")
        DATA_ROOM = "data-room", _("data storage room")
        ARCHIVE = "archive", _("paper archive")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    title = models.CharField(_("area"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    place = models.CharField(_("place"), max_length=200)
    lock = models.CharField(_("how it is locked"), max_length=200)
    keeper = models.CharField(_("responsible"), max_length=64)
    registered_at = models.DateTimeField(_("registered at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("protected area")
        verbose_name_plural = _("protected areas")
        ordering = ["title"]
        default_permissions = ("view",)
        permissions = [("keep_areas", _("Can register protected areas and permit entry"))]

    def __str__(self) -> str:
        return self.title


class PermitQuerySet(models.QuerySet["AreaPermit"]):
    def in_period(self, *, on: date) -> "PermitQuerySet":
        """Permits that hold on a day: begun, not over, not revoked, of people who still work here."""
        here = User.objects.filter(is_active=True).values("reference")
        held = self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on), valid_from__lte=on, revoked_at=None)
        return held.filter(person__in=here)

    def held_at(self, moment: datetime) -> "PermitQuerySet":
        """Permits that held at a moment, also those that were revoked since.

        One that was approved only on a later day did not, whatever its first day; nor does that of somebody who had
        left.
        """
        on = clock.kst_date(moment)
        until = Q(valid_until__isnull=True) | Q(valid_until__gte=on)
        here = User.objects.filter(Q(is_active=True) | Q(left_at__gt=moment)).values("reference")
        approved = self.filter(approved_at__lt=periods.end_of_day(on), valid_from__lte=on, person__in=here)
        return approved.filter(until, Q(revoked_at=None) | Q(revoked_at__gt=moment))


class AreaPermit(models.Model):
    """One person may enter one area, for a reason and a period, approved by another."""

    record_label = "safeguards.AreaPermit"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    area = models.ForeignKey(Area, verbose_name=_("area"), on_delete=models.PROTECT, related_name="permits")
    person = models.CharField(_("who"), max_length=64)
    reason = models.CharField(_("reason"), max_length=300)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=64)
    approved_at = models.DateTimeField(_("approved at"))
    revoked_by = models.CharField(_("revoked by"), max_length=64, blank=True)
    revoked_at = models.DateTimeField(pgettext_lazy("permit", "revoked"), null=True, blank=True)

    objects = PermitQuerySet.as_manager()

    class Meta:
        verbose_name = _("permit to enter")
        verbose_name_plural = _("permits to enter")
        ordering = ["-approved_at"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_permit_is_approved_by_another", condition=~Q(person=F("approved_by"))
            ),
            models.CheckConstraint(
                name="safeguards_permit_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{name_with_reference(self.person)} · {self.area}"


class AreaEntry(models.Model):
    """One person in one area: when, what for, with whom."""

    record_label = "safeguards.AreaEntry"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_entry_reference)
    area = models.ForeignKey(Area, verbose_name=_("area"), on_delete=models.PROTECT, related_name="entries")
    person = models.CharField(_("who"), max_length=64, blank=True)
    visitor_of = models.CharField(_("visitor of (organisation)"), max_length=120, blank=True)
    companion = models.CharField(_("accompanied by"), max_length=64, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300)
    entered_at = models.DateTimeField(_("in"))
    left_at = models.DateTimeField(_("out"), null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("entry to an area")
        verbose_name_plural = _("entry log")
        ordering = ["-entered_at"]
        default_permissions = ("view",)
        permissions = [("log_entry", _("Can record entries and movements of media"))]
        constraints = [
            models.CheckConstraint(
                name="safeguards_visitors_are_accompanied",
                condition=(Q(visitor_of="") & ~Q(person="")) | (Q(person="") & ~Q(visitor_of="") & ~Q(companion="")),
            ),
            models.CheckConstraint(
                name="safeguards_left_after_entering",
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("entered_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def who(self) -> str:
        return self.person or self.visitor_of


class MovementQuerySet(models.QuerySet["MediaMovement"]):
    def outside(self) -> "MovementQuerySet":
        """Media that went out and have not come back."""
        return self.filter(direction=MediaMovement.Direction.OUT, returned_at=None)

    def overdue(self, *, on: date) -> "MovementQuerySet":
        return self.outside().filter(back_on__lt=on)


class MediaMovement(models.Model):
    """A removable medium carried into or out of an area: approved by another than who carries it."""

    record_label = "safeguards.MediaMovement"

    class Direction(models.TextChoices):
        IN = "in", _("brought in")
        OUT = "out", _("taken out")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_movement_reference)
    area = models.ForeignKey(Area, verbose_name=_("area"), on_delete=models.PROTECT, related_name="movements")
    medium = models.CharField(_("medium number"), max_length=60)
    kind = models.CharField(_("kind of medium"), max_length=60)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    purpose = models.CharField(_("purpose"), max_length=300)
    encrypted = models.BooleanField(_("encrypted"), default=False)
    carried_by = models.CharField(_("moved by"), max_length=64)
    approved_by = models.CharField(_("approved by"), max_length=64)
    moved_at = models.DateTimeField(_("moved at"))
    back_on = models.DateField(_("return by"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)
    returned_to = models.CharField(_("taken back by"), max_length=64, blank=True)

    objects = MovementQuerySet.as_manager()

    class Meta:
        verbose_name = _("movement of a medium")
        verbose_name_plural = _("media in and out")
        ordering = ["-moved_at"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_media_are_approved_by_another", condition=~Q(carried_by=F("approved_by"))
            ),
            models.CheckConstraint(
                name="safeguards_media_go_out_encrypted_and_come_back",
                condition=Q(direction="in", back_on=None) | Q(direction="out", encrypted=True, back_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

"""The in-house organisation that protects personal information: who is in it, for what, and when it met (P8.1)."""

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.display_names import name_with_reference
from privacy.lib.dates.clock import kst_date
from privacy.lib.identifiers.ids import new_id, new_reference


def new_meeting_reference() -> str:
    return new_reference("MT")


class MemberQuerySet(models.QuerySet["Member"]):
    def on(self, day: date) -> "MemberQuerySet":
        """The members on a day; the last day counts."""
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gte=day))

    def known_at(self, at: datetime) -> "MemberQuerySet":
        """The members of a moment's day as the register had them then, whatever was recorded later of that day."""
        day = kst_date(at)
        there = Q(until=None) | Q(until__gte=day) | Q(ended_at__gt=at)
        return self.filter(there, since__lte=day, appointed_at__lte=at)


class Member(models.Model):
    """One employee's membership: a role and its duties, from a day on, until a last day."""

    record_label = "safeguards.Member"

    class Role(models.TextChoices):
        HEAD = "head", _("head")
        MANAGER = "manager", _("manager")
        MEMBER = "member", _("member")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.CharField(_("employee"), max_length=64)
    role = models.CharField(_("role"), max_length=8, choices=Role)
    duties = models.TextField(_("duties"))
    since = models.DateField(pgettext_lazy("appointment", "since"))
    until = models.DateField(_("last day"), null=True, blank=True)
    appointed_by = models.CharField(_("appointed by"), max_length=64)
    appointed_at = models.DateTimeField(_("appointed"))
    ended_by = models.CharField(_("ended by"), max_length=64, blank=True)
    ended_at = models.DateTimeField(_("end recorded at"), null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of the organisation")
        verbose_name_plural = _("members of the organisation")
        ordering = ["since", "id"]
        default_permissions = ("view",)
        permissions = [("keep_organisation", _("Can appoint members of the organisation and record its meetings"))]
        constraints = [
            models.UniqueConstraint(
                name="safeguards_one_head_of_the_organisation", fields=["role"], condition=Q(role="head", until=None)
            ),
            models.UniqueConstraint(
                name="safeguards_a_member_once", fields=["person"], condition=Q(until=None)
            ),
            models.CheckConstraint(
                name="safeguards_membership_ends_after_it_began",
                condition=Q(until=None, ended_by="", ended_at=None)
                | (Q(until__isnull=False, until__gte=F("since"), ended_at__isnull=False) & ~Q(ended_by="")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{name_with_reference(self.person)} {self.get_role_display()}"


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def planned(self) -> "MeetingQuerySet":
        return self.filter(held_on=None)


class Meeting(models.Model):
    """One meeting of the organisation: planned for a day, then held, with who was there and what was decided."""

    record_label = "safeguards.Meeting"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_meeting_reference)
    topics = models.TextField(_("agenda"))
    planned_on = models.DateField(_("planned for"))
    planned_by = models.CharField(_("planned by"), max_length=64)
    planned_at = models.DateTimeField(pgettext_lazy("plan", "planned at"))
    held_on = models.DateField(_("held on"), null=True, blank=True)
    attendees: "models.JSONField[list[str]]" = models.JSONField(_("people present"), default=list, blank=True)
    decisions = models.TextField(_("results and decisions"), blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=64, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), null=True, blank=True)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting of the organisation")
        verbose_name_plural = _("meetings of the organisation")
        ordering = ["-planned_on"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_meeting_held_with_people_and_results",
                condition=Q(held_on=None, attendees=[], decisions="", recorded_by="", recorded_at=None)
                | (
                    Q(held_on__isnull=False, recorded_at__isnull=False)
                    & ~Q(attendees=[])
                    & ~Q(decisions="")
                    & ~Q(recorded_by="")
                ),
            )
        ]

    def __str__(self) -> str:
        return self.reference

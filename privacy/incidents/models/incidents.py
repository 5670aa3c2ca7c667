"""Incidents: breaches and possible breaches, whom they concern, what was done and reported (law B-01 … B-11)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.ids import new_id, new_reference
from privacy.policies.models.language import in_language


def new_incident_reference() -> str:
    return new_reference("I")


@dataclass(frozen=True, slots=True)
class Clock:
    """One running term of an incident: what it is for, when it ends, and when its duty was done."""

    duty: str
    name: object
    due_at: datetime
    done_at: datetime | None

    def hours_left(self, at: datetime) -> int:
        """Full hours until the end; negative when it is over."""
        return int((self.due_at - (self.done_at or at)).total_seconds() // 3600)

    def is_late(self, at: datetime) -> bool:
        return (self.done_at or at) > self.due_at


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> "IncidentQuerySet":
        return self.exclude(state=Incident.State.CLOSED)

    def with_clock_before(self, moment: datetime) -> "IncidentQuerySet":
        """Open incidents of which a duty is undone whose term ends before ``moment``."""
        undone = (
            Q(notified_at=None, website_at=None, notify_due_at__lt=moment)
            | Q(reported_at=None, not_reported_reason="", report_due_at__lt=moment)
            | Q(intrusion=True, intrusion_reported_at=None, intrusion_due_at__lt=moment)
        )
        return self.open().filter(undone)


class Incident(models.Model):
    """Loss, theft, leak, forgery, alteration or damage of personal information, or the suspicion of it (B-01, B-07).

    The terms run from the moment of becoming aware, in hours that never rest (T-06).
    """

    class Kind(models.TextChoices):
        LOSS = "loss", _("loss")
        THEFT = "theft", _("theft")
        LEAK = "leak", _("leak")
        FORGERY = "forgery", _("forgery")
        ALTERATION = "alteration", _("alteration")
        DAMAGE = "damage", _("damage")

    class Certainty(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed breach")
        POSSIBLE = "possible", _("possible: subjects not identifiable")
        NONE = "none", _("ruled out: no breach")

    class State(models.TextChoices):
        OPEN = "open", _("being handled")
        PROPOSED = "proposed", _("closing proposed")
        CLOSED = "closed", _("closed")

    class Delay(models.TextChoices):
        """Why the notice may wait (B-05)."""

        SPREAD = "spread", _("urgent measures to stop the spread")
        FORCE = "force-majeure", _("natural disaster or the like")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_incident_reference)
    title = models.CharField(_("title"), max_length=200, help_text=_("Without personal information."))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    certainty = models.CharField(_("certainty"), max_length=10, choices=Certainty, default=Certainty.CONFIRMED)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    aware_at = models.DateTimeField(_("became aware"))
    occurred_from = models.DateTimeField(_("happened from"), null=True, blank=True)
    occurred_until = models.DateTimeField(_("happened until"), null=True, blank=True)
    outside_access = models.BooleanField(_("illegal access from outside"), default=False)
    intrusion = models.BooleanField(_("intrusion into an online service (hacking and the like)"), default=False)
    sensitive = models.BooleanField(_("sensitive or unique identification information"), default=False)
    recovered = models.BooleanField(_("recovered or deleted, harm clearly unlikely"), default=False)
    estimate = models.PositiveIntegerField(_("estimated number of data subjects"), default=0)
    items: "models.JSONField[list[str]]" = models.JSONField(_("items"), default=list, blank=True)
    # The contents of the notice, both languages (B-03); the legal rights of item 6 are the same for every incident.
    course_ko = models.TextField(_("time and course (Korean)"), blank=True)
    course_en = models.TextField(_("time and course (English)"), blank=True)
    advice_ko = models.TextField(_("what the subject can do (Korean)"), blank=True)
    advice_en = models.TextField(_("what the subject can do (English)"), blank=True)
    response_ko = models.TextField(_("company's response and remedy (Korean)"), blank=True)
    response_en = models.TextField(_("company's response and remedy (English)"), blank=True)
    notify_due_at = models.DateTimeField(_("notice due"))
    report_due_at = models.DateTimeField(_("report due"))
    intrusion_due_at = models.DateTimeField(_("report of the intrusion due"))
    notified_at = models.DateTimeField(_("subjects notified"), null=True, blank=True)
    website_at = models.DateTimeField(_("posted on the website"), null=True, blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    intrusion_reported_at = models.DateTimeField(_("intrusion reported"), null=True, blank=True)
    not_reported_reason = models.TextField(_("why it need not be reported"), blank=True)
    delay = models.CharField(_("notice delayed because of"), max_length=16, choices=Delay, blank=True)
    delay_reason = models.TextField(_("reason of the delay"), blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded"))
    conclusion = models.TextField(_("conclusion"), blank=True)
    proposed_by = models.CharField(_("closing proposed by"), max_length=64, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=64, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-aware_at",)
        default_permissions = ("view",)
        permissions = [
            ("record_incident", _("Can record incidents and what becomes known of them")),
            ("notify_incident", _("Can notify the subjects of an incident and post it on the website")),
            ("report_incident", _("Can record reports of an incident to authorities")),
            ("close_incident", _("Can close an incident that another person proposed to close")),
        ]
        constraints = [
            models.CheckConstraint(
                name="incident_closed_by_another_person",
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(closed_by="") & ~Q(closed_by=F("proposed_by"))
                | (~Q(state="closed") & Q(closed_at__isnull=True, closed_by="")),
            ),
            models.CheckConstraint(
                name="incident_proposed_with_a_conclusion",
                condition=Q(state="open") | (~Q(conclusion="") & ~Q(proposed_by="")),
            ),
            models.CheckConstraint(
                name="incident_terms_run_from_awareness",
                condition=Q(notify_due_at__gt=F("aware_at"), report_due_at__gt=F("aware_at")),
            ),
            models.CheckConstraint(name="incident_delayed_for_a_reason", condition=Q(delay="") | ~Q(delay_reason="")),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED

    @property
    def told_at(self) -> datetime | None:
        """When the subjects were told: individually, or by the website in their stead (B-06)."""
        told = [moment for moment in (self.notified_at, self.website_at) if moment]
        return min(told) if told else None

    @property
    def clocks(self) -> list[Clock]:
        """The terms of this incident, the first to end first."""
        running = [Clock("notice", _("Notice to the subjects"), self.notify_due_at, self.told_at)]
        if not self.not_reported_reason:
            running.append(Clock("report", _("Report to the PIPC or KISA"), self.report_due_at, self.reported_at))
        if self.intrusion:
            running.append(
                Clock(
                    "intrusion",
                    _("Report of the intrusion to the MSIT or KISA"),
                    self.intrusion_due_at,
                    self.intrusion_reported_at,
                )
            )
        return sorted(running, key=lambda clock: clock.due_at)

    def said(self, name: str, language: str | None = None) -> str:
        """Return ``course``, ``advice`` or ``response`` in the reader's language."""
        return in_language(self, name, language)


class Affected(models.Model):
    """A person whom an incident concerns, by her pseudonymous id, and how the office came to know."""

    class Source(models.TextChoices):
        REFERENCE = "reference", _("named")
        HOLDINGS = "holdings", _("found in what is held")
        READS = "reads", _("found in the access records")
        LIST = "list", _("uploaded list")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(
        Incident, verbose_name=_("incident"), on_delete=models.PROTECT, related_name="affected"
    )
    subject_id = models.UUIDField(_("data subject"))
    source = models.CharField(_("known by"), max_length=10, choices=Source)
    added_at = models.DateTimeField(_("added"))
    added_by = models.CharField(_("added by"), max_length=64)

    class Meta:
        verbose_name = _("affected data subject")
        verbose_name_plural = _("affected data subjects")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="incidents_a_person_once_in_an_incident", fields=["incident", "subject_id"])
        ]

    def __str__(self) -> str:
        return str(self.subject_id)


class Measure(models.Model):
    """Something done about an incident: to stop it, to recover, to mitigate (B-11). Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(
        Incident, verbose_name=_("incident"), on_delete=models.PROTECT, related_name="measures"
    )
    what = models.TextField(_("what was done"))
    taken_at = models.DateTimeField(_("taken"))
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ("taken_at",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.what[:60]


class Report(models.Model):
    """A report to an authority: the first, or a supplement once more is known (B-08, B-09, B-10)."""

    class Authority(models.TextChoices):
        PIPC = "pipc", _("Personal Information Protection Commission (PIPC)")
        KISA = "kisa", _("Korea Internet & Security Agency (KISA)")
        MSIT = "msit", _("Ministry of Science and ICT (MSIT)")

    class Duty(models.TextChoices):
        BREACH = "breach", _("breach (72 hours)")
        INTRUSION = "intrusion", _("intrusion (24 hours)")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, verbose_name=_("incident"), on_delete=models.PROTECT, related_name="reports")
    authority = models.CharField(_("authority"), max_length=8, choices=Authority)
    duty = models.CharField(_("duty"), max_length=10, choices=Duty)
    sequence = models.PositiveSmallIntegerField(_("no."))
    receipt = models.CharField(_("receipt number"), max_length=100, blank=True)
    digest = models.CharField(_("SHA-256 of the form"), max_length=64)
    reported_at = models.DateTimeField(_("reported"))
    reported_by = models.CharField(_("reported by"), max_length=64)

    class Meta:
        verbose_name = _("report to an authority")
        verbose_name_plural = _("reports to authorities")
        ordering = ("reported_at",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="incidents_reports_in_order", fields=["incident", "duty", "sequence"])
        ]

    def __str__(self) -> str:
        return f"{self.get_authority_display()} {self.sequence}"

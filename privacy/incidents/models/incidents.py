"""Incidents: breaches and possible breaches, whom they concern, what was done and reported (law B-01 … B-11)."""

from typing import Any

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.dates.clock import KST, kst_date
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies import rulebook
from privacy.policies.models.localized_fields import in_language

# From how many people on a breach is reported (B-08).
REPORT_THRESHOLD = "breach.report.subjects"


PREFIX = "I"


def new_incident_reference() -> str:
    return new_reference(PREFIX)


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> "IncidentQuerySet":
        return self.exclude(state=Incident.State.CLOSED)

    def with_running_duties(self) -> "IncidentQuerySet":
        """Open ones, and closed ones whose individual notice runs again, for it came back from somebody."""
        return self.filter(~Q(state=Incident.State.CLOSED) | Q(pk__in=_told_again()))

    def with_facts(self) -> "IncidentQuerySet":
        """Each with what its terms ask first, in the same statement: of most that are open nothing more is asked."""
        listed = AffectedPerson.objects.filter(incident=OuterRef("pk")).order_by().values("incident")
        of_it = {"incident": OuterRef("pk")}
        return self.annotate(
            listed_people=Coalesce(Subquery(listed.annotate(number=Count("pk")).values("number")), 0),
            has_notifications=Exists(Notification.objects.filter(**of_it)),
            has_reports=Exists(Report.objects.filter(**of_it)),
            since_day=TruncDate(Coalesce("confirmed_at", "aware_at"), tzinfo=KST),
            report_threshold=rulebook.parameter_of_rows(REPORT_THRESHOLD, "since_day"),
        )


class Incident(models.Model):
    """Loss, theft, leak, forgery, alteration or damage of personal information, or the suspicion of it (B-01, B-07).

    The terms run in hours that never rest (T-06): those of a possible breach from the moment of becoming aware, that of
    an intrusion from the moment of becoming aware that it is one, those of a breach from its confirmation. These are
    the same moment where nothing was ever in doubt.
    What is owed and whether it was done is not kept here but derived (``duties.py``).
    """

    record_label = "incidents.Incident"

    class Kind(models.TextChoices):
        LOSS = "loss", _("loss")
        THEFT = "theft", _("theft")
        LEAK = "leak", _("leak")
        FORGERY = "forgery", _("forgery")
        ALTERATION = "alteration", _("alteration")
        DAMAGE = "damage", _("damage")

    class Certainty(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed breach")
        POSSIBLE = "possible", _("possible: data subjects not identifiable")
        NONE = "none", _("ruled out: no breach")

    class State(models.TextChoices):
        OPEN = "open", _("being handled")
        PROPOSED = "proposed", _("closure proposed")
        CLOSED = "closed", pgettext_lazy("case", "closed")

    class Delay(models.TextChoices):
        """Why the notice may wait (B-05)."""

        SPREAD = "spread", _("urgent measures to stop the spread")
        FORCE = "force-majeure", _("natural disaster or the like")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_incident_reference)
    submission = models.CharField(_("form identifier"), max_length=64, unique=True, null=True, blank=True)
    title = models.CharField(_("title"), max_length=200, help_text=_("Don't include personal information."))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    certainty = models.CharField(_("certainty"), max_length=10, choices=Certainty, default=Certainty.CONFIRMED)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    aware_at = models.DateTimeField(_("became aware"))
    confirmed_at = models.DateTimeField(_("breach confirmed"), null=True, blank=True)
    ruled_out_at = models.DateTimeField(_("breach ruled out"), null=True, blank=True)
    occurred_from = models.DateTimeField(_("happened from"), null=True, blank=True)
    occurred_until = models.DateTimeField(_("happened until"), null=True, blank=True)
    outside_access = models.BooleanField(_("illegal access from outside"), default=False)
    intrusion = models.BooleanField(_("intrusion into an online service (hacking and the like)"), default=False)
    sensitive = models.BooleanField(_("sensitive or unique identification information"), default=False)
    recovered = models.BooleanField(_("recovered or deleted, harm clearly unlikely"), default=False)
    estimate = models.PositiveIntegerField(_("estimated number of data subjects"), default=0)
    items: "models.JSONField[list[str]]" = models.JSONField(_("items"), default=list, blank=True)
    # The contents of the notice, both languages (B-03); the legal rights of item 6 are the same for every incident.
    course_ko = models.TextField(_("time and circumstances (Korean)"), blank=True)
    course_en = models.TextField(_("time and circumstances (English)"), blank=True)
    advice_ko = models.TextField(_("what the data subject can do (Korean)"), blank=True)
    advice_en = models.TextField(_("what the data subject can do (English)"), blank=True)
    response_ko = models.TextField(_("company's response and redress (Korean)"), blank=True)
    response_en = models.TextField(_("company's response and redress (English)"), blank=True)
    intrusion_aware_at = models.DateTimeField(_("became aware of the intrusion"), null=True, blank=True)
    possible_due_at = models.DateTimeField(_("notice of the possible breach due"), null=True, blank=True)
    notify_due_at = models.DateTimeField(_("notice due"), null=True, blank=True)
    report_due_at = models.DateTimeField(_("report due"), null=True, blank=True)
    intrusion_due_at = models.DateTimeField(_("intrusion report due"))
    new_facts_at = models.DateTimeField(_("new facts since the intrusion report"), null=True, blank=True)
    reported_at = models.DateTimeField(pgettext_lazy("incident", "reported at"), null=True, blank=True)
    intrusion_reported_at = models.DateTimeField(_("intrusion reported"), null=True, blank=True)
    not_reported_reason = models.TextField(_("why it need not be reported"), blank=True)
    # The grounds that stood when the reason was given: it excuses no other that appears later (B-08).
    not_reported_grounds: "models.JSONField[list[str]]" = models.JSONField(
        _("grounds for reporting at the time the reason was given"), default=list, blank=True
    )
    delay = models.CharField(_("ground for delaying the notice"), max_length=16, choices=Delay, blank=True)
    delay_reason = models.TextField(_("reason for the delay"), blank=True)
    delay_ended_at = models.DateTimeField(_("reason for the delay ended"), null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded"))
    conclusion = models.TextField(_("conclusion"), blank=True)
    proposed_by = models.CharField(_("closure proposed by"), max_length=64, blank=True)
    proposed_at = models.DateTimeField(_("closure proposed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=64, blank=True)
    closed_at = models.DateTimeField(pgettext_lazy("case", "closed"), null=True, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-aware_at",)
        default_permissions = ("view",)
        permissions = [
            ("record_incident", _("Can record incidents and what is found out about them")),
            ("notify_incident", _("Can notify data subjects of an incident and post it on the website")),
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
                name="incident_confirmed_if_and_only_if_dated_with_its_terms",
                condition=Q(
                    certainty="confirmed",
                    confirmed_at__isnull=False,
                    notify_due_at__isnull=False,
                    report_due_at__isnull=False,
                    confirmed_at__gte=F("aware_at"),
                    notify_due_at__gt=F("confirmed_at"),
                    report_due_at__gt=F("confirmed_at"),
                )
                | (~Q(certainty="confirmed") & Q(confirmed_at=None, notify_due_at=None, report_due_at=None)),
            ),
            models.CheckConstraint(
                name="incident_doubted_has_the_term_of_a_possible_breach",
                condition=Q(certainty="confirmed", possible_due_at=None)
                | Q(possible_due_at__isnull=False, possible_due_at__gt=F("aware_at")),
            ),
            models.CheckConstraint(
                name="incident_ruled_out_if_and_only_if_dated",
                condition=Q(certainty="none", ruled_out_at__isnull=False, ruled_out_at__gte=F("aware_at"))
                | (~Q(certainty="none") & Q(ruled_out_at=None)),
            ),
            models.CheckConstraint(
                name="incident_intrusion_if_and_only_if_its_awareness_is_dated",
                condition=Q(intrusion=False, intrusion_aware_at=None)
                | Q(
                    intrusion=True,
                    intrusion_aware_at__isnull=False,
                    intrusion_aware_at__gte=F("aware_at"),
                    intrusion_due_at__gt=F("intrusion_aware_at"),
                ),
            ),
            models.CheckConstraint(
                name="incident_delay_ends_only_where_there_is_one", condition=Q(delay_ended_at=None) | ~Q(delay="")
            ),
            models.CheckConstraint(name="incident_delayed_for_a_reason", condition=Q(delay="") | ~Q(delay_reason="")),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED

    @property
    def is_known(self) -> bool:
        """Whether the items concerned and the course of events are known, in both languages (B-03, B-04)."""
        return bool(self.items and self.course_ko.strip() and self.course_en.strip())

    @property
    def delay_grounds(self) -> list[Delay]:
        """What its notice may wait for: that of a possible breach for force majeure alone (Decree art. 39-3(1))."""
        return [self.Delay.FORCE] if self.certainty == self.Certainty.POSSIBLE else list(self.Delay)

    @property
    def listed(self) -> int:
        """How many people are listed."""
        known: int | None = self.__dict__.get("listed_people")
        return self.affected.count() if known is None else known

    @property
    def threshold(self) -> int:
        """From how many people on a breach of that day is reported."""
        known: int | None = self.__dict__.get("report_threshold")
        if known is not None:
            return known
        return rulebook.parameter(REPORT_THRESHOLD, kst_date(self.confirmed_at or self.aware_at))

    def is_without(self, what: str) -> bool:
        """Whether ``with_facts`` found no ``notifications`` or ``reports`` of it, so that nobody has to ask again."""
        return self.__dict__.get(f"has_{what}") is False

    def said(self, name: str, language: str | None = None) -> str:
        """Return ``course``, ``advice`` or ``response`` in the reader's language."""
        return in_language(self, name, language)


def _told_again() -> models.QuerySet["Notification", Any]:
    return Notification.objects.filter(campaign__state="running").values("incident")


class AffectedPerson(models.Model):
    """A person whom an incident concerns, by her pseudonymous id, and how the office came to know."""

    record_label = "incidents.AffectedPerson"

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
    source = models.CharField(_("discovered through"), max_length=10, choices=Source)
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


class Stage(models.TextChoices):
    """What a notice tells: each person is told each stage once (B-03, B-04, B-07)."""

    POSSIBLE = "possible", _("possible breach")
    FIRST = "first", _("first notice, incomplete")
    FULL = "full", _("breach")
    SUPPLEMENT = "supplement", pgettext_lazy("notice", "supplement")
    NONE = "none", _("no breach")


class Notification(models.Model):
    """One telling of an incident: to listed people one by one, or to everybody on the website."""

    record_label = "incidents.Notification"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(
        Incident, verbose_name=_("incident"), on_delete=models.PROTECT, related_name="notifications"
    )
    stage = models.CharField(pgettext_lazy("notice", "stage"), max_length=10, choices=Stage)
    campaign = models.OneToOneField(
        "campaigns.Campaign", verbose_name=_("individual notice"), on_delete=models.PROTECT, null=True, blank=True
    )
    notice = models.OneToOneField(
        "policies.Notice", verbose_name=_("public notice"), on_delete=models.PROTECT, null=True, blank=True
    )
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("made by"), max_length=64)

    class Meta:
        verbose_name = _("notification of an incident")
        verbose_name_plural = _("notifications of an incident")
        ordering = ("made_at",)
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="incidents_told_one_by_one_or_on_the_website",
                condition=Q(campaign__isnull=False, notice=None) | Q(campaign=None, notice__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.stage}"


class Measure(models.Model):
    """Something done about an incident: to stop it, to recover, to mitigate (B-11). Never changed."""

    record_label = "incidents.Measure"

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

    record_label = "incidents.Report"

    class Authority(models.TextChoices):
        PIPC = "pipc", _("Personal Information Protection Commission (PIPC)")
        KISA = "kisa", _("Korea Internet & Security Agency (KISA)")
        MSIT = "msit", _("Ministry of Science and ICT (MSIT)")

    class Duty(models.TextChoices):
        BREACH = "breach", _("breach")
        INTRUSION = "intrusion", _("intrusion")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, verbose_name=_("incident"), on_delete=models.PROTECT, related_name="reports")
    authority = models.CharField(_("authority"), max_length=8, choices=Authority)
    duty = models.CharField(_("duty"), max_length=10, choices=Duty)
    sequence = models.PositiveSmallIntegerField(_("no."))
    receipt = models.CharField(_("receipt number"), max_length=100, blank=True)
    digest = models.CharField(_("SHA-256 of the form"), max_length=64)
    reported_at = models.DateTimeField(pgettext_lazy("incident", "reported at"))
    reported_by = models.CharField(_("reported by"), max_length=64)
    # The items or the course were not known yet: a supplement is owed at once (B-09).
    partial = models.BooleanField(_("incomplete"), default=False)
    # When a supplement was due; the first report's term stands with the incident.
    due_at = models.DateTimeField(_("due"), null=True, blank=True)

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

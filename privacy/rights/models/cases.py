"""The case: who asks, by which way, until when an answer is due, and how far it has come."""

from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference

# From how many numbers of a year a case's is drawn.
NUMBERS = 10**7


def case_number(year: int, drawn: int) -> str:
    """Return the number that a person says for their case, such as 2026-8623700."""
    return f"{year}-{drawn:07d}"


EXAMPLE_NUMBER = case_number(2026, 8_623_700)


def new_case_reference() -> str:
    return new_reference("K7")


class RequestQuerySet(models.QuerySet["Request"]):
    def open(self) -> "RequestQuerySet":
        return self.exclude(state__in=Request.ENDED)

    def unanswered(self) -> "RequestQuerySet":
        """Cases that still owe the person an answer within the term (law R-08, R-14, R-21)."""
        return self.filter(state__in=Request.UNANSWERED)

    def overdue(self, *, on: date) -> "RequestQuerySet":
        return self.unanswered().filter(due_on__lt=on)

    def due_within(self, *, on: date, days: int) -> "RequestQuerySet":
        return self.unanswered().filter(due_on__range=(on, on + timedelta(days=days)))

    def of_subject(self, subject_id: UUID) -> "RequestQuerySet":
        """Verified cases about a person, whichever of the records of a device is meant."""
        return self.filter(people__subject_id=subject_id)


class Request(models.Model):
    """One rights request (law R-01). It may ask for several rights at once; each has its own decision."""

    record_label = "rights.Request"

    class Channel(models.TextChoices):
        WEB = "web", _("web")
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        WRITING = "writing", _("in writing")
        VISIT = "visit", _("visit")

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        IDENTITY_PENDING = "identity-pending", _("identity being checked")
        VERIFIED = "verified", _("identity verified")
        IN_REVIEW = "in-review", _("in review")
        DECIDED = "decided", _("decided")
        CARRIED_OUT = "carried-out", _("carried out")
        NOTIFIED = "notified", _("answered")
        CLOSED = "closed", pgettext_lazy("case", "closed")
        WITHDRAWN = "withdrawn", _("withdrawn by the requester")
        IDENTITY_REJECTED = "identity-rejected", _("identity not confirmed")
        JOINED = "joined", _("joined with an earlier request")

    ENDED = (State.CLOSED, State.WITHDRAWN, State.IDENTITY_REJECTED, State.JOINED)
    OPEN = (
        State.RECEIVED,
        State.IDENTITY_PENDING,
        State.VERIFIED,
        State.IN_REVIEW,
        State.DECIDED,
        State.CARRIED_OUT,
        State.NOTIFIED,
    )
    UNANSWERED = (
        State.RECEIVED,
        State.IDENTITY_PENDING,
        State.VERIFIED,
        State.IN_REVIEW,
        State.DECIDED,
        State.CARRIED_OUT,
    )
    BEFORE_IDENTITY = (State.RECEIVED, State.IDENTITY_PENDING)

    class Requester(models.TextChoices):
        SELF = "self", _("the data subject")
        LEGAL_REPRESENTATIVE = "legal-representative", _("a legal representative")
        AGENT = "agent", _("an agent with a power of attorney")

    class Target(models.TextChoices):
        IMEI = "imei", _("IMEI")
        SERIAL_NUMBER = "serial_number", _("serial number")
        ADB_NUMBER = "adb_number", _("ADB number")
        LICENCE_KEY = "licence_key", _("licence key")
        EMAIL = "email", _("e-mail address")
        PHONE = "phone", _("phone number")

    class Answer(models.TextChoices):
        EMAIL = "email", _("by e-mail")
        LETTER = "letter", _("by letter")
        PORTAL = "portal", _("on the status page")
        TEXT = "text", _("on the status page, announced by text message")

    class IdentityMethod(models.TextChoices):
        DEVICE = "device", _("confirmed on the device")
        DOCUMENTS = "documents", _("documents checked")

    class Authority(models.TextChoices):
        FAMILY_RECORD = "family-record", _("family relations certificate")
        POWER_OF_ATTORNEY = "power-of-attorney", _("power of attorney")
        COURT_DECISION = "court-decision", _("court decision")

    class Mandate(models.TextChoices):
        """What a power of attorney can cover: the boxes of its form (law F-4), and withdrawal (PIPA 38(1))."""

        ACCESS = "access", _("access")
        CORRECTION_OR_DELETION = "correction-or-deletion", _("correction or deletion")
        SUSPENSION = "suspension", _("suspension of processing")
        CONSENT_WITHDRAWAL = "consent-withdrawal", _("withdrawal of consent")
        AUTOMATED_DECISION = "automated-decision", _("automated decisions")

    # Whom the person has authorised proves that; a legal representative is one without it (law R-26, Decree 45).
    PROOFS: ClassVar[dict[str, tuple[str, ...]]] = {
        Requester.LEGAL_REPRESENTATIVE: (Authority.FAMILY_RECORD, Authority.COURT_DECISION),
        Requester.AGENT: (Authority.POWER_OF_ATTORNEY,),
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("case number"), max_length=16, unique=True)
    reference = models.CharField(_("case reference"), max_length=16, unique=True, default=new_case_reference)
    code_digest = models.CharField(_("digest of the case code"), max_length=64)
    submission_digest = models.CharField(_("digest of the form token"), max_length=64, unique=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    language = models.CharField(_("language"), max_length=2, default="ko")
    answer_by = models.CharField(_("answer"), max_length=10, choices=Answer, default=Answer.PORTAL)
    requester = models.CharField(_("requester"), max_length=24, choices=Requester, default=Requester.SELF)
    received_at = models.DateTimeField(_("received"))
    received_on = models.DateField(_("day of receipt"))
    received_by = models.CharField(_("recorded by"), max_length=64, blank=True)
    due_on = models.DateField(_("due date"))
    target_on = models.DateField(_("internal target"))
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.RECEIVED)
    target_kind = models.CharField(_("identified by"), max_length=16, choices=Target)
    target_index = models.BinaryField(_("blind index of the number given"))
    source_index = models.BinaryField(_("blind index of the address it came from"), null=True, blank=True)
    matched_subject_id = models.UUIDField(_("record that matches the number given"), null=True, blank=True)
    matched_record_id = models.UUIDField(_("matching record"), null=True, blank=True)
    subject_id = models.UUIDField(_("data subject (once verified)"), null=True, blank=True)
    identity_method = models.CharField(_("identity"), max_length=10, choices=IdentityMethod, blank=True)
    verified_by = models.CharField(_("verified by"), max_length=64, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    authority = models.CharField(_("proof of authority"), max_length=20, choices=Authority, blank=True)
    authority_until = models.DateField(_("mandate ends"), null=True, blank=True)
    # Of a power of attorney (law F-4); both people's particulars are sealed (``Particulars.About.MANDATE``).
    mandate_covers: Any = models.JSONField(_("what the mandate covers"), default=list, db_default=[], blank=True)
    mandate_given_on = models.DateField(_("mandate dated"), null=True, blank=True)
    mandate_signed = models.BooleanField(_("signature seen"), default=False, db_default=False)
    evidence_asked_at = models.DateTimeField(_("evidence requested"), null=True, blank=True)
    evidence_received_at = models.DateTimeField(_("evidence received"), null=True, blank=True)
    assigned_to = models.CharField(_("assigned to"), max_length=64, blank=True)
    fee_won = models.PositiveIntegerField(_("fee (won)"), default=0)
    postage_won = models.PositiveIntegerField(_("postage (won)"), default=0)
    cause_with_controller = models.BooleanField(_("the company caused the request"), default=False)
    notified_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_at = models.DateTimeField(pgettext_lazy("case", "closed"), null=True, blank=True)
    joined_to = models.ForeignKey(
        "self", verbose_name=_("joined with"), on_delete=models.PROTECT, null=True, blank=True, related_name="joined"
    )

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("rights request")
        verbose_name_plural = _("rights requests")
        ordering = ["due_on", "number"]
        permissions = [
            ("receive_request", _("Can record a request that came by another channel")),
            ("verify_identity", _("Can verify the identity of a requester")),
            ("assign_request", _("Can assign a request")),
            ("decide_request", _("Can grant, refuse or postpone")),
            ("carry_out_request", _("Can carry out what was granted")),
            ("decide_objection", _("Can decide an objection")),
            ("open_particulars", _("Can open what a requester wrote")),
            ("export_requests", _("Can export the register of requests")),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="rights_by_state_and_due_date"),
            models.Index(fields=["target_index"], name="rights_by_target"),
            models.Index(fields=["source_index", "received_at"], name="rights_by_source"),
            models.Index(fields=["subject_id"], name="rights_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                name="rights_identity_verified_names_method_and_person",
                condition=Q(verified_at=None, verified_by="", identity_method="", subject_id=None)
                | (Q(verified_at__isnull=False) & ~Q(verified_by="") & ~Q(identity_method="")),
            ),
            models.CheckConstraint(
                name="rights_request_verifier_is_not_receiver",
                condition=Q(received_by="") | Q(verified_by="") | ~Q(verified_by=models.F("received_by")),
            ),
            models.CheckConstraint(
                name="rights_nothing_goes_on_before_identity",
                condition=Q(verified_at__isnull=False)
                | Q(state__in=["received", "identity-pending", "withdrawn", "identity-rejected", "joined"]),
            ),
            models.CheckConstraint(
                name="rights_joined_if_and_only_if_to_a_case",
                condition=Q(state="joined", joined_to__isnull=False) | (~Q(state="joined") & Q(joined_to=None)),
            ),
            models.CheckConstraint(
                name="rights_representative_proves_authority",
                condition=Q(verified_at=None)
                | Q(requester="self")
                | Q(requester="agent", authority="power-of-attorney")
                | Q(requester="legal-representative", authority__in=["family-record", "court-decision"]),
            ),
            models.CheckConstraint(
                name="rights_mandate_covers_something_and_is_dated_and_signed",
                condition=Q(mandate_covers=[], mandate_given_on=None, mandate_signed=False)
                | Q(authority="power-of-attorney", mandate_given_on__isnull=False, mandate_signed=True)
                & ~Q(mandate_covers=[]),
            ),
            models.CheckConstraint(
                name="rights_no_fee_when_the_cause_is_ours",
                condition=Q(cause_with_controller=False) | Q(fee_won=0, postage_won=0),
            ),
            models.CheckConstraint(
                name="rights_due_on_or_after_target", condition=Q(due_on__gte=models.F("target_on"))
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state not in self.ENDED

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None

    @property
    def holder_id(self) -> UUID:
        """The pseudo-subject under which the particulars of this case are sealed: the case itself."""
        return self.id

    def days_left(self, *, on: date) -> int:
        """Return the days until the due date; negative when it has passed."""
        return (self.due_on - on).days


class CasePerson(models.Model):
    """One record that a verified case is about: a device that was registered twice has two (decision 0054)."""

    record_label = "rights.CasePerson"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(Request, verbose_name=_("case"), on_delete=models.CASCADE, related_name="people")
    subject_id = models.UUIDField(_("data subject"))

    class Meta:
        verbose_name = _("record covered by a case")
        verbose_name_plural = _("records covered by a case")
        ordering = ["subject_id"]
        indexes = [models.Index(fields=["subject_id"], name="rights_people_by_subject")]
        constraints = [
            models.UniqueConstraint(fields=["request", "subject_id"], name="rights_record_once_in_a_case"),
        ]

    def __str__(self) -> str:
        return str(self.subject_id)


class Step(models.Model):
    """One line of the case's timeline, appended by its verbs; the ledger keeps the proof, this the story."""

    record_label = "rights.Step"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(Request, verbose_name=_("case"), on_delete=models.CASCADE, related_name="steps")
    word = models.CharField(_("step"), max_length=60)
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)
    position = models.PositiveSmallIntegerField(_("right"), null=True, blank=True)
    facts: Any = models.JSONField(_("facts"), default=dict)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.word

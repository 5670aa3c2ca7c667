"""One right asked for in a case: its decision, the ground of a refusal, and whether it was carried out."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.cases import Request

# Who is not bound to transmit, then the grounds of Decree 42-8(1) that a decision can rest on (law R-33).
OF_TRANSMISSION = [
    "not-bound", "not-bound-to-others", "guardian-unconfirmed", "law", "life-or-body", "property-or-interests",
    "rights-of-others", "unspecified", "stolen-credentials", "recipient-not-entitled", "misuse", "repeated",
    "deceit-or-threat",
]  # fmt: skip


class RightQuerySet(models.QuerySet["Right"]):
    def undecided(self) -> "RightQuerySet":
        return self.filter(decision=Right.Decision.PENDING)

    def amendments(self) -> "RightQuerySet":
        """Undecided corrections and deletions: evidence may be asked for them, and they can be passed on."""
        return self.undecided().filter(kind__in=(Right.Kind.CORRECTION, Right.Kind.DELETION))

    def to_carry_out(self) -> "RightQuerySet":
        """Granted and not carried out yet, in the order in which it is done: access, and its transmission, last."""
        granted = self.filter(decision__in=[Right.Decision.GRANTED, Right.Decision.PARTLY_GRANTED], carried_out_at=None)
        last = Case(
            When(kind=Right.Kind.ACCESS, then=Value(1)), When(kind=Right.Kind.PORTABILITY, then=Value(2)),
            default=Value(0),
        )  # fmt: skip
        return granted.order_by(last, "request", "position")

    def to_answer(self) -> "RightQuerySet":
        """Granted rights about automated decisions: a person writes what they get (law R-34)."""
        return self.to_carry_out().filter(kind__in=AUTOMATED, request__subject_id__isnull=False)

    def to_release(self) -> "RightQuerySet":
        """What is carried out without anybody's words."""
        return self.to_carry_out().exclude(kind__in=AUTOMATED, request__subject_id__isnull=False)

    def waiting(self, *, at: datetime) -> "RightQuerySet":
        """Released deletions whose announced time has not come."""
        return self.filter(carried_out_at=None, waits_until__gt=at)

    def stoppable(self) -> "RightQuerySet":
        """Released deletions of which nothing is destroyed yet: they wait for their time, or for the end of a hold."""
        released = self.filter(kind=Right.Kind.DELETION, started_at__isnull=False, carried_out_at=None)
        return released.filter(destruction_began_at=None, request__subject_id__isnull=False)

    def suspending(self) -> "RightQuerySet":
        """Suspensions in force, until the person says otherwise."""
        return self.filter(kind=Right.Kind.SUSPENSION, carried_out_at__isnull=False, resumed_at=None)

    def interrupted(self, *, at: datetime) -> "RightQuerySet":
        """Rights whose carrying out has begun, has not ended and waits no longer: resumed by ``rights.tasks.resume``.

        What was tried longest ago comes first, so that none that can't go on keeps the others from it.
        """
        begun = self.filter(started_at__isnull=False, carried_out_at=None).exclude(waits_until__gt=at)
        return begun.order_by(F("tried_at").asc(nulls_first=True), "started_at", "id")


class Right(models.Model):
    """One thing that a person may ask for (P1.1, law R-01, R-34, R-35), asked for in one case."""

    record_label = "rights.Right"

    class Kind(models.TextChoices):
        ACCESS = "access", _("access")
        CORRECTION = "correction", _("correction")
        DELETION = "deletion", _("deletion")
        SUSPENSION = "suspension", _("suspension of processing")
        CONSENT_WITHDRAWAL = "consent-withdrawal", _("withdrawal of consent")
        SOURCE = "source", _("source of data")
        EXPLANATION = "decision-explanation", _("explanation of an automated decision")
        REVIEW = "decision-review", _("review of an automated decision")
        DECISION_REFUSAL = "decision-refusal", _("refusal of an automated decision")
        PORTABILITY = "portability", _("transmission of own data")

    class Decision(models.TextChoices):
        PENDING = "pending", _("not decided")
        GRANTED = "granted", _("granted")
        PARTLY_GRANTED = "partly-granted", _("partly granted")
        REFUSED = "refused", _("refused")

    class Ground(models.TextChoices):
        LAW = "law", _("An Act forbids or restricts access")
        LIFE_OR_BODY = "life-or-body", _("It could harm another person's life or body")
        PROPERTY_OR_INTERESTS = (
            "property-or-interests",
            _("It could unreasonably infringe another person's property or other interests"),
        )
        ACCURATE = "accurate", _("The information was checked and is accurate")
        COLLECTED_BY_LAW = "collected-by-law", _("Another law expressly lists it as information to be collected")
        LEGAL_DUTY = (
            "legal-duty",
            _("A special provision of an Act requires it, or it is unavoidable to meet a legal duty"),
        )
        CONTRACT = (
            "contract",
            _(
                "The contract can't be performed without this processing, and the data subject has not clearly said "
                "that they want to end it"
            ),
        )

        NOT_AUTOMATED = "not-automated", _("A person took part in the decision, so it is not wholly automated")
        NOT_GRAVE = "not-grave", _("The decision does not gravely affect the data subject's rights or duties")
        CONSENT_LAW_OR_CONTRACT = (
            "consent-law-or-contract",
            _("The decision rests on consent, on a law, or on a contract with the data subject"),
        )
        NOT_BOUND = (
            "not-bound",
            _("The company is not one of those that must transmit data (Act art. 35-2, Decree art. 42-2)"),
        )
        NOT_BOUND_TO_OTHERS = (
            "not-bound-to-others",
            _(
                "The company is not one of those that must transmit data to others (Act art. 35-2(2), "
                "Decree art. 42-2(2))"
            ),
        )
        GUARDIAN_UNCONFIRMED = (
            "guardian-unconfirmed",
            _("It could not be confirmed that the legal representative of a child agrees"),
        )
        RIGHTS_OF_OTHERS = "rights-of-others", _("It would infringe another person's rights or legitimate interests")
        UNSPECIFIED = "unspecified", _("The request does not say what is to be transmitted, or for what")
        STOLEN_CREDENTIALS = (
            "stolen-credentials",
            _("It was asked for by improper means, such as stolen sign-in details"),
        )
        RECIPIENT_NOT_ENTITLED = (
            "recipient-not-entitled",
            _("It is to be sent to someone to whom the law does not let data be transmitted"),
        )
        MISUSE = (
            "misuse",
            _("The data would be used for a crime, or otherwise clearly against the data subject's interests"),
        )
        REPEATED = (
            "repeated",
            _("The same data is asked for again and again without a good reason, so that it hinders our work"),
        )
        DECEIT_OR_THREAT = (
            "deceit-or-threat",
            _("Someone seems to have deceived or threatened the data subject, or there is another reason as good"),
        )

    class Scope(models.TextChoices):
        ITEMS = "items", _("items and content")
        PURPOSES = "purposes", _("purpose of collection and use")
        RETENTION = "retention", _("retention and use period")
        PROVISION = "provision", _("provision to third parties")
        CONSENTS = "consents", _("fact and content of consent")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(Request, verbose_name=_("case"), on_delete=models.CASCADE, related_name="rights")
    position = models.PositiveSmallIntegerField(_("number in the case"))
    kind = models.CharField(_("right"), max_length=20, choices=Kind)
    category = models.CharField(_("category"), max_length=40, blank=True)
    item = models.CharField(_("item"), max_length=40, blank=True)
    record_id = models.UUIDField(_("record"), null=True, blank=True)
    agreement = models.CharField(_("agreement"), max_length=100, blank=True)
    scope: Any = models.JSONField(_("scope of the access"), default=list, blank=True)
    decision = models.CharField(_("decision"), max_length=16, choices=Decision, default=Decision.PENDING)
    excluded: Any = models.JSONField(_("parts left out"), default=list, blank=True)
    # What an access leaves out because it concerns other people: places and grounds, never values (``redactions``).
    redactions: Any = models.JSONField(_("other people's data left out"), default=list, db_default=[], blank=True)
    ground = models.CharField(_("ground for refusal"), max_length=24, choices=Ground, blank=True)
    law = models.CharField(_("law and article"), max_length=200, blank=True)
    termination_asked = models.BooleanField(
        _("asked whether the contract was terminated; no clear answer"), default=False
    )
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    # Who checked the documents of the case, copied by the database; empty where a device proved the identity.
    verifier = models.CharField(_("documents checked by"), max_length=64, blank=True, editable=False)
    approved_digest = models.CharField(_("digest of what was approved"), max_length=64, blank=True)
    event_id = models.UUIDField(_("event"), default=new_id, unique=True)
    started_at = models.DateTimeField(_("carrying out began"), null=True, blank=True)
    started_by = models.CharField(_("begun by"), max_length=64, blank=True)
    waits_until = models.DateTimeField(_("waiting until"), null=True, blank=True)
    # From here on it can't be stopped; emptied again where a hold has kept everything.
    destruction_began_at = models.DateTimeField(_("destruction began"), null=True, blank=True)
    carried_out_at = models.DateTimeField(_("carried out"), null=True, blank=True)
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)
    trouble = models.CharField(_("what it is waiting for"), max_length=40, blank=True)
    result: Any = models.JSONField(_("result"), default=dict, blank=True)
    resumed_at = models.DateTimeField(_("processing resumed"), null=True, blank=True)

    objects = RightQuerySet.as_manager()

    class Meta:
        verbose_name = _("right requested")
        verbose_name_plural = _("rights requested")
        ordering = ["request", "position"]
        constraints = [
            models.UniqueConstraint(fields=["request", "position"], name="rights_numbered_in_their_case"),
            models.UniqueConstraint(
                fields=["request", "kind", "category", "item", "agreement", "record_id"],
                name="rights_asked_for_once_in_a_case",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="rights_refused_if_and_only_if_grounded",
                condition=(Q(decision__in=["refused", "partly-granted"]) & ~Q(ground=""))
                | (Q(decision__in=["pending", "granted"]) & Q(ground="")),
            ),
            models.CheckConstraint(
                name="rights_ground_is_one_of_its_kind",
                condition=Q(ground="")
                | Q(kind="access", ground__in=["law", "life-or-body", "property-or-interests"])
                | Q(
                    kind__in=["decision-explanation", "decision-review", "decision-refusal"],
                    ground__in=["not-automated", "life-or-body", "property-or-interests"],
                )
                | Q(kind="decision-refusal", ground__in=["not-grave", "consent-law-or-contract"])
                | Q(kind="source", ground__in=["life-or-body", "property-or-interests"])
                | Q(kind="portability", ground__in=OF_TRANSMISSION)
                | Q(kind="correction", ground="accurate")
                | Q(kind="deletion", ground="collected-by-law")
                | Q(
                    kind__in=["suspension", "consent-withdrawal"],
                    ground__in=["legal-duty", "life-or-body", "property-or-interests", "contract"],
                ),
            ),
            models.CheckConstraint(
                name="rights_ground_of_law_cites_the_law",
                condition=~Q(ground__in=["law", "collected-by-law", "legal-duty"]) | ~Q(law=""),
            ),
            models.CheckConstraint(
                name="rights_ground_of_contract_asked_about_termination",
                condition=~Q(ground="contract") | Q(termination_asked=True),
            ),
            models.CheckConstraint(
                name="rights_decided_names_who_and_when",
                condition=Q(decision="pending", decided_by="", decided_at=None)
                | (~Q(decision="pending") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="rights_decider_is_not_verifier",
                condition=Q(verifier="") | Q(decided_by="") | ~Q(decided_by=F("verifier")),
            ),
            models.CheckConstraint(
                name="rights_given_or_destroyed_by_two_people",
                condition=~Q(kind__in=["access", "deletion", "consent-withdrawal"])
                | ~Q(verifier="")
                | Q(started_by="")
                | ~Q(started_by=F("decided_by")),
            ),
            models.CheckConstraint(
                name="rights_automated_decision_is_answered_by_another",
                condition=~Q(kind__in=["decision-explanation", "decision-review", "decision-refusal"])
                | Q(started_by="")
                | ~Q(started_by=F("decided_by")),
            ),
            models.CheckConstraint(
                name="rights_partly_granted_names_the_parts",
                condition=Q(decision="partly-granted") & ~Q(excluded=[])
                | ~Q(decision="partly-granted") & Q(excluded=[]),
            ),
            models.CheckConstraint(
                name="rights_redacted_is_no_whole_grant",
                condition=Q(redactions=[]) | (Q(kind="access") & ~Q(decision="granted")),
            ),
            models.CheckConstraint(
                name="rights_carried_out_only_when_granted",
                condition=Q(started_at=None, carried_out_at=None)
                | Q(decision__in=["granted", "partly-granted"], started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="rights_destroyed_after_the_wait",
                condition=Q(waits_until=None)
                | Q(started_at__isnull=False) & (Q(carried_out_at=None) | Q(carried_out_at__gte=F("waits_until"))),
            ),
            models.CheckConstraint(
                name="rights_destruction_begins_after_the_wait",
                condition=Q(destruction_began_at=None)
                | Q(waits_until=None)
                | Q(destruction_began_at__gte=F("waits_until")),
            ),
            models.CheckConstraint(
                name="rights_correction_names_its_item",
                condition=~Q(kind="correction") | (~Q(category="") & ~Q(item="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}#{self.position}"

    @property
    def is_decided(self) -> bool:
        return self.decision != self.Decision.PENDING

    @property
    def is_granted(self) -> bool:
        return self.decision in {self.Decision.GRANTED, self.Decision.PARTLY_GRANTED}

    @property
    def done_at(self) -> datetime | None:
        """When nothing more was left to do of it: refused, or carried out."""
        return self.decided_at if self.decision == self.Decision.REFUSED else self.carried_out_at

    @property
    def grounds(self) -> "list[Right.Ground]":
        """On which grounds it is refused, or parts of it are left out; each once."""
        of_places = [one["ground"] for one in self.redactions] if self.is_granted else []
        return [self.Ground(code) for code in dict.fromkeys([self.ground, *of_places]) if code]

    def is_waiting(self, *, at: datetime) -> bool:
        """Whether it is released and its announced time has not come."""
        return self.carried_out_at is None and self.waits_until is not None and at < self.waits_until

    @property
    def can_be_stopped(self) -> bool:
        """Whether it is a released deletion of which nothing is destroyed yet."""
        released = self.kind == self.Kind.DELETION and self.started_at is not None and self.carried_out_at is None
        return released and self.destruction_began_at is None and self.request.subject_id is not None

    @property
    def freeze_reference(self) -> str:
        """The name under which this right's freeze is placed and lifted, e.g. ``K7-7F3K-92QX#1``."""
        return f"{self.request.reference}#{self.position}"


# What is asked about a wholly automated decision (law R-34).
AUTOMATED = (Right.Kind.EXPLANATION, Right.Kind.REVIEW, Right.Kind.DECISION_REFUSAL)
OF_ANY_DECISION = (Right.Ground.NOT_AUTOMATED, Right.Ground.LIFE_OR_BODY, Right.Ground.PROPERTY_OR_INTERESTS)
# Law R-12 (access), R-15 (correction, deletion), R-22 and R-24 (suspension, withdrawal), PIPA 20(4)2 (source), PIPA
# 37-2(1), Decree 44-3(4) (automated decisions). Access
# ground 3, suspension ground 3 and the first one of sources belong to public institutions and are not offered.
GROUNDS_BY_KIND: dict[str, tuple[Right.Ground, ...]] = {
    Right.Kind.ACCESS: (Right.Ground.LAW, Right.Ground.LIFE_OR_BODY, Right.Ground.PROPERTY_OR_INTERESTS),
    Right.Kind.CORRECTION: (Right.Ground.ACCURATE,),
    Right.Kind.DELETION: (Right.Ground.COLLECTED_BY_LAW,),
    Right.Kind.SUSPENSION: (
        Right.Ground.LEGAL_DUTY,
        Right.Ground.LIFE_OR_BODY,
        Right.Ground.PROPERTY_OR_INTERESTS,
        Right.Ground.CONTRACT,
    ),
    Right.Kind.CONSENT_WITHDRAWAL: (
        Right.Ground.LEGAL_DUTY,
        Right.Ground.LIFE_OR_BODY,
        Right.Ground.PROPERTY_OR_INTERESTS,
        Right.Ground.CONTRACT,
    ),
    Right.Kind.SOURCE: (Right.Ground.LIFE_OR_BODY, Right.Ground.PROPERTY_OR_INTERESTS),
    Right.Kind.EXPLANATION: OF_ANY_DECISION,
    Right.Kind.REVIEW: OF_ANY_DECISION,
    # Which of them hold on a day is dated (``privacy.rights.grounds``).
    Right.Kind.PORTABILITY: tuple(map(Right.Ground, OF_TRANSMISSION)),
    Right.Kind.DECISION_REFUSAL: (Right.Ground.NOT_GRAVE, Right.Ground.CONSENT_LAW_OR_CONTRACT, *OF_ANY_DECISION),
}
# Which box of a power of attorney covers a right (law R-26, F-4).
COVERED_BY: dict[str, str] = {
    Right.Kind.ACCESS: Request.Mandate.ACCESS,
    Right.Kind.CORRECTION: Request.Mandate.CORRECTION_OR_DELETION,
    Right.Kind.DELETION: Request.Mandate.CORRECTION_OR_DELETION,
    Right.Kind.SUSPENSION: Request.Mandate.SUSPENSION,
    Right.Kind.CONSENT_WITHDRAWAL: Request.Mandate.CONSENT_WITHDRAWAL,
    Right.Kind.SOURCE: Request.Mandate.ACCESS,
    Right.Kind.PORTABILITY: Request.Mandate.ACCESS,
    **dict.fromkeys(AUTOMATED, Request.Mandate.AUTOMATED_DECISION),
}
# What changes the data that is held, its use or what it rests on.
CHANGING = (Right.Kind.CORRECTION, Right.Kind.DELETION, Right.Kind.SUSPENSION, Right.Kind.CONSENT_WITHDRAWAL)
# In how many days each is answered (law; R-35): the number of the rulebook.
ANSWER_DAYS = dict.fromkeys(Right.Kind.values, "rights.answer.days") | {
    Right.Kind.SOURCE: "rights.source.answer.days",
    **dict.fromkeys(AUTOMATED, "rights.automated.answer.days"),
}
# Those on which an access leaves out what concerns other people (law R-12).
GROUNDS_OF_OTHERS = (Right.Ground.LIFE_OR_BODY, Right.Ground.PROPERTY_OR_INTERESTS)
GROUNDS_WITH_LAW = (Right.Ground.LAW, Right.Ground.COLLECTED_BY_LAW, Right.Ground.LEGAL_DUTY)
